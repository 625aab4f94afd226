"""Which files an export has: a folder, what its manifest names, or a single file."""
