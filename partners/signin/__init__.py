"""How staff sign in: password, second factor, lockout, and how long each of them lasts."""
