"""The middleware that every request passes, and the content security policy."""
