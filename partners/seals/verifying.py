"""Verify the whole chain, and that the record is what was sealed. One pass, in constant memory."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from partners.models.seal import Seal
from partners.seals.canonical.tables import TABLES, SealedTable
from partners.seals.chain import Chain, sealed_rows
from partners.seals.checkpoints import Checkpoint
from partners.seals.comparing import Comparison
from partners.seals.faults import SEALS, TRIGGERS, Fault, Findings, Kind
from partners.seals.pruned import Pruned
from partners.triggers import comparing

PAGE = 1_000  # numbers of seals read at a time
Progress = Callable[[Seal], Any]


def verify(start: int = 1, checkpoint: Checkpoint | None = None, progress: Progress = lambda seal: None) -> Findings:
    """Verify the seals from this number on, the rows that they cover, and those that nothing covers yet.

    Only the seals that exist at the start: their rows are committed, so they are seen whenever they are read.
    """
    last = Seal.objects.last_number()
    findings, chain = Findings(), Chain.before(start)
    comparisons = _comparisons(findings)
    for number in _numbers(start, last):
        seal = Seal.objects.readable(number)
        if seal is None:
            findings.add(Fault(Kind.SEAL_ALTERED, SEALS, number))
            continue
        faults = chain.faults(seal)
        for fault in faults:
            findings.add(fault)
        if not {fault.kind for fault in faults} - {Kind.SEAL_REMOVED} and seal.table in comparisons:
            comparisons[seal.table].compare(seal, sealed_rows(seal), chain.complete.get(seal.table))
        chain.add(seal)
        findings.seals, findings.last_seal = findings.seals + 1, number
        progress(seal)
    for name, comparison in comparisons.items():
        comparison.finish(chain.sealed_to[name], chain.complete.get(name), timezone.now())
    _add_whole(findings, chain, checkpoint)
    return findings


def _add_whole(findings: Findings, chain: Chain, checkpoint: Checkpoint | None) -> None:
    """Add what is wrong with the chain as a whole, and with what protects the record."""
    if not chain.number:
        findings.add(Fault(Kind.NOTHING_SEALED, SEALS))
    if checkpoint and (fault := checkpoint.fault()):
        findings.add(fault)
    for differing in comparing.faults(connection):
        findings.add(Fault(Kind.TRIGGER, TRIGGERS, what=str(differing)))


def _comparisons(findings: Findings) -> dict[str, Comparison]:
    """Return a comparison for each table that can be read."""
    pruned = Pruned()
    for table in TABLES.values():
        if not _is_readable(table):
            findings.add(Fault(Kind.TABLE_MISSING, table.name))
    return {name: Comparison(table, findings, pruned) for name, table in TABLES.items() if _is_readable(table)}


def _is_readable(table: SealedTable) -> bool:
    if table.db_table not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        found = {column.name for column in connection.introspection.get_table_description(cursor, table.db_table)}
    return found >= {column.name for form in table.forms for column in form}


def _numbers(start: int, last: int) -> Iterator[int]:
    """Yield the numbers of the seals in order. SQLite can hold other values, which are no numbers of seals."""
    numbered = Seal.objects.filter(number__lte=last).order_by("number").values_list("number", flat=True)
    while found := list(numbered.filter(number__gte=start)[:PAGE]):
        yield from (number for number in found if isinstance(number, int))
        start = int(found[-1]) + 1
