"""What goes to the log: of a partner's call nothing but its id."""

from logging import Filter, LogRecord


class PagesOnly(Filter):
    """Keep Django from logging a partner's call, whose path may quote what does not belong into a log."""

    def filter(self, record: LogRecord) -> bool:
        """Tell whether the record may be logged."""
        from chartero.middleware import is_external

        request = getattr(record, "request", None)
        return request is None or not is_external(request)
