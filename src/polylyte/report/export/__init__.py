"""A run as others can read it: RO-Crate, Frictionless tables, Battery Data Format."""

from polylyte.report.export.crate import Exported, export

__all__ = ["Exported", "export"]
