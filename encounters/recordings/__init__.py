"""Recordings: where they are stored, and the signed links and views that send them.

`encounters.recordings.LocalStorage` is the name that settings and environments use.
"""

from encounters.recordings.storage import LocalStorage

__all__ = ["LocalStorage"]
