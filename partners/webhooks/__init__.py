"""Webhooks on their way to endpoints of partners."""
