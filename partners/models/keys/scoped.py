"""The scopes of a key, and the two ways to change them."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from partners.catalogue import routes
from partners.models.change import Action, Change
from partners.models.keys.lifecycle import Lifecycle, refusal
from partners.models.scope import Scope


class Scoped(Lifecycle):
    """A key whose scopes can be changed. `ApiKey` adds how a change is locked and recorded."""

    scopes: Any
    is_test: Any

    class Meta(Lifecycle.Meta):
        abstract = True

    def _locked_facts(self) -> dict[str, Any]:
        raise NotImplementedError

    def _record(self, action: Action, change: Change, before: dict[str, Any] | None = None) -> None:
        raise NotImplementedError

    def set_scopes(self, scopes: Iterable[routes.Scope], change: Change) -> None:
        """Replace the scopes, effective from the next call.

        Raise ValidationError for a revoked key, and for a scope that a second person must approve first.
        """
        with transaction.atomic():
            self._set_scopes({*scopes}, change, self._locked_facts())

    def add_scopes(self, scopes: Iterable[routes.Scope], change: Change) -> bool:
        """Add scopes to those that the key has now, and return True if it lacked any. Errors as of `set_scopes()`."""
        with transaction.atomic():
            before = self._locked_facts()
            return self._set_scopes({*before["scopes"], *scopes}, change, before)

    def _set_scopes(self, names: set[str], change: Change, before: dict[str, Any]) -> bool:
        if self.revoked_at is not None:
            raise refusal(Action.SCOPES_CHANGED, self)
        if not self.is_test and not names <= {*before["scopes"]}:
            change.require_second_person()
        self.scopes.set(Scope.objects.filter(name__in=names))
        changed = self._facts() != before
        if changed:
            self._record(Action.SCOPES_CHANGED, change, before)
        return changed
