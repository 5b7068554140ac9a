"""Quantities, methods, studies, plan, store and execution. No science lives here."""
