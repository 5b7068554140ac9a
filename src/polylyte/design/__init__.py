"""What to build: stacks and their energy."""
