"""Sites of the user's configuration, and what a method's needs do at each."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from polylyte.core import batch_site, batch_words, needs, pool, sites
from polylyte.core.errors import InputError, MachineError
from polylyte.core.needs import Needs
from polylyte.core.sites import Site

Write = Callable[[str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    path = tmp_path / "sites.toml"
    monkeypatch.setenv("POLYLYTE_SITES", str(path))

    def write(text: str) -> None:
        path.write_text(text)

    return write


def test_this_machine_needs_no_configuration(write: Write) -> None:
    assert sites.find("local").kind == "local"
    write('[local]\nkind = "local"\nworkers = 3')
    assert sites.find("local").options == {"workers": 3}


def test_where_the_configuration_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("POLYLYTE_SITES", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert sites.configuration() == tmp_path / "polylyte" / "sites.toml"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert sites.configuration() == Path.home() / ".config" / "polylyte" / "sites.toml"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "lab", r"there is no site 'lab'; write \[lab\] in that file"),
        ('[lab]\nkind = "dask"\naddress = "a"', "lap", "did you mean 'lab'"),
        ("[lab]\nworkers = 2", "lab", r"sites.toml \[lab\]: does not say what it is; write kind ="),
        (
            '[lab]\nkind = "local"\nworker = 2',
            "lab",
            "unknown key 'worker'; did you mean 'workers'",
        ),
        ('[lab]\nkind = "local"\nworkers = "2"', "lab", "workers = '2'; write workers = 4"),
        ('[lab]\nkind = "local"\nworkers = true', "lab", "workers = True; write workers = 4"),
        ('[lab]\nkind = "dask"', "lab", "needs 'address'; write address ="),
        ("[lab", "lab", "is not valid TOML"),
    ],
)
def test_a_wrong_configuration_is_one_line(
    write: Write, text: str, name: str, message: str
) -> None:
    write(text)
    with pytest.raises(InputError, match=message) as caught:
        sites.find(name)
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_named_with_the_way_to_get_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[lab]\nkind = "dask"\naddress = "tcp://127.0.0.1:1"\n[cluster]\nkind = "slurm"')
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    for name in ("lab", "cluster"):
        with (
            pytest.raises(MachineError, match=r"pip install 'polylyte\[cluster\]'"),
            sites.executor(sites.find(name), tmp_path),
        ):
            pass


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1 GB", 10**9), ("0.5 TB", 5 * 10**11), ("2GiB", 2 * 2**30), ("300 MB", 3 * 10**8)],
)
def test_memory(text: str, wanted: int) -> None:
    assert needs.memory(text, where="w") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("1 h", 3600), ("90 s", 90), ("1.5 d", 129600), ("5 min", 300)]
)
def test_walltime(text: str, wanted: int) -> None:
    assert needs.walltime(text, where="w") == wanted


@pytest.mark.parametrize("text", ["", "4", "GB", "-1 GB", "0 GB", "4 GBs", "1 h"])
def test_no_memory(text: str) -> None:
    with pytest.raises(InputError, match="is no memory; write it as in '4 GB'"):
        needs.memory(text, where="w")


class Held:
    """Tasks that end when they are told to, and how many ran at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pool, "of_job", lambda job: job)
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.now = self.most = 0

    def run(self, job: Needs) -> int:
        with self.lock:
            self.now += job.threads
            self.most = max(self.most, self.now)
        self.open.wait(10)
        with self.lock:
            self.now -= job.threads
        return job.threads


@pytest.mark.parametrize(
    ("threads", "memory", "jobs", "at_once"),
    [
        (4, 0, [Needs(2, 1, 1)] * 5, 4),
        (4, 0, [Needs(3, 1, 1)] * 4, 3),
        (4, 0, [Needs(9, 1, 1)] * 2, 9),  # more than there is: alone
        (4, 10, [Needs(1, 4, 1)] * 5, 2),
        (4, 10, [Needs(1, 40, 1)] * 2, 1),
    ],
)
def test_this_machine_is_not_given_more_than_it_has(
    monkeypatch: pytest.MonkeyPatch, threads: int, memory: int, jobs: list[Needs], at_once: int
) -> None:
    held = Held(monkeypatch)
    with ThreadPoolExecutor(8) as threads_of:
        local = pool.LocalPool(lambda: threads_of, threads, memory)
        futures: list[Future[Any]] = [local.submit(held.run, job) for job in jobs]
        time.sleep(0.1)
        held.open.set()
        assert [f.result(timeout=10) for f in futures] == [job.threads for job in jobs]
    assert held.most == at_once


def test_a_task_that_waits_can_be_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    with ThreadPoolExecutor(2) as threads:
        local = pool.LocalPool(lambda: threads, 1, 0)
        first, second = (local.submit(held.run, Needs(1, 1, 1)) for _ in range(2))
        assert not first.cancel()
        assert second.cancel()
        held.open.set()
        assert first.result(timeout=10) == 1


def slurm(**options: Any) -> Any:
    pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    site = Site("c", "slurm", options, "sites.toml [c]")
    return batch_site.BatchExecutor(
        site, batch_site.cluster_class("slurm", site.where), Path("/nonexistent")
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"qeue": "long"}, "unknown key 'qeue'; did you mean 'queue'"),
        ({"cores": 4}, "unknown key 'cores'"),
        ({"jobs": 0}, "jobs = 0; write jobs = 4"),
        ({"walltime": "soon"}, "'soon' is no time; write it as in '12 h'"),
    ],
)
def test_wrong_keys_of_a_batch_system(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        slurm(**options)


def test_an_unknown_kind_names_the_nearest() -> None:
    pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    with pytest.raises(InputError, match="unknown kind 'slrum'; did you mean 'slurm'"):
        batch_site.cluster_class("slrum", "w")
    names = {
        kind: batch_site.cluster_class(kind, "w").__name__
        for kind in ("pbs", "PBSCluster", "lsf", "sge", "htcondor", "oar", "moab")
    }
    assert names["pbs"] == names["PBSCluster"] == "PBSCluster"


def test_what_a_method_declares_reaches_the_job(tmp_path: Path) -> None:
    executor = slurm(walltime="2 h", memory="2 GB", queue="long")
    executor._logs = tmp_path
    wanted = executor._fitted(Needs(8, 10**9, 10 * 3600))
    assert wanted == Needs(8, 2 * 10**9, 2 * 3600)
    assert executor._fitted(Needs(1, 4 * 10**9, 60)) == Needs(1, 4 * 10**9, 60)
    given = executor._arguments(wanted)
    assert (given["cores"], given["memory"]) == (8, "2000000000B")
    assert (given["walltime"], given["queue"]) == ("02:00:00", "long")
    # A task is asked to save its state 6 minutes (a twentieth) before the job is killed.
    assert any("+ 6840`" in line for line in given["job_script_prologue"])


JOBS = {
    "slurm": ({}, ["--cpus-per-task=8", "--mem=4G", "-t 01:30:00"]),
    "pbs": ({}, ["ncpus=8:mem=3815MB", "walltime=01:30:00"]),
    "moab": ({}, ["ncpus=8:mem=3815MB", "walltime=01:30:00"]),
    "lsf": ({}, ["BSUB -n 8\n", "BSUB -M 4000000\n", "BSUB -W 01:30\n"]),
    "sge": ({}, ["-pe smp 8\n", "-l h_vmem=500M\n", "-l h_rt=01:30:00\n"]),
    "htcondor": (
        {"job_extra_directives": {"request_gpus": "1"}},
        ["DaskWorkerCores = 8\n", "DaskWorkerMemory = 4000000000\n",
         "allowed_job_duration = 5400\n", "request_gpus = 1\n"],
    ),
    "oar": (
        {"memory_per_core_property_name": "memcore"},
        ["/nodes=1/core=8,walltime=01:30:00", "-p memcore>=477"],
    ),
}  # fmt: skip


def test_each_batch_system_of_dask_jobqueue_is_tried() -> None:
    dask_jobqueue = pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    kinds = {n.removesuffix("Cluster").lower() for n in vars(dask_jobqueue) if "Cluster" in n}
    assert kinds - {"jobqueue", "local"} == set(JOBS)


@pytest.mark.parametrize("kind", JOBS)
def test_the_job_script_of_a_batch_system_carries_what_a_method_declares(
    kind: str, tmp_path: Path
) -> None:
    pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    options, wanted = JOBS[kind]
    site = Site("c", kind, {"memory": "2 GB", "walltime": "2 h", **options}, "sites.toml [c]")
    executor = batch_site.BatchExecutor(
        site, batch_site.cluster_class(kind, site.where), tmp_path / "logs"
    )
    arguments = executor._arguments(executor._fitted(Needs(8, 4 * 10**9, 5400)))
    group = batch_site._Group(site, executor._cluster, arguments)
    try:
        script = group._cluster.job_script()
    finally:
        group.close()
    for words in wanted:
        assert words in script, script
    # What the worker itself is told, the same everywhere: 5 min before the end it saves.
    assert "export POLYLYTE_UNTIL=`expr $POLYLYTE_BEGAN + 5130`" in script
    assert "--nthreads 8 " in script
    assert "--resources slot=1" in script
    # OAR writes the output of a job into the folder of the run.
    assert (str(tmp_path / "logs") in script) == (kind != "oar")


def test_a_site_says_its_own_words() -> None:
    own = {"resource_spec": "mem={megabytes}M,slots={threads}", "queue": "q"}
    given = batch_words.filled(own, Needs(3, 10**9, 60), "SGECluster")
    assert given["resource_spec"] == "mem=1000M,slots=3"
    assert given["job_extra_directives"] == ["-pe smp 3"]
    assert batch_words.clock(5400, "LSFCluster") == "01:30"
    script = "\n".join([*batch_words.until(100), "echo $(( POLYLYTE_UNTIL - $(date +%s) ))"])
    left = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert int(left) in (99, 100)


def test_the_needs_of_a_job_are_its_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = SimpleNamespace(id="m", threads=4, memory="2 GB", walltime="12 h")
    monkeypatch.setattr(needs.methods, "get", lambda id: SimpleNamespace(declared=declared))
    wanted = Needs(4, 2 * 10**9, 43200)
    assert needs.of_job(SimpleNamespace(method="m")) == wanted
    assert needs.of_job(SimpleNamespace(step=SimpleNamespace(method="m"))) == wanted
