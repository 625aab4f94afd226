"""The metrics as Prometheus reads them: its own parser, the values by name and labels."""

from prometheus_client.parser import text_string_to_metric_families

TOKEN = "a-token-that-is-only-of-these-tests-0123456789"


class Scraped:
    """What one read of `/metrics` said."""

    def __init__(self, body: bytes) -> None:
        families = list(text_string_to_metric_families(body.decode()))
        assert len({family.name for family in families}) == len(families), "a metric is there twice"
        self.samples = [sample for family in families for sample in family.samples]

    @property
    def names(self) -> set[str]:
        return {sample.name for sample in self.samples}

    def __call__(self, name: str, **labels: str) -> float | None:
        """Return the sum of the series with these labels; None if there is none."""
        values = [each.value for each in self.samples if each.name == name and labels.items() <= each.labels.items()]
        return sum(values) if values else None


def scraped(server, token: str = TOKEN) -> Scraped:
    answer = server.get("/metrics", token=token)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Scraped(answer.body)
