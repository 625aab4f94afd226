"""The limit: what Python and PostgreSQL can do with chartero's statements and nothing around them."""
