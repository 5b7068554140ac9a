"""Measurement to quantity."""
