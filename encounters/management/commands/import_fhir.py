"""`manage.py import_fhir`: an export of FHIR R4 becomes an organization's patients, encounters and documents."""

from pathlib import Path
from typing import Any

from encounters.fhir.export import folders
from encounters.fhir.report import Report
from encounters.fhir.run import run
from encounters.importing.job import Job
from encounters.importing.reading.files import Export
from encounters.importing.reading.lines import Progress
from encounters.management.base import ImportCommand


class Command(ImportCommand):
    """Import a FHIR R4 export."""

    help = (
        "Import FHIR R4: a Bulk Data folder with or without its manifest, a folder of Bundles, an NDJSON file, gzipped "
        "or not, or a Bundle. Lines that cannot be used are reported and cost nothing else. Every file of a folder "
        "that is not read is named. It can be run again, and after an interruption it ends as one run would have."
    )
    path_help = "a folder, an NDJSON file or a Bundle"

    def find(self, path: Path) -> Export:
        return folders.find(path)

    def run(self, job: Job, export: Export, progress: Progress, *, dry_run: bool) -> Report:
        return run(job, export, progress, dry_run=dry_run)

    def issue(self, issue: dict[str, Any]) -> str:
        if not issue["line"]:  # of the file as a whole
            return f"{issue['level']:<7}  {issue['file']}  {issue['code']}"
        resource = f"{issue['type']}/{issue['source_id'] or '?'}"
        return f"{issue['level']:<7}  {issue['file']}:{issue['line']}  {resource}  {issue['code']}"
