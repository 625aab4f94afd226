"""Signing in of staff: password, second factor, lockout, and how long each of them holds."""
