"""The tables of keys, and what each row allows."""
