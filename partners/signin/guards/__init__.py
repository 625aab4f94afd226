"""What guards a sign-in: lockout, second factor, sessions, and a password given lately."""
