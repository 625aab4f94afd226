"""The pages of recorded calls."""
