"""Put, get, gc and runs in any order, against a model: Hypothesis looks for an order that fails."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from polylyte.core.encoding import encode
from polylyte.core.execution import InProcess
from polylyte.core.gc import DAY, collect
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.core.session import run_study
from polylyte.core.store import Store
from polylyte.core.tables import Table
from tests.campaign import room as rooms
from tests.campaign.writes import key

SETTINGS = settings(
    stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


class StoreMachine(RuleBasedStateMachine):
    """``values`` is what the store must hold; ``young`` what was used within a day."""

    room: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="polylyte-model-"))
        self.store = Store(self.folder / "store", durable=False).open()
        self.values: dict[str, float] = {}
        self.young: set[str] = set()
        self.last_run: set[str] = set()
        self.runs = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(i=st.integers(0, 5), value=st.floats(-1e3, 1e3))
    def put(self, i: int, value: float) -> None:
        made = Result(
            more={"x": Quantity(value, "um")}, more_tables={"t": Table.of({"n": [value]})}
        )
        self.store.put(key(i), encode(made, run_name="r"), {})
        if key(i) not in self.values:
            self.values[key(i)] = value  # the first writer wins
            self.young.add(key(i))

    @rule(i=st.integers(0, 7))
    def get(self, i: int) -> None:
        found = self.store.get(key(i))
        assert (found is not None) == (key(i) in self.values)
        if found is not None:
            assert found.quantities["x"].value == self.values[key(i)]
            assert found.tables["t"].column("n") == [self.values[key(i)]]

    @rule(i=st.integers(0, 5), cut=st.integers(0, 200))
    def damage(self, i: int, cut: int) -> None:
        record = self.store.folder(key(i)) / "record.json"
        if record.exists():
            record.write_bytes(record.read_bytes()[:cut])
            assert self.store.get(key(i)) is None
            self.values.pop(key(i), None)
            self.young.discard(key(i))

    @rule()
    def a_day_passes(self) -> None:
        then = time.time() - 2 * DAY
        for name in ("results", "sweeps", "scratch"):
            for path in (self.store.root / name).rglob("*"):
                os.utime(path, (then, then))
        self.young.clear()

    @rule()
    def gc(self) -> None:
        collect(self.store)
        kept = self.young | self.last_run
        self.values = {k: v for k, v in self.values.items() if k in kept}

    @rule(a=st.integers(0, 3), b=st.integers(0, 3))
    def run(self, a: int, b: int) -> None:
        """Two steps, the second on the first: what the store has is not computed again."""
        path = self.folder / "study.toml"
        step = '[step.{}]\nmethod = "campaign.work"\nname = "{}"\npause = 0.0\na = {}\nb = {}\n'
        use = '{ step = "one", quantity = "total" }'
        path.write_text(step.format("one", "one", a, 0) + step.format("two", "two", use, b))
        run, ended = run_study(
            path, store=self.store.root, pool=lambda: nullcontext(InProcess()), durable=False
        )
        answers = [s.result.quantities["total"].value for s in run.steps if s.result]
        assert answers == [a, a + b]
        for step_run in run.steps:
            assert step_run.result is not None
            kept = step_run.result.key in self.values
            assert ended[step_run.name].ending == ("cached" if kept else "done")
        self.last_run = {s.result.key for s in run.steps if s.result}
        for step_run in run.steps:
            assert step_run.result is not None
            name = step_run.result.key
            if name not in self.values:
                self.young.add(name)
            self.values[name] = step_run.result.quantities["total"].value or 0.0
        self.runs += 1

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert set(self.store.stored_keys()) == set(self.values)
        for name in self.values:
            head = self.store.head(name)
            assert head is not None
            json.dumps(head)


def state_machine(examples: int) -> dict[str, float]:
    """Sequences of thirty steps; raises with the shortest one that fails."""
    from hypothesis.stateful import run_state_machine_as_test

    rooms.enter()
    run_state_machine_as_test(StoreMachine, settings=settings(SETTINGS, max_examples=examples))
    return {"sequences of up to 30 operations": examples, "that disagree with the model": 0}
