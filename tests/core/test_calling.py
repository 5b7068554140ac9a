"""One method on its own: ``polylyte call``."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from polylyte.cli import main
from polylyte.core.tables import Table
from tests.core.conftest import Room

CARDS = '''
from __future__ import annotations
from dataclasses import dataclass
from polylyte.core import coercion
from polylyte.core.canonical import plain
from polylyte.core.kinds import Length
from polylyte.core.methods import method
from polylyte.core.quantities import Quantity, derive
from polylyte.core.sections import section
from typing import get_args
from testroom.methods import Counted, Text

@section("card")
@dataclass(frozen=True)
class Card:
    name: str
    thickness: Quantity
    layers: int

    @classmethod
    def from_toml(cls, table, *, where, name):
        kind = get_args(Length)[1]
        source = f"card.{name}.thickness"
        thickness = coercion.quantity(table["thickness"], kind, where=where, source=source)
        return cls(name, thickness, table.get("inner", {}).get("layers", 1))

    def to_key(self):
        return plain([self.thickness, self.layers])

@method("toy.stack", version=2, prose="Stacked.")
def stack(*, card: Card, files: list[Text] = ()) -> Counted:
    """Thickness times layers, and the characters of all files."""
    extra = sum(len(f.content) for f in files)
    return Counted(total=derive(lambda t: t * 1e6 * card.layers + extra, "1", t=card.thickness),
                   warnings=("thin",))
'''
Capture = pytest.CaptureFixture[str]


def call(capsys: Capture, *line: str | Path) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["call", *map(str, line), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    answer: dict[str, Any] = json.loads(out)
    return answer


def refuse(capsys: Capture, *line: str | Path, code: int = 2) -> str:
    capsys.readouterr()
    assert main(["call", *map(str, line), "--json"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("polylyte: ")
    assert err.count("\n") == 1
    return err


def test_the_json_of_a_call_is_the_contract(room: Room, capsys: Capture, tmp_path: Path) -> None:
    answer = call(capsys, "toy.double", "--set", "length=60(2) um", "--out", tmp_path / "out")
    assert list(answer) == [
        "method",
        "version",
        "quantities",
        "tables",
        "verdicts",
        "findings",
        "warnings",
        "provenance",
    ]
    assert (answer["method"], answer["version"]) == ("toy.double", 1)
    assert list(answer["quantities"]) == ["doubled", "parity"]
    doubled = answer["quantities"]["doubled"]
    assert list(doubled) == ["value", "std", "unit", "flags", "conditions"]
    assert (doubled["value"], doubled["std"]) == (pytest.approx(120), pytest.approx(4))
    assert (doubled["unit"], doubled["flags"], doubled["conditions"]) == ("um", [], {})
    assert answer["tables"] == {"table": str(tmp_path / "out/table.parquet")}
    assert (tmp_path / "out/table.csv").read_text() == "x / um\n1.0\n2.0\n"
    assert answer["provenance"]["parameters"] == {"length": "60(2) µm"}
    assert answer["provenance"]["defaults"] == {"limit": "1000.0"}


def test_a_file_and_a_number(room: Room, capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("abcde")
    answer = call(capsys, "toy.count", "--in", f"data={tmp_path / 't.txt'}", "--set", "start=1.5")
    assert answer["quantities"]["total"]["value"] == 6.5
    (record,) = answer["provenance"]["inputs"]
    assert (record["name"], record["file"]) == ("data", "t.txt")


def test_dotted_keys_reach_into_a_card(room: Room, capsys: Capture, tmp_path: Path) -> None:
    (room.methods.parent / "cards.py").write_text(CARDS)
    cards = tmp_path / "cards.toml"
    cards.write_text(
        '[card.thin]\nthickness = "10 um"\n'
        '[card.thick]\nthickness = "50 um"\ninner = { layers = 2 }\n'
    )
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("bb")

    def total(*line: str | Path) -> float:
        return float(call(capsys, "toy.stack", *line)["quantities"]["total"]["value"])

    assert total("--in", f"card={cards}#thin") == pytest.approx(10)
    assert total("--in", f"card={cards}#thick") == pytest.approx(100)
    assert total("--in", f"card={cards}#thick", "--set", "card.thickness=0.02 mm") == pytest.approx(
        40
    )
    assert total("--in", f"card={cards}#thin", "--set", "card.inner.layers=3") == pytest.approx(30)
    assert total("--set", "card.thickness=5 um") == pytest.approx(5)
    assert total("--set", 'card={ thickness = "7 um" }') == pytest.approx(7)
    assert total(
        "--set", "card.thickness=5 um", "--in", f"files={tmp_path}/*.txt"
    ) == pytest.approx(8)
    assert total(
        "--set",
        "card.thickness=5 um",
        "--in",
        f"files={tmp_path}/a.txt",
        "--in",
        f"files={tmp_path}/b.txt",
    ) == pytest.approx(8)
    assert call(capsys, "toy.stack", "--set", "card.thickness=5 um")["warnings"] == ["thin"]
    assert "there is no [card.thinn]" in refuse(capsys, "toy.stack", "--in", f"card={cards}#thinn")
    assert "there is no [card.thinn]" in refuse(
        capsys, "toy.stack", "--in", f"card={cards}#thinn", "--set", "card.inner.layers=2"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["toy.dubble"], "did you mean 'toy.double'?"),
        (["toy.double"], "'toy.double' needs length; give it: length = \"1 um\""),
        (["toy.double", "--set", "lenght=1 um"], "has no input 'lenght'; did you mean 'length'?"),
        (["toy.double", "--set", "length=1 g"], "'1 g' is not a length; give it in um"),
        (["toy.double", "--set", "length=60"], "'60' has no unit; write it as '60 um'"),
        (["toy.double", "--set", "length"], "--set: 'length' is not NAME=VALUE"),
        (["toy.double", "--in", "=x"], "--in: '=x' is not NAME=VALUE"),
        (["toy.count", "--in", "data=gone.txt"], "no file matches 'gone.txt'"),
        (["toy.count", "--in", "data.x=gone.txt"], "has no input 'data.x'"),
        (["toy.count", "--in", "data=a", "--in", "data=b"], "'data' takes one file"),
        (["toy.long", "--set", "steps=1.5"], "'1.5' is not a whole number"),
        (["toy.long", "--set", "steps=1", "--set", "task=1"], "has no input 'task'"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    room: Room, capsys: Capture, line: list[str], message: str
) -> None:
    assert message in refuse(capsys, *line)


def test_what_cannot_be_answered_is_exit_code_3(room: Room, capsys: Capture) -> None:
    assert "give a positive one" in refuse(capsys, "toy.double", "--set", "length=-1 um", code=3)


def test_a_fault_of_ours_is_one_line_and_exit_code_4(room: Room, capsys: Capture) -> None:
    room.change(room.helper, "return 2.0", "return [][0]")
    text = refuse(capsys, "toy.double", "--set", "length=1 um", code=4)
    assert (
        "internal error: IndexError: list index out of range (helper.py:4); please report it"
        in text
    )


def test_a_folder_for_tables_that_cannot_be_made_is_exit_code_4(
    room: Room, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    text = refuse(capsys, "toy.double", "--set", "length=1 um", "--out", tmp_path / "taken", code=4)
    assert "taken: cannot be used (File exists)" in text


def test_for_people_a_call_is_one_line_per_quantity(room: Room, capsys: Capture) -> None:
    assert main(["call", "toy.double", "--set", "length=60(2) um"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["doubled = 120(4) µm", "parity = 1"]
    assert lines[2:] == ["table table: 2 rows; --out DIR keeps it"]


def test_tables_without_a_folder_lie_in_the_cache_for_a_day(
    room: Room, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "temporary").mkdir()
    calls = tmp_path / "cache" / "polylyte" / "calls"

    def table(length: str) -> Path:
        return Path(call(capsys, "toy.double", "--set", f"length={length}")["tables"]["table"])

    first, again, other = table("60 um"), table("60 um"), table("61 um")
    assert first == again != other
    assert len(Table.read(first)) == 2
    assert sorted(p.name for p in first.parent.iterdir()) == ["table.csv", "table.parquet"]
    old = time.time() - 2 * 86400
    os.utime(first.parent, (old, old))
    table("61 um")
    assert [p.name for p in calls.iterdir()] == [other.parent.name]
    assert main(["call", "toy.double", "--set", "length=62 um"]) == 0
    assert [p.name for p in calls.iterdir()] == [other.parent.name]
    assert main(["call", "toy.add", "--set", "a=1", "--set", "b=1", "--json"]) == 0
    assert not list((tmp_path / "temporary").iterdir())
