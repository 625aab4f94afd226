"""The route of changes: what became available, was updated or was withdrawn since a cursor."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from rest_framework.request import Request

from encounters.api import changes, policy
from encounters.api.changes import ChangePage
from encounters.api.policy import ChangesRequest
from partners.api.disclosure import Disclosing
from partners.api.views import PartnerViewSet
from partners.decision.policy import AccessRequest, Check, CheckOutcome, Rule, decide, explain

CURSOR = "cursor"


class ChangeViewSet(PartnerViewSet):
    """Read what changed in the encounters of the caller's organization."""

    def list(self, request: Request) -> Disclosing:
        """Return the changes after a cursor, and the cursor to continue from."""
        asked = self.asked(self.call, self.read_query(request).values)
        self.refuse(decide(self.rules, asked), CURSOR)
        page = cast(ChangePage, asked.page)
        return Disclosing(page.body(), page.disclosure())

    @property
    def rules(self) -> tuple[Rule[ChangesRequest], ...]:
        """Return the checks of the cursor, which depend on the organization."""
        return policy.CHANGES_POLICY

    def asked(self, call: AccessRequest, values: dict[str, Any]) -> ChangesRequest:
        """Return what the caller asks for. With a cursor of another organization, nothing is read."""
        owner, cursor = call.organization_pk, values[CURSOR]
        if owner is None or (cursor is not None and cursor.organization != owner):
            return ChangesRequest(owner, cursor, None)
        return ChangesRequest(owner, cursor, changes.page(owner, **values))

    def checks(self, call: AccessRequest, query_string: str, **ids: str) -> Sequence[Check]:
        """Return the checks of a call from 12 on, in order. An invalid query leaves nothing to check."""
        query = self.filterset_class.read(query_string)
        valid = all(check.outcome is CheckOutcome.PASSED for check in query.checks)
        asked = self.asked(call, query.values) if valid else ChangesRequest(None, None, None)
        return [*query.checks, *map(_of_cursor, explain(self.rules, asked))]


def _of_cursor(check: Check) -> Check:
    """Return a check of the cursor, which names it if the check failed."""
    return replace(check, field=CURSOR) if check.outcome is CheckOutcome.FAILED else check
