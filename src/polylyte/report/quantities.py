"""Quantities as rows of a page: value(u), unit, n, origin, flags, budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polylyte.core.methods import Method
from polylyte.core.quantities import Quantity
from polylyte.core.runs import Comparison, Run, StepOutcome
from polylyte.report.budget import Share, budget
from polylyte.report.outcome import AGREES, DIFFERS, recovered
from polylyte.report.text import (
    anchor,
    deviation_text,
    given_text,
    interval_text,
    published_text,
    quantity_text,
    split_condition,
    unit_text,
    value_text,
    words,
)

_KEY_ROWS_PER_STEP = 3
_FEW_STEPS = 8
_SAMPLES = ("n", "number_of_samples", "samples")


@dataclass(frozen=True)
class Row:
    """One quantity of one step. ``origin`` is "", "simulated" or "virtual"."""

    name: str
    anchor: str
    step: str
    label: str
    condition: str
    conditions: str
    value: str
    unit: str
    n: str
    origin: str
    flags: tuple[str, ...]
    interval: str
    description: str
    budget: tuple[Share, ...]


@dataclass(frozen=True)
class KeyRow:
    """A line of the key table; ``tone`` is "good", "bad", "none" or "gap"."""

    row: Row
    published: str = ""
    source: str = ""
    deviation: str = ""
    verdict: str = ""
    tone: str = "none"


def origin_of(step: StepOutcome, quantity: Quantity | None = None) -> str:
    """Where a number descends from; a virtual ancestor outweighs a simulated one."""
    told = str(step.result.provenance.get("origin", "")) if step.result else ""
    how = quantity.how if quantity is not None else ""
    for origin in ("virtual", "simulated"):
        if origin in (told, how):
            return origin
    return ""


def row(step: StepOutcome, name: str, quantity: Quantity, method: Method | None = None) -> Row:
    """A quantity as a row."""
    base, condition = split_condition(name)
    output = method.outputs.get(base) if method else None
    full = f"{step.name}.{name}"
    return Row(
        name=full,
        anchor=anchor(full),
        step=step.name,
        label=words(base),
        condition=condition,
        conditions=_conditions(quantity, condition),
        value=value_text(quantity),
        unit=unit_text(quantity.unit),
        n=_samples(step, quantity),
        origin=origin_of(step, quantity),
        flags=quantity.flags,
        interval=interval_text(quantity),
        description=output.description if output and output.type == "quantity" else "",
        budget=budget(quantity),
    )


def _conditions(quantity: Quantity, already: str) -> str:
    shown = (
        (name, given_text(str(value))) for name, value in quantity.conditions.items() if name != "n"
    )
    return ", ".join(f"{words(name)} {text}" for name, text in shown if text != already)


def _samples(step: StepOutcome, quantity: Quantity) -> str:
    if "n" in quantity.conditions:
        return str(quantity.conditions["n"])
    siblings: Mapping[str, Quantity] = step.result.quantities if step.result else {}
    for name in _SAMPLES:
        if name in siblings and siblings[name].value is not None:
            return f"{siblings[name].value:g}"
    return ""


def _step_of(run: Run, name: str) -> tuple[StepOutcome | None, str]:
    """The step that ``step.name[@condition]`` begins with; step names may hold dots."""
    fitting = [step for step in run.steps if name.startswith(f"{step.name}.")]
    if not fitting:
        return None, name
    step = max(fitting, key=lambda step: len(step.name))
    return step, name[len(step.name) + 1 :]


def _compared(run: Run, comparison: Comparison, methods: Mapping[str, Method]) -> Row:
    step, name = _step_of(run, comparison.expected.quantity)
    if step is None:
        step = StepOutcome("", "", "skipped")
    ours = comparison.ours or Quantity(None, comparison.expected.value.unit)
    return row(step, name, ours, methods.get(step.method))


_WORDS = {"agrees": "agrees", "differs": "differs", "missing": "no result"}


def key_rows(run: Run, methods: Mapping[str, Method]) -> list[KeyRow]:
    """Values with a published counterpart, then the leading quantities of each step."""
    rows = []
    seen: set[str] = set()
    for comparison in run.comparisons:
        seen.add(comparison.expected.quantity)
        if comparison.verdict == "recovered":
            continue
        found = _compared(run, comparison, methods)
        verdict = str(comparison.verdict)
        tone = (
            "good" if verdict in AGREES else "bad" if verdict in DIFFERS
            else "gap" if verdict == "missing" else "none"
        )  # fmt: skip
        judged = tone in ("good", "bad")
        rows.append(
            KeyRow(
                found,
                published_text(comparison.expected, _unit_of(comparison)),
                comparison.expected.source,
                deviation_text(comparison.deviation) if judged or verdict == "simulated" else "",
                "" if verdict == "simulated" else _WORDS.get(verdict, verdict),
                tone,
            )
        )
    single = [s for s in run.steps if s.result is not None and "[" not in s.name]
    most = _KEY_ROWS_PER_STEP if len(single) <= _FEW_STEPS else 1
    for step in single:
        method = methods.get(step.method)
        if method is not None and method.declared.origin == "virtual":
            continue  # what a virtual instrument was given is no result
        # Of a step with a published value, at most its leading quantity comes along.
        these = 1 if any(name.startswith(f"{step.name}.") for name in seen) else most
        found_here = leading(step, method)[:these]
        rows += [KeyRow(found) for found in found_here if found.name not in seen]
    return rows


def _unit_of(comparison: Comparison) -> str:
    return comparison.ours.unit if comparison.ours is not None else comparison.expected.value.unit


def leading(step: StepOutcome, method: Method | None) -> list[Row]:
    """The first quantities that the method declares, else the first there are."""
    assert step.result is not None
    known = step.result.quantities
    declared = [name for name in (method.outputs if method else ()) if name in known]
    names = [name for name in (declared or known) if name not in _SAMPLES]
    return [row(step, name, known[name], method) for name in names[:_KEY_ROWS_PER_STEP]]


@dataclass(frozen=True)
class Recovery:
    """An input of the virtual laboratory beside what the analysis made of it."""

    row: Row
    given: str
    deviation: str
    verdict: str


def recoveries(run: Run, methods: Mapping[str, Method]) -> list[Recovery]:
    """The "recovered input" rows, which are never agreements."""
    return [
        Recovery(
            _compared(run, comparison, methods),
            published_text(comparison.expected, _unit_of(comparison)),
            deviation_text(comparison.deviation),
            recovered(comparison),
        )
        for comparison in run.comparisons
        if comparison.verdict == "recovered"
    ]


def plain(quantity: Quantity) -> dict[str, object]:
    """A quantity for JSON."""
    return {
        "value": quantity.value,
        "std": quantity.std,
        "unit": quantity.unit,
        "flags": list(quantity.flags),
        "conditions": dict(quantity.conditions),
        "how": quantity.how,
        "interval": list(quantity.interval) if quantity.interval else None,
        "text": quantity_text(quantity),
    }
