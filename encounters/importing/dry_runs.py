"""A dry run: an import whose changes are undone at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone_if(dry_run: bool) -> Iterator[None]:
    """Undo at the end what the block writes, if it is a dry run. Each batch has its own transaction otherwise."""
    if not dry_run:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
