"""What a run going on tells others of itself, and who asks: ``polylyte status``.

The driver writes ``tmp/<me>.run<n>/state.json`` now and then; it goes when the run ends.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from polylyte.core import processes
from polylyte.core.plan import Plan
from polylyte.core.store import Store

EVERY = 1.0
SILENT = 60.0
"""Seconds after which a run on another machine that wrote nothing is not called running."""


class Watch:
    """The state of a run as one small file."""

    def __init__(self, folder: Path, plan: Plan, site: Callable[[], str]) -> None:
        self._path = folder / "state.json"
        self._study = os.path.abspath(plan.study.path)
        self._site = site
        self._begun = datetime.now(UTC).isoformat(timespec="seconds")
        self._total = len(plan.steps)
        self._ended: Counter[str] = Counter()
        self._running: dict[str, dict[str, Any]] = {}
        self._written = 0.0

    def started(self, step: str) -> None:
        self._running[step] = {"fraction": 0.0, "message": ""}

    def progress(self, step: str, fraction: str, message: str) -> None:
        with suppress(ValueError):
            self._running[step] = {"fraction": float(fraction or 0), "message": message}

    def ended(self, step: str, ending: str) -> None:
        self._running.pop(step, None)
        self._ended[ending] += 1

    def write(self) -> None:
        """Write the state, at most once a second; a disk that fails does not stop the run."""
        now = time.monotonic()
        if now - self._written < EVERY:
            return
        self._written = now
        state = {
            "study": self._study,
            "started": self._begun,
            "total": self._total,
            "ended": dict(self._ended),
            "running": dict(list(self._running.items())[:100]),
            "in_flight": len(self._running),
            "site": self._site(),
        }
        with suppress(OSError):
            aside = self._path.with_suffix(".new")
            aside.write_text(json.dumps(state, ensure_ascii=False))
            os.replace(aside, self._path)


def running(store: Store, path: Path) -> list[dict[str, Any]]:
    """States of the runs of a study that go on now; ``process`` names the driver."""
    found = []
    for file in sorted((store.root / "tmp").glob("*.run*/state.json")):
        process = file.parent.name.rpartition(".run")[0]
        try:
            state = json.loads(file.read_bytes())
            silent = time.time() - file.stat().st_mtime
        except (OSError, ValueError):
            continue
        if state["study"] != os.path.abspath(path) or processes.is_dead(process):
            continue
        if silent < SILENT:
            found.append({**state, "process": process})
    return found


def told(state: dict[str, Any]) -> list[str]:
    """The state of a run in lines for people."""
    ended = ", ".join(f"{n} {ending}" for ending, n in state["ended"].items())
    waiting = state["total"] - sum(state["ended"].values()) - state["in_flight"]
    site = f"; {state['site']}" if state["site"] else ""
    pid = state["process"].split(".")[1]
    lines = [
        f"running since {state['started']} (process {pid}{site}): "
        f"{state['in_flight']} in flight, {waiting} waiting" + (f", {ended}" if ended else "")
    ]
    for step, at in state["running"].items():
        lines.append(f"  {step}: {at['fraction']:.0%} {at['message']}".rstrip())
    return lines
