"""Recordings: their storage, and the signed links and the view that serve them.

Settings and environments refer to `encounters.recordings.LocalStorage`.
"""

from encounters.recordings.storage import LocalStorage

__all__ = ["LocalStorage"]
