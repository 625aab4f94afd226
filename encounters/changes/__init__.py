"""The log of changes to what is served: triggers write it, `encounters.api.changes` reads it, and old rows go."""
