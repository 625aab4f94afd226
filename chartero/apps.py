"""The application `chartero`: what belongs to the whole deployment."""

from django.apps import AppConfig


class CharteroConfig(AppConfig):
    """Settings, URLs, and the checks of a deployment."""

    name = "chartero"

    def ready(self) -> None:
        """Register the system checks."""
        from chartero import checks  # noqa: F401
