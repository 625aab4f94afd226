"""What is served: encounters, patients and documents, their queries and their import."""
