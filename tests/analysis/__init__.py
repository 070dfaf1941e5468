"""Questions about policies."""
