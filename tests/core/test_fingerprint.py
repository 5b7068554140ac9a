"""What changes the digest of a method's code, and what must not."""

import hashlib
import os
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from polylyte.core import discovery
from polylyte.core.errors import MachineError
from polylyte.core.fingerprint import NOT_INSTALLED, Fingerprint, fingerprint, forget
from polylyte.core.package_data import package_data

METHOD = '''
"""A room of a third party."""
from __future__ import annotations

from dataclasses import dataclass

from acme.helpers import fit, unrelated
from polylyte.core.citations import Citation
from polylyte.core.kinds import Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import q
from polylyte.core.results import Result

PAPER = Citation("A", "B", "C", "D", 2000, "1", "2", "10.1/1")
LIMIT = 3


@dataclass(frozen=True, kw_only=True)
class Answer(Result):
    """What comes out."""

    share: Ratio = out("the share")
    """Its meaning."""
    rest: Ratio | None = out("the rest", default=None)


def figure(result):
    return draw(result, 1)


def draw(result, width):
    return width


def alone():
    return unrelated()


@method("acme.share", version=1, cites=[PAPER], figure=figure, threads=2, memory="1 GB",
        walltime="1 h", prose="The share was {share}.")
def share(*, bias: Ratio = q("10 mV")) -> Answer:
    """The share.

    Parameters:
        bias: applied
    """
    # A comment.
    return Answer(share=fit(bias) * LIMIT)
'''

HELPERS = """
import math


def fit(x):
    return scale(x) + 1


def scale(x):
    return math.sqrt(x)


def unrelated():
    return 1
"""


class Room:
    """The package ``acme`` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "acme"
        self.write(__init__="", room=METHOD, helpers=HELPERS)

    def write(self, **sources: str) -> None:
        for name, text in sources.items():
            path = self.folder / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / f"{name}.py"
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path.name}"
        path.write_text(text.replace(old, new))

    def made(self, function: str = "share", module: str = "room") -> Fingerprint:
        forget()
        return fingerprint(f"acme.{module}", function)

    def digest(self) -> str:
        return self.made().digest


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    yield Room(tmp_path)
    forget()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("helpers", "scale(x) + 1", "scale(x) + 2"),
        ("helpers", "math.sqrt(x)", "math.cbrt(x)"),
        ("room", "LIMIT = 3", "LIMIT = 4"),
        ("room", "version=1", "version=2"),
        ("room", '"acme.share"', '"acme.part"'),
        ("room", 'q("10 mV")', 'q("11 mV")'),
        ("room", "default=None", "default=0"),
        ("room", "fit(bias) * LIMIT", "fit(bias) + LIMIT"),
        ("room", "frozen=True, ", ""),
        ("room", "threads=2", "threads=2, origin='virtual'"),
    ],
)
def test_what_can_change_a_result_changes_the_digest(room, file, old, new):
    before = room.digest()
    room.edit(file, old, new)
    assert room.digest() != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("room", "# A comment.", "# Another one."),
        ("room", '"""The share.\n', '"""The part.\n'),
        ("room", '"""What comes out."""', '"""Anything."""'),
        ("room", '    """Its meaning."""\n', ""),
        ("room", 'out("the share")', 'out("the part")'),
        ("room", 'out("the rest", ', 'out("what is left", '),
        ("room", "The share was", "The share amounts to"),
        ("room", "draw(result, 1)", "draw(result, 2)"),
        ("room", "    return width", "    return 2 * width"),
        ("room", "figure=figure, ", ""),
        ("room", "2000", "2001"),
        ("room", "[PAPER]", "[PAPER, PAPER]"),
        ("room", "threads=2", "threads=3"),
        ("room", '"1 GB"', '"2 GB"'),
        ("room", '"1 h"', '"2 h"'),
        ("room", "return unrelated()", "return 2 * unrelated()"),
        ("room", "LIMIT = 3", "LIMIT   =   0x3"),
        ("room", "def alone():", "def first():\n    return 0\n\n\ndef alone():"),
        ("helpers", "    return 1\n", "    return 2\n"),
        ("helpers", "import math\n", "import math\nfrom typing import TYPE_CHECKING\n"
         "if TYPE_CHECKING:\n    from acme import nothing as scale_type\n"),
    ],
)  # fmt: skip
def test_what_changes_no_result_leaves_the_digest(room, file, old, new):
    before = room.digest()
    room.edit(file, old, new)
    assert room.digest() == before


def test_definitions_are_named(room):
    assert room.made().definitions == (
        "acme.helpers:fit",
        "acme.helpers:scale",
        "acme.room:Answer",
        "acme.room:LIMIT",
        "acme.room:share",
    )


def reached(room: Room, body: str, **others: str) -> set[str]:
    """What a function ``share`` with these sources reaches, itself left out."""
    room.write(room=body, **others)
    return set(room.made().definitions) - {"acme.room:share"}


def test_reexport_through_a_package(room):
    found = reached(
        room,
        "from acme.sub import fit\ndef share(): return fit()",
        **{"sub/__init__": "from .inner import fit as fit, other\n"},
        **{"sub/inner": "def fit(): return 1\ndef other(): return 2\n"},
    )
    assert found == {"acme.sub.inner:fit"}


def test_redirected_reexport_changes_the_digest(room):
    reached(
        room,
        "from acme.sub import fit, other\ndef share(): return fit() - other()",
        **{"sub/__init__": "from .inner import fit, other\n"},
        **{"sub/inner": "def fit(): return 1\ndef other(): return 2\n"},
    )
    before = room.made()
    room.write(**{"sub/__init__": "from .inner import fit as other, other as fit\n"})
    assert room.made().definitions == before.definitions
    assert room.made().digest != before.digest


@pytest.mark.parametrize(
    "body",
    [
        "import acme.helpers as h\ndef share(x): return h.scale(x)",
        "import acme.helpers\ndef share(x): return acme.helpers.scale(x)",
        "from acme import helpers\ndef share(x): return helpers.scale(x)",
        "from . import helpers\ndef share(x): return helpers.scale(x)",
        "from .helpers import scale as s\ndef share(x): return [s(y) for y in x]",
        "def share(x):\n    from acme.helpers import scale\n    return scale(x)",
        "def share(x):\n    import acme.helpers as h\n    return (lambda y: h.scale(y))(x)",
        "def share(x: 'Scaled') -> None: return x\n"
        "from acme.helpers import scale as Scaled",
        "import acme\ndef share(x):\n    return acme.helpers.scale(x).real",
    ],
)  # fmt: skip
def test_each_way_to_import_finds_the_one_definition(room, body):
    assert reached(room, body) == {"acme.helpers:scale"}


@pytest.mark.parametrize(
    "body",
    [
        "from acme.helpers import *\ndef share(x): return scale(x)",
        "from acme import helpers\ndef share(x): return getattr(helpers, x)()",
        "from acme import helpers\ndef share(x): return helpers.absent(x)",
        "from acme.helpers import absent\ndef share(x): return absent(x)",
        "def share(x):\n    from acme import helpers as h\n    return vars(h)[x]()",
        "import importlib\ndef share(): return importlib.import_module('acme.helpers').fit",
    ],
)
def test_what_cannot_be_resolved_counts_the_whole_module(room, body):
    found = reached(room, body)
    assert found >= {"acme.helpers:*", "acme.helpers:fit", "acme.helpers:unrelated"}


@pytest.mark.parametrize("call", ["globals()[x]()", "eval(x)", "absent(x)", "import_module(x).f()"])
def test_a_look_up_at_run_time_counts_the_own_module(room, call):
    found = reached(
        room, f"from importlib import import_module\ndef f(): pass\ndef share(x): return {call}"
    )
    assert found == {"acme.room:*", "acme.room:f"}


def test_local_names_are_not_those_of_the_module(room):
    body = """
def a(): pass
def b(): pass
def c(): pass
def d(): pass
def e(): pass
def used(): pass
class Answer:
    d = 1
    def used(self): return d2
    @property
    def x(self): return 1
    @x.setter
    def x(self, value): pass
d2 = 2
def share(a, *, e=used):
    b = a
    for c in b: pass
    def inner():
        nonlocal b
        b = [d.e for d in c if d]
    with open(a) as e: return Answer()
"""
    assert reached(room, body) == {"acme.room:used", "acme.room:Answer", "acme.room:d2"}


def test_a_default_belongs_to_the_scope_outside(room):
    assert reached(room, "limit = 1\ndef share(limit=limit): return limit") == {"acme.room:limit"}


def test_statements_that_alter_a_table_count(room):
    body = "TABLE = {}\nTABLE['x'] = 1\nfor k in 'ab':\n    TABLE[k] = 2\nTABLE.update(z=3)\n"
    body += "def share(): return TABLE"
    reached(room, body)
    for old, new in [("] = 1", "] = 5"), ("] = 2", "] = 5"), ("z=3", "z=5")]:
        before = room.digest()
        room.edit("room", old, new)
        assert room.digest() != before


def test_definitions_in_a_registry_count(room):
    body = """
TABLE = {}
def element(function):
    TABLE[function.__name__] = function
    return function
@element
def resistor(x): return x
def share(name): return TABLE[name](1)
"""
    assert "acme.room:resistor" in reached(room, body)


def test_choices_of_imports_all_count(room):
    body = "try:\n    from acme.helpers import fit\nexcept ImportError:\n"
    body += "    from acme.helpers import unrelated as fit\ndef share(): return fit()"
    assert reached(room, body) >= {"acme.helpers:fit", "acme.helpers:unrelated"}


def test_cycles_end(room):
    found = reached(
        room,
        "from acme.other import g\ndef f(x): return g(x)\ndef share(x): return f(share(x))",
        other="from acme.room import f\ndef g(x): return f(x)",
    )
    assert found == {"acme.room:f", "acme.other:g"}


def test_star_imports_of_each_other_end(room):
    found = reached(
        room,
        "from acme.other import *\ndef share(x): return g(x)",
        other="from acme.room import *\ndef g(x): return share(x)",
    )
    assert found >= {"acme.other:*", "acme.other:g"}


def test_core_is_one_number(room, monkeypatch):
    before = room.made()
    assert not any(name.startswith("polylyte.core") for name in before.definitions)
    monkeypatch.setattr("polylyte.core.fingerprint.CORE_FORMAT", -1)
    assert room.digest() != before.digest


def test_rooms_of_polylyte_are_followed(room):
    body = "from polylyte.literature.errata import errata\ndef share(): return errata()"
    found = reached(room, body)
    assert "polylyte.literature.errata:errata" in found


def test_distributions_of_reached_code_only(room):
    room.write(
        room="import numpy as np\nimport scipy\nimport json\nfrom acme.helpers import fit\n"
        "def share(x):\n    import polars.selectors\n    return np.exp(fit(x))\n"
        "def other(): return scipy.pi",
        helpers="import jinja2\nimport matplotlib.pyplot as plt\n"
        "def fit(x): return jinja2.Template(x)\ndef plot(): return plt.figure()",
    )
    assert room.made().packages == {name: version(name) for name in ("Jinja2", "numpy", "polars")}


def test_distribution_of_another_name_and_a_missing_one(room):
    room.write(
        room="import dateutil, surely_not_installed\n"
        "def share(): return dateutil.x, surely_not_installed.y"
    )
    packages = room.made().packages
    assert packages["surely_not_installed"] == NOT_INSTALLED
    assert packages["python-dateutil"] == version("python-dateutil")


DATA = 'from polylyte.core.package_data import package_data\ndef share(): return package_data("'


def test_package_data_counts(room):
    room.write(room=DATA + 'table.toml", package="acme")')
    table = room.folder / "table.toml"
    table.write_bytes(b"a = 1")
    before = room.made()
    assert before.data == {"acme:table.toml": hashlib.sha256(b"a = 1").hexdigest()}
    table.write_bytes(b"a = 2")
    assert room.made().data == {"acme:table.toml": hashlib.sha256(b"a = 2").hexdigest()}
    assert room.digest() == before.digest


def test_package_data_of_polylyte(room):
    room.write(room=DATA + 'py.typed")')
    assert room.made().data == {"py.typed": hashlib.sha256(b"").hexdigest()}


@pytest.mark.parametrize("call", ["package_data(x)", "package_data(f'{x}.toml')",
                                  "package_data('py.typed', package=x)",
                                  "list(map(package_data, x))"])  # fmt: skip
def test_package_data_needs_a_name_written_out(room, call):
    room.write(
        room=f"from polylyte.core.package_data import package_data\ndef share(x): return {call}"
    )
    with pytest.raises(TypeError, match=r"room\.py:2: package_data needs the name"):
        room.made()


def test_missing_package_data_is_the_installation_s_fault(room):
    room.write(room=DATA + 'absent.toml")')
    with pytest.raises(MachineError, match=r"lacks its file 'absent\.toml'"):
        room.made()


def test_a_module_that_knows_its_file_counts_its_folder(room):
    room.write(room="from pathlib import Path\nHERE = Path(__file__).parent\ndef share(): "
               "return (HERE / 'table.csv').read_text()")  # fmt: skip
    (room.folder / "table.csv").write_text("1")
    (room.folder / "__pycache__").mkdir()
    for rubbish in ("__pycache__/room.nbi", ".table.csv.swp"):
        (room.folder / rubbish).write_text("1")
    assert list(room.made().data) == ["acme:table.csv"]


def test_what_discovery_loads_counts(room, monkeypatch):
    mark = "from polylyte.core.sections import section\n@section('acme.{0}')\nclass Section: pass\n"
    room.write(one=mark.format("one").replace("'", '"'), two=mark.format("two").replace("'", '"'))
    monkeypatch.setattr(
        discovery, "_here", lambda: discovery._scan(room.folder, "acme")
    )  # instead of an installed entry point
    head = "from polylyte.core import discovery\ndef share(x): return discovery.load('section', "
    assert reached(room, head + "'acme.one')") == {"acme.one:Section"}
    assert reached(room, head + "x)") == {"acme.one:Section", "acme.two:Section"}


def test_unknown_function_is_refused(room):
    with pytest.raises(LookupError, match=r"no source of acme\.room:absent"):
        room.made("absent")
    with pytest.raises(LookupError):
        room.made(module="absent")


def test_nothing_is_imported(room):
    import sys

    room.write(helpers=HELPERS + "\nraise RuntimeError\n")
    room.made()
    assert not [name for name in sys.modules if name.startswith("acme")]


def test_asked_again_it_costs_nothing(room):
    room.made()
    began = time.perf_counter()
    for _ in range(1000):
        fingerprint("acme.room", "share")
    assert time.perf_counter() - began < 1000 * 50e-6


def test_package_data_is_read_again_when_it_changed(room):
    path = room.folder / "table.toml"
    path.write_bytes(b"1")
    assert package_data("table.toml", package="acme") == b"1"
    path.write_bytes(b"2")
    os.utime(path, ns=(1, 1))
    assert package_data("table.toml", package="acme") == b"2"


@pytest.mark.parametrize("id", discovery.names("method"))
def test_every_method_has_a_fingerprint(id):
    from polylyte.core.sources import find

    module = find(discovery.module_of("method", id))
    assert module is not None
    function = module.declaring("method", id)
    assert function is not None
    made = fingerprint(module.name, function)
    assert f"{module.name}:{function}" in made.definitions
