"""The import of notes and timed transcripts: files, lines, the JSON form of each, rows for the store of all imports."""
