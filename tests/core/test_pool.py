"""Workers that are killed: the run goes on, and a task that kills its worker fails alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polylyte.core import pool
from polylyte.core.needs import Needs
from polylyte.core.pool import process_pool
from polylyte.core.session import exit_code, run_study
from tests.core.conftest import Room
from tests.core.test_runs import endings

WriteStudy = Callable[[str], Path]
FATAL = '[step.fatal]\nmethod = "toy.fatal"\nmarks = "{}"\ntimes = {}\ncode = {}\n'
AFTER = '[step.after]\nmethod = "toy.add"\na = { step = "fatal", quantity = "total" }\nb = 1\n'
OTHERS = "".join(f'[step.s{i}]\nmethod = "toy.add"\na = {i}\nb = 1\n' for i in range(6))


def test_a_killed_worker_is_replaced_and_its_task_tried_again(
    room: Room, write_study: WriteStudy, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    path = write_study(FATAL.format(marks, 2, -9) + AFTER + OTHERS)
    run, ended = run_study(path, pool=lambda: process_pool(2))
    assert set(endings(ended).values()) == {"done"}
    assert exit_code(ended) == 0
    assert marks.read_text() == "xxx"
    after = next(s for s in run.steps if s.name == "after")
    assert after.result is not None
    assert after.result.quantities["total"].value == 4


@pytest.mark.parametrize(
    ("code", "tries", "reason"),
    [
        (-9, 3, "its worker process was killed by SIGKILL, 3 times; see that there is memory"),
        (-6, 3, "its worker process was killed by SIGABRT, 3 times"),
        (3, 1, "its worker process ended itself with code 3"),
    ],
)
def test_a_task_that_kills_every_worker_fails_alone(
    room: Room, write_study: WriteStudy, tmp_path: Path, code: int, tries: int, reason: str
) -> None:
    marks = tmp_path / "marks"
    path = write_study(FATAL.format(marks, 99, code) + AFTER + OTHERS)
    _, ended = run_study(path, pool=lambda: process_pool(2))
    assert ended["fatal"].ending == "failed"
    assert ended["fatal"].reason.startswith(reason)
    assert "\n" not in ended["fatal"].reason
    assert marks.read_text() == "x" * tries
    assert ended["after"].reason == "needs step 'fatal'"
    assert {ended[f"s{i}"].ending for i in range(6)} == {"done"}
    assert exit_code(ended) == 4


def test_a_sweep_whose_chunk_is_killed_goes_on(
    room: Room, write_study: WriteStudy, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    path = write_study(
        f'[step.map]\nmethod = "toy.fatal"\nmarks = "{marks}"\ntimes = 1\n'
        "[step.map.map]\nover = { code = [-9, -15] }\n"
    )
    _, ended = run_study(path, pool=lambda: process_pool(1))
    assert endings(ended) == {"map": "done"}


def test_a_worker_killed_while_idle_is_replaced(room: Room, write_study: WriteStudy) -> None:
    path = write_study(OTHERS)
    with process_pool(1) as workers:
        killed: list[int] = []

        class Killing:
            def submit(self, fn, /, *args):  # type: ignore[no-untyped-def]
                future = workers.submit(fn, *args)
                if not killed:
                    future.result(timeout=60)
                    process = workers._workers[0].process  # type: ignore[attr-defined]
                    killed.append(process.pid)
                    os.kill(process.pid, signal.SIGKILL)
                    time.sleep(0.2)
                return future

        from contextlib import nullcontext

        _, ended = run_study(path, pool=lambda: nullcontext(Killing()))
        assert killed
        assert set(endings(ended).values()) == {"done"}
        assert workers._workers[0].process.pid != killed[0]  # type: ignore[attr-defined]


def speak(job: Any) -> Any:
    if job == "raise":
        raise KeyError("said")
    if job == "cut short":
        raise EOFError("said")
    if job == "unsayable":
        return lambda: None
    return job


def test_what_cannot_be_said_through_the_pipe_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "of_job", lambda job: Needs(1, 1, 1))
    with process_pool(1) as workers:
        jobs: list[Any] = ["raise", "cut short", "unsayable", lambda: 1, "ok"]
        futures = [workers.submit(speak, job) for job in jobs]
        assert isinstance(futures[0].exception(60), KeyError)
        assert isinstance(futures[1].exception(60), EOFError)
        assert futures[2].exception(60) is not None
        assert futures[3].exception(60) is not None
        assert futures[4].result(60) == "ok"


def test_long_work_of_a_killed_worker_goes_on_from_its_checkpoint(
    room: Room, write_study: WriteStudy
) -> None:
    path = write_study('[step.a]\nmethod = "toy.long"\nsteps = 20\npause = 0.05')
    trace = path.parent / ".polylyte" / "trace"
    with process_pool(1) as workers:
        from contextlib import nullcontext
        from threading import Thread

        def kill() -> None:
            while not (trace.exists() and trace.read_text().count("\n") > 5):
                time.sleep(0.01)
            process = workers._workers[0].process  # type: ignore[attr-defined]
            os.kill(process.pid, signal.SIGKILL)

        killer = Thread(target=kill)
        killer.start()
        run, ended = run_study(path, pool=lambda: nullcontext(workers))
        killer.join()
    assert endings(ended) == {"a": "done"}
    made = [int(i) for i in trace.read_text().split()]
    assert sorted(set(made)) == list(range(20))
    assert len(made) <= 21
    assert run.steps[0].result is not None
    assert run.steps[0].result.quantities["total"].value == sum(range(20))
