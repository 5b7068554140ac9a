"""The data package itself: one Parquet file per table and their Frictionless descriptor.

``FOLDER`` is named by its own path, so every table is part of the key of a step that reads one.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
