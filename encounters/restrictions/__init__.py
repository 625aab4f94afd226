"""Restrictions: what Security withholds from partners, and the triggers that hold encounters to it."""
