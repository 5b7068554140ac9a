"""A run going on as others see it, its logs, and how it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from polylyte.core import processes, worker
from polylyte.core.execution import InProcess
from polylyte.core.session import run_study
from polylyte.core.store import Store
from polylyte.core.watch import running, told
from tests.core.conftest import Room

WriteStudy = Callable[[str], Path]
LONG = '[step.a]\nmethod = "toy.long"\nsteps = {}\npause = 0.05\n'


def start(path: Path) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "polylyte", "run", str(path), "--json"]
    return subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def made(path: Path) -> int:
    trace = path.parent / ".polylyte" / "trace"
    return trace.read_text().count("\n") if trace.exists() else 0


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_is_seen_while_it_goes_on_and_stops_cleanly(
    room: Room, write_study: WriteStudy, sent: signal.Signals
) -> None:
    path = write_study(LONG.format(1000) + '[step.b]\nmethod = "toy.add"\na = 1\nb = 1\n')
    process = start(path)
    store = Store(path.parent / ".polylyte")
    wait_for(lambda: made(path) > 20 and running(store, path))
    time.sleep(1.2)
    state = running(store, path)[0]
    assert state["total"] == 2
    assert state["in_flight"] == 1
    assert state["ended"] == {"done": 1}
    lines = told(state)
    assert f"(process {process.pid}): 1 in flight, 0 waiting, 1 done" in lines[0]
    assert lines[1].startswith("  a: ")
    process.send_signal(sent)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert f"what is done is kept; to go on: polylyte run {path}" in errors
    assert "Traceback" not in errors
    done = made(path)
    assert running(store, path) == []
    process = start(write_study(LONG.format(done + 3)))
    assert process.wait(timeout=60) == 0
    # Nothing is made twice: the checkpoint was saved before the run ended.
    assert made(path) == done + 3
    process.communicate()


def test_a_run_that_was_killed_is_not_called_running(room: Room, write_study: WriteStudy) -> None:
    path = write_study(LONG.format(400))
    process = start(path)
    store = Store(path.parent / ".polylyte")
    wait_for(lambda: made(path) > 3 and running(store, path))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert running(store, path) == []
    # Its worker saves a checkpoint and ends; nothing is left behind.
    wait_for(lambda: not list((path.parent / ".polylyte/scratch").glob("*/owner")))
    before = made(path)
    time.sleep(0.5)
    assert made(path) == before < 400


def test_the_trace_of_what_failed_is_kept(room: Room, write_study: WriteStudy) -> None:
    room.change(room.helper, "return 2.0", "return [][0]")
    path = write_study('[step.a]\nmethod = "toy.double"\nlength = "1 um"')
    run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
    log = next((path.parent / ".polylyte" / "logs").glob("*.log")).read_text()
    assert " a: internal error: IndexError" in log
    assert "Traceback (most recent call last)" in log


def test_short_work_that_succeeds_writes_no_log(room: Room, write_study: WriteStudy) -> None:
    path = write_study('[step.a]\nmethod = "toy.double"\nlength = "1 um"')
    run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
    assert not (path.parent / ".polylyte" / "logs").exists()


def test_long_work_says_where_it_ran(room: Room, write_study: WriteStudy) -> None:
    path = write_study('[step.a]\nmethod = "toy.long"\nsteps = 3')
    run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
    log = next((path.parent / ".polylyte" / "logs").glob("*.log")).read_text().splitlines()
    assert processes.me() in log[0]
    assert log[-1].endswith(" a: done")


def test_work_whose_walltime_is_over_saves_and_says_so(
    room: Room, write_study: WriteStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYLYTE_UNTIL", str(time.time() + 1.0))
    path = write_study(LONG.format(40))
    _, ended = run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
    assert ended["a"].ending == "stopped"
    assert ended["a"].extra == {"walltime": True}
    assert "its walltime is over; run again" in ended["a"].reason
    done = made(path)
    assert 0 < done < 40
    monkeypatch.setenv("POLYLYTE_UNTIL", "soon")
    assert worker.deadline() is None
    _, ended = run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
    assert ended["a"].ending == "done"
    assert made(path) == 40


def test_a_state_that_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = tmp_path / "tmp" / f"{processes.me()}.run0"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text("{")
    assert running(store, tmp_path / "study.toml") == []
    state = {"study": str(tmp_path / "other.toml")}
    (folder / "state.json").write_text(json.dumps(state))
    assert running(store, tmp_path / "study.toml") == []
