"""Simulation: a model in, a quantity out."""
