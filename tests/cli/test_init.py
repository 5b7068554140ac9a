"""``polylyte init``: real and virtual raw files become a study that runs as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from polylyte.cli import main
from polylyte.cli.demo import write
from polylyte.cli.init import init, template
from polylyte.core import study as studies
from polylyte.core.errors import InputError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SL2_25C.DTA", "SL2_{temperature:degC}C.DTA"),
        ("raw/SL2_-25C.DTA", "raw/SL2_{temperature:degC}C.DTA"),
        ("cell 3_298K.mpt", "cell 3_{temperature:K}K.mpt"),
        ("run2_60degC_b.z", "run2_{temperature:degC}degC_b.z"),
        ("SL2.DTA", None),
        ("rate_2C.mpt", None),
    ],
)
def test_a_temperature_in_a_name_becomes_a_template(name: str, expected: str | None) -> None:
    assert template(name) == expected


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Files of the demonstration, without its study."""
    write(tmp_path / "demo")
    folder = tmp_path / "lab"
    shutil.copytree(tmp_path / "demo" / "raw", folder)
    return folder


def test_a_folder_becomes_a_study_that_runs_as_it_is(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (raw / "notes.txt").write_text("membrane 3, cast on Tuesday")
    said = init(raw)
    assert "film_25C.DTA … film_65C.DTA (5 files)" in said
    assert "thickness, area: without them R(T) and E_a are still computed" in said
    assert "not used: notes.txt" in said
    study = studies.load(raw / "study.toml")
    assert {s.method for s in study.steps.values()} == {
        "transport.conductivity",
        "transport.activation",
        "transference.bruce_vincent",
    }
    assert main(["run", str(raw / "study.toml"), "--json"]) == 0
    answer = capsys.readouterr().out
    assert '"film_activation.activation_energy"' in answer


def test_it_never_overwrites(raw: Path) -> None:
    init(raw)
    before = (raw / "study.toml").read_bytes()
    with pytest.raises(InputError, match="not overwritten"):
        init(raw)
    assert (raw / "study.toml").read_bytes() == before


def test_two_files_of_one_stem_become_two_steps(tmp_path: Path, data: Path) -> None:
    shutil.copy(data / "instruments/impy/exampleDataZPlot.z", tmp_path / "a.z")
    shutil.copy(data / "instruments/impy/exampleDataCHInstruments.txt", tmp_path / "a.txt")
    init(tmp_path)
    assert set(studies.load(tmp_path / "study.toml").steps) == {"a", "a_2"}


def test_real_files_are_recognised_by_their_bytes(tmp_path: Path, data: Path) -> None:
    """Names say nothing here: each file is called ``.dat``."""
    sources = {
        "gamry.dta": "impy/exampleDataGamry.DTA",
        "biologic.mpt": "impy/exampleDataBioLogic.mpt",
        "zplot.z": "impy/exampleDataZPlot.z",
        "chinstruments.txt": "impy/exampleDataCHInstruments.txt",
    }
    for index, source in enumerate(sources.values()):
        shutil.copy(data / "instruments" / source, tmp_path / f"file{index}.dat")
    said = init(tmp_path)
    assert all(f"{format}, impedance spectrum" in said for format in sources)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: (p / "a.txt").write_text("words")])
def test_a_folder_without_raw_files_is_refused(tmp_path: Path, make: object) -> None:
    make(tmp_path)  # type: ignore[operator]
    with pytest.raises(InputError, match="no raw file"):
        init(tmp_path)
    assert not (tmp_path / "study.toml").exists()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        init(tmp_path / "gone")
