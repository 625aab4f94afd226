"""`manage.py import_fhir`: import patients, encounters and documents from a FHIR R4 export."""

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
        "Import FHIR R4: a Bulk Data folder with or without its manifest, a folder of Bundles, an NDJSON file (plain "
        "or gzipped), or a Bundle. Lines that can't be imported are reported and skipped. Files that are not read are "
        "listed. You can run the import again at any time; after an interruption, it continues."
    )
    path_help = "a folder, an NDJSON file or a Bundle"

    def find(self, path: Path) -> Export:
        return folders.find_export(path)

    def run(self, job: Job, export: Export, progress: Progress, *, dry_run: bool) -> Report:
        return run(job, export, progress, dry_run=dry_run)

    def issue(self, issue: dict[str, Any]) -> str:
        if not issue["line"]:  # the issue concerns the whole file
            return f"{issue['level']:<7}  {issue['file']}  {issue['code']}"
        resource = f"{issue['type']}/{issue['source_id'] or '?'}"
        return f"{issue['level']:<7}  {issue['file']}:{issue['line']}  {resource}  {issue['code']}"
