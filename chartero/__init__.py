"""The deployment: settings, URLs, middleware and the WSGI application."""
