"""What the tables decide, class by class, beside what the reference evaluator says."""
