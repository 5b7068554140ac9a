"""Figures, tables, templates and methods text."""
