"""What is kept of calls without a known key."""
