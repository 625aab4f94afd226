"""The server in front of Django: how requests are read, and the worker that answers them."""
