"""A replica of the database, from which calls may read."""
