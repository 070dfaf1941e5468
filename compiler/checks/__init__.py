"""What must hold of a policy: assertions, tests, lint."""
