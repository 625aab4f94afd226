"""The engine of every import: values that come in, how files are read, how rows are written."""
