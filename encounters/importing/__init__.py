"""The engine that all imports share: the values, reading files, and writing rows."""
