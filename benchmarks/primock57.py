"""PriMock57 in the JSON form of `import_transcripts`: `python -m benchmarks.primock57 ARCHIVE > primock57.ndjson`.

Its source is https://github.com/babylonhealth/primock57 by Babylon Health (CC BY 4.0): 57 mock consultations with
the note of the clinician (JSON) and what each of the two speakers said (Praat TextGrid). chartero ships none of it.
"""

import json
import re
import sys
import tarfile
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

PROVIDER = "PriMock57, transcribed by hand"
SPEAKERS = ("doctor", "patient")

_INTERVAL = re.compile(r'xmin = (?P<start>[\d.]+)\s+xmax = (?P<end>[\d.]+)\s+text = "(?P<text>(?:[^"]|"")*)"')
_LENGTH = re.compile(r"^xmax = (?P<seconds>[\d.]+)", re.MULTILINE)
_UNHEARD = re.compile(r"<(?:UNIN|INAUDIBLE_SPEECH)/>")
_UNSURE = re.compile(r"</?UNSURE>")


def consultations(archive: Path) -> Iterator[dict[str, Any]]:
    """Yield each consultation as one line of the form, in order."""
    with tarfile.open(archive) as opened:
        texts = {Path(member.name).name: _read(opened, member) for member in opened if member.isfile()}
    for name in sorted(each for each in texts if each.endswith(".json")):
        grids = {speaker: texts[f"{Path(name).stem}_{speaker}.TextGrid"] for speaker in SPEAKERS}
        yield _consultation(Path(name).stem.replace("_", "-"), json.loads(texts[name]), grids)


def _read(opened: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = opened.extractfile(member)
    return file.read().decode() if file else ""


def _consultation(name: str, note: dict[str, Any], grids: dict[str, str]) -> dict[str, Any]:
    turns = [turn for speaker, grid in grids.items() for turn in _turns(speaker.capitalize(), grid)]
    seconds = max(float(_LENGTH.search(grid)["seconds"]) for grid in grids.values())  # type: ignore[index]
    common = {"status": "completed"}
    return {
        "encounter": {"id": name, "status": "completed"},
        "patient": {"id": f"{name}-patient", "first_name": None, "last_name": None},
        "documents": [
            {
                **common,
                "id": f"{name}-note",
                "schema_type": "document",
                "title": note["presenting_complaint"],
                "content": note["note"],
            },
            {
                **common,
                "id": f"{name}-transcript",
                "schema_type": "ambient_transcript",
                "title": "Ambient transcript",
                "workflow_variant": "ambient",
                "provider": PROVIDER,
                "audio_duration_seconds": seconds,
                "turns": sorted(turns, key=itemgetter("start", "end")),
            },
        ],
    }


def _turns(speaker: str, grid: str) -> Iterator[dict[str, Any]]:
    """Yield what one speaker said; the intervals between, in which the other speaks, have no text."""
    for found in _INTERVAL.finditer(grid):
        text = _UNSURE.sub("", _UNHEARD.sub("[inaudible]", found["text"].replace('""', '"'))).strip()
        if text:
            yield {"speaker": speaker, "start": float(found["start"]), "end": float(found["end"]), "text": text}


if __name__ == "__main__":
    for line in consultations(Path(sys.argv[1])):
        print(json.dumps(line, ensure_ascii=False))
