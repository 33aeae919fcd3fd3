"""Who may ask, and how often: keys, Entra ID tokens, roles, rates. Nothing of HTTP's paths."""
