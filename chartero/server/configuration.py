"""The configuration that a worker reads for each call."""

from typing import Any


class Fixed:
    """The configuration of gunicorn, once it no longer changes.

    gunicorn looks up each setting in a dictionary of objects, some twenty times a call. Here they are attributes.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self.is_ssl = bool(source.is_ssl)
        for name, setting in source.settings.items():
            if not hasattr(type(source), name):
                setattr(self, name, setting.get())

    def __getattr__(self, name: str) -> Any:
        """Return what gunicorn computes from its settings."""
        return getattr(self._source, name)
