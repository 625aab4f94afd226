"""What people on staff did, and who has access to what."""
