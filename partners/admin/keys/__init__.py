"""The pages of API keys: list, one key, issue, rotate, change one key or many."""
