"""The column by which names are compared. Databases fold case and composition differently, so Python does it."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from partners.names import LONGEST_KEY, key

TWIN = " #"  # precedes the id of a row whose key an older row has: both were made before names were compared like this
LONGEST_TWIN = LONGEST_KEY + 32


class NameKeyField(models.CharField):
    """The key of the name in the field `of`, computed whenever the row is saved. A twin keeps its mark."""

    def __init__(self, of: str, **options: Any) -> None:
        self.of = of
        fixed: dict[str, Any] = {"max_length": LONGEST_TWIN, "editable": False, "blank": True, "default": ""}
        # The database has a default too: during an upgrade, processes of the older version still write rows.
        super().__init__(**(fixed | {"db_default": ""} | options))

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Add `of` to the migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Return the key of the current name."""
        made, kept = key(getattr(model_instance, self.of)), getattr(model_instance, self.attname)
        if kept != made and not kept.startswith(f"{made}{TWIN}"):
            setattr(model_instance, self.attname, made)
        return str(getattr(model_instance, self.attname))
