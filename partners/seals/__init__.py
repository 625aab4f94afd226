"""Proof that nobody touched the record: rows are sealed once they are certainly committed, and compared afterwards."""
