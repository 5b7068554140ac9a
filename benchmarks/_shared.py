"""Real files that benchmarks read: where they are, and what is printed where they are not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

NAMES = "POLYLYTE_DATA"


def real(name: str, title: str, target: float) -> Path:
    """A file of the shared data; without it the benchmark ends here and says so."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get(NAMES, beside)) / name
    if not path.exists():
        print(f"{path} is not here: set {NAMES} to the folder of real files")
        report(title, target, None, None)
        sys.exit(0)
    return path


def report(
    name: str, target: float, ours: float | None, peer: float | None, **more: object
) -> None:
    """The last line: seconds of both sides and their ratio."""
    ratio = None if ours is None or peer is None else round(peer / ours, 1)
    print(json.dumps({"name": name, "ratio": ratio, "target": target, "ours": ours, "peer": peer}
                     | more))  # fmt: skip
