"""`manage.py send_alerts`: email staff about networks that send many wrong keys."""

from typing import Any

from partners.management import output
from partners.management.base import ReportCommand
from partners.management.exclusive import only_run
from partners.management.mailing import require_settings, sending
from partners.record.unknown_callers.wrong_secrets import MANY_OF_NETWORK
from partners.review import alerts


class Command(ReportCommand):
    """Send the alerts that are due. Run it every few minutes."""

    help = (
        f"Email staff when a network sent {MANY_OF_NETWORK} or more calls with a wrong key in 24 hours: one e-mail a "
        "day about each network. Run it every few minutes. If sending fails, the next run tries again."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        """Return the networks that the e-mail is about."""
        require_settings()
        with only_run("send_alerts") as alone:
            due = alerts.due() if alone else []
            if due:
                with sending():
                    alerts.send(due)
        return {"busy": not alone, "networks": [{"network": each.network, "calls": each.number} for each in due]}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table with one line per network."""
        if report["busy"]:
            return ["Another run is already sending the alerts."]
        rows = [[each["network"], f"{each['calls']:,}"] for each in report["networks"]]
        return output.table([["NETWORK", "CALLS"], *rows]) if rows else ["No alert is due."]
