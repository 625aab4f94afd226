"""What is kept of every call, how it is read again, and when it is deleted."""
