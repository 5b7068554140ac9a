"""Input files: what a pattern matches, and the conditions that names state."""

from __future__ import annotations

from pathlib import Path

import pytest

from polylyte.core.errors import InputError
from polylyte.core.files import find, sha256


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def names(folder: Path, pattern: str) -> list[str]:
    return [f.path.name for f in find(pattern, folder, where="here")]


def test_a_path_a_glob_and_a_glob_through_folders(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b.txt", "c.csv", "deep/er/d.txt")
    assert names(tmp_path, "a.txt") == ["a.txt"]
    assert names(tmp_path, "./*.txt") == ["a.txt", "b.txt"]
    assert names(tmp_path, "?.txt") == ["a.txt", "b.txt"]
    assert names(tmp_path, "**/*.txt") == ["a.txt", "b.txt", "d.txt"]
    assert names(tmp_path, str(tmp_path / "*.csv")) == ["c.csv"]
    assert names(tmp_path, "deep/../a.txt") == ["a.txt"]


def test_conditions_are_read_from_names_and_order_the_files(tmp_path: Path) -> None:
    make(
        tmp_path,
        "S_25C.DTA",
        "S_-25C.DTA",
        "S_100C.DTA",
        "S_2p5C.DTA",
        "S_7.5C.DTA",
        "S_9C.txt",
    )
    found = find("S_{temperature:degC}C.DTA", tmp_path, where="here")
    assert [f.path.name for f in found] == [
        "S_-25C.DTA",
        "S_2p5C.DTA",
        "S_7.5C.DTA",
        "S_25C.DTA",
        "S_100C.DTA",
    ]
    assert [f.conditions["temperature"].si for f in found] == pytest.approx(
        [248.15, 275.65, 280.65, 298.15, 373.15]
    )
    assert found[0].conditions["temperature"].unit == "degC"


def test_a_template_in_a_folder_and_with_a_glob(tmp_path: Path) -> None:
    make(tmp_path, "raw/A_25C.DTA", "raw/B_40C.DTA", "raw/deep/C_60C.DTA")
    assert names(tmp_path, "raw/*_{temperature:degC}C.DTA") == ["A_25C.DTA", "B_40C.DTA"]
    assert names(tmp_path, "./raw/{sample}_{temperature:degC}C.DTA") == ["A_25C.DTA", "B_40C.DTA"]
    assert names(tmp_path, "raw/**/{sample}_{temperature:degC}C.DTA") == [
        "A_25C.DTA",
        "B_40C.DTA",
        "C_60C.DTA",
    ]
    found = find("raw/{sample}_{temperature:degC}C.DTA", tmp_path, where="here")
    assert [list(f.conditions) for f in found] == [["temperature"]] * 2


def test_two_conditions(tmp_path: Path) -> None:
    make(tmp_path, "25C_10mV.txt", "25C_5mV.txt", "40C_5mV.txt")
    found = find("{temperature:degC}C_{bias:mV}mV.txt", tmp_path, where="here")
    assert [(f.conditions["temperature"].value, f.conditions["bias"].value) for f in found] == [
        (25, 5),
        (25, 10),
        (40, 5),
    ]


def test_two_files_that_state_the_same_conditions_are_an_error(tmp_path: Path) -> None:
    make(tmp_path, "A_25C.txt", "B_25.0C.txt")
    with pytest.raises(
        InputError, match=r"'A_25C\.txt' and 'B_25\.0C\.txt' state the same conditions; give replic"
    ):
        find("{sample}_{temperature:degC}C.txt", tmp_path, where="here")
    # Without a condition in the template there is nothing to clash.
    assert names(tmp_path, "{sample}_*.txt") == ["A_25C.txt", "B_25.0C.txt"]


def test_an_unknown_unit_in_a_template(tmp_path: Path) -> None:
    make(tmp_path, "A_25C.txt")
    with pytest.raises(InputError, match=r"^here: 'bogus' is not a unit"):
        find("A_{temperature:bogus}C.txt", tmp_path, where="here")


def test_brackets_in_the_name_of_the_studys_folder_are_no_pattern(tmp_path: Path) -> None:
    folder = make(tmp_path / "data [old]*", "A_25C.txt", "b.txt")
    assert names(folder, "*.txt") == ["A_25C.txt", "b.txt"]
    assert names(folder, "A_{temperature:degC}C.txt") == ["A_25C.txt"]


def test_the_study_beside_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "raw/A_25C.txt")
    monkeypatch.chdir(tmp_path)
    assert names(Path(), "raw/A_{temperature:degC}C.txt") == ["A_25C.txt"]
    assert names(Path(), "./raw/*.txt") == ["A_25C.txt"]


def test_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "data/a.txt")
    monkeypatch.setenv("SOME_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NO_DATA", raising=False)
    assert names(Path("/"), "$SOME_DATA/a.txt") == ["a.txt"]
    assert names(Path("/"), "${SOME_DATA}/*.txt") == ["a.txt"]
    assert names(Path("/"), "~/data/a.txt") == ["a.txt"]
    assert names(tmp_path, "${NO_DATA:-data}/a.txt") == ["a.txt"]
    with pytest.raises(
        InputError, match=r"^here: the environment has no variable NO_DATA; set it: NO_DATA=FOLDER"
    ):
        find("$NO_DATA/a.txt", tmp_path, where="here")


def test_no_match_names_the_nearest_file(tmp_path: Path) -> None:
    make(tmp_path, "spectrum_25C.DTA", "notes.md")
    (tmp_path / "empty").mkdir()
    for pattern, remedy in (
        ("spectrum_52C.DTA", "did you mean 'spectrum_25C.DTA'?"),
        ("raw/*.DTA", f"there is no folder '{tmp_path / 'raw'}'"),
        ("empty/*.DTA", "the folder is empty"),
        ("empty", ""),
    ):
        with pytest.raises(InputError) as caught:
            find(pattern, tmp_path, where="here")
        assert str(caught.value).startswith(f"here: no file matches '{pattern}'")
        assert remedy in str(caught.value)


def test_the_digest_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert (
        sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    with pytest.raises(InputError, match="cannot be read"):
        sha256(tmp_path / "b")


def test_a_file_that_misses_the_number_alone_is_an_error(tmp_path: Path) -> None:
    for name in ("S_25C.DTA", "S_xC.DTA"):
        (tmp_path / name).write_text(name)
    with pytest.raises(InputError, match=r"'S_xC.DTA' matches .* but for its numbers; rename it"):
        find("S_{temperature:degC}C.DTA", tmp_path, where="w")
