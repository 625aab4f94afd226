"""Measurements, never tests: run by hand, side by side, as ratios."""
