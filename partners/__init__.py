"""Access management: organizations, routes, scopes, API keys, the decision on each call and its record."""
