"""Signing in of staff: second factor, lockout, sessions, and a fresh password."""
