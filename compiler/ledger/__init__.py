"""What enforces each statement of a policy: `ledger.json`."""
