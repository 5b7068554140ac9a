"""Polymer-electrolyte lithium-metal batteries: from raw files to a checked report."""

from polylyte.core.quantities import Quantity, q

__version__ = "0.1.0"

__all__ = ["Quantity", "__version__", "q"]
