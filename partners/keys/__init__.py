"""The text of an API key: how it is made, read, digested and found in other text. No database."""
