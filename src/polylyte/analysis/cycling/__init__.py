"""Cycle life: capacities, efficiencies, rate staircases, voltage profiles, voltammograms."""
