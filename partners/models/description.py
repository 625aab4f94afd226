"""What staff write about an organization or a key: who is responsible for it, a note, tags, and comments."""

from collections.abc import Iterable
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models, transaction

from partners.models.change import Action, Change, ChangeEvent
from partners.tags import TagsField
from partners.text import printable, printable_lines

LONGEST_NOTE = 2_000


class Described(models.Model):
    """A row that staff describe and comment on. Nothing of it has an effect on calls."""

    owner = models.CharField(max_length=200, blank=True, default="", db_default="", validators=[printable])
    note = models.TextField(
        max_length=LONGEST_NOTE,
        blank=True,
        default="",
        db_default="",
        validators=[printable_lines, MaxLengthValidator(LONGEST_NOTE)],
    )
    tags = TagsField()

    class Meta:
        abstract = True

    @property
    def description(self) -> dict[str, Any]:
        """Return what staff wrote about the row, without what they left out."""
        facts = {"owner": self.owner, "note": self.note, "tags": self.tags}
        return {name: value for name, value in facts.items() if value}

    @classmethod
    def clean_description(cls, description: dict[str, Any]) -> None:
        """Raise ValidationError for an owner, a note or tags that no row may have."""
        cls(**description).clean_fields(exclude={field.name for field in cls._meta.fields} - {*description})

    def describe(self, change: Change, *, owner: str, note: str, tags: Iterable[str]) -> bool:
        """Set all of it, and return True if that changed anything; raise ValidationError for bad values."""
        return self._set(Action.DESCRIPTION_CHANGED, change, owner=owner, note=note, tags=[*tags])

    def comment(self, change: Change) -> None:
        """Record a comment, whose text is the reason of the change; raise ValidationError without one."""
        change.require_reason()
        ChangeEvent.record(Action.COMMENTED, change, **self._subject())

    def _subject(self) -> dict[str, Any]:
        """Return what a change of this row is recorded for: the organization, and the key if it is one."""
        raise NotImplementedError

    def _set(self, action: Action, change: Change, **values: Any) -> bool:
        """Set these values and record the change. The lock makes what it records as before and after true."""
        with transaction.atomic():
            type(self)._default_manager.select_for_update(no_key=True).get(pk=self.pk)
            self.refresh_from_db()
            before = {field: getattr(self, field) for field in values}
            for field, value in values.items():
                setattr(self, field, value.strip() if isinstance(value, str) else value)
            # Only what is set now: an old value elsewhere may break a rule that came later.
            self.clean_fields(exclude={field.name for field in self._meta.fields} - {*values})
            after = {field: getattr(self, field) for field in values}
            if after != before:
                self.save(update_fields=after)
                ChangeEvent.record(action, change, **self._subject(), before=before, after=after)
        return after != before
