"""Rows found: by what people type for them, by their last use, and the first few of many."""
