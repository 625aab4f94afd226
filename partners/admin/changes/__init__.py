"""The record of changes: the list with its filters, its CSV file, and a page for each change."""
