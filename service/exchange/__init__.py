"""Comments and decisions of other systems in, ours out."""
