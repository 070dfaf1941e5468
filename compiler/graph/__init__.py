"""Relations between the cells of a policy as graphs, drawn or written for other programs."""
