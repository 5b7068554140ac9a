"""The default site: spawned processes of this machine, not more work at once than it can hold."""

from __future__ import annotations

import concurrent.futures as cf
import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

from polylyte.core import worker
from polylyte.core.errors import MachineError
from polylyte.core.needs import Needs, of_job

TRIES = 3
"""How often a task is tried whose worker is killed."""


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
    """Worker processes, each with a task at a time, started when threads and memory are free.

    A task that needs more than the machine has runs alone. A worker that is killed (for want of
    memory, say) takes nothing but its own task with it: a fresh worker tries that task again,
    ``TRIES`` times in all. ``make`` starts a worker.
    """

    def __init__(self, make: Callable[[], Worker], threads: int, memory: int) -> None:
        self._make = make
        self._threads, self._memory = threads, memory
        self._lock = threading.RLock()
        self._idle: list[Worker] = []
        self._workers: list[Worker] = []
        self._running: dict[cf.Future[Any], _Tried] = {}
        self._waiting: deque[_Tried] = deque()
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        """Run ``fn(*args)`` when there is room for the needs of the job ``args[0]``."""
        outer: cf.Future[Any] = cf.Future()
        with self._lock:
            self._waiting.append(_Tried(outer, of_job(args[0]), fn, args))
            self._start()
        return outer

    def _fits(self, needs: Needs) -> bool:
        used = [tried.needs for tried in self._running.values()]
        threads = sum(n.threads for n in used) + needs.threads
        bytes = sum(n.memory for n in used) + needs.memory
        return not used or (
            threads <= self._threads and (not self._memory or bytes <= self._memory)
        )

    def _start(self) -> None:
        while self._waiting and self._fits(self._waiting[0].needs):
            tried = self._waiting.popleft()
            tried.begun = tried.begun or tried.outer.set_running_or_notify_cancel()
            if tried.begun:
                self._try(tried)

    def _try(self, tried: _Tried) -> None:
        worker = self._idle.pop() if self._idle else self._fresh()
        try:
            inner = worker.submit(tried.fn, *tried.args)
        except RuntimeError as error:
            tried.outer.set_exception(error)
            return
        tried.tries += 1
        self._running[inner] = tried
        inner.add_done_callback(partial(self._ended, tried, worker))

    def _fresh(self) -> Worker:
        worker = self._make()
        self._workers.append(worker)
        return worker

    def _ended(self, tried: _Tried, worker: Worker, inner: cf.Future[Any]) -> None:
        error = cf.CancelledError() if inner.cancelled() else inner.exception()
        died = isinstance(error, Died)
        with self._lock:
            again = isinstance(error, Died) and error.may_try_again(tried) and not self._closed
            self._running.pop(inner, None)
            if died:
                self._workers.remove(worker)
            else:
                self._idle.append(worker)
            if again:
                self._waiting.appendleft(tried)
        # Told before the next task starts: whoever waits may want to withdraw it.
        if isinstance(error, Died) and not again:
            tried.outer.set_exception(error.told(tried.tries))
        elif error is not None and not again:
            tried.outer.set_exception(error)
        elif not again:
            tried.outer.set_result(inner.result())
        with self._lock:
            self._start()

    def close(self, *, kill: bool = False) -> None:
        """End the workers, at once or after their tasks; what waits is withdrawn."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
            workers = list(self._workers)
        for tried in waiting:
            if not tried.outer.cancel():
                tried.outer.set_exception(Died(-signal.SIGTERM).told(tried.tries))
        for doomed in workers if kill else ():
            doomed.kill()
        for ending in workers:
            ending.shutdown()


class Worker(Protocol):
    """Does one task at a time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        """Run ``fn(*args)``; the future raises :class:`Died` where the worker did."""

    def shutdown(self) -> None:
        """End it after its task."""

    def kill(self) -> None:
        """End it now."""


class WorkerProcess:
    """A spawned process at the other end of a pipe, and a thread that waits for it.

    Nothing but the pipe is shared, so a process that is killed leaves no semaphore behind.
    """

    def __init__(self) -> None:
        self._thread = cf.ThreadPoolExecutor(1, thread_name_prefix="worker")
        self._pipe: Any = None
        self.process: Any = None

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        """Run ``fn(*args)`` in the process, which starts with its first task."""
        return self._thread.submit(self._ask, fn, args)

    def _ask(self, fn: Callable[..., Any], args: Any) -> Any:
        if self.process is None or self.process.exitcode is not None:
            self._begin()  # killed while it was idle, it costs nobody a try
        try:
            self._pipe.send((fn, args))
            while not self._pipe.poll(1.0):
                # A child of its own may hold the pipe open when the process is gone.
                if self.process.exitcode is not None and not self._pipe.poll():
                    raise EOFError
            done, outcome = self._pipe.recv()
        except (EOFError, OSError):
            self.process.join(5.0)
            raise Died(self.process.exitcode) from None
        if done:
            return outcome
        raise outcome

    def _begin(self) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,))
        process.start()
        theirs.close()
        self._pipe, self.process = ours, process

    def shutdown(self) -> None:
        """End the process after its task."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._pipe is not None:
            self._pipe.close()
            self.process.join()

    def kill(self) -> None:
        """End the process now."""
        if self.process is not None:
            self.process.terminate()


def _serve(pipe: Any) -> None:
    """What a worker process does until its driver closes the pipe."""
    worker.prepare_process()
    while True:
        try:
            fn, args = pipe.recv()
        except EOFError:
            return
        except Exception as error:  # of a module that is not found here, say
            _say(pipe, error)
            continue
        try:
            pipe.send((True, fn(*args)))
        except Exception as error:
            _say(pipe, error)


def _say(pipe: Any, error: Exception) -> None:
    try:
        pipe.send((False, error))
    except Exception:  # it holds something that cannot be pickled
        pipe.send((False, RuntimeError(f"{type(error).__name__}: {error}")))


class Died(Exception):
    """A worker's process has ended. ``code``: the negative number of a signal, or its own."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code

    def may_try_again(self, tried: _Tried) -> bool:
        """A process that was killed may have been unlucky; one that ended itself was not."""
        return tried.tries < TRIES and (self.code is None or self.code < 0)

    def told(self, times: int) -> MachineError:
        """What became of its processes, in one line."""
        if self.code is not None and self.code >= 0:
            return MachineError(
                f"its worker process ended itself with code {self.code}",
                remedy="a library it uses did that; run it again if that was an accident",
            )
        by = f" by {_signal(-self.code)}" if self.code is not None else ""
        return MachineError(
            f"its worker process was killed{by}, {times} times",
            remedy="see that there is memory enough, then run it again; other results are kept",
        )


@dataclass
class _Tried:
    """A task that waits or runs."""

    outer: cf.Future[Any]
    needs: Needs
    fn: Callable[..., Any]
    args: Any
    begun: bool = False
    """Whether whoever waits was told that it runs; a second try is no news."""
    tries: int = 0


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _allow_files(wanted: int) -> None:
    """Each worker holds pipes open, and a hundred of them more than a shell allows at first."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if resource.RLIM_INFINITY != soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


@contextmanager
def process_pool(workers: int | None = None) -> Iterator[LocalPool]:
    """Spawned processes, one per core; each starts when there is a task for it."""
    count = workers or cores()
    _allow_files(64 + 10 * count)
    made = LocalPool(WorkerProcess, count, memory())
    try:
        yield made
    except BaseException:
        # Whoever interrupts twice does not wait for work that cannot be asked to stop.
        made.close(kill=True)
        raise
    finally:
        made.close()
