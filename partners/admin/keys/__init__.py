"""The pages of API keys: list, page, issue, rotate, change one or many."""
