"""Bad input through ``python -m polylyte``: exit code, one line per problem, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.core.conftest import Room

WriteStudy = Callable[[str], Path]


def polylyte(*line: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "polylyte", *map(str, line)],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((*sys.path, ""))},
    )  # fmt: skip


def refused(code: int, *line: str | Path) -> str:
    done = polylyte(*line)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("polylyte: ")
    return done.stderr


STEP = '[step.a]\nmethod = "toy.double"\n'
WRONG = [
    ("", "is empty; 'polylyte init FOLDER' writes a study"),
    (
        STEP + 'lenght = "1 um"\n',
        "[step.a]: 'toy.double' has no input 'lenght'; did you mean 'length'?",
    ),
    (STEP + 'length = "60 g"\n', "[step.a] length: '60 g' is not a length; give it in um"),
    (
        STEP + 'length = { step = "b", quantity = "doubled" }\n',
        "[step.a] length: there is no step 'b'",
    ),
    (
        STEP + 'length = { step = "b", quantity = "doubled" }\n'
        '[step.b]\nmethod = "toy.double"\nlength = { step = "a", quantity = "doubled" }\n',
        "the steps need each other: a -> b -> a; break the cycle",
    ),
    (
        '[step.a]\nmethod = "toy.count"\ndata = "gone.txt"\n',
        "[step.a] data: no file matches 'gone.txt'",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_study(room: Room, write_study: WriteStudy, text: str, message: str) -> None:
    path = write_study(text)
    said = refused(2, "run", path)
    assert f"polylyte: {path}" in said
    assert message in said
    # Nothing was computed, and no report of nothing was written.
    assert not (path.parent / "report").exists()


def test_no_study(tmp_path: Path) -> None:
    assert "there is no such file" in refused(2, "run", tmp_path / "study.toml")


def test_a_wrong_command_line(tmp_path: Path) -> None:
    assert "see 'polylyte" in refused(2, "rnu")
    assert "--jobs" in refused(2, "run", "--jobs", "many")


def test_each_step_that_fails_has_a_line_of_its_own(room: Room, write_study: WriteStudy) -> None:
    path = write_study(
        STEP + 'length = "-1 um"\n'
        '[step.b]\nmethod = "toy.double"\nlength = "-2 um"\n'
        '[step.c]\nmethod = "toy.double"\nlength = "3 um"\n'
    )
    done = polylyte("run", path, "--json")
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(
        "refused: a negative length cannot be doubled; give a positive one" in line
        for line in lines
    )
    answer = json.loads(done.stdout)
    assert answer["quantities"]["c.doubled"]["value"] == pytest.approx(6)


def test_the_json_of_a_run_is_the_contract(room: Room, write_study: WriteStudy) -> None:
    path = write_study(STEP + 'length = "60(2) um"\n[expect]\n"a.doubled" = "120 um"\n')
    done = polylyte("run", path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert next(iter(answer)) == "quantities"
    assert list(answer["quantities"]) == ["a.doubled", "a.parity"]
    assert list(answer["quantities"]["a.doubled"]) == [
        "value",
        "std",
        "unit",
        "flags",
        "conditions",
    ]
    assert Path(answer["report"]).is_file()
    assert [c["verdict"] for c in answer["comparisons"]] == ["agrees"]
    assert answer["steps"] == [
        {"name": "a", "method": "toy.double", "status": "done", "reason": ""}
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(line, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_store_on_a_full_disk(room: Room, write_study: WriteStudy, small_disk: Path) -> None:
    path = write_study(STEP + 'length = "60(2) um"\n')
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            pass
    said = refused(4, "run", path, "--store", small_disk / "store")
    assert "No space left on device" in said
    assert "--store DIR" in said
    filler.unlink()
    done = polylyte("run", path, "--store", small_disk / "store", "--json")
    assert done.returncode == 0, done.stderr
    # Not even its own report needs the store to have room.
    assert json.loads(done.stdout)["quantities"]["a.doubled"]["value"] == pytest.approx(120)


def test_a_report_that_cannot_be_written(room: Room, write_study: WriteStudy) -> None:
    path = write_study(STEP + 'length = "60(2) um"\n')
    (path.parent / "taken").write_text("")
    said = refused(4, "run", path, "--json", "--report", path.parent / "taken")
    assert "taken: cannot be used (File exists)" in said
