"""The import of notes and timed transcripts: files, the JSON format of a line, and rows for the shared store."""
