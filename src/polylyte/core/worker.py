"""One task, run in whichever process or machine: ask the store, else compute and keep."""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from polylyte.core import files, methods, processes
from polylyte.core.binding import Argument, Files, Reference, Value
from polylyte.core.encoding import encode
from polylyte.core.errors import FileError, InputError, NotAnswerable, PolylyteError
from polylyte.core.keys import Key, chosen
from polylyte.core.logs import Log
from polylyte.core.methods import Method, Parameter
from polylyte.core.provenance import describe
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result
from polylyte.core.runs import Stored
from polylyte.core.scratch import lease
from polylyte.core.store import Store
from polylyte.core.tables import Table
from polylyte.core.task import Stopped

Ending = Literal["done", "cached", "refused", "failed", "stopped"]


@dataclass(frozen=True)
class Job:
    """Everything a worker needs. ``upstream``: step name -> key of its result."""

    step: str
    method: str
    arguments: Mapping[str, Argument]
    upstream: Mapping[str, str]
    key: Key
    store: Path
    durable: bool
    signals: Path
    """Folder of this run, for progress files and the wish to stop."""


@dataclass(frozen=True)
class Ended:
    """How a job ended; ``reason`` is the one line of a refusal or failure."""

    step: str
    ending: Ending
    head: Mapping[str, Any] | None = None
    reason: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    details: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def prepare_process() -> None:
    """Before numpy is imported: one thread each, and Ctrl-C is the driver's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ):
        os.environ.setdefault(name, "1")
    follow_driver()


MANY = 20
"""Files of one input whose reading is shown."""
ORPHANED = threading.Event()
"""Set when the driver of this pool process has died."""
GRACE = 20.0
"""Seconds that work has then to save a checkpoint."""


def follow_driver() -> None:
    """End this process when its driver dies; a killed driver leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        ORPHANED.set()
        # Whoever holds the lock computes; an idle process is not waited for.
        _working.acquire(timeout=GRACE)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


_working = threading.Lock()


def execute(job: Job) -> Ended:
    """Run one job. Every error comes back as data, never as an exception."""
    with _working if not _working.locked() else contextlib.nullcontext():
        return _execute(job)


def _execute(job: Job) -> Ended:
    began = time.perf_counter()
    store = Store(job.store, durable=job.durable)
    log = Log(store, job.step, job.key.result)
    try:
        head = store.head(job.key.result)
        if head is not None:
            return Ended(job.step, "cached", head)
        if stop_wanted(job.signals):
            return Ended(job.step, "stopped", reason="stopped; run again to go on")
        made = _compute(job, store, log)
        log.close("done")
        return Ended(job.step, "done", made, seconds=time.perf_counter() - began)
    except Stopped:
        log.close("stopped")
        over = not stop_wanted(job.signals)
        reason = "its walltime is over" if over else "stopped"
        return Ended(
            job.step,
            "stopped",
            reason=f"{reason}; run again to continue from the checkpoint",
            extra={"walltime": over},
        )
    except Exception as error:
        ended = ended_by(error, job.step, time.perf_counter() - began)
        log.error(ended.reason, ended.details)
        return ended


def stop_wanted(signals: Path) -> bool:
    """Whether the run was asked to stop, or its driver has died."""
    return ORPHANED.is_set() or os.path.exists(f"{signals}/stop")


def deadline() -> float | None:
    """When this process should have saved its work, in seconds since 1970: the site says so."""
    text = os.environ.get("POLYLYTE_UNTIL", "")
    try:
        return float(text)
    except ValueError:
        return None


def ended_by(error: Exception, step: str, seconds: float = 0.0) -> Ended:
    """An error as the end of a job."""
    if isinstance(error, NotAnswerable):
        return Ended(step, "refused", None, str(error), 3, seconds)
    if isinstance(error, PolylyteError):
        return Ended(step, "failed", None, str(error), error.exit_code, seconds)
    if isinstance(error, MemoryError):
        return Ended(step, "failed", None, "the machine has no memory left", 4, seconds)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        reason = f"{place}{error.strerror or error}; nothing was lost; run it again"
        return Ended(step, "failed", None, reason, 4, seconds, traceback.format_exc())
    last = traceback.extract_tb(error.__traceback__)[-1]
    reason = (
        f"internal error: {type(error).__name__}: {error} "
        f"({Path(last.filename).name}:{last.lineno}); please report it"
    )
    return Ended(step, "failed", None, " ".join(reason.split()), 4, seconds, traceback.format_exc())


def _compute(job: Job, store: Store, log: Log) -> Mapping[str, Any]:
    method = methods.get(job.method)
    upstream = results(store, job.upstream)
    unreadable: list[Finding] = []
    shown = WorkerTask(Path(), store, job.signals, job.step, 1, log).progress
    made = materialise(method, job.arguments, upstream, unreadable, shown)
    task_name = next((n for n, p in method.parameters.items() if p.type == "task"), None)
    began = time.perf_counter()
    with _threads(method.declared.threads):
        if task_name is None:
            result = method.function(**made)
        else:
            answer = _with_scratch(job, store, method, task_name, made, log)
            if not isinstance(answer, Result):
                return answer
            result = answer
    if unreadable:
        result = replace(result, findings=(*result.findings, *unreadable))
    encoded = encode(result, run_name=job.key.name)
    seconds = time.perf_counter() - began
    provenance = describe(method, job.arguments, made, upstream, seconds)
    head = store.put(job.key.result, encoded, provenance)
    if task_name is not None:
        _forget_scratch(store, job.key.scratch, method)
    return head


def _with_scratch(
    job: Job, store: Store, method: Method, task_name: str, made: dict[str, Any], log: Log
) -> Result | Mapping[str, Any]:
    stop = job.signals / "stop"
    with lease(store, job.key.scratch, stop.exists) as scratch:
        if scratch is None:
            raise Stopped
        head = store.head(job.key.result)
        if head is not None:
            return head
        log.line(f"begins on {processes.me()}, scratch {scratch}")
        task = WorkerTask(scratch, store, job.signals, job.step, method.declared.threads, log)
        return method.function(**made, **{task_name: task})


def _forget_scratch(store: Store, key: str, method: Method) -> None:
    """Scratch goes when the result is kept, except where a longer run may continue it."""
    if method.declared.length:
        return
    import shutil

    shutil.rmtree(store.root / "scratch" / key, ignore_errors=True)


class WorkerTask:
    """The :class:`~polylyte.core.task.Task` of a run."""

    def __init__(
        self, scratch: Path, store: Store, signals: Path, step: str, threads: int, log: Log
    ) -> None:
        self.scratch: Path | None = scratch
        self.threads = threads
        self._store, self._signals, self._step, self._log = store, signals, step, log
        self._reported = 0.0
        self._until = deadline()

    @property
    def stopping(self) -> bool:
        late = self._until is not None and time.time() >= self._until
        return late or stop_wanted(self._signals)

    def progress(self, fraction: float, message: str = "") -> None:
        now = time.monotonic()
        if now - self._reported < 0.2 and fraction < 1:
            return
        self._reported = now
        with contextlib.suppress(OSError):
            line = f"{min(max(fraction, 0.0), 1.0):.6f} {message}"
            (self._signals / f"progress.{flat(self._step)}").write_text(line)
        self._log.progress(line)

    def save(self, state: bytes, name: str = "checkpoint") -> None:
        assert self.scratch is not None
        self._store.write_file(self.scratch / name, state)

    def load(self, name: str = "checkpoint") -> bytes | None:
        assert self.scratch is not None
        try:
            return (self.scratch / name).read_bytes()
        except FileNotFoundError:
            return None


def flat(step: str) -> str:
    """A step's name as part of a file name."""
    return step.replace("/", "%2f")


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    if "numpy" not in sys.modules and count == 1:
        yield
        return
    with _libraries(len(sys.modules)).limit(limits=count):
        yield


@lru_cache(maxsize=1)
def _libraries(loaded: int) -> Any:
    """The thread pools of the libraries loaded; looked for again when modules were imported."""
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()


def results(store: Store, keys: Mapping[str, str]) -> dict[str, Stored]:
    """Results of the steps before this one.

    Raises:
        PolylyteError: one has gone from the store since it was planned.
    """
    found = {}
    for step, key in keys.items():
        stored = store.get(key)
        if stored is None:
            raise PolylyteError(f"the result of step '{step}' is gone", remedy="run it again")
        found[step] = stored
    return found


def materialise(
    method: Method,
    arguments: Mapping[str, Argument],
    upstream: Mapping[str, Stored],
    unreadable: list[Finding],
    shown: Callable[[float, str], None] = lambda fraction, message: None,
) -> dict[str, Any]:
    """The Python arguments of a method: files read, references followed.

    Of many files, one that cannot be read does not stop the rest: it is named in ``unreadable``.
    ``shown`` is told how far the reading of many is.

    Raises:
        FileError: a raw file is not what it should be.
        NotAnswerable: a step did not determine the quantity that is needed.
    """
    read = partial(_read, unreadable=unreadable, shown=shown)
    return {
        name: _make(method.parameters[name], argument, upstream, read)
        for name, argument in arguments.items()
    }


def _make(
    parameter: Parameter,
    argument: Argument,
    upstream: Mapping[str, Stored],
    read: Callable[..., Any],
) -> Any:
    match argument:
        case Value():
            return argument.value
        case Files():
            return read(parameter, argument.found)
        case Reference():
            return _follow(parameter, argument, upstream[argument.step], read)


def _read(
    parameter: Parameter,
    found: Sequence[files.InputFile],
    unreadable: list[Finding],
    shown: Callable[[float, str], None],
) -> Any:
    cls = parameter.target or Table
    if not parameter.many:
        return cls.read(found[0].path, found[0].conditions)
    many = getattr(cls, "read_many", None)
    read: list[Any] = []
    for place, file in enumerate(found):
        if len(found) >= MANY:
            shown(place / len(found), f"reading {place + 1} of {len(found)} files")
        try:
            read += (
                many(file.path, file.conditions) if many else [cls.read(file.path, file.conditions)]
            )
        except FileError as error:
            if len(found) == 1:
                raise
            unreadable.append(
                Finding(f"not read: {error.what}", "error", str(error.where), error.remedy or "")
            )
    if not read:
        raise FileError(f"none of the {len(found)} files could be read", remedy=unreadable[0].text)
    return read


def _follow(
    parameter: Parameter, reference: Reference, stored: Stored, read: Callable[..., Any]
) -> Any:
    if reference.part == "files":
        names = chosen(reference, stored.files)
        folder = stored.files[names[0]].parent
        found = files.find(reference.name, folder, where=reference.where)
        if len(found) > 1 and not parameter.many:
            raise InputError(
                f"takes one file, but {len(found)} match", where=reference.where, remedy="name one"
            )
        return read(parameter, found)
    if reference.part == "tables":
        return stored.tables[chosen(reference, stored.tables)[0]]
    quantity = stored.quantities[chosen(reference, stored.quantities)[0]]
    if quantity.value is None:
        raise NotAnswerable(
            f"step '{reference.step}' did not determine {reference.name} "
            f"({', '.join(quantity.flags)})",
            where=reference.where,
        )
    return _fit(parameter, quantity, reference)


def _fit(parameter: Parameter, quantity: Quantity, reference: Reference) -> Any:
    from polylyte.core import coercion

    if parameter.type == "quantity" and parameter.kind is not None:
        return coercion.quantity(quantity, parameter.kind, where=reference.where, source="")
    return quantity.si
