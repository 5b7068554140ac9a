"""A plan of a thousand steps with nothing to do, against its bound of 0.1 s."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from polylyte.core import study as studies
from polylyte.core.execution import InProcess
from polylyte.core.plan import plan
from polylyte.core.session import open_store, run_study

BOUND = 0.1
STEPS = 1000
CARD = """
[cell.pouch]
average_voltage = "3.8 V"
cathode = { material = "NCM811", loading = "20 mg/cm^2", loading_of = "active", \
active_fraction = "95 wt%", thickness = "90 um", areal_capacity = "3.2 mAh/cm^2" }
electrolyte = { thickness = "12.6 um", areal_mass = "1.69 mg/cm^2" }
anode = { material = "Li", thickness = "40 um" }
foils = [{ material = "Al", thickness = "14 um" }]
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.toml"
        path.write_text(
            CARD
            + "".join(
                f'[step.s{i}]\nmethod = "stack.energy"\ncell = "pouch"\n'
                f'average_voltage = "{3 + i / STEPS} V"\n'
                for i in range(STEPS)
            )
        )
        began = time.perf_counter()
        run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
        fresh = time.perf_counter() - began
        study = studies.load(path)
        store = open_store(study)
        took = []
        for _ in range(5):
            began = time.perf_counter()
            planned = plan(study, store)
            took.append(time.perf_counter() - began)
        assert all(step.state == "cached" for step in planned.steps.values())
    print(f"fresh run of {STEPS} steps: {fresh:.1f} s")
    print(
        json.dumps(
            {
                "name": "no-op plan of 1000 steps",
                "ratio": round(BOUND / min(took), 2),
                "target": 1.0,
                "ours": round(min(took), 4),
                "peer": BOUND,
            }
        )
    )


if __name__ == "__main__":
    main()
