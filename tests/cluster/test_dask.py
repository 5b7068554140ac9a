"""The same study on a Dask scheduler: the same bytes, and what is killed goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.conftest import Dask, environment, wait_for
from tests.core.conftest import Room

pytestmark = pytest.mark.slow
WriteStudy = Callable[[str], Path]
STUDY = """
[study]
title = "the same everywhere"
[step.a]
method = "toy.double"
length = "60(2) um"
[step.b]
method = "toy.double"
length = { step = "a", quantity = "doubled" }
[step.long]
method = "toy.long"
steps = 20
[step.map]
method = "toy.energy"
[step.map.map]
over = { loading = ["1 um", "2 um", "0 um"], rate = ["0.1C", "1C"] }
"""
LONG = '[step.long]\nmethod = "toy.long"\nsteps = {}\npause = {}'


def line(path: Path, *extra: str) -> list[str]:
    return [sys.executable, "-m", "polylyte", "run", str(path), "--json", *extra]


def run(path: Path, room: Room, *extra: str) -> dict[str, object]:
    done = subprocess.run(
        line(path, *extra), env=environment(room), capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def trace(path: Path) -> list[int]:
    file = path.parent / ".polylyte" / "trace"
    return [int(i) for i in file.read_text().split()] if file.exists() else []


def records(store: Path) -> dict[str, tuple[object, object]]:
    """Key -> numbers, and digests of tables: what must be the same on every site."""
    found = {}
    for file in store.glob("results/*/*/record.json"):
        head, body = map(json.loads, file.read_text().splitlines()[:2])
        found[file.parent.name] = (head["digest"], json.dumps(body["quantities"]))
    return found


def test_pool_and_dask_give_the_same_bytes(
    room: Room, write_study: WriteStudy, dask: Dask, sites: Callable[[str], None]
) -> None:
    sites(f'[lab]\nkind = "dask"\naddress = "{dask.address}"')
    dask.worker("--resources", "threads=2 memory=8e9")
    path = write_study(STUDY)
    stores = [path.parent / "pool", path.parent / "dask"]
    here = run(path, room, "--store", str(stores[0]))
    there = run(path, room, "--store", str(stores[1]), "--site", "lab")
    assert here["quantities"] == there["quantities"]
    assert records(stores[0]) == records(stores[1])
    assert len(records(stores[0])) == 4


def test_a_killed_worker_costs_what_was_in_flight(
    room: Room, write_study: WriteStudy, dask: Dask, sites: Callable[[str], None]
) -> None:
    sites(f'[lab]\nkind = "dask"\naddress = "{dask.address}"')
    first = dask.worker()
    path = write_study(LONG.format(40, 0.1))
    process = subprocess.Popen(line(path, "--site", "lab"), env=environment(room))
    wait_for(lambda: len(trace(path)) > 5)
    os.killpg(first.pid, signal.SIGKILL)
    before = len(trace(path))
    dask.worker()
    assert process.wait(timeout=120) == 0
    made = trace(path)
    assert sorted(set(made)) == list(range(40))
    assert len(made) <= 41
    assert before < 40


def test_a_worker_whose_walltime_ends_hands_its_task_over(
    room: Room, write_study: WriteStudy, dask: Dask, sites: Callable[[str], None]
) -> None:
    sites(f'[lab]\nkind = "dask"\naddress = "{dask.address}"')
    first = dask.worker(POLYLYTE_UNTIL=str(time.time() + 15))
    path = write_study(LONG.format(120, 0.2))
    process = subprocess.Popen(line(path, "--site", "lab"), env=environment(room))
    first.wait(timeout=60)
    before = trace(path)
    assert 0 < len(before) < 120
    dask.worker()
    assert process.wait(timeout=120) == 0
    assert trace(path) == list(range(120))
    log = next((path.parent / ".polylyte" / "logs").glob("*.log")).read_text()
    assert log.count("begins on") == 2
    assert "stopped" in log


def test_ctrl_c_stops_cleanly_and_status_shows_the_run(
    room: Room, write_study: WriteStudy, dask: Dask, sites: Callable[[str], None]
) -> None:
    sites(f'[lab]\nkind = "dask"\naddress = "{dask.address}"')
    dask.worker()
    path = write_study(LONG.format(600, 0.1) + '\n[step.next]\nmethod = "toy.long"\nsteps = 30')
    process = subprocess.Popen(
        line(path, "--site", "lab"), env=environment(room), stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: len(trace(path)) > 20)
    shown = subprocess.run(
        [sys.executable, "-m", "polylyte", "status", str(path)],
        env=environment(room), capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "2 in flight" in shown or "1 in flight" in shown, shown
    assert "1 workers" in shown
    assert "long: " in shown
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"to go on: polylyte run {path} --site lab" in errors
    done = len(trace(path))
    assert done < 600
    again = write_study(LONG.format(done + 5, 0.1))
    run(again, room, "--site", "lab")
    assert trace(path) == list(range(done + 5))
    assert not list((path.parent / ".polylyte/tmp").iterdir())


def test_no_scheduler_is_one_line(
    room: Room, write_study: WriteStudy, sites: Callable[[str], None]
) -> None:
    pytest.importorskip("distributed")
    sites('[lab]\nkind = "dask"\naddress = "tcp://127.0.0.1:1"')
    path = write_study(LONG.format(1, 0.0))
    done = subprocess.run(
        line(path, "--site", "lab"), env=environment(room), capture_output=True, text=True
    )
    assert done.returncode == 4
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in done.stderr
    assert done.stderr.count("\n") == 1
