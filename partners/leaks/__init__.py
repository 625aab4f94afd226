"""Leaked keys: what each of them read, and what is done about one."""
