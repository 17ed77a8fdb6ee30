"""Who may do what: credentials, scopes, keys."""
