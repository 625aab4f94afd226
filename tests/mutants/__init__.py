"""Faults put in by hand, one at a time: does the suite notice each? Run by hand: `python -m tests.mutants`."""
