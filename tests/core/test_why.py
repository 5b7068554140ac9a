"""``why``, ``diff``, ``status`` and ``gc``, as the command line gives them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from polylyte.cli import main
from polylyte.core.execution import InProcess
from polylyte.core.session import run_study
from polylyte.core.store import Store
from polylyte.core.why import budget
from tests.core.conftest import Room, forget

STUDY = """
[study]
title = "Two steps"
[step.d]
method = "toy.double"
length = "60(2) um"
[step.c]
method = "toy.count"
data = "some.txt"
[step.s]
method = "toy.add"
a = { step = "c", quantity = "total" }
b = 1
"""
Capture = pytest.CaptureFixture[str]


def run(path: Path) -> None:
    run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)


@pytest.fixture
def study(room: Room, write_study: Callable[[str], Path]) -> Path:
    path = write_study(STUDY)
    (path.parent / "some.txt").write_text("abc")
    run(path)
    return path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def answer(capsys: Capture, *line: str | Path) -> str:
    capsys.readouterr()
    assert main([str(part) for part in line]) == 0
    return capsys.readouterr().out


def refusal(capsys: Capture, *line: str | Path) -> str:
    capsys.readouterr()
    assert main([str(part) for part in line]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_why_goes_down_to_parameters_defaults_and_file_bytes(study: Path, capsys: Capture) -> None:
    text = answer(capsys, "why", "d.doubled", study)
    assert "d.doubled = 120(4) µm" in text
    assert "100.0 %  d.length" in text
    assert "d: toy.double version 1, code " in text
    assert "  length = 60(2) µm" in text
    assert "  limit = 1000.0 (default)" in text
    text = answer(capsys, "why", "s.total", study)
    assert "a from c, quantities: total" in text
    assert "    c: toy.count version 1" in text
    assert "      data: some.txt sha256 " in text


def test_why_of_what_is_not_there_names_the_nearest(study: Path, capsys: Capture) -> None:
    assert "there is no step 'e'" in refusal(capsys, "why", "e.doubled", study)
    assert "did you mean 'doubled'?" in refusal(capsys, "why", "d.doubeld", study)


def test_the_budget_is_in_shares_of_the_variance() -> None:
    assert budget({"a": 3.0, "b": -4.0}) == [" 64.0 %  b", " 36.0 %  a"]
    assert budget({"a": 0.0}) == []


def test_diff_names_the_parameter_and_the_quantity(study: Path, capsys: Capture) -> None:
    change(study, "60(2) um", "62(2) um")
    run(study)
    text = answer(capsys, "diff", study)
    assert "d: changed (length 60(2) µm -> 62(2) µm)" in text
    assert "doubled: 120(4) µm -> 124(4) µm" in text
    assert "parity" not in text
    assert "\nc:" not in text
    assert "\ns:" not in text


TABLE = """
from __future__ import annotations
from polylyte.core.methods import method
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table
from testroom.methods import Counted

@method("toy.sum", version=1, prose="Summed.")
def total(*, data: Table) -> Counted:
    \"\"\"Sum of a column.\"\"\"
    return Counted(total=Quantity(sum(data.column("x")), "1"))
"""


def test_diff_names_the_file_and_the_step(study: Path, room: Room, capsys: Capture) -> None:
    (room.methods.parent / "table.py").write_text(TABLE)
    forget()
    change(
        study,
        '[step.c]\nmethod = "toy.count"\ndata = "some.txt"',
        '[step.c]\nmethod = "toy.sum"\ndata = "t.csv"',
    )
    (study.parent / "t.csv").write_text("x / um\n1\n2\n")
    run(study)
    (study.parent / "t.csv").write_text("x / um\n1\n3\n")
    run(study)
    text = answer(capsys, "diff", study)
    assert "c: changed (file t.csv)" in text
    assert "s: changed (step c)" in text
    assert "data: t.csv sha256 " in answer(capsys, "why", "s.total", study)


def test_diff_names_code_a_default_made_explicit_and_a_new_step(
    study: Path, room: Room, capsys: Capture
) -> None:
    room.change(room.helper, "return 2.0", "return 3.0")
    run(study)
    assert "d: changed (code)" in answer(capsys, "diff", study)
    change(
        study,
        'length = "60(2) um"\n',
        'length = "60(2) um"\nlimit = 5\n[step.new]\nmethod = "toy.add"\na = 1\nb = 1\n',
    )
    run(study)
    text = answer(capsys, "diff", study)
    assert "d: numbers unchanged (limit not set -> 5.0)" in text
    assert "new: new step" in text
    run(study)
    assert answer(capsys, "diff", study).strip() == "no quantity changed"


def test_diff_and_status_and_why_before_the_first_runs(
    room: Room, write_study: Callable[[str], Path], capsys: Capture
) -> None:
    path = write_study('[step.a]\nmethod = "toy.add"\na = 1\nb = 1\n')
    for line in (["diff", path], ["status", path], ["why", "a.total", path]):
        assert "polylyte run" in refusal(capsys, *line)
    run(path)
    assert "fewer than two times" in refusal(capsys, "diff", path)


def test_status_says_how_each_step_ended_and_what_is_to_run(study: Path, capsys: Capture) -> None:
    text = answer(capsys, "status", study)
    assert "Two steps: last run 20" in text
    assert "\nd: done\n" in text
    change(study, "60(2) um", "-1 um")
    text = answer(capsys, "status", study)
    assert "\nd: done then; now to run again, for something it depends on changed\n" in text
    run(study)
    assert "d: refused (a negative length cannot be doubled; give a positive one)" in answer(
        capsys, "status", study
    )


def age(store: Path, days: float = 3) -> None:
    then = time.time() - days * 86400
    for name in ("results", "sweeps", "scratch"):
        for path in (store / name).rglob("*"):
            os.utime(path, (then, then))


def test_gc_keeps_what_the_last_run_uses_and_what_is_young(study: Path, capsys: Capture) -> None:
    store = study.parent / ".polylyte"
    first = set(Store(store).stored_keys())
    change(study, "60(2) um", "62(2) um")
    run(study)
    assert "removed 0 results" in answer(capsys, "gc", study)
    age(store)
    assert "removed 1 results" in answer(capsys, "gc", study)
    left = set(Store(store).stored_keys())
    assert len(left) == 3
    assert len(first - left) == 1
    for quantity in ("d.doubled", "s.total"):
        assert f"{quantity} =" in answer(capsys, "why", quantity, study)


def test_gc_keeps_what_a_kept_result_was_made_from(study: Path, capsys: Capture) -> None:
    study.write_text(
        study.read_text() + "[step.p]\nmethod = 'toy.add'\n"
        "a = { step = 'd', quantity = 'parity' }\nb = 1\n"
    )
    run(study)
    # The parity of 62 is that of 60, so p keeps its result, and the result of d it was made from.
    change(study, "60(2) um", "62(2) um")
    run(study)
    age(study.parent / ".polylyte")
    assert "removed 0 results" in answer(capsys, "gc", study)
    assert "length = 60(2) µm" in answer(capsys, "why", "p.total", study)


def test_gc_clears_scratch_that_nobody_holds(study: Path, capsys: Capture) -> None:
    from polylyte.core import processes

    scratch = study.parent / ".polylyte/scratch"
    for name, owner in (("held", processes.me()), ("dead", dead()), ("free", "")):
        (scratch / name).mkdir()
        (scratch / name / "checkpoint").write_bytes(b"x" * 1000)
        if owner:
            (scratch / name / "owner").write_text(owner)
    age(study.parent / ".polylyte")
    assert "and 2 scratch folders" in answer(capsys, "gc", study)
    assert [p.name for p in scratch.iterdir()] == ["held"]


def dead() -> str:
    """The name of a process of this machine that has ended."""
    import subprocess
    import sys

    code = "from polylyte.core.processes import me; print(me())"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_gc_keeps_the_rows_of_a_sweep_that_is_kept(
    room: Room, write_study: Callable[[str], Path], capsys: Capture
) -> None:
    text = """
        [step.map]
        method = "toy.energy"
        [step.map.map]
        over = { loading = ["1 um", "2 um"] }
        """
    path = write_study(text)
    run(path)
    store = path.parent / ".polylyte"
    age(store)
    assert ", 0 sweeps" in answer(capsys, "gc", path)
    assert len(list((store / "sweeps").iterdir())) == 1
    run(write_study('[step.d]\nmethod = "toy.double"\nlength = "1 um"'))
    age(store)
    assert "removed 1 results, 1 sweeps" in answer(capsys, "gc", path)
    assert not list((store / "sweeps").iterdir())
