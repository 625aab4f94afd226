"""The pages about leaked keys: find them in a text, report them, and see what they read."""
