"""Running a plan: independent branches at once, each task asking the store first.

Anything with ``submit`` executes (see ``core.sites``). The default is a pool of processes.
"""

from __future__ import annotations

import concurrent.futures as cf
import itertools
import shutil
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from polylyte.core import processes, provenance, replicates, sweep, worker
from polylyte.core.encoding import encode
from polylyte.core.errors import MachineError, PolylyteError
from polylyte.core.plan import Plan, Planned
from polylyte.core.pool import process_pool as process_pool
from polylyte.core.store import Store, machine_errors
from polylyte.core.study import REPLICATES
from polylyte.core.watch import Watch
from polylyte.core.worker import Ended, Job

LOOK = 0.5
"""Seconds between two looks at how far the tasks in flight are."""
SHOWN = 64
"""How many of the tasks in flight are looked at."""


class Executor(Protocol):
    """What a site offers."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        """Run ``fn(*args)`` somewhere."""


@dataclass(frozen=True)
class Event:
    """Something a progress display may want to show."""

    kind: str
    """"started", "progress" or "ended"."""
    step: str
    fraction: float = 0.0
    message: str = ""
    ended: Ended | None = None


Listener = Callable[[Event], None]


class InProcess:
    """Runs each task at once, in this process: for notebooks and tests."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        future: cf.Future[Any] = cf.Future()
        try:
            future.set_result(fn(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def execute(plan: Plan, store: Store, executor: Executor, listen: Listener) -> dict[str, Ended]:
    """Run every step that has no result. Branches that do not need a failed step finish.

    On KeyboardInterrupt running tasks are asked to stop; what they saved is kept, and the
    steps left over end as "stopped".
    """
    driver = _Driver(plan, store, executor, listen)
    with store_signals(store) as signals:
        try:
            return driver.run(signals)
        except KeyboardInterrupt:
            (signals / "stop").touch()
            return driver.stop()


@contextmanager
def store_signals(store: Store) -> Any:
    """A folder of this run for progress files and the wish to stop."""
    folder = store.root / "tmp" / f"{processes.me()}.run{next(_runs)}"
    with machine_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_runs = itertools.count()


class _Driver:
    """The state of one run: what waits for how many others, what is in flight, what has ended."""

    def __init__(self, plan: Plan, store: Store, executor: Executor, listen: Listener) -> None:
        self.plan, self.store, self.executor, self.listen = plan, store, executor, listen
        self.ended: dict[str, Ended] = {}
        self.flying: dict[cf.Future[Any], str] = {}
        self.landed: SimpleQueue[cf.Future[Any]] = SimpleQueue()
        self.sweeps: dict[str, _Sweep] = {}
        self.signals = Path()
        self.users: dict[str, list[str]] = {}
        self.needs = {name: len(set(p.upstream)) for name, p in plan.steps.items()}
        for name, planned in plan.steps.items():
            for upstream in set(planned.upstream):
                self.users.setdefault(upstream, []).append(name)
        self.ready = deque(name for name, count in self.needs.items() if not count)
        self._looked = 0.0

    def run(self, signals: Path) -> dict[str, Ended]:
        self.signals = signals
        self.watch = Watch(signals, self.plan, getattr(self.executor, "state", str))
        self._advance()
        while self.flying:
            self._collect(0.2)
            self._advance()
        return self.ended

    def stop(self) -> dict[str, Ended]:
        """Wait for tasks in flight, which were asked to stop; mark the rest."""
        for future in list(self.flying):
            future.cancel()
        while self.flying:
            self._collect(0.2)
        for name in self.plan.steps:
            if name not in self.ended:
                self._end(Ended(name, "stopped", reason="stopped; run again to go on"))
        return self.ended

    def _advance(self) -> None:
        """Start whatever can start."""
        while self.ready:
            name = self.ready.popleft()
            planned = self.plan.steps[name]
            blocked = [u for u in planned.upstream if self.ended[u].head is None]
            if blocked:
                self._end(Ended(name, "stopped", reason=f"needs step '{blocked[0]}'", exit_code=0))
            elif planned.state == "waits":
                self._start(self.plan.renew(name, self.store))
            else:
                self._start(planned)

    def _start(self, planned: Planned) -> None:
        name = planned.step.name
        if planned.problem is not None:
            self._end(Ended(name, "failed", None, str(planned.problem), 2))
        elif planned.state == "cached":
            self._end(Ended(name, "cached", self.plan.heads[name]))
        elif planned.step.method == REPLICATES:
            self._end(self._average(planned))
        else:
            self.listen(Event("started", name))
            self.watch.started(name)
            if planned.step.over:
                self._start_sweep(planned)
            else:
                self._submit(name, worker.execute, self._job(planned))

    def _submit(self, name: str, function: Callable[..., Any], job: Any) -> None:
        try:
            future = self.executor.submit(function, job)
        except RuntimeError as error:
            self._end(Ended(name, "failed", None, f"no worker is left ({error}); run it again", 4))
            return
        except PolylyteError as error:
            self._end(worker.ended_by(error, name))
            return
        self.flying[future] = name
        future.add_done_callback(self.landed.put)

    def _keys(self, planned: Planned) -> dict[str, str]:
        keys = {}
        for step in planned.upstream:
            key = self.plan.steps[step].key
            assert key is not None
            keys[step] = key.result
        return keys

    def _job(self, planned: Planned) -> Job:
        assert planned.key is not None
        return Job(
            planned.step.name,
            planned.step.method,
            planned.arguments,
            self._keys(planned),
            planned.key,
            self.store.root,
            self.store.durable,
            self.signals,
        )

    def _average(self, planned: Planned) -> Ended:
        assert planned.key is not None
        try:
            samples = worker.results(self.store, self._keys(planned))
            labels = {name.partition("[")[2].rstrip("]"): s for name, s in samples.items()}
            result = replicates.average(labels)
            origin = next((s.provenance.get("origin", "") for s in samples.values()), "")
            upstream = [
                {"name": label, "step": name, "part": "all", "key": s.key, "digest": s.digest}
                for (label, s), name in zip(labels.items(), samples, strict=True)
            ]
            about = {
                "method": REPLICATES,
                "version": 1,
                "origin": origin,
                "upstream": upstream,
                "inputs": [i for s in samples.values() for i in s.provenance.get("inputs", ())],
            }
            encoded = encode(result, run_name=planned.key.name)
            return Ended(
                planned.step.name, "done", self.store.put(planned.key.result, encoded, about)
            )
        except Exception as error:
            return worker.ended_by(error, planned.step.name)

    def _start_sweep(self, planned: Planned) -> None:
        name = planned.step.name
        try:
            state = _Sweep(planned, self.plan, self.store)
            missing = state.missing()
        except PolylyteError as error:
            self._end(Ended(name, "failed", None, str(error), error.exit_code))
            return
        self.sweeps[name] = state
        for rows in missing:
            job = sweep.ChunkJob(
                planned.step,
                self.plan.study,
                planned.arguments,
                self._keys(planned),
                state.base,
                rows,
                self.store.root,
                self.store.durable,
                self.signals,
            )
            state.chunks += 1
            self._submit(name, sweep.execute_chunk, job)
        if not state.chunks:
            self._end_sweep(name, state)

    def _end_sweep(self, name: str, state: _Sweep) -> None:
        del self.sweeps[name]
        if state.failure is not None:
            self._end(state.failure)
            return
        try:
            planned = self.plan.steps[name]
            assert planned.key is not None
            result = state.gather()
            about = provenance.describe_sweep(
                planned.step.method, planned.arguments, state.base, state.seconds
            )
            encoded = encode(result, run_name=planned.key.name)
            head = self.store.put(planned.key.result, encoded, about)
            self._end(Ended(name, "done", head, seconds=state.seconds))
        except Exception as error:
            self._end(worker.ended_by(error, name))

    def _collect(self, patience: float) -> None:
        self._report_progress()
        done = []
        with suppress(Empty):
            done.append(self.landed.get(timeout=patience))
            while True:
                done.append(self.landed.get_nowait())
        for future in done:
            name = self.flying.pop(future)
            outcome = self._outcome(future, name)
            if name in self.sweeps:
                self._collect_chunk(name, outcome)
            elif isinstance(outcome, Ended):
                self._end(outcome)

    def _outcome(self, future: cf.Future[Any], name: str) -> Any:
        try:
            return future.result()
        except cf.CancelledError:
            return Ended(name, "stopped", reason="stopped; run again to go on")
        except Exception as error:
            return worker.ended_by(error, name)

    def _collect_chunk(self, name: str, outcome: Any) -> None:
        state = self.sweeps[name]
        state.chunks -= 1
        if isinstance(outcome, Ended):
            state.failure = outcome
        done = 1 - state.chunks / max(state.total, 1)
        self.watch.progress(name, f"{done:.6f}", "")
        self.listen(Event("progress", name, done))
        if not state.chunks:
            self._end_sweep(name, state)

    def _report_progress(self) -> None:
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        for name in dict.fromkeys(itertools.islice(self.flying.values(), SHOWN)):
            try:
                text = (self.signals / f"progress.{worker.flat(name)}").read_text()
            except OSError:
                continue
            fraction, _, message = text.partition(" ")
            self.watch.progress(name, fraction, message)
            self.listen(Event("progress", name, float(fraction or 0), message))
        self.watch.write()

    def _end(self, ended: Ended) -> None:
        self.ended[ended.step] = ended
        self.watch.ended(ended.step, ended.ending)
        if ended.head is not None:
            self.plan.heads[ended.step] = ended.head
        for user in self.users.get(ended.step, ()):
            self.needs[user] -= 1
            if not self.needs[user]:
                self.ready.append(user)
        self.listen(Event("ended", ended.step, 1.0, ended=ended))


class _Sweep:
    """One sweep in flight."""

    def __init__(self, planned: Planned, plan: Plan, store: Store) -> None:
        self.planned, self.store = planned, store
        self.base = sweep.base_key(planned.step, planned.arguments, plan.heads)
        self.rows = [(sweep.row_key(self.base, d), d) for d in sweep.designs(planned.step.over)]
        self.chunks = self.total = 0
        self.failure: Ended | None = None
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def missing(self) -> list[list[tuple[str, dict[str, Any]]]]:
        """The rows that no earlier run made, in chunks."""
        known = sweep.known_rows(self.store, self.base)
        absent = [row for row in self.rows if row[0] not in known]
        chunks = [absent[i : i + sweep.CHUNK] for i in range(0, len(absent), sweep.CHUNK)]
        self.total = len(chunks)
        return chunks

    def gather(self) -> sweep.Swept:
        known: Mapping[str, Mapping[str, Any]] = sweep.known_rows(self.store, self.base)
        absent = sum(key not in known for key, _ in self.rows)
        if absent:
            raise MachineError(
                f"{absent} of {len(self.rows)} rows are missing", remedy="run it again"
            )
        return sweep.gather(self.planned.step, [known[key] for key, _ in self.rows])
