"""The catalogues: reason codes with their remedies, and routes with their scopes."""
