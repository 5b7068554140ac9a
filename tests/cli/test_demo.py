"""``polylyte demo``: truth beside result, in seconds."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from polylyte.cli import START, main


def test_the_bare_command_says_where_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert said == START
    assert len(said.strip().splitlines()) == 3


def processor_time() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def test_the_demonstration_recovers_its_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "demo"
    began = processor_time()
    assert main(["demo", str(folder), "--no-browser"]) == 0
    # Processor time of all its processes: an idle machine needs less time than that.
    assert processor_time() - began < 20
    said = capsys.readouterr().out
    assert "recovered" in said
    assert (folder / "report" / "report.html").exists()
    assert len(list((folder / "raw").glob("*.DTA"))) == 8
    began = processor_time()
    assert main(["demo", str(folder), "--no-browser"]) == 0
    assert processor_time() - began < 10
