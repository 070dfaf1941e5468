"""Changes of policies that are proposed from what was observed."""
