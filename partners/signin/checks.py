"""The system check that keeps production from starting without the second factor."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def second_factor(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that production asks for the second factor."""
    if settings.SECOND_FACTOR or settings.ENVIRONMENT != "production":
        return []
    hint = "Unset CHARTERO_SECOND_FACTOR."
    return [Error("The second factor is off in production.", hint=hint, id="partners.E005")]
