"""The default site: spawned processes of this machine, not more work at once than it can hold."""

from __future__ import annotations

import concurrent.futures as cf
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

from polylyte.core import worker
from polylyte.core.needs import Needs, of_job


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory of this machine; 0 where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


class LocalPool:
    """A process pool that starts a task when its threads and its memory are free.

    A task that needs more than the machine has runs alone.
    """

    def __init__(self, pool: cf.ProcessPoolExecutor, threads: int, memory: int) -> None:
        self._pool = pool
        self._threads, self._memory = threads, memory
        self._lock = threading.RLock()
        self._used: dict[cf.Future[Any], Needs] = {}
        self._waiting: deque[tuple[cf.Future[Any], Needs, Callable[..., Any], Any]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        """Run ``fn(*args)`` when there is room for the needs of the job ``args[0]``."""
        outer: cf.Future[Any] = cf.Future()
        with self._lock:
            self._waiting.append((outer, of_job(args[0]), fn, args))
            self._start()
        return outer

    def _fits(self, needs: Needs) -> bool:
        threads = sum(n.threads for n in self._used.values()) + needs.threads
        bytes = sum(n.memory for n in self._used.values()) + needs.memory
        return not self._used or (
            threads <= self._threads and (not self._memory or bytes <= self._memory)
        )

    def _start(self) -> None:
        while self._waiting and self._fits(self._waiting[0][1]):
            outer, needs, fn, args = self._waiting.popleft()
            if not outer.set_running_or_notify_cancel():
                continue
            try:
                inner = self._pool.submit(fn, *args)
            except RuntimeError as error:
                outer.set_exception(error)
                continue
            self._used[inner] = needs
            inner.add_done_callback(partial(self._ended, outer))

    def _ended(self, outer: cf.Future[Any], inner: cf.Future[Any]) -> None:
        if inner.cancelled():
            outer.set_exception(cf.CancelledError())
        elif inner.exception() is not None:
            outer.set_exception(inner.exception())
        else:
            outer.set_result(inner.result())
        with self._lock:
            self._used.pop(inner, None)
            self._start()


@contextmanager
def process_pool(workers: int | None = None) -> Iterator[LocalPool]:
    """Spawned processes, one per core; they start when the first task is submitted."""
    count = workers or cores()
    pool = cf.ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=worker.prepare_process
    )
    try:
        yield LocalPool(pool, count, memory())
    except BaseException:
        # Whoever interrupts twice does not wait for work that cannot be asked to stop.
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            with contextlib.suppress(OSError):
                process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
