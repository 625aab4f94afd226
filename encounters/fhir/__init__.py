"""The import of FHIR R4 exports, in one direction: files, lines, resources, mapped values, batches, rows."""
