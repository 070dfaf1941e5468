"""The policy as enforced: names resolved, one normal form, no reference to syntax."""
