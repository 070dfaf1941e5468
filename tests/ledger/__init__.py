"""What enforces each statement: the ledger, held against the artifacts it speaks of."""
