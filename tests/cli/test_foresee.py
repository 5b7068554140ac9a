"""``polylyte foresee``: what it prints, its exit codes, and the same as a step of a study."""

import json

import pytest

from polylyte.cli import main
from polylyte.core.session import run_study
from polylyte.report.write import write_report
from polylyte.virtual.foreseeing import pairings

SMALL = ["--with", "circuit=R0-CPE1", "--with", "last_frequency=100 Hz", "--draws", "20"]
STUDY = """
[study]
title = "plan"

[sample.film]
thickness = "60(2) um"

[step.plan]
method = "foresee"
analysis = "transport.conductivity"
sample = "film"
experiment = { circuit = "R0-CPE1", noise = "1 %", last_frequency = "100 Hz" }
target = "5 %"
draws = 20
"""


def test_a_question_is_answered_in_two_tables(capsys):
    assert main(["foresee", "impedance.fit", *SMALL, "--target", "1 %"]) == 0
    printed = capsys.readouterr().out
    head, _, rest = printed.partition(" after one change\n")
    assert "20 virtual experiments by virtual.circuit" in head
    for name in ("R_total", "R0", "CPE1_Q", "CPE1_n"):
        assert f"\n{name} " in head
    assert "bound" in head
    assert "noise" in rest.splitlines()[1]
    assert "good enough: passed" in rest
    assert "What would help most: noise" in rest


def test_json_is_one_line(capsys, tmp_path):
    line = ["foresee", "impedance.fit", *SMALL, "--json", "--out", str(tmp_path)]
    assert main(line) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["method"] == "foresee"
    assert content["quantities"]["relative_uncertainty"]["unit"] == "%"
    assert set(content["tables"]) == {"forecast", "changes", "draws"}


def test_without_a_method_it_lists_them(capsys):
    assert main(["foresee"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(pairings())


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (["impedance.fitt"], 2, "did you mean"),
        (["transport.composite"], 2, "no virtual sample"),
        (["impedance.fit", "--with", "noise"], 2, "not NAME=VALUE"),
        (["impedance.fit", "--with", "noize=1 %"], 2, "did you mean 'noise'"),
        (["impedance.fit", "--with", "noise=1 V"], 2, "noise"),
        (
            ["impedance.fit", *SMALL[:2], "--with", "first_frequency=2 Hz", "--with",
             "last_frequency=1 Hz", "--with", "points_per_decade=1", "--draws", "20"],
            3,
            "does not determine",
        ),
    ],
)  # fmt: skip
def test_exit_codes(line, code, words, capsys):
    assert main(["foresee", *line]) == code
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) == 1


def test_a_step_of_a_study(tmp_path):
    """The report has the tables, the figure and the paragraph; a rerun computes nothing."""
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    run, _ = run_study(path)
    (step,) = run.steps
    assert step.status == "done", step.reason
    found = step.result
    relative = found.quantities["relative_uncertainty"]
    assert relative.value == pytest.approx(100 * 2 / 60, rel=0.05)
    changes = found.tables["changes"]
    best = changes.frame.row(0, named=True)
    assert best["parameter"] == "u(sample.thickness)"
    assert best["ratio"] == pytest.approx(0.5, rel=0.05)
    report = write_report(run, tmp_path / "report").read_text()
    assert "virtual experiments" in report
    assert "Setting over the planned one" in report
    again, _ = run_study(path)
    assert again.steps[0].status == "cached"
