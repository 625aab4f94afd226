"""The server in front of Django: it reads requests, and its worker answers them."""
