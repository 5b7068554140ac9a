"""A study from file to results: reruns, failures, sweeps, replicates, long work."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from polylyte.core import study as studies
from polylyte.core.errors import InputError
from polylyte.core.execution import InProcess, process_pool
from polylyte.core.plan import plan
from polylyte.core.runs import Run
from polylyte.core.session import exit_code, open_store, run_study
from polylyte.core.worker import Ended
from tests.core.conftest import Room

WriteStudy = Callable[[str], Path]


def run(path: Path, **options: object) -> tuple[Run, dict[str, Ended]]:
    return run_study(path, pool=lambda: nullcontext(InProcess()), durable=False, **options)  # type: ignore[arg-type]


def endings(ended: dict[str, Ended]) -> dict[str, str]:
    return {name: e.ending for name, e in ended.items()}


def ran(ended: dict[str, Ended]) -> set[str]:
    return {name for name, e in ended.items() if e.ending == "done"}


TEN = """
[study]
title = "ten tasks"
[step.c1]
method = "toy.count"
data = "one.txt"
[step.c2]
method = "toy.count"
data = "two.txt"
[step.d1]
method = "toy.double"
length = "60(2) um"
[step.d2]
method = "toy.double"
length = { step = "d1", quantity = "doubled" }
[step.d3]
method = "toy.double"
length = { step = "d2", quantity = "doubled" }
[step.s1]
method = "toy.add"
a = { step = "c1", quantity = "total" }
b = { step = "c2", quantity = "total" }
[step.s2]
method = "toy.add"
a = { step = "s1", quantity = "total" }
b = 1
[step.p]
method = "toy.add"
a = { step = "d1", quantity = "parity" }
b = 1
[step.p2]
method = "toy.add"
a = { step = "p", quantity = "total" }
b = 1
[step.alone]
method = "toy.add"
a = 1
b = 1
"""


@pytest.fixture
def ten(room: Room, write_study: WriteStudy) -> Path:
    path = write_study(TEN)
    (path.parent / "one.txt").write_text("abc")
    (path.parent / "two.txt").write_text("defg")
    _, ended = run(path)
    assert len(ended) == 10
    assert set(endings(ended).values()) == {"done"}
    return path


def test_a_rerun_recomputes_nothing(ten: Path) -> None:
    assert ran(run(ten)[1]) == set()


def test_one_input_file_changed_only_what_depends_on_it(ten: Path) -> None:
    (ten.parent / "two.txt").write_text("defgh")
    assert ran(run(ten)[1]) == {"c2", "s1", "s2"}


def test_a_changed_file_whose_result_is_the_same_stops_the_cascade(ten: Path) -> None:
    (ten.parent / "two.txt").write_text("DEFG")
    # The count's own uncertainty is named after the file's bytes, so s1 sees another source.
    # A value without an uncertainty of its own does stop the cascade: see the parity below.
    assert "c2" in ran(run(ten)[1])


def test_one_parameter_changed_only_its_descendants(ten: Path) -> None:
    ten.write_text(ten.read_text().replace('"60(2) um"', '"62(2) um"'))
    # The parity of 62 is that of 60: p and p2 keep their results although d1 ran.
    assert ran(run(ten)[1]) == {"d1", "d2", "d3"}


def test_the_same_length_in_another_unit_is_the_same_key(ten: Path) -> None:
    ten.write_text(ten.read_text().replace('"60(2) um"', '"0.060(2) mm"'))
    assert ran(run(ten)[1]) == set()


def test_a_helper_changed_only_the_methods_that_import_it(ten: Path, room: Room) -> None:
    room.change(room.helper, "return 2.0", "return 1.0 + 1.0")
    # The doubled values are the same numbers, so the cascade stops at each step.
    assert ran(run(ten)[1]) == {"d1", "d2", "d3"}
    room.change(room.helper, "return 1.0 + 1.0", "return 4.0")
    assert ran(run(ten)[1]) == {"d1", "d2", "d3"}


def test_an_unused_helper_changed_nothing(ten: Path, room: Room) -> None:
    room.change(room.helper, "return 3.0", "return 5.0")
    assert ran(run(ten)[1]) == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Twice a length.', '"""Two times a length.'),
        ("LIMIT = 1000.0", "LIMIT = 1000.0  # a comment"),
        ("The length {length} was doubled.", "We doubled {length}."),
    ],
)
def test_words_changed_nothing(ten: Path, room: Room, old: str, new: str) -> None:
    room.change(room.methods, old, new)
    assert ran(run(ten)[1]) == set()


def test_a_constant_of_the_method_changed_its_steps(ten: Path, room: Room) -> None:
    room.change(room.methods, "LIMIT = 1000.0", "LIMIT = 2000.0")
    assert ran(run(ten)[1]) == {"d1", "d2", "d3"}


def test_a_shared_source_stays_correlated_through_the_store(ten: Path) -> None:
    result, _ = run(ten)
    by_name = {s.name: s.result for s in result.steps}
    d1, d3 = by_name["d1"], by_name["d3"]
    assert d1 is not None
    assert d3 is not None
    x, y = d1.quantities["doubled"], d3.quantities["doubled"]
    assert x.std == pytest.approx(4.0)
    # The slopes are central differences, exact to about 1e-9 of the uncertainty.
    assert (y - x * 4.0).std == pytest.approx(0.0, abs=1e-6)


def test_a_refused_step_leaves_the_other_branches_to_finish(
    room: Room, write_study: WriteStudy
) -> None:
    path = write_study(
        """
        [step.bad]
        method = "toy.double"
        length = "-1 um"
        [step.after]
        method = "toy.double"
        length = { step = "bad", quantity = "doubled" }
        [step.other]
        method = "toy.double"
        length = "1 um"
        """
    )
    result, ended = run(path)
    assert endings(ended) == {"bad": "refused", "after": "stopped", "other": "done"}
    assert exit_code(ended) == 3
    assert "give a positive one" in next(s.reason for s in result.steps if s.name == "bad")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[step.a]\nmethod = "toy.dubble"\nlength = "1 um"', "did you mean 'toy.double'?"),
        ('[step.a]\nmethod = "toy.double"\nlenght = "1 um"', "did you mean 'length'?"),
        (
            '[step.a]\nmethod = "toy.double"\nlength = "60 g"',
            "'60 g' is not a length; give it in um",
        ),
        ('[step.a]\nmethod = "toy.double"\nlength = 60', "60 has no unit"),
        ('[step.a]\nmethod = "toy.double"', "needs length"),
        ('[step.a]\nmethod = "toy.count"\ndata = "gone.txt"', "no file matches 'gone.txt'"),
        ('[stepp.a]\nmethod = "toy.double"', "did you mean 'step'?"),
        (
            '[step.a]\nmethod = "toy.double"\nlength = { step = "b", quantity = "x" }',
            "there is no step 'b'",
        ),
        (
            '[step.a]\nmethod = "toy.double"\nlength = { step = "b", quantity = "doubled" }\n'
            '[step.b]\nmethod = "toy.double"\nlength = { step = "a", quantity = "doubled" }',
            "the steps need each other: a -> b -> a",
        ),
        (
            '[step.a]\nmethod = "toy.double"\nlength = { step = "a", table = "t" }',
            "takes a quantity",
        ),
        ("[step.a\n", "is not valid TOML"),
        ('[expect]\n"x.y" = "1 um"', "does not begin with a step's name"),
    ],
)
def test_a_wrong_study_is_one_line_with_a_remedy(
    room: Room, write_study: WriteStudy, text: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        run(write_study(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "study.toml" in str(caught.value)


def test_a_reference_to_a_quantity_that_is_not_there_names_the_nearest(
    room: Room, write_study: WriteStudy
) -> None:
    path = write_study(
        '[step.a]\nmethod = "toy.double"\nlength = "1 um"\n'
        '[step.b]\nmethod = "toy.double"\nlength = { step = "a", quantity = "doubeld" }'
    )
    _, ended = run(path)
    assert "did you mean 'doubled'?" in ended["b"].reason
    assert exit_code(ended) == 2


def test_published_values_agree_within_twice_the_uncertainty(
    room: Room, write_study: WriteStudy
) -> None:
    study = '[step.a]\nmethod = "toy.double"\nlength = "{}"\n[expect]\n"a.doubled" = "{}"'
    verdicts = {
        ("60(2) um", "120 um"): "agrees",
        ("60(2) um", "128 um"): "agrees",
        ("60(2) um", "0.129 mm"): "differs",
        ("60 um", "120.1 um"): "agrees",
        ("60 um", "120.2 um"): "differs",
    }
    for (given, printed), verdict in verdicts.items():
        result, _ = run(write_study(study.format(given, printed)))
        assert result.comparisons[0].verdict == verdict, (given, printed)


def test_replicates_give_mean_standard_deviation_and_n(room: Room, write_study: WriteStudy) -> None:
    path = write_study(
        """
        [step.a]
        method = "toy.double"
        [step.a.replicates]
        A = { length = "10 um" }
        B = { length = "12 um" }
        C = { length = "14 um" }
        """
    )
    result, ended = run(path)
    assert set(ended) == {"a", "a[A]", "a[B]", "a[C]"}
    averaged = next(s.result for s in result.steps if s.name == "a")
    assert averaged is not None
    assert averaged.quantities["doubled"].value == pytest.approx(24.0)
    assert averaged.quantities["doubled_sd"].value == pytest.approx(4.0)
    assert averaged.quantities["doubled"].std == pytest.approx(4.0 / 3**0.5)
    assert averaged.quantities["n"].value == 3
    assert len(averaged.tables["table"]) == 6
    assert ran(run(path)[1]) == set()


SWEEP = """
[step.map]
method = "toy.energy"
offset = 1
[step.map.map]
over = { loading = LOADINGS, rate = ["0.1C", "C/5", "1C"] }
"""


def sweep(loadings: range) -> str:
    return SWEEP.replace("LOADINGS", json.dumps([f"{i} um" for i in loadings]))


def test_a_sweep_is_one_table_and_a_rerun_makes_the_missing_rows(
    room: Room, write_study: WriteStudy
) -> None:
    path = write_study(sweep(range(0, 200)))
    result, ended = run(path)
    table = result.steps[0].result.tables["designs"]  # type: ignore[union-attr]
    assert endings(ended) == {"map": "done"}
    assert len(table) == 600
    assert table.column("status").count("refused") == 3
    assert table.quantities("energy")[4].value == pytest.approx(1 + 1 * 0.2)
    assert table.std("energy")[4] == pytest.approx(0.1)  # type: ignore[index]
    rows = list((path.parent / ".polylyte/sweeps").rglob("*.parquet"))
    assert len(rows) == 3
    run(write_study(sweep(range(0, 210))))
    assert len(list((path.parent / ".polylyte/sweeps").rglob("*.parquet"))) == 4
    assert ran(run(path)[1]) == set()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_rows_of_a_sweep_that_cannot_be_read_are_one_line_and_are_kept(
    room: Room, write_study: WriteStudy, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    run(write_study(sweep(range(3))))
    sweeps = write_study(sweep(range(4))).parent / ".polylyte/sweeps"
    kept = {path: path.read_bytes() for path in sweeps.rglob("*.parquet")}
    for name, real in (("listdir", os.listdir), ("open", io.open)):

        def failing(path: Any, *args: Any, real: Any = real, **kwargs: Any) -> Any:
            if str(path).startswith(str(sweeps)):
                raise OSError(number, os.strerror(number))
            return real(path, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(os if name == "listdir" else io, name, failing)
            _, ended = run(sweeps.parents[1] / "study.toml")
        assert ended["map"].ending == "failed"
        assert exit_code(ended) == 4
        assert os.strerror(number) in ended["map"].reason
        assert "\n" not in ended["map"].reason
        assert {path: path.read_bytes() for path in sweeps.rglob("*.parquet")} == kept
    result, _ = run(sweeps.parents[1] / "study.toml")
    assert len(result.steps[0].result.tables["designs"]) == 12  # type: ignore[union-attr]


def test_a_wrong_value_in_a_sweep_is_found_before_it_runs(
    room: Room, write_study: WriteStudy
) -> None:
    text = sweep(range(3)).replace('"2 um"', '"2 g"')
    with pytest.raises(InputError, match=r"map.over.loading.*'2 g' is not a length"):
        run(write_study(text))


def test_ten_thousand_designs(room: Room, write_study: WriteStudy) -> None:
    """Fresh overhead per design stays far below a task's; a rerun takes no time."""
    path = write_study(sweep(range(0, 3334)))
    began = time.perf_counter()
    result, _ = run(path)
    fresh = time.perf_counter() - began
    assert len(result.steps[0].result.tables["designs"]) == 10002  # type: ignore[union-attr]
    began = time.perf_counter()
    assert ran(run(path)[1]) == set()
    again = time.perf_counter() - began
    assert fresh < 30
    assert again < 2


def test_a_thousand_step_plan_with_nothing_to_do(room: Room, write_study: WriteStudy) -> None:
    steps = ['[step.s0]\nmethod = "toy.double"\nlength = "1 um"']
    for i in range(1, 1000):
        source = f'{{ step = "s{i - 1}", quantity = "doubled" }}' if i % 10 else f'"{i} um"'
        steps.append(f'[step.s{i}]\nmethod = "toy.double"\nlength = {source}')
    path = write_study("\n".join(steps))
    run(path)
    study = studies.load(path)
    store = open_store(study)
    took = []
    for _ in range(5):
        # Processor time: the bound is on the work, not on what else the machine does.
        began = time.process_time()
        made = plan(study, store)
        took.append(time.process_time() - began)
    assert all(p.state == "cached" for p in made.steps.values())
    assert min(took) < 0.1, took


def test_long_work_that_is_killed_resumes_and_extends(room: Room, write_study: WriteStudy) -> None:
    text = '[step.a]\nmethod = "toy.long"\nsteps = {}\npause = {}'
    path = write_study(text.format(40, 0.05))
    store = path.parent / ".polylyte"
    trace = store / "trace"
    line = [sys.executable, "-m", "polylyte", "run", str(path), "--json"]
    process = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
        trace.exists() and trace.read_text().count("\n") > 5
    ):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = len(trace.read_text().splitlines())
    assert 5 < done < 40
    with process_pool(1) as pool:
        result, ended = run_study(path, pool=lambda: nullcontext(pool))
        assert endings(ended) == {"a": "done"}
        made = [int(i) for i in trace.read_text().split()]
        # A step whose checkpoint was not yet on disk may be made twice; none is left out.
        assert sorted(set(made)) == list(range(40))
        assert len(made) <= 41
        assert result.steps[0].result.quantities["total"].value == sum(range(40))  # type: ignore[union-attr]
        longer, ended = run_study(
            write_study(text.format(50, 0.05)), pool=lambda: nullcontext(pool)
        )
    assert longer.steps[0].result.quantities["total"].value == sum(range(50))  # type: ignore[union-attr]
    assert len(trace.read_text().split()) == len(made) + 10
    # The store holds no half-written folder of the killed process after a run.
    with contextlib.suppress(FileNotFoundError):
        assert not [p for p in (store / "tmp").iterdir() if f".{process.pid}." in p.name]


def test_two_runs_on_one_store_at_once(room: Room, write_study: WriteStudy) -> None:
    path = write_study('[step.a]\nmethod = "toy.long"\nsteps = 10\npause = 0.05')
    line = [sys.executable, "-m", "polylyte", "run", str(path), "--json"]
    both = [
        subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    answers = [json.loads(out)["quantities"] for out, _ in outputs]
    assert answers[0] == answers[1]
    assert (path.parent / ".polylyte/trace").read_text().split() == [str(i) for i in range(10)]


def test_a_file_matched_by_two_patterns_of_a_list_is_an_error(
    room: Room, write_study: WriteStudy
) -> None:
    path = write_study('[step.a]\nmethod = "toy.words"\ntexts = ["*.txt", "one.*"]')
    (path.parent / "one.txt").write_text("abc")
    with pytest.raises(InputError, match=r"'one.txt' is matched by two patterns of the list"):
        run(path)
    path = write_study('[step.a]\nmethod = "toy.words"\ntexts = ["*.txt", "two.md"]')
    (path.parent / "two.md").write_text("defg")
    result, _ = run(path)
    assert result.steps[0].result.quantities["total"].value == 7  # type: ignore[union-attr]
