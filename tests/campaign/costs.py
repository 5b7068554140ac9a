"""What a task costs beside its own work: fresh, with and without fsync, and asked again.

The method's own time is measured by calling it straight, and taken off.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from polylyte.core import methods
from polylyte.core.execution import InProcess
from polylyte.core.pool import process_pool
from polylyte.core.quantities import q
from polylyte.core.session import run_study
from tests.campaign import room as rooms

STEP = '[step.s{0}]\nmethod = "campaign.bare"\na = {0}\n'
TABLE = '[step.s{0}]\nmethod = "campaign.work"\nname = "s"\npause = 0.0\na = {0}\nb = 1\n'
SWEEP = (
    '[step.map]\nmethod = "campaign.bare"\n'
    "[step.map.map]\nover = {{ a = [{0}], b = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }}\n"
)


def costs(folder: Path, count: int) -> dict[str, float]:
    """Milliseconds per task; seconds for a rerun of ``count`` tasks and designs."""
    rooms.enter()
    figures: dict[str, float] = {}
    tasks = max(count // 10, 50)
    # What is imported and looked up once is no cost per task.
    _run(folder / "warm", TABLE.format(0) + STEP.format(1), durable=False)
    for label, text, durable in (
        ("no fsync, one quantity", STEP, False),
        ("no fsync, with a table of 200 rows and a file", TABLE, False),
        ("fsync, one quantity", STEP, True),
        ("fsync, with a table of 200 rows and a file", TABLE, True),
    ):
        study = "".join(text.format(i) for i in range(tasks))
        own, own_processor = _own(text is TABLE, tasks)
        fresh, again, processor = _run(folder / label, study, durable=durable)
        figures[f"ms per fresh task, {label}"] = round((fresh - own) / tasks * 1e3, 3)
        figures[f"ms of processor time per fresh task, {label}"] = round(
            (processor - own_processor) / tasks * 1e3, 3
        )
        if text is STEP and not durable:
            figures[f"s for a rerun of {tasks:,} tasks with nothing to do"] = round(again, 3)
    study = "".join(STEP.format(i) for i in range(tasks))
    fresh, *_ = _run(folder / "pool", study, durable=False, pool=lambda: process_pool(2))
    figures["ms per fresh task, no fsync, pool of two processes (start included)"] = round(
        fresh / tasks * 1e3, 3
    )
    designs = SWEEP.format(", ".join(map(str, range(count // 10))))
    fresh, again, _ = _run(folder / "sweep", designs, durable=True)
    figures[f"ms per fresh design of a sweep of {count:,}"] = round(fresh / count * 1e3, 3)
    figures[f"s for a rerun of {count:,} designs with nothing to do"] = round(again, 3)
    return figures


def _own(has_table: bool, count: int) -> tuple[float, float]:
    """Seconds, and seconds of processor time, that the method itself takes for ``count`` calls."""
    one = q("1")
    arguments = {"a": one, **({"b": one, "name": "s", "pause": 0.0} if has_table else {})}
    function = methods.get("campaign.work" if has_table else "campaign.bare").function
    began, processor = time.perf_counter(), time.process_time()
    for _ in range(count):
        function(**arguments)
    return time.perf_counter() - began, time.process_time() - processor


def _run(
    folder: Path, study: str, *, durable: bool, pool: Any = None
) -> tuple[float, float, float]:
    """Seconds of a fresh run and of a second one; processor time of the fresh one."""
    folder.mkdir()
    path = folder / "study.toml"
    path.write_text(study)
    took = []
    for _ in range(2):
        began, processor = time.perf_counter(), time.process_time()
        _, ended = run_study(path, pool=pool or (lambda: nullcontext(InProcess())), durable=durable)
        took.append((time.perf_counter() - began, time.process_time() - processor))
        assert {e.ending for e in ended.values()} <= {"done", "cached"}
    return took[0][0], took[1][0], took[0][1]
