"""The largest values that an import accepts."""

LONGEST_TEXT = 1024 * 1024
LONGEST_DURATION = 1e9
LONGEST_TITLE = 1_000
