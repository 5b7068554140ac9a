"""Dask distributed as an executor: tasks reach its workers, their outcomes come back.

A worker whose time is nearly over has its task save a checkpoint; then it leaves, and the
scheduler gives the task to another one, which continues.
"""

from __future__ import annotations

import concurrent.futures as cf
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from polylyte.core.errors import MachineError
from polylyte.core.needs import Needs, of_job
from polylyte.core.worker import Ended, deadline

if TYPE_CHECKING:
    from polylyte.core.sites import Site

CONNECT = 20.0
"""Seconds to wait for a scheduler."""


def distributed() -> Any:
    """The package, or what to do about it.

    Raises:
        MachineError: it is not installed.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise missing(error, "dask and distributed") from None
    # A task that starts says that it runs for long, so that it is not moved between workers.
    dask.config.set({"distributed.scheduler.work-stealing": False})
    return distributed


def missing(error: ImportError, packages: str) -> MachineError:
    return MachineError(
        f"this site needs {packages} ({error})", remedy="pip install 'polylyte[cluster]'"
    )


@contextmanager
def scheduler(site: Site) -> Iterator[DaskExecutor]:
    """The executor of a Dask scheduler that is running.

    Raises:
        MachineError: it does not answer, or Dask is not installed.
    """
    dask = distributed()
    address = site.options["address"]
    files = {k: v for k, v in site.options.items() if k.startswith("tls_")}
    security = dask.Security(**files, require_encryption=True) if files else None
    try:
        client = dask.Client(
            address, security=security, timeout=CONNECT, set_as_default=False, name="polylyte"
        )
    except (OSError, TimeoutError, ValueError) as error:
        raise MachineError(
            f"no Dask scheduler answers at {address} ({error})",
            where=site.where,
            remedy="start one with 'dask scheduler', or correct the address",
        ) from None
    try:
        yield DaskExecutor(client)
    finally:
        client.close()


class DaskExecutor:
    """``submit`` over a Dask client; futures are those of ``concurrent.futures``.

    Of what a method declares, a worker is asked for the resources that workers state:
    ``dask worker ADDRESS --resources "threads=16 memory=64e9"``.
    """

    def __init__(self, client: Any, *, resources: Mapping[str, float] | None = None) -> None:
        self._client = client
        self._resources = resources
        self._stated: tuple[float, frozenset[str]] = (-1e9, frozenset())
        self._processing: tuple[float, frozenset[str]] = (-1e9, frozenset())

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        """Run ``fn(*args)`` on a worker."""
        resources = self._resources
        if resources is None:
            resources = self._wanted(of_job(args[0]))
        inner = self._client.submit(on_worker, fn, *args, pure=False, resources=resources or None)
        outer = _Outer(inner, self)
        inner.add_done_callback(outer.adopt)
        return outer

    def _wanted(self, needs: Needs) -> dict[str, float]:
        now = time.monotonic()
        if now - self._stated[0] > 5:
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            self._stated = (now, frozenset(name for w in workers for name in w["resources"]))
        wanted = {"threads": float(needs.threads), "memory": float(needs.memory)}
        return {name: amount for name, amount in wanted.items() if name in self._stated[1]}

    def is_processing(self, key: str) -> bool:
        """Whether a worker has the task."""
        now = time.monotonic()
        if now - self._processing[0] > 1:
            found = self._client.processing().values()
            self._processing = (now, frozenset(key for keys in found for key in keys))
        return key in self._processing[1]

    def state(self) -> str:
        """One line for ``status``."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return f"{len(workers)} workers"


class _Outer(cf.Future[Any]):
    """A Dask future as one of ``concurrent.futures``; what already runs is not cancelled."""

    def __init__(self, inner: Any, executor: DaskExecutor) -> None:
        super().__init__()
        self._inner, self._executor = inner, executor

    def cancel(self) -> bool:
        """Withdraw the task if no worker has it; one that runs is asked to stop by the run."""
        if self.done() or self._executor.is_processing(self._inner.key):
            return False
        self._inner.cancel()
        return super().cancel() and self.set_running_or_notify_cancel() is False

    def adopt(self, inner: Any) -> None:
        """Take over the outcome. Called once, from a thread of the client."""
        if self.done():
            return
        try:
            self.set_result(inner.result(timeout=60))
        except cf.InvalidStateError:
            return
        except cf.CancelledError:
            self.set_exception(_lost("the scheduler dropped the task"))
        except Exception as error:
            kind = type(error).__name__
            if kind == "KilledWorker":
                text = "its worker was killed several times (memory or walltime too small?)"
                self.set_exception(_lost(text))
            elif kind in ("FutureCancelledError", "TimeoutError", "CommClosedError"):
                self.set_exception(_lost(f"the scheduler is gone ({error})"))
            else:
                self.set_exception(error)


def _lost(what: str) -> MachineError:
    return MachineError(what, remedy="run it again; finished work is kept")


def on_worker(fn: Callable[..., Any], job: Any) -> Any:
    """Run a task in a Dask worker; leave, and have it given to another, when time is over.

    Raises:
        distributed.Reschedule: the worker's time is over.
    """
    from distributed import Reschedule

    until = deadline()
    if until is not None and time.time() >= until:
        _leave()
        raise Reschedule
    outcome = fn(job)
    if isinstance(outcome, Ended) and outcome.extra.get("walltime"):
        _leave()
        raise Reschedule
    return outcome


def _leave() -> None:
    """Close this worker gracefully, and wait until it takes no more tasks."""
    from distributed import get_worker

    worker = get_worker()

    async def close() -> None:
        await worker.close_gracefully(restart=False, reason="its walltime is nearly over")

    worker.loop.add_callback(close)
    for _ in range(100):
        if worker.status.name != "running":
            return
        time.sleep(0.05)
