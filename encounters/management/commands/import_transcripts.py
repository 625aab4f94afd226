"""`manage.py import_transcripts`: import notes, timed transcripts and their recordings from a simple JSON format."""

from pathlib import Path
from typing import Any

from encounters.importing.job import Job
from encounters.importing.reading.files import Export
from encounters.importing.reading.lines import Progress
from encounters.management.base import ImportCommand
from encounters.transcripts import run as transcripts
from encounters.transcripts.report import Report


class Command(ImportCommand):
    """Import encounters with their documents, one JSON object per line."""

    help = (
        "Import notes and timed transcripts: NDJSON files (plain or gzipped) with an encounter and its documents on "
        "each line. docs/import.md describes the format. A line in any other format is reported, with what to change, "
        "and skipped completely. You can run the import again at any time; after an interruption, it continues."
    )
    path_help = "an NDJSON file, or a folder of .ndjson and .jsonl files, plain or gzipped"

    def find(self, path: Path) -> Export:
        return transcripts.find_export(path)

    def run(self, job: Job, export: Export, progress: Progress, *, dry_run: bool) -> Report:
        return transcripts.run(job, export, progress, dry_run=dry_run)

    def issue(self, issue: dict[str, Any]) -> str:
        where = (
            f"{issue['file']}:{issue['line']}" if issue["line"] else issue["file"]
        )  # without a line, it concerns the file
        return "  ".join(filter(None, [where, issue["at"], issue["todo"]]))
