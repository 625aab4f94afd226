"""Pages about the staff themselves: what a person did, and the reviews of access."""
