"""The search box on every staff page."""
