"""The import beside what a team would put in its place."""
