"""What protects a sign-in: lockout, second factor, session limits and a fresh password."""
