"""The column that names are compared by, the same on every database: none of them folds case and composition alike."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from partners.names import LONGEST_KEY, key

TWIN = " #"  # before the public id of a row whose key another row has: both came before names were compared so
LONGEST_TWIN = LONGEST_KEY + 32


class NameKeyField(models.CharField):
    """The key of the name in the field `of`, made whenever the row is saved. A twin keeps the mark that it has."""

    def __init__(self, of: str, **options: Any) -> None:
        self.of = of
        fixed: dict[str, Any] = {"max_length": LONGEST_TWIN, "editable": False, "blank": True, "default": ""}
        # The database has a default too: processes of the version before still write rows while others are upgraded.
        super().__init__(**(fixed | {"db_default": ""} | options))

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Write into the migrations what it is the key of."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Make the key of the name as it is now."""
        made, kept = key(getattr(model_instance, self.of)), getattr(model_instance, self.attname)
        if kept != made and not kept.startswith(f"{made}{TWIN}"):
            setattr(model_instance, self.attname, made)
        return str(getattr(model_instance, self.attname))
