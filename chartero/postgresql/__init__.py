"""A PostgreSQL backend for Django, for connections that live as long as a web process."""
