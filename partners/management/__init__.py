"""The management commands, and the code they share."""
