"""The base of forms that people fill in: a token that was pasted by mistake is dropped, and the models have a say."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import QueryDict

from partners.keys.in_text import holds_token

Made = TypeVar("Made")


class TokenFreeForm(forms.Form):
    """A form that drops a text that holds a token, so that it is neither stored nor shown again."""

    token_advice = "If others may have seen it, replace it with a new one."  # noqa: S105 – a sentence

    def __init__(self, data: QueryDict | None = None, *files: Any, **options: Any) -> None:
        self.with_token = [name for name in data or () if data and holds_token(str(data[name]))]
        if data and self.with_token:
            data = data.copy()
            for name in self.with_token:
                data[name] = ""
        super().__init__(data, *files, **options | {"label_suffix": ""})

    def clean(self) -> None:
        """Add an error to each field whose text was dropped."""
        super().clean()
        for name in self.with_token:
            message = f"This text held a token, so it was removed. Write it without one. {self.token_advice}"
            self.add_error(name if name in self.fields else None, ValidationError(message, code="token_given"))

    @property
    def focus(self) -> str:
        """Return the name of the field to type in first: the first with an error, else the first empty one.

        If that may stay empty, it is none: the focus would skip what is above it, or invite to fill in what needn't be.
        """
        fields = self.visible_fields()
        if wrong := [field.name for field in fields if field.errors]:
            return wrong[0]
        empty = next((field for field in fields if not field.value()), None)
        return empty.name if empty and empty.field.required else ""

    def attempt(self, make: Callable[[], Made], field: str | None = None) -> Made | None:
        """Return what `make` returns; None if the models refuse it, with their errors in the form."""
        try:
            return make()
        except ValidationError as refusal:
            self.refuse(refusal, field)
            return None

    def refuse(self, refusal: ValidationError, field: str | None = None) -> None:
        """Add each error of the model to its field. Errors that name no field of the form go to `field`."""
        named = refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}
        for name, errors in named.items():
            self.add_error(name if name in self.fields else field, errors)
