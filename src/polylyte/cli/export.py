"""``polylyte export``: the last run as a crate, and what its reader should know."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polylyte.core.store import Store


def declare(command: argparse.ArgumentParser) -> None:
    """The options of ``polylyte export``."""
    command.add_argument(
        "--to", type=Path, required=True, metavar="DIR|FILE.zip", help="a new place"
    )
    command.add_argument("--no-raw", action="store_true", help="leave the raw files' bytes out")
    command.add_argument(
        "--battinfo", action="store_true", help="describe the cells in BattINFO (JSON-LD)"
    )


def write(path: Path, store: Store, options: argparse.Namespace) -> int:
    """Write the crate; say where, how large, and what it lacks."""
    from polylyte.report.export import export
    from polylyte.report.text import size_text

    made = export(path, store, options.to, raw=not options.no_raw, cells=options.battinfo)
    for warning in made.warnings:
        sys.stderr.write(f"polylyte: {warning}\n")
    print(f"crate: {made.path} ({made.files} files, {size_text(made.size)})")
    return 0
