"""What a NetBSD release can be asked and told: actions and sysctl nodes, as data."""
