"""What a reviewer wants to see of a policy, on one page."""
