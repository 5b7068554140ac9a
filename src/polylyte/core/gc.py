"""Clearing the store of what no recent run uses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from polylyte.core import processes
from polylyte.core.store import Store

DAY = 86400.0


@dataclass(frozen=True)
class Cleared:
    """What was removed."""

    results: int
    sweeps: int
    scratch: int
    bytes: int


def collect(store: Store) -> Cleared:
    """Remove every result that is in no study's last run, rows of sweeps no result holds,
    scratch that nobody leases, and files left by dead processes.

    Results of runs going on now are safe: a result younger than a day is kept.
    """
    import time

    keep = _in_use(store)
    young = time.time() - DAY
    removed = size = 0
    for key in store.stored_keys():
        folder = store.folder(key)
        if key in keep or _changed(folder) > young:
            continue
        size += _size(folder)
        store.remove(key)
        removed += 1
    heads = [store.head(key) or {} for key in store.stored_keys()]
    sweeps, swept = _folders(store.root / "sweeps", young, {h.get("sweep", "") for h in heads})
    scratch, scratched = _folders(store.root / "scratch", young, frozenset())
    store.reap()
    # Nobody can ask whether a process of another machine lives; nothing is written for a week.
    _folders(store.root / "tmp", time.time() - 7 * DAY, frozenset())
    return Cleared(removed, sweeps, scratch, size + swept + scratched)


def _in_use(store: Store) -> set[str]:
    keys: set[str] = set()
    for folder in (store.root / "runs").glob("*"):
        records = sorted(folder.glob("*.json"))
        for path in records[-1:]:
            steps = json.loads(path.read_bytes())["steps"]
            keys |= {step["key"] for step in steps.values() if step["key"]}
    # What a kept result was made from stays too, so that ``why`` can tell its story.
    waiting = list(keys)
    while waiting:
        stored = store.get(waiting.pop())
        for item in stored.provenance.get("upstream", ()) if stored else ():
            if item["key"] not in keys:
                keys.add(item["key"])
                waiting.append(item["key"])
    return keys


def _folders(parent: Path, young: float, keep: Set[str]) -> tuple[int, int]:
    count = size = 0
    for folder in parent.glob("*"):
        if folder.name in keep:
            continue
        owner = folder / "owner"
        held = owner.exists() and not processes.is_dead(owner.read_text())
        if held or _changed(folder) > young:
            continue
        size += _size(folder)
        shutil.rmtree(folder, ignore_errors=True)
        count += 1
    return count, size


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
