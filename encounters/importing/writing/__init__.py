"""Writing: links, versions, and the store that writes one batch in one transaction."""
