"""The catalogues: reason codes with their remedies, and the routes with their scopes."""
