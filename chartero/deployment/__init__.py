"""What a deployment brings along: its environment and its secrets."""
