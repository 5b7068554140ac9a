"""``make campaign``: kill, fail, fill and cut the power, and print the figures.

    python -m tests.campaign [--scale 1] [--only writes,runs,…] [--json FILE]

With scale 1 it takes about an hour on two shared cores; ``--scale 0.01`` is a short version.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.campaign.costs import costs
from tests.campaign.disks import failing_calls, full_disks
from tests.campaign.model import state_machine
from tests.campaign.oplog import lost_power
from tests.campaign.runs import eight_runs, killed_runs
from tests.campaign.writes import killed_writes

NEVER = {
    "lost",
    "corrupt",
    "reruns that differ",
    "results computed again although kept",
    "processes left behind",
    "runs ended by a killed worker",
    "unclear",
    "wrong or lost",
    "runs that failed",
    "rounds with different answers",
    "leased work done twice",
    "acknowledged results lost",
    "torn files",
    "that disagree with the model",
}
"""Figures that must be zero."""


def parts(scale: float) -> dict[str, Callable[[Path], dict[str, Any] | None]]:
    """Each part of the campaign at a scale."""

    def at(full: int, least: int) -> int:
        return max(round(full * scale), least)

    return {
        "writes": lambda folder: killed_writes(folder, at(20_000, 100)),
        "runs": lambda folder: killed_runs(folder, at(200, 6)),
        "calls": lambda folder: failing_calls(folder, max(round(1 / scale), 1)),
        "disks": lambda folder: full_disks(folder, at(64, 8)),
        "eight": lambda folder: eight_runs(folder, at(5, 1)),
        "power": lambda folder: lost_power(folder, at(16, 5)),
        "model": lambda folder: state_machine(at(200, 10)),
        "costs": lambda folder: costs(folder, at(10_000, 200)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default="", help="names of parts, with commas")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    chosen = parts(options.scale)
    wanted = options.only.split(",") if options.only else list(chosen)
    if set(wanted) - set(chosen):
        parser.error(f"parts are: {', '.join(chosen)}")
    figures: dict[str, Any] = {}
    for name in wanted:
        folder = Path(tempfile.mkdtemp(prefix=f"polylyte-campaign-{name}-"))
        began = time.perf_counter()
        found = chosen[name](folder)
        shutil.rmtree(folder, ignore_errors=True)
        print(f"{name} ({time.perf_counter() - began:.0f} s)", flush=True)
        for what, number in (found or {"not possible on this machine": 1}).items():
            print(f"  {what}: {number:,}", flush=True)
        figures[name] = found
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    bad = [f"{n}: {w}" for n, f in figures.items() for w, v in (f or {}).items()
           if w in NEVER and v]  # fmt: skip
    print(f"broken promises: {', '.join(bad)}" if bad else "every promise held")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
