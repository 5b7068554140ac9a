"""A batch system (Slurm, PBS, SGE, LSF, HTCondor, OAR, Moab) through dask-jobqueue.

Each declared need (threads, memory, walltime) gets a scheduler of its own in the driver, whose
workers are jobs of that size; a worker runs one task at a time. Jobs are asked for as tasks
wait, up to ``jobs``, and given back when idle.
"""

from __future__ import annotations

import concurrent.futures as cf
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polylyte.core import batch_words, needs
from polylyte.core.dask_site import DaskExecutor, distributed, missing
from polylyte.core.errors import InputError, MachineError, nearest
from polylyte.core.needs import Needs
from polylyte.core.queue_watch import QueueWatch

if TYPE_CHECKING:
    from polylyte.core.sites import Site

ASKED_AGAIN = 2
"""How often in a row jobs that vanish from the queue are asked for again."""
OWN = ("jobs", "memory", "walltime", "margin")
_MANAGED = ("cores", "processes", "worker_extra_args", "n_workers", "asynchronous", "loop")


def cluster_class(kind: str, where: str) -> Any:
    """The cluster class of dask-jobqueue for ``slurm`` or ``SLURMCluster``.

    Raises:
        InputError: there is none; names the nearest.
        MachineError: dask-jobqueue is not installed.
    """
    distributed()
    try:
        import dask_jobqueue
    except ImportError as error:
        raise missing(error, "dask-jobqueue") from None
    classes = {
        name.removesuffix("Cluster").lower(): value
        for name, value in vars(dask_jobqueue).items()
        if name.endswith("Cluster") and name not in ("JobQueueCluster", "LocalCluster")
    }
    wanted = kind.removesuffix("Cluster").lower()
    if wanted not in classes:
        raise InputError(
            f"unknown kind '{kind}'",
            where=where,
            remedy=nearest(wanted, ("local", "dask", *classes)),
        )
    return classes[wanted]


@contextmanager
def batch_system(site: Site, logs: Path) -> Iterator[BatchExecutor]:
    """The executor of a batch system.

    Raises:
        InputError: a key of the site is unknown or wrong.
        MachineError: dask-jobqueue is not installed.
    """
    executor = BatchExecutor(site, cluster_class(site.kind, site.where), logs)
    try:
        yield executor
    finally:
        executor.close()


class BatchExecutor:
    """``submit`` to the group of workers that fits what the job's method declares."""

    def __init__(self, site: Site, cluster: Any, logs: Path) -> None:
        self._site, self._cluster, self._logs = site, cluster, logs
        self._options = _options(site, cluster)
        self._groups: dict[Needs, _Group] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        """Run ``fn(*args)`` in a job of the batch system."""
        wanted = self._fitted(needs.of_job(args[0]))
        if wanted not in self._groups:
            self._groups[wanted] = _Group(self._site, self._cluster, self._arguments(wanted))
        return self._groups[wanted].submit(fn, *args)

    def _fitted(self, declared: Needs) -> Needs:
        """The site's queue may allow less time than a method wants: it continues in another job."""
        where, options = self._site.where, self._site.options
        least, most = options.get("memory"), options.get("walltime")
        memory = max(declared.memory, needs.memory(least, where=where) if least else 0)
        limit = needs.walltime(most, where=where) if most else declared.walltime
        return Needs(declared.threads, memory, min(declared.walltime, limit))

    def _arguments(self, wanted: Needs) -> dict[str, Any]:
        margin = self._margin(wanted.walltime)
        self._logs.mkdir(parents=True, exist_ok=True)
        own = batch_words.filled(self._options, wanted, self._cluster.__name__)
        prologue = list(own.pop("job_script_prologue", ()))
        scheduler = {"dashboard_address": ":0", **own.pop("scheduler_options", {})}
        if "walltime" in _accepted(self._cluster):
            own["walltime"] = batch_words.clock(wanted.walltime, self._cluster.__name__)
        return {
            "log_directory": str(self._logs),
            **own,
            "cores": wanted.threads,
            "processes": 1,
            "memory": f"{wanted.memory}B",
            "scheduler_options": scheduler,
            "job_script_prologue": [
                *prologue,
                *batch_words.until(wanted.walltime - margin),
                "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1",
                "export POLARS_MAX_THREADS=1",
            ],
            "worker_extra_args": ["--resources", "slot=1"],
        }

    def _margin(self, walltime: int) -> int:
        """Seconds before the end at which a task is asked to save its state."""
        given = self._site.options.get("margin")
        if given:
            return min(needs.walltime(given, where=self._site.where), walltime // 2)
        return min(max(60, walltime // 20), 600, walltime // 2)

    def state(self) -> str:
        """One line for ``status``."""
        running = sum(group.running for group in self._groups.values())
        asked = sum(group.asked for group in self._groups.values())
        again = sum(group.asked_again for group in self._groups.values())
        line = f"{running} jobs running, {max(asked - running, 0)} waiting in the queue"
        return f"{line}, {again} asked for again" if again else line

    def close(self) -> None:
        """Cancel the jobs that are left."""
        for group in self._groups.values():
            group.close()


class _Group:
    """Workers of one size, and a thread that asks for jobs as tasks wait."""

    def __init__(self, site: Site, cluster: Any, arguments: dict[str, Any]) -> None:
        import dask

        self._most = int(site.options.get("jobs", 4))
        self._site, self._logs = site, arguments["log_directory"]
        self._queue = QueueWatch(cluster.__name__.removesuffix("Cluster").lower())
        self._begun: set[str] = set()
        self._losses = self.asked_again = 0
        self._pending: set[cf.Future[Any]] = set()
        self._lock = threading.Lock()
        self._refused: MachineError | None = None
        self._closing = threading.Event()
        group = self

        class ReportingJob(cluster.job_cls):  # type: ignore[misc]
            """A job whose submission may fail; the tasks that wait for it then fail too."""

            async def start(self) -> None:
                try:
                    await super().start()
                except Exception as error:
                    group.refuse(error, site)
                    raise

        dask.config.set({"distributed.deploy.lost-worker-timeout": "2s"})
        try:
            self._cluster = cluster(job_cls=ReportingJob, silence_logs=50, **arguments)
        except (ValueError, TypeError, OSError) as error:
            raise MachineError(
                f"cannot be started ({error})", where=site.where, remedy="correct the site's keys"
            ) from None
        self._client = distributed().Client(self._cluster, set_as_default=False)
        self._executor = DaskExecutor(self._client, resources={"slot": 1})
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> cf.Future[Any]:
        future = self._executor.submit(fn, *args)
        with self._lock:
            self._pending.add(future)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, future: cf.Future[Any]) -> None:
        with self._lock:
            self._pending.discard(future)

    def refuse(self, error: Exception, site: Site) -> None:
        """The batch system took no job: nothing that waits for it can run."""
        lines = [line for line in str(error).splitlines() if line.strip()]
        self._refused = MachineError(
            f"the batch system refused a job ({lines[-1] if lines else error})",
            where=site.where,
            remedy="correct the site's keys, then run it again",
        )

    @property
    def running(self) -> int:
        return len(self._cluster.scheduler_info["workers"])

    @property
    def asked(self) -> int:
        return len(self._cluster.worker_spec)

    def _keep(self) -> None:
        while not self._closing.wait(1.0):
            with self._lock:
                pending = list(self._pending)
            if self._refused is not None:
                for future in pending:
                    with suppress(cf.InvalidStateError):
                        future.set_exception(self._refused)
                continue
            with suppress(OSError, RuntimeError, TimeoutError):
                self._replace_lost()
                self._scale(min(self._most, len(pending)))

    def _replace_lost(self) -> None:
        """Withdraw jobs that went before their worker began; others are then asked for.

        Raises nothing: where that happens again and again, what waits is told.
        """
        jobs = {name: str(job.job_id) for name, job in dict(self._cluster.workers).items()}
        workers = self._cluster.scheduler_info["workers"].values()
        working = {jobs[w["name"]] for w in workers if w["name"] in jobs}
        if working - self._begun:
            self._begun |= working
            self._losses = 0
        waiting = {job: name for name, job in jobs.items() if job not in {*self._begun, "None"}}
        gone = self._queue.gone(waiting.keys())
        if not gone:
            return
        self._losses += 1
        if self._losses > ASKED_AGAIN:
            self._refused = MachineError(
                f"jobs went from the queue before they began, {self._losses} times in a row",
                where=self._site.where,
                remedy=f"if nobody cancelled them, see what they wrote in {self._logs}",
            )
            return
        self.asked_again += len(gone)
        self._cluster.sync(self._cluster.scale_down, [waiting[job] for job in gone])

    def _scale(self, wanted: int) -> None:
        if wanted >= self.asked:
            self._cluster.scale(jobs=wanted)  # asks again for jobs that have gone
            return
        idle = [
            worker["name"]
            for address, worker in self._cluster.scheduler_info["workers"].items()
            if not self._client.processing().get(address)
        ]
        if idle:
            self._cluster.sync(self._cluster.scale_down, idle[: self.asked - wanted])
        # A worker that left because its time was over has to be replaced.
        self._cluster.scale(jobs=self.asked)

    def close(self) -> None:
        self._closing.set()
        self._keeper.join(timeout=10)
        with suppress(OSError, RuntimeError, TimeoutError):
            self._client.close()
        # A job that was refused leaves a cluster that its own package cannot close.
        with suppress(OSError, RuntimeError, TimeoutError, AssertionError):
            self._cluster.close(timeout=30)


def _accepted(cluster: Any) -> set[str]:
    """The keys that a cluster class and its jobs take."""
    names: set[str] = set()
    for cls in (*inspect.getmro(cluster.job_cls), *inspect.getmro(cluster)):
        if cls.__module__.startswith("dask_jobqueue"):
            names |= set(inspect.signature(cls).parameters)
    return names - {"self", "job_kwargs", "base_class_kwargs", "kwargs", "job_cls"}


def _options(site: Site, cluster: Any) -> Mapping[str, Any]:
    known = (_accepted(cluster) - set(_MANAGED)) | set(OWN)
    for key in site.options:
        if key not in known:
            raise InputError(f"unknown key '{key}'", where=site.where, remedy=nearest(key, known))
    jobs = site.options.get("jobs", 4)
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise InputError(f"jobs = {jobs!r}", where=site.where, remedy="write jobs = 4")
    for key, check in (
        ("memory", needs.memory),
        ("walltime", needs.walltime),
        ("margin", needs.walltime),
    ):
        if key in site.options:
            check(site.options[key], where=f"{site.where} {key}")
    return {k: v for k, v in site.options.items() if k not in OWN}
