"""Writing rows: links, versions, and the store that writes a batch in one transaction."""
