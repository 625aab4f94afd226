"""`manage.py import_transcripts`: notes, timed transcripts and their recordings, in a plain JSON form."""

from pathlib import Path
from typing import Any

from encounters.importing.job import Job
from encounters.importing.reading.files import Export
from encounters.importing.reading.lines import Progress
from encounters.management.base import ImportCommand
from encounters.transcripts import run as transcripts
from encounters.transcripts.report import Report


class Command(ImportCommand):
    """Import encounters with their documents, one JSON object to a line."""

    help = (
        "Import notes and timed transcripts: NDJSON files, gzipped or not, with an encounter and its documents in each "
        "line, as the README describes. A line that is not of that form is reported, with what to write where, and "
        "nothing of it is taken in; it costs nothing else. It can be run again, and after an interruption it ends as "
        "one run would have."
    )
    path_help = "an NDJSON file, or a folder of .ndjson and .jsonl, gzipped or not"

    def find(self, path: Path) -> Export:
        return transcripts.find(path)

    def run(self, job: Job, export: Export, progress: Progress, *, dry_run: bool) -> Report:
        return transcripts.run(job, export, progress, dry_run=dry_run)

    def issue(self, issue: dict[str, Any]) -> str:
        where = f"{issue['file']}:{issue['line']}" if issue["line"] else issue["file"]  # without a line: all of it
        return "  ".join(filter(None, [where, issue["at"], issue["todo"]]))
