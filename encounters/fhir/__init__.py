"""The import of FHIR R4 exports: from files to lines, resources, mapped values, and batches of rows."""
