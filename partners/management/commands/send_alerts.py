"""`manage.py send_alerts`: email staff about many wrong keys, new access requests, and webhooks that fail or wait."""

from typing import Any

from partners.formats.moments import rfc3339
from partners.management import output
from partners.management.base import ReportCommand
from partners.management.exclusive import only_run
from partners.management.mailing import require_settings, sending
from partners.record.unknown_callers.wrong_secrets import MANY_OF_NETWORK
from partners.review import onboarding
from partners.review.mail import endpoint_mail, guessing_mail
from partners.webhooks import stalled


class Command(ReportCommand):
    """Send the alerts that are due. Run it every few minutes."""

    help = (
        f"Email staff when a network sent {MANY_OF_NETWORK} or more calls with a wrong key in 24 hours: one e-mail a "
        "day about each network. Email them about new access requests too, once about each. Email "
        "them and the organization's contact, once each, when a webhook endpoint has failed for a day, or was switched "
        "off because of it. Email staff once when webhooks wait and no service delivers them. Run it every few "
        "minutes. If sending fails, the next run tries again."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        """Return the networks, the number of access requests and the endpoints that the e-mails are about."""
        require_settings()
        with only_run("send_alerts") as alone:
            due, requests = (guessing_mail.due(), onboarding.unannounced()) if alone else ([], [])
            troubles = endpoint_mail.due() if alone else []
            waiting = stalled.untold() if alone else None
            with sending():
                if due:
                    guessing_mail.send(due)
                if requests:
                    onboarding.announce(requests)
                for trouble in troubles:
                    endpoint_mail.send(trouble)
                if waiting:
                    stalled.tell(waiting)
        networks = [{"network": each.network, "calls": each.number} for each in due]
        endpoints = [{"endpoint": each.endpoint.public_id, "off": each.is_off} for each in troubles]
        return {
            "busy": not alone,
            "networks": networks,
            "access_requests": len(requests),
            "endpoints": endpoints,
            "webhooks_waiting_since": waiting and rfc3339(waiting.waiting_since),
        }

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table with one line per network, a line about access requests, and one per endpoint."""
        if report["busy"]:
            return ["Another run is already sending the alerts."]
        rows = [[each["network"], f"{each['calls']:,}"] for each in report["networks"]]
        requests = [f"New access requests: {report['access_requests']}"] if report["access_requests"] else []
        networks = output.table([["NETWORK", "CALLS"], *rows]) if rows else []
        endpoints = [
            f"Webhook endpoint {each['endpoint']}: {'off' if each['off'] else 'failing'}"
            for each in report["endpoints"]
        ]
        since = report["webhooks_waiting_since"]
        waiting = [f"Webhooks wait since {since}, and no service delivers them"] if since else []
        return [*networks, *requests, *endpoints, *waiting] or ["No alert is due."]
