"""Published results, their errata and comparison."""
