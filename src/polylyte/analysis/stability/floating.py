"""Floating test: the current that still flows at each of a series of constant potentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.cycling.cycles import student
from polylyte.analysis.stability.levels import level
from polylyte.analysis.stability.sweep import LITHIUM, MERY_2021
from polylyte.analysis.transference.transients import Steady, steady_current
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Area, Potential, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.transients import CurrentTransient

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEW_STEP = 2e-3
"""V by which the applied potential changes at a new step …"""
NEW_STEP_MEASURED = 0.02
"""… and by which the measured one does, where the file holds no other."""


@dataclass(frozen=True, kw_only=True)
class FloatingTest(Result):
    """``leakage@4.4V`` of each step is in ``more``."""

    stable_to: Potential = out("highest step up to which no leakage passes the threshold")
    first_unstable: Potential = out("first step whose leakage passes the threshold")
    number_of_steps: Ratio = out("steps of potential")
    steps: Table = out("potential, leakage current and steadiness of each step")
    transients: Table = out("current over time of every step")


def figure(result: FloatingTest) -> Figure:
    """Current over the time of each step, and leakage over potential."""
    frame, step = result.transients.frame, result.steps.frame
    series = []
    for color, (number, potential) in enumerate(
        zip(step["step"].to_list(), step["potential"].to_list(), strict=True)
    ):
        own = frame.filter(frame["step"] == number)
        x, y = own["time"].to_list(), own["current"].to_list()
        series.append(Series(x, y, f"{potential:.3g} V", "line", color=color))
    unit = result.steps.units["leakage"]
    name = "Current density" if "/" in unit else "Current"
    leakage = Series(
        step["potential"].to_list(),
        step["leakage"].to_list(),
        style="line+points",
        y_error=result.steps.std("leakage"),
    )
    limit = step["threshold"][0]
    marks = [] if limit is None else [Mark(float(limit), "threshold", "y")]
    return Figure(
        "floating-test",
        [
            Panel(series, "Time at the potential", name, "h", unit),
            Panel([leakage], "Potential", f"Leakage {name.lower()}", LITHIUM, unit, marks=marks),
        ],
        f"Floating test: first step above the threshold {result.first_unstable}.",
        "Good: currents that settle at every step and a leakage that stays flat, then rises. Bad: "
        "steps that still fall (hold longer), or a leakage that rises from the beginning.",
        "double",
    )


@method(
    "stability.float",
    version=1,
    cites=[MERY_2021],
    figure=figure,
    prose="In a floating test [Mery2021] the cell was held at {number_of_steps} potentials; the "
    "leakage current of each is the mean over the last tenth of the step {area_text}. It stayed "
    "below {threshold} up to {stable_to} and passed it first at {first_unstable}.",
)
def floating(
    *,
    data: list[CurrentTransient],
    area: Area | None = None,
    threshold: AnyQuantity = q("10 uA/cm^2"),
    steady_limit: Ratio = q("10 %"),
    reference_potential: Potential = q("0 V vs Li/Li+"),
    current_accuracy: Ratio = q("0.3 %"),
    potential_accuracy: Potential = q("1 mV vs Li/Li+"),
) -> FloatingTest:
    """Leakage current of each step of potential, and the first that passes a threshold.

    leakage = mean of I over the last tenth of the step, divided by the area

    A step is steady where the current changes by less than ``steady_limit`` of itself (or of
    the threshold, whichever is larger) over that tenth and lies as close to the asymptote of an
    exponential through its last half. A step that is not steady has an upper bound of its leakage
    and is flagged so; above the threshold it decides nothing, and the steps up to the one before
    are what is known. The limit lies between ``stable_to`` and ``first_unstable``: a floating
    test knows it no better than its steps.

    Without an area there are currents and no current densities, and a threshold per area is not
    answered; give it as a current then.

    Parameters:
        data: one record with all steps, or one per step
        area: of the working electrode; by default as the files state it
        threshold: leakage current density, or current, that a stable electrolyte stays below
        steady_limit: relative change of the current that counts as steady
        reference_potential: potential of the reference electrode; lithium where not stated
        current_accuracy: relative standard uncertainty of the ammeter (assumed)
        potential_accuracy: standard uncertainty of the potential (assumed)

    Raises:
        InputError: no data, or a threshold of the wrong kind.
        NotAnswerable: a step of fewer points than a tenth needs.
    """
    if not data:
        raise InputError("no record is given", where="data")
    known = area or data[0].conditions.get("area")
    if known is not None and (known.value is None or known.si <= 0):
        raise InputError("must be positive", where="area")
    limit = level(threshold, "A/m^2", known, "threshold")
    scale = 1.0 if known is None else known.si
    asked = None if limit is None else limit.at(scale)
    held = [step for record in data for step in _steps(record)]
    held.sort(key=lambda step: step.potential)
    made = [_Step.of(step, steady_limit.si, asked) for step in held]
    leakage = [_leakage(k, step, known, current_accuracy.si) for k, step in enumerate(made)]
    shift, shown = reference_potential.si, potential_accuracy.si
    verdicts = _verdicts(made, asked)
    last, first, said = _limits(made, asked)
    return FloatingTest(
        stable_to=_potential(made, last, shift, shown, "below the lowest step", asked),
        first_unstable=_potential(made, first, shift, shown, "above the highest step", asked),
        number_of_steps=Quantity(float(len(made)), "1"),
        more={f"leakage@{s.held.potential + shift:.4g}V": v for s, v in
              zip(made, leakage, strict=True)},
        steps=_table(made, leakage, asked, known, shift),
        transients=_transients(held, known),
        verdicts=tuple(verdicts),
        findings=(*said, *_findings(known, area, asked)),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={"area_text": "of an electrode of unknown area" if known is None else f"over {known}"},
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Held:
    """One step: potential in V, time from its first point in s, current in A."""

    potential: float
    time: Floats
    current: Floats


def _steps(record: CurrentTransient) -> list[_Held]:
    values = record.potential if record.applied is None else record.applied
    limit = NEW_STEP_MEASURED if record.applied is None else NEW_STEP
    starts = np.flatnonzero(np.abs(np.diff(values, prepend=values[0] - 1)) > limit)
    stops = [*starts[1:].tolist(), len(values)]
    return [
        _Held(
            float(np.median(values[a:b])),
            record.time[a:b] - record.time[a],
            record.current[a:b],
        )
        for a, b in zip(starts.tolist(), stops, strict=True)
        if b - a > 1
    ]


@dataclass(frozen=True, eq=False)
class _Step:
    held: _Held
    steady: Steady
    settled: bool
    """Whether the current no longer changes."""

    @classmethod
    def of(cls, held: _Held, limit: float, threshold: float | None) -> _Step:
        try:
            found = steady_current(held.time, held.current)
        except NotAnswerable as error:
            raise error.at(f"the step at {held.potential:.4g} V") from None
        allowed = limit * max(abs(found.value), threshold or 0.0)
        drifting = abs(found.drift) > max(allowed, 3 * found.drift_std)
        endless = not found.bounded and abs(found.fall) > allowed
        return cls(held, found, not (drifting or abs(found.remaining) > allowed or endless))


def _leakage(k: int, step: _Step, area: Quantity | None, accuracy: float) -> Quantity:
    """Mean of the tail; its noise, what is left of the approach, ammeter and area."""
    found = step.steady
    size = 1.0 if area is None else area.si
    value = found.value / size
    # The mean stands for a current that is still on its way by as much as it drifts.
    way = max(abs(found.remaining), abs(found.drift) / 2 if not step.settled else 0.0)
    parts = {
        f"~noise of step {k + 1}": found.std / size * student(found.points - 2),
        f"~approach of step {k + 1}": way / size,
        "~ammeter": accuracy * value,
    }
    if area is not None:
        for source, part in area.si_components.items():
            parts[source] = parts.get(source, 0.0) - value * part / area.si
    flags = () if step.settled else ("not steady", "upper bound")
    shown = "uA" if area is None else "uA/cm^2"
    return from_si(value, shown, {s: p for s, p in parts.items() if p}, how="measured", flags=flags)


def _limits(
    steps: Sequence[_Step], threshold: float | None
) -> tuple[int | None, int | None, list[Finding]]:
    """The last step before, and the first at which, the leakage passes the threshold."""
    if threshold is None:
        return None, None, []
    said: list[Finding] = []
    for k, step in enumerate(steps):
        if abs(step.steady.value) <= threshold:
            continue
        if step.settled:
            return k - 1, k, said
        said.append(
            Finding(
                f"at {step.held.potential:.4g} V the current is above the threshold but not steady",
                "warning",
                remedy="hold that potential longer",
            )
        )
        later = next((j for j in range(k + 1, len(steps)) if steps[j].settled
                      and abs(steps[j].steady.value) > threshold), None)  # fmt: skip
        return k - 1, later, said
    return len(steps) - 1, None, said


def _potential(
    steps: Sequence[_Step],
    k: int | None,
    shift: float,
    accuracy: float,
    beyond: str,
    threshold: float | None,
) -> Quantity:
    if threshold is None:
        return Quantity(None, LITHIUM, flags=("not identifiable", "no area"))
    if k is None or k < 0:
        return Quantity(None, LITHIUM, flags=(beyond,))
    parts = {"~potential": accuracy} if accuracy else {}
    return from_si(steps[k].held.potential + shift, LITHIUM, parts, how="measured")


def _verdicts(steps: Sequence[_Step], threshold: float | None) -> list[Verdict]:
    moving = [f"{s.held.potential:.4g} V" for s in steps if not s.settled]
    text = (
        "every step is steady"
        if not moving
        else f"{len(moving)} of {len(steps)} steps are not steady: {', '.join(moving[:5])}"
    )
    sizes = [abs(s.steady.value) for s in steps]
    back = [k for k in range(1, len(sizes)) if threshold and sizes[k] < threshold < sizes[k - 1]]
    return [
        Verdict("steady state at every step", not moving, text),
        Verdict(
            "leakage passes the threshold once",
            None if threshold is None else not back,
            "the leakage falls back below the threshold after passing it (a passivating layer?)"
            if back
            else "the leakage does not come back below the threshold",
        ),
    ]


def _findings(
    known: Quantity | None, given: Quantity | None, threshold: float | None
) -> list[Finding]:
    if known is None:
        text = "no area is known: currents, not current densities"
        if threshold is None:
            text += "; a threshold per area is not answered"
        remedy = "give area, or threshold as a current"
        return [Finding(text, "warning", "area", remedy)]
    return [] if given is not None else [Finding(f"area {known} as the file states it")]


def _table(
    steps: Sequence[_Step],
    leakage: Sequence[Quantity],
    threshold: float | None,
    area: Quantity | None,
    shift: float,
) -> Table:
    shown = "uA" if area is None else "uA/cm^2"
    factor = 1e6 if area is None else 100 / area.si
    rows = [
        # In the table the noise of each row is independent.
        from_si(v.si, shown, {_row(s): p for s, p in v.si_components.items()})
        for v in leakage
    ]
    relative = [
        100 * s.steady.drift / abs(s.steady.value) if s.steady.value else None for s in steps
    ]
    return Table.of_quantities(
        {
            "step": list(range(1, len(steps) + 1)),
            "potential": [s.held.potential + shift for s in steps],
            "duration": [float(s.held.time[-1]) / 3600 for s in steps],
            "drift": relative,
            "steady": [s.settled for s in steps],
            "threshold": [None if threshold is None else threshold * factor for _ in steps],
        },
        {"leakage": rows},
        {"potential": LITHIUM, "duration": "h", "drift": "%", "threshold": shown},
    )


def _row(source: str) -> str:
    head, mark, _ = source.partition(" of step ")
    return f"{head}[*]" if mark else source


def _transients(steps: Sequence[_Held], area: Quantity | None) -> Table:
    factor = 1e6 if area is None else 100 / area.si
    columns: dict[str, list[float]] = {"step": [], "time": [], "current": []}
    for k, step in enumerate(steps):
        keep = np.unique(np.linspace(0, len(step.time) - 1, 2000).astype(int))
        columns["step"] += [k + 1] * len(keep)
        columns["time"] += (step.time[keep] / 3600).tolist()
        columns["current"] += (factor * step.current[keep]).tolist()
    return Table.of(columns, {"time": "h", "current": "uA" if area is None else "uA/cm^2"})
