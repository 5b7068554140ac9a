"""A file of the Battery Data Format of 25 000 rows, read here and by `batterydf`.

Both read the same file, and what they read is compared value by value. Two times each: the first
read of a new process, imports included, which is what somebody waits for; and the best of further
reads in that process. The last line is JSON and holds the first, the line before it the second;
``ratio`` is the peer's time over ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS, TARGET = 25_000, 20.0
LABELS = {
    "time": "Test Time / s",
    "potential": "Voltage / V",
    "current": "Current / A",
    "cycle": "Cycle Count / 1",
    "charge": "Net Capacity / Ah",
}


def write(path: Path) -> None:
    """A cell's record with numbers of full precision, as an export of a run holds it."""
    import numpy as np

    from polylyte.core.tables import Table
    from polylyte.report.export.bdf import series

    random = np.random.default_rng(1)
    columns = {
        "time": np.cumsum(0.5 + random.random(ROWS)),
        "potential": 3.3 + random.random(ROWS),
        "current": random.normal(0.0, 1e-3, ROWS),
        "cycle": np.arange(ROWS) // 500,
        "charge": np.cumsum(random.normal(0.0, 1e-6, ROWS)),
    }
    units = {"time": "s", "potential": "V", "current": "A", "charge": "Ah"}
    made = series(Table.of(columns, units))
    assert made is not None
    path.write_text(made.csv(), encoding="utf-8")


def once(who: str, path: Path) -> dict[str, float]:
    """Seconds of the first and of the best later read in this process."""
    began = time.perf_counter()
    if who == "ours":
        from polylyte.instruments.reading import read
    else:
        from bdf import read
    result = read(path)
    first = time.perf_counter() - began
    later = []
    for _ in range(5):
        began = time.perf_counter()
        result = read(path)
        later.append(time.perf_counter() - began)
    frame = result.table("series").frame if who == "ours" else result
    for ours, theirs in LABELS.items():
        values = [float(v) for v in frame[ours if who == "ours" else theirs].to_list()]
        Path(f"{path}.{who}.{ours}").write_text(json.dumps(values))
    return {"first": first, "later": min(later)}


def compare(path: Path) -> None:
    """Both read the same numbers; charge is kept in coulomb here, so to the last bit but one."""
    for name in LABELS:
        ours, theirs = (
            json.loads(Path(f"{path}.{who}.{name}").read_text()) for who in ("ours", "theirs")
        )
        scale = 3600.0 if name == "charge" else 1.0
        assert len(ours) == len(theirs) == ROWS
        assert all(
            abs(a - b * scale) <= 4e-16 * abs(a) for a, b in zip(ours, theirs, strict=True)
        ), name


def main() -> None:
    """Each in five new processes, taken in turn."""
    if "--once" in sys.argv:
        print(json.dumps(once(sys.argv[2], Path(sys.argv[3]))))
        return
    times: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.bdf.csv"
        write(path)
        for _ in range(5):
            for who, seen in times.items():
                command = [sys.executable, __file__, "--once", who, str(path)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                seen.append(json.loads(done.stdout.splitlines()[-1]))
        compare(path)
    for key, what in (("later", "again"), ("first", "in a new process")):
        ours, theirs = (min(run[key] for run in times[who]) for who in ("ours", "theirs"))
        line = {"name": f"BDF file of {ROWS} rows read {what}", "ratio": theirs / ours}
        print(json.dumps({**line, "target": TARGET, "ours": ours, "peer": theirs}))


if __name__ == "__main__":
    main()
