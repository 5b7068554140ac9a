"""What a sample is made of: substances, recipes, cell cards."""
