"""The canonical form of the rows that are sealed, the same from either database."""
