"""Management: the commands, and what they share."""
