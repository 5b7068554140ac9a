"""Audit of a paper's arithmetic: everything that can be recomputed from what is printed."""
