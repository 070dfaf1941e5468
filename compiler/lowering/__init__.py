"""From the model to the IR: requests, layers, and the folded result."""
