"""Backups rehearsed on a PostgreSQL server of their own: a point in time, and a dump."""
