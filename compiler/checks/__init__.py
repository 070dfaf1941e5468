"""What must hold of a policy: assertions and tests."""
