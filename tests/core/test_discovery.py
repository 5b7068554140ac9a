"""Methods are found by a byte scan; adding one touches one source file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from polylyte.cli import main
from polylyte.core import discovery
from polylyte.core.errors import InputError
from polylyte.core.execution import InProcess
from polylyte.core.session import run_study
from tests.core.conftest import Room, forget

TRIPLE = '''
"""Three times a length."""
from __future__ import annotations
from dataclasses import dataclass
from polylyte.core.citations import Citation
from polylyte.core.kinds import Length
from polylyte.core.methods import method, out
from polylyte.core.quantities import derive, q
from polylyte.core.results import Result

PAPER = Citation("Key", "A. Author", "On tripling", "J. Toys", 2001, "1", "2", "10.1000/1")

@dataclass(frozen=True, kw_only=True)
class Tripled(Result):
    tripled: Length = out("three times the length")

@method("toy.triple", version=3, prose="The length {length} was tripled.", cites=[PAPER])
def triple(*, length: Length, more: Length = q("1 um")) -> Tripled:
    """Three times a length, and a little.

    Parameters:
        length: what is tripled
        more: what is added
    """
    return Tripled(tripled=derive(lambda L, m: 3 * L + m, "um", L=length, m=more))
'''


def add(room: Room) -> None:
    (room.methods.parent / "new").mkdir()
    (room.methods.parent / "new" / "triple.py").write_text(TRIPLE)
    forget()


def test_a_method_is_one_file(
    room: Room, write_study: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """One source file makes it known to the command line, to a study and to a call."""
    assert "toy.triple" not in discovery.names("method")
    add(room)
    assert main(["methods", "toy.triple", "--json"]) == 0
    (described,) = json.loads(capsys.readouterr().out)
    assert (described["id"], described["version"]) == ("toy.triple", 3)
    assert described["summary"] == "Three times a length, and a little."
    assert [
        (p["name"], p["unit"], p["required"], p["description"]) for p in described["parameters"]
    ] == [
        ("length", "um", True, "what is tripled"),
        ("more", "um", False, "what is added"),
    ]
    assert described["parameters"][1]["default"] == "1 µm"
    assert described["outputs"] == [
        {
            "name": "tripled",
            "type": "quantity",
            "unit": "um",
            "description": "three times the length",
        }
    ]
    assert described["references"] == [
        "A. Author. On tripling. J. Toys 1, 2 (2001). https://doi.org/10.1000/1"
    ]
    path = write_study('[step.a]\nmethod = "toy.triple"\nlength = "2.0(1) um"\n')
    run, _ = run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
    assert run.steps[0].result is not None
    assert str(run.steps[0].result.quantities["tripled"]) == "7.0(3) µm"
    assert main(["call", "toy.triple", "--set", "length=2.0(1) um"]) == 0
    assert "tripled = 7.0(3) µm" in capsys.readouterr().out
    assert main(["methods"]) == 0
    assert "toy.triple" in capsys.readouterr().out


def test_names_are_found_without_importing_anything(room: Room) -> None:
    (room.methods.parent / "broken.py").write_text('@method("toy.broken", version=1)\ndef (:\n')
    (room.methods.parent / "quoted.py").write_text(
        '"""\nAs in:\n\n    @method("toy.example")\n"""\n'
    )
    forget()
    assert "toy.broken" in discovery.names("method")
    assert "toy.example" not in discovery.names("method")
    assert discovery.module_of("method", "toy.double") == "testroom.methods"
    assert "testroom.methods" not in sys.modules


def test_one_method_imports_its_own_module_alone(room: Room) -> None:
    add(room)
    assert discovery.load("method", "toy.triple").__name__ == "triple"
    assert "testroom.new.triple" in sys.modules
    assert "testroom.methods" not in sys.modules


def test_an_unknown_name_is_answered_with_the_nearest(room: Room) -> None:
    with pytest.raises(
        InputError, match=r"there is no method 'toy.dubble'; did you mean 'toy.double'\?"
    ):
        discovery.module_of("method", "toy.dubble")
    with pytest.raises(InputError, match="there is no section 'sell'"):
        discovery.load("section", "sell")


def test_what_is_declared_but_not_there_is_said(room: Room) -> None:
    (room.methods.parent / "lost.py").write_text(
        'def f():\n    return 1\ntext = """\n@method("toy.lost", version=1)\n"""\n'
    )
    forget()
    with pytest.raises(
        InputError, match=r"module testroom\.lost declares no method 'toy\.lost' at its top level"
    ):
        discovery.load("method", "toy.lost")


def test_help_imports_neither_numpy_nor_pint(room: Room) -> None:
    code = (
        "import sys\nfrom polylyte.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(bool({'numpy', 'pint', 'polars', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("run", "why", "call", "methods", "gc", "init"):
        assert f"\n    {command} " in done.stdout
