"""A room of the tests' own, found through the entry points that third parties use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polylyte.core import discovery, fingerprint, methods

METHODS = '''
from __future__ import annotations
import json
from dataclasses import dataclass
from polylyte.core.kinds import Length, Ratio, CRate
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, from_si, q
from polylyte.core.results import Result
from polylyte.core.errors import NotAnswerable
from polylyte.core.task import NO_TASK, Stopped, Task
from polylyte.core.tables import Table
from testroom.helper import factor

LIMIT = 1000.0

@dataclass(frozen=True, kw_only=True)
class Doubled(Result):
    doubled: Length = out("twice the length")
    parity: Ratio = out("whether the length in micrometres is even")
    table: Table = out("the values")

@method("toy.double", version=1, prose="The length {length} was doubled.")
def double(*, length: Length, extra: Length | None = None, limit: float = LIMIT) -> Doubled:
    """Twice a length.

    Parameters:
        length: what is doubled
    """
    if length.si < 0:
        raise NotAnswerable("a negative length cannot be doubled", remedy="give a positive one")
    twice = derive(lambda L: factor() * L, "um", L=length)
    even = round(length.to("um").value) % 2 == 0
    return Doubled(doubled=twice, parity=Quantity(float(even), "1"),
                   table=Table.of({"x": [1.0, 2.0]}, {"x": "um"}))

@dataclass(frozen=True, kw_only=True)
class Counted(Result):
    total: Ratio = out("sum")

class Text:
    def __init__(self, path):
        self.content = path.read_text()
        self.file_record = {"name": path.name, "path": str(path), "sha256": "", "format": "text"}
    @classmethod
    def read(cls, path, conditions=None):
        return cls(path)

@method("toy.count", version=1, prose="Characters were counted.")
def count(*, data: Text, start: float = 0.0) -> Counted:
    """Characters of a file."""
    return Counted(total=from_si(len(data.content) + start, "1", {"~count": 1.0}))

@method("toy.words", version=1, prose="Characters of several were counted.")
def words(*, texts: list[Text]) -> Counted:
    """Characters of several files."""
    return Counted(total=Quantity(float(sum(len(t.content) for t in texts)), "1"))

@method("toy.add", version=1, prose="Summed.")
def add(*, a: Ratio, b: Ratio) -> Counted:
    """Sum."""
    return Counted(total=derive(lambda a, b: a + b, "1", a=a, b=b))

@method("toy.long", version=1, prose="Long work.", length="steps")
def long(*, steps: int, pause: float = 0.0, task: Task = NO_TASK) -> Counted:
    """Sum of 0 .. steps - 1, one checkpoint each."""
    import time
    state = json.loads(task.load() or b'{"i": 0, "sum": 0, "made": []}')
    for i in range(state["i"], steps):
        if task.stopping:
            raise Stopped
        time.sleep(pause)
        state = {"i": i + 1, "sum": state["sum"] + i, "made": [*state["made"], i]}
        task.save(json.dumps(state).encode())
        if task.scratch is not None:
            with (task.scratch.parent.parent / "trace").open("a") as trace:
                trace.write(f"{i}\\\\n")
        task.progress((i + 1) / steps)
    return Counted(total=Quantity(float(state["sum"]), "1"))

@method("toy.fatal", version=1, prose="A worker was killed.")
def fatal(*, marks: str, times: int, code: int = -9) -> Counted:
    """Ends its own process the first ``times`` times."""
    import os
    with open(marks, "a") as trace:
        trace.write("x")
    if os.path.getsize(marks) <= times:
        os.kill(os.getpid(), -code) if code < 0 else os._exit(code)
    return Counted(total=Quantity(float(os.path.getsize(marks)), "1"))

def capacity_batch(designs):
    return [capacity(**design) if design["loading"].si > 0 else NotAnswerable("no cathode")
            for design in designs]

@dataclass(frozen=True, kw_only=True)
class Energy(Result):
    energy: Ratio = out("loading times rate")

@method("toy.energy", version=1, prose="A toy energy.", batch=capacity_batch)
def capacity(
    *, loading: Length, rate: CRate = q("1 C-rate"), offset: Ratio | None = None
) -> Energy:
    """A toy design rule."""
    base = offset.si if offset else 0.0
    return Energy(energy=Quantity(base + loading.si * 1e6 * rate.si, "1", {"~rule": 0.1}))
'''.replace("\\\\n", "\\n")
HELPER = '''
def factor():
    """Two."""
    return 2.0

def unused():
    return 3.0
'''


class Room:
    """The folder of the test room, with ways to change its source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "testroom"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        self.methods = package / "methods.py"
        self.helper = package / "helper.py"
        self.methods.write_text(METHODS)
        self.helper.write_text(HELPER)
        info = folder / "testroom-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: testroom\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[polylyte.rooms]\ntestroom = testroom\n")

    def change(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        forget()


def forget() -> None:
    """As if the process had just begun."""
    for name in [n for n in sys.modules if n.split(".")[0] == "testroom"]:
        del sys.modules[name]
    discovery.forget()
    fingerprint.forget()
    methods.get.cache_clear()
    import importlib

    importlib.invalidate_caches()


@pytest.fixture
def room(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("room")
    made = Room(folder)
    monkeypatch.syspath_prepend(str(folder))
    path = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{path}" if path else str(folder))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    forget()
    yield made
    forget()


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "study.toml"
        path.write_text(text)
        return path

    return write
