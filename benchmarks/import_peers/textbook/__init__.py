"""The textbook import: fhir.resources parses and validates, and Django's ORM writes, in batches or row by row."""
