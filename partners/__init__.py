"""Who may call what: organizations, routes, scopes, API keys, the decision and its record."""
