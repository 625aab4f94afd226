"""Fields of responses that serializers share."""

from typing import Any, cast

from django.db.models import Model
from rest_framework import serializers

from partners.identifiers import PublicIdField, pattern


class IdField(serializers.RegexField):
    """The public id of a row."""

    def __init__(self, model: type[Model], source: str = "public_id", **options: Any) -> None:
        public_id = cast(PublicIdField, model._meta.get_field("public_id"))
        self.pattern = f"^{pattern(public_id.prefix)}$"
        super().__init__(self.pattern, source=source, **options)
