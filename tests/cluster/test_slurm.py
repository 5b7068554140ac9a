"""The same study on a real Slurm of one node, through dask-jobqueue."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import environment, wait_for
from tests.cluster.test_dask import LONG, STUDY, line, records, run, trace
from tests.core.conftest import Room

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]
WriteStudy = Callable[[str], Path]
Sites = Callable[[str], None]
SITE = '[cluster]\nkind = "slurm"\ninterface = "lo"\njobs = 2\n'


def squeue(*extra: str) -> list[str]:
    done = subprocess.run(
        ["squeue", "-h", "-o", "%i", *extra], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def status(path: Path, room: Room) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "polylyte", "status", str(path)],
        env=environment(room), capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def test_pool_and_slurm_give_the_same_bytes(
    room: Room, write_study: WriteStudy, slurm: Path, sites: Sites
) -> None:
    sites(SITE)
    path = write_study(STUDY)
    stores = [path.parent / "pool", path.parent / "slurm"]
    here = run(path, room, "--store", str(stores[0]))
    there = run(path, room, "--store", str(stores[1]), "--site", "cluster")
    assert here["quantities"] == there["quantities"]
    assert records(stores[0]) == records(stores[1])
    assert list((stores[1] / "logs").glob("dask-worker-*.err"))
    # The jobs go when the run ends.
    wait_for(lambda: not squeue())


def test_a_cancelled_job_costs_what_was_in_flight(
    room: Room, write_study: WriteStudy, slurm: Path, sites: Sites
) -> None:
    sites(SITE)
    path = write_study(LONG.format(60, 0.2))
    process = subprocess.Popen(line(path, "--site", "cluster"), env=environment(room))
    wait_for(lambda: len(trace(path)) > 10)
    first = squeue("-t", "RUNNING")
    subprocess.run(["scancel", *first], check=True)
    assert process.wait(timeout=120) == 0
    made = trace(path)
    assert sorted(set(made)) == list(range(60))
    assert len(made) <= 61


def test_work_longer_than_the_walltime_goes_on_in_another_job(
    room: Room, write_study: WriteStudy, slurm: Path, sites: Sites
) -> None:
    sites(SITE + 'walltime = "1 min"\nmargin = "30 s"\n')
    path = write_study(LONG.format(160, 0.25))
    jobs: set[str] = set()
    process = subprocess.Popen(line(path, "--site", "cluster"), env=environment(room))

    def ended() -> bool:
        jobs.update(squeue("-t", "RUNNING"))
        return process.poll() is not None

    wait_for(ended, 200)
    assert process.returncode == 0
    # Nothing is made twice: the checkpoint was saved before the job ended.
    assert trace(path) == list(range(160))
    assert len(jobs) == 2
    log = next((path.parent / ".polylyte" / "logs").glob("[0-9a-f]*.log")).read_text()
    assert log.count("begins on") == 2


def test_a_job_that_slurm_refuses_is_one_line(
    room: Room, write_study: WriteStudy, slurm: Path, sites: Sites
) -> None:
    sites(SITE + 'queue = "nowhere"\n')
    path = write_study(LONG.format(1, 0.0))
    done = subprocess.run(
        line(path, "--site", "cluster"), env=environment(room), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 4
    assert "the batch system refused a job" in done.stderr
    assert "Invalid partition" in done.stderr


@pytest.fixture
def closed(slurm: Path) -> Iterator[Callable[[], None]]:
    """Jobs wait in the queue until the partition is opened."""

    def state(text: str) -> None:
        subprocess.run(["scontrol", "update", "PartitionName=main", f"State={text}"], check=True)

    state("DOWN")
    yield lambda: state("UP")
    state("UP")


def test_a_job_cancelled_while_it_waits_is_asked_for_again(
    room: Room, write_study: WriteStudy, slurm: Path, sites: Sites, closed: Callable[[], None]
) -> None:
    sites(SITE)
    path = write_study(LONG.format(3, 0.0))
    process = subprocess.Popen(line(path, "--site", "cluster"), env=environment(room))
    wait_for(lambda: squeue("-t", "PENDING"))
    first = squeue("-t", "PENDING")
    subprocess.run(["scancel", *first], check=True)
    wait_for(lambda: set(squeue("-t", "PENDING")) - set(first))
    wait_for(lambda: ", 1 asked for again" in status(path, room))
    closed()
    assert process.wait(timeout=120) == 0
    assert trace(path) == [0, 1, 2]


def test_jobs_cancelled_again_and_again_are_one_line(
    room: Room, write_study: WriteStudy, slurm: Path, sites: Sites, closed: Callable[[], None]
) -> None:
    sites(SITE)
    path = write_study(LONG.format(3, 0.0) + "\n[step.a]\nmethod = 'toy.add'\na = 1\nb = 1\n")
    process = subprocess.Popen(
        line(path, "--site", "cluster"), env=environment(room), stderr=subprocess.PIPE, text=True
    )

    def cancelled() -> bool:
        subprocess.run(["scancel", *squeue("-t", "PENDING")], check=False, capture_output=True)
        return process.poll() is not None

    wait_for(cancelled, 180)
    _, errors = process.communicate()
    assert process.returncode == 4
    wanted = "jobs went from the queue before they began, 3 times in a row; if nobody cancelled"
    assert errors.count(wanted) == 2
    assert errors.count("\n") == 2
    wait_for(lambda: not squeue())
