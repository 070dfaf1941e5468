"""What a decision of the kernel module costs, in instructions and in bytes of tables."""
