"""What holds for every policy, whatever it says."""
