"""Files, names and values: what a policy says, gathered from its statements."""
