"""``polylyte export``: the last run as a crate, and what its reader should know."""

from __future__ import annotations

import sys
from pathlib import Path

from polylyte.core.store import Store


def export(path: Path, store: Store, target: Path, *, raw: bool) -> int:
    """Write the crate; say where, how large, and what it lacks."""
    from polylyte.report import export
    from polylyte.report.text import size_text

    made = export.export(path, store, target, raw=raw)
    for warning in made.warnings:
        sys.stderr.write(f"polylyte: {warning}\n")
    print(f"crate: {made.path} ({made.files} files, {size_text(made.size)})")
    return 0
