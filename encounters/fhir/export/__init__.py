"""Find the files of an export: a folder, the files that a manifest lists, or a single file."""
