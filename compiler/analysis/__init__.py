"""What a policy means: every question about its decisions, answered exactly."""
