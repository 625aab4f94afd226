"""Django's database backend for PostgreSQL, for connections that live as long as a web process."""
