"""Changes of many keys at once."""
