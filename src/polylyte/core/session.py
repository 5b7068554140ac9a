"""A study from file to :class:`Run`: load, plan, execute, compare, remember."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from polylyte.core import study as studies
from polylyte.core.canonical import digest
from polylyte.core.compare import compare
from polylyte.core.errors import InputError, MachineError
from polylyte.core.execution import Event, Executor, Listener, execute
from polylyte.core.plan import Plan, plan
from polylyte.core.runs import Run, Status, StepOutcome
from polylyte.core.sites import LOCAL, Site
from polylyte.core.sites import executor as executor_of
from polylyte.core.sites import find as find_site
from polylyte.core.store import Store
from polylyte.core.study import Step, Study
from polylyte.core.worker import Ended

_STATUS: Mapping[str, Status] = {
    "done": "done",
    "cached": "cached",
    "refused": "refused",
    "failed": "failed",
    "stopped": "skipped",
}


def silent(event: Event) -> None:
    """A listener that shows nothing."""


def open_store(study: Study, folder: Path | None = None, *, durable: bool = True) -> Store:
    """The store beside the study, or the one given."""
    return Store(folder or study.folder / ".polylyte", durable=durable).open()


def run_study(
    path: Path,
    *,
    store: Path | None = None,
    pool: Callable[[], AbstractContextManager[Executor]] | None = None,
    site: Site | None = None,
    listen: Listener = silent,
    command: str = "",
    durable: bool = True,
) -> tuple[Run, dict[str, Ended]]:
    """Run a study file at a site (default: this machine), and remember the run.

    ``pool`` gives any other executor: something with ``submit``.

    Raises:
        InputError: the study is wrong; nothing was computed.
        MachineError: the store cannot be written.
    """
    began = time.perf_counter()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    study = studies.load(path)
    kept = open_store(study, store, durable=durable)
    for _ in range(2):
        planned = plan(study, kept)
        at_site = partial(executor_of, site or find_site(LOCAL), kept.root / "logs")
        with (pool or at_site)() as executor:
            ended = execute(planned, kept, executor, listen)
        keys = {n: item.key.result if item.key else None for n, item in planned.steps.items()}
        run = collect(planned, kept, ended, keys, started=started, command=command, began=began)
        damaged = [s for s in run.steps if s.result is None and ended[s.name].head is not None]
        if not damaged:
            break
        # What was damaged has been set aside, so a second pass makes it anew.
    for step in damaged:
        ended[step.name] = Ended(step.name, "failed", None, step.reason, MachineError.exit_code)
    remember(kept, planned, ended, run)
    return run, ended


def collect(
    planned: Plan,
    store: Store,
    ended: Mapping[str, Ended],
    keys: Mapping[str, str | None],
    *,
    started: str,
    command: str,
    began: float,
) -> Run:
    """What a run left behind, with every result loaded by its key."""
    study = planned.study
    steps = {
        name: _outcome(step, store, ended.get(name), keys.get(name))
        for name, step in study.steps.items()
    }
    return Run(
        title=study.title,
        path=study.path,
        description=study.description,
        authors=study.authors,
        steps=tuple(steps.values()),
        comparisons=tuple(compare(study.expected, steps)),
        errata=study.errata,
        sections=planned.context.all_sections(),
        started=started,
        seconds=time.perf_counter() - began,
        command=command or f"polylyte run {study.path}",
        environment=environment(),
    )


def _outcome(step: Step, store: Store, ended: Ended | None, key: str | None) -> StepOutcome:
    name = step.name
    if ended is None:
        return StepOutcome(name, step.method, "planned")
    result = store.get(key) if key is not None and ended.head is not None else None
    if ended.head is not None and result is None:
        reason = "its result in the store was damaged and set aside; run again"
        return StepOutcome(name, step.method, "failed", None, reason)
    return StepOutcome(
        name, step.method, _STATUS[ended.ending], result, ended.reason, ended.seconds
    )


def environment() -> dict[str, str]:
    """What the report says of the machine: nothing that names it."""
    import polylyte

    return {
        "polylyte": polylyte.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def exit_code(ended: Mapping[str, Ended]) -> int:
    """4 before 2 before 3 before 0."""
    codes = {e.exit_code for e in ended.values()}
    return next((code for code in (4, 2, 3) if code in codes), 0)


def from_store(path: Path, store: Store) -> Run:
    """The last run again, from what the store holds; nothing is computed.

    Raises:
        InputError: the study has never been run.
    """
    began = time.perf_counter()
    study = studies.load(path)
    record = last_run(store, study.path)
    planned = plan(study, store)
    keys = {name: seen["key"] for name, seen in record["steps"].items()}
    ended = {name: _seen(name, seen, store) for name, seen in record["steps"].items()}
    return collect(planned, store, ended, keys, started=record["started"], command="", began=began)


def _seen(name: str, seen: Mapping[str, Any], store: Store) -> Ended:
    head = store.head(seen["key"]) if seen["key"] else None
    if seen["key"] and head is None:
        return Ended(name, "stopped", reason="its result is no longer in the store; run again")
    return Ended(name, seen["ending"], head, seen["reason"], seconds=seen["seconds"])


# -- what earlier runs saw -------------------------------------------------------------------


def _runs_folder(store: Store, path: Path) -> Path:
    return (
        store.root / "runs" / f"{path.parent.name or 'study'}-{digest(os.path.abspath(path))[:8]}"
    )


def remember(store: Store, planned: Plan, ended: Mapping[str, Ended], run: Run) -> None:
    """Keep which result each step had, for ``status``, ``diff`` and ``gc``."""
    steps = {}
    for name, item in planned.steps.items():
        end = ended.get(name)
        steps[name] = {
            "method": item.step.method,
            "key": item.key.result if item.key and end and end.head else None,
            "ending": end.ending if end else "planned",
            "reason": end.reason if end else "",
            "seconds": round(end.seconds, 3) if end else 0.0,
            "details": end.details if end else "",
        }
    record = {"study": str(run.path), "title": run.title, "started": run.started, "steps": steps}
    folder = _runs_folder(store, run.path)
    number = len(list(folder.glob("*.json"))) + 1
    name = f"{run.started.replace(':', '').replace('+0000', 'Z')}-{number:04d}-{os.getpid()}.json"
    store.write_file(folder / name, json.dumps(record).encode())


def recall(store: Store, path: Path) -> list[dict[str, Any]]:
    """Records of earlier runs of a study, oldest first."""
    records = []
    for file in sorted(_runs_folder(store, path).glob("*.json")):
        try:
            records.append(json.loads(file.read_bytes()))
        except (OSError, ValueError):
            continue
    return records


def last_run(store: Store, path: Path) -> dict[str, Any]:
    """The newest record.

    Raises:
        InputError: the study has never been run.
    """
    records = recall(store, path)
    if not records:
        raise InputError("has not been run yet", where=str(path), remedy=f"polylyte run {path}")
    return records[-1]
