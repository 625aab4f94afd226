"""Requests for the approval of a second person: asked for, and told to staff."""
