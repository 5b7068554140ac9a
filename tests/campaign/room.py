"""A study whose every computation leaves a mark, so that repeated work can be counted."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

from polylyte.core import discovery, fingerprint, methods

METHODS = '''
from __future__ import annotations
import json, os, time
from dataclasses import dataclass
from polylyte.core.kinds import Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.core.task import NO_TASK, Stopped, Task

def mark(text):
    with open(os.environ["CAMPAIGN_TRACE"], "a") as trace:
        trace.write(text + "\\n")

@dataclass(frozen=True, kw_only=True)
class Answer(Result):
    total: Ratio = out("a number")
    table: Table | None = out("a table", default=None)

@method("campaign.work", version=1, prose="Work was done.")
def work(*, name: str, a: Ratio, b: Ratio, pause: float = 0.02) -> Answer:
    """The sum, after a while."""
    mark(name)
    if pause:
        time.sleep(pause)
    total = derive(lambda a, b: a + b, "1", a=a, b=b)
    return Answer(total=total, table=Table.of({"x": [float(i) * total.si for i in range(200)]}),
                  files={"raw.bin": bytes(range(256)) * 40})

@method("campaign.bare", version=1, prose="Nothing much was done.")
def bare(*, a: Ratio, b: Ratio | None = None) -> Answer:
    """The sum."""
    return Answer(total=Quantity(a.si + (b.si if b else 0.0), "1", {"~rule": 0.1}))

@method("campaign.long", version=1, prose="Long work was done.", length="steps")
def long(*, steps: int, pause: float = 0.02, task: Task = NO_TASK) -> Answer:
    """Sum of 0 .. steps - 1, one checkpoint each."""
    state = json.loads(task.load() or b'{"i": 0, "sum": 0}')
    for i in range(state["i"], steps):
        if task.stopping:
            raise Stopped
        mark(f"long{i}")
        time.sleep(pause)
        state = {"i": i + 1, "sum": state["sum"] + i}
        task.save(json.dumps(state).encode())
    return Answer(total=Quantity(float(state["sum"]), "1"))
'''


def make(folder: Path) -> None:
    """A package with the campaign's methods, found as those of a third party are."""
    package = folder / "campaignroom"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "methods.py").write_text(METHODS)
    info = folder / "campaignroom-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: campaignroom\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[polylyte.rooms]\ncampaignroom = campaignroom\n")


@cache
def enter() -> None:
    """Let this process find the campaign's methods."""
    folder = Path(tempfile.mkdtemp(prefix="polylyte-campaign-room-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make(folder / "room")
    sys.path.insert(0, str(folder / "room"))
    os.environ["CAMPAIGN_TRACE"] = os.devnull
    discovery.forget()
    fingerprint.forget()
    methods.get.cache_clear()


def study(folder: Path, seed: int, chains: int = 3, length: int = 5, steps: int = 30) -> Path:
    """Chains of steps beside one long step and a sweep."""
    text = [f'[study]\ntitle = "campaign {seed}"']
    for chain in range(chains):
        for i in range(length):
            a = f'{{ step = "c{chain}s{i - 1}", quantity = "total" }}' if i else f"{seed + chain}"
            text.append(
                f'[step.c{chain}s{i}]\nmethod = "campaign.work"\n'
                f'name = "c{chain}s{i}"\na = {a}\nb = "1.0(1)"'
            )
    text.append(f'[step.long]\nmethod = "campaign.long"\nsteps = {steps}')
    text.append(
        '[step.map]\nmethod = "campaign.work"\nname = "map"\nb = 1\npause = 0.001\n'
        "[step.map.map]\nover = { a = [1, 2, 3, 4, 5, 6, 7, 8] }"
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "study.toml"
    path.write_text("\n".join(text))
    return path


class Runs:
    """Runs of one study as processes of their own."""

    def __init__(self, room: Path, path: Path, store: Path, trace: Path) -> None:
        self.path, self.store, self.trace = path, store, trace
        source = str(Path(__file__).parents[2] / "src")
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(room), source]),
            "CAMPAIGN_TRACE": str(trace),
        }

    def start(self) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "polylyte", "run", str(self.path), "--store", str(self.store),
                "--report", str(self.store.parent / "report"), "--jobs", "2", "--json"]  # fmt: skip
        return subprocess.Popen(
            line, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip

    def marks(self) -> Counter[str]:
        return Counter(self.trace.read_text().split()) if self.trace.exists() else Counter()


def numbers(store: Path) -> dict[str, str]:
    """Key -> digest and quantities, the bytes that must be the same after every rerun."""
    found = {}
    for file in store.glob("results/*/*/record.json"):
        head, body = map(json.loads, file.read_text().splitlines()[:2])
        found[file.parent.name] = json.dumps([head["digest"], body["quantities"]])
    return found


def stored_steps(store: Path) -> set[str]:
    """The names of the steps of campaign.work whose results the store holds whole."""
    names = set()
    for file in store.glob("results/*/*/record.json"):
        body = json.loads(file.read_text().splitlines()[1])
        names.add(body["provenance"].get("parameters", {}).get("name", ""))
    return names - {"", "map"}
