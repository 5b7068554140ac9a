"""Samples of known truth, written as the files an instrument would write."""
