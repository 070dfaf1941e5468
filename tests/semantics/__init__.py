"""What policies decide: the reference evaluator, folding, shipped profiles."""
