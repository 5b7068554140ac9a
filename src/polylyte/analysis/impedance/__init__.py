"""Impedance spectra: circuits, their fits, and what the fits can and cannot tell."""
