"""The order of the steps, and what a run would do with each."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

from polylyte.core import methods
from polylyte.core.binding import Argument, Context, Reference, bind
from polylyte.core.canonical import digest
from polylyte.core.errors import InputError
from polylyte.core.files import sha256
from polylyte.core.keys import Key, key_of
from polylyte.core.store import Store
from polylyte.core.study import REPLICATES, Step, Study

State = Literal["cached", "to run", "waits"]


@dataclass(frozen=True)
class Planned:
    """A step with its checked arguments. ``key`` is None while an upstream result is missing."""

    step: Step
    arguments: Mapping[str, Argument]
    upstream: tuple[str, ...]
    key: Key | None
    state: State
    problem: InputError | None = None


@dataclass
class Plan:
    """All steps in an order in which they can run."""

    study: Study
    context: Context
    steps: dict[str, Planned] = field(default_factory=dict)
    heads: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def renew(self, name: str, store: Store) -> Planned:
        """Look at one step again, now that a step before it has ended."""
        planned = self.steps[name]
        made = _planned(planned.step, planned.arguments, self, store)
        self.steps[name] = made
        return made


def plan(study: Study, store: Store) -> Plan:
    """Check every step, order them, and ask the store which results it has.

    Raises:
        InputError: a wrong argument, a reference to nothing, a cycle.
    """
    context = Context(study, digest=FileDigests(store))
    context.all_sections()
    made = Plan(study, context)
    bound = {step.name: _bind(step, context) for step in study.steps.values()}
    for name in order({n: references(study.steps[n], a) for n, a in bound.items()}, study.path):
        made.steps[name] = _planned(study.steps[name], bound[name], made, store)
    context.digest.save()  # type: ignore[attr-defined]
    return made


def _bind(step: Step, context: Context) -> dict[str, Argument]:
    where = f"{context.study.path} [step.{step.name}]"
    if step.method == REPLICATES:
        return {}
    if step.over:
        from polylyte.core.sweep import check

        return check(step, context, where)
    return bind(methods.get(step.method), step.arguments, context, where=where, name=step.name)


def references(step: Step, arguments: Mapping[str, Argument]) -> tuple[str, ...]:
    """The steps whose results a step uses."""
    used = [a.step for a in arguments.values() if isinstance(a, Reference)]
    return tuple(dict.fromkeys([*used, *step.replicates]))


def order(uses: Mapping[str, tuple[str, ...]], path: Path) -> list[str]:
    """Steps sorted so that each comes after what it uses.

    Raises:
        InputError: the steps form a cycle; names them.
    """
    try:
        return list(TopologicalSorter(uses).static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise InputError(
            f"the steps need each other: {cycle}", where=str(path), remedy="break the cycle"
        ) from None


def _planned(step: Step, arguments: Mapping[str, Argument], made: Plan, store: Store) -> Planned:
    upstream = references(step, arguments)
    try:
        key = _key(step, arguments, made)
    except InputError as error:
        return Planned(step, arguments, upstream, None, "waits", error)
    head = store.head(key.result) if key else None
    if head is not None:
        made.heads[step.name] = head
    state: State = "cached" if head is not None else "to run" if key else "waits"
    return Planned(step, arguments, upstream, key, state)


def _key(step: Step, arguments: Mapping[str, Argument], made: Plan) -> Key | None:
    if step.method == REPLICATES:
        heads = [made.heads.get(name) for name in step.replicates]
        if any(head is None for head in heads):
            return None
        content = {
            name: head["digest"] for name, head in zip(step.replicates, heads, strict=True) if head
        }
        key = digest({"method": REPLICATES, "format": 1, "samples": content})
        return Key(key, key, f"{step.name}[{key[:8]}]")
    return key_of(methods.get(step.method), arguments, made.heads.get)


class FileDigests:
    """SHA-256 of input files, remembered by size and time of change.

    A file changed within the last two seconds is always read again: its time of change may not
    tell it from the next write.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = store.root / "inputs.json"
        self._known: dict[str, list[Any]] = {}
        self._changed = False
        try:
            self._known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            self._known = {}

    def __call__(self, path: Path) -> str:
        import time

        try:
            state = os.stat(path)
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from None
        mark = [state.st_size, state.st_mtime_ns, state.st_ino]
        name = os.path.abspath(path)
        known = self._known.get(name)
        if known is not None and known[:3] == mark:
            return str(known[3])
        found = sha256(path)
        if time.time_ns() - state.st_mtime_ns > 2_000_000_000:
            self._known[name] = [*mark, found]
            self._changed = True
        return found

    def save(self) -> None:
        """Keep what was learnt; a store that cannot be written only costs the next run time."""
        if not self._changed:
            return
        from polylyte.core.errors import MachineError

        try:
            self._store.write_file(self._path, json.dumps(self._known).encode())
        except MachineError:
            return
