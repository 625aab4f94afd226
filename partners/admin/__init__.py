"""The staff's pages: Django's admin, with a page made for each step of a partner's life."""

from partners.admin import changes, keys, organizations, requests

__all__ = ["changes", "keys", "organizations", "requests"]
