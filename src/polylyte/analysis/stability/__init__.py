"""Stability of the electrolyte: potentiodynamic sweeps and floating tests."""
