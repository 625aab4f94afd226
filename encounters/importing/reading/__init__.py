"""Reading: files, lines, elements, ids and limits, whatever the format."""
