"""Critical current density of symmetric lithium cells from a staircase of current densities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from polylyte.analysis.cycling.basis import names, one_each
from polylyte.analysis.lithium.critical_current_cells import log_normal, spread_interval
from polylyte.analysis.lithium.critical_current_steps import (
    Criterion,
    Staircase,
    slope,
    staircase,
)
from polylyte.analysis.lithium.critical_current_words import (
    cell_table,
    figures,
    findings,
    step_table,
    verdicts,
    words_of,
)
from polylyte.analysis.lithium.symmetric import MENKIN_2023, known_area
from polylyte.analysis.lithium.symmetric_tables import profile_table
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure
from polylyte.core.kinds import (
    Area,
    ArealCapacity,
    ArealResistance,
    CellVoltage,
    CurrentDensity,
    Ratio,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, from_si, q
from polylyte.core.replicates import mean
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.instruments.cycling import CyclingRecord

BAI_2016 = Citation(
    "Bai2016",
    "Bai, P.; Li, J.; Brushett, F. R.; Bazant, M. Z.",
    "Transition of lithium growth mechanisms in liquid electrolytes",
    "Energy Environ. Sci.",
    2016,
    "9",
    "3221–3229",
    "10.1039/C6EE01674J",
)
LOWEST = 1e-3
"""Share of the first step that stands for zero where a cell fails in it."""


@dataclass(frozen=True, kw_only=True)
class CriticalCurrent(Result):
    """Of several cells the critical current density is the median (log-normal)."""

    critical_current_density: CurrentDensity = out(
        "between the last step sustained and the first that failed; its interval is inside both"
    )
    last_sustained: CurrentDensity = out("last step that every half cycle came through")
    first_failing: CurrentDensity = out("first step in which the cell failed")
    areal_capacity: ArealCapacity = out("charge of a half cycle at the last step sustained")
    area_specific_resistance: ArealResistance = out(
        "overpotential over current density while they are proportional"
    )
    departure_current_density: CurrentDensity = out(
        "first step whose overpotential departs from proportionality"
    )
    number_of_cells: Ratio = out("cells")
    steps: Table = out("current density, overpotential, capacity and fate of each step")
    cells: Table = out("each cell's bracket, criterion and resistance")
    profile: Table = out("potential and current density over time")


def figure(result: CriticalCurrent) -> list[Figure]:
    """Current density and potential over time; overpotential over current density."""
    caption = (
        f"Critical current density {result.critical_current_density} "
        f"({result.text['protocol']}, {result.text['criterion']})."
    )
    return figures(result.profile, result.steps, result.cells, caption)


@method(
    "lithium.critical_current",
    version=1,
    cites=[BAI_2016, MENKIN_2023],
    figure=figure,
    prose="The critical current density of Li|electrolyte|Li cells ({cell_count}) was taken from "
    "a staircase of current densities {staircase} [Bai2016] ({protocol}: {half_cycle} per half "
    "cycle). The first failing step was told by {criterion} [Menkin2023]: {bracket}. Below, the "
    "area-specific resistance was {area_specific_resistance}.",
)
def critical_current(
    *,
    data: list[CyclingRecord],
    area: list[Area] | None = None,
    criterion: Criterion = "any",
    cut_off: CellVoltage | None = None,
    electrolyte_resistance: ArealResistance | None = None,
    least_fall: Ratio = q("10 %"),
    false_alarms: Ratio = q("1 %"),
    current_accuracy: Ratio = q("0.1 %"),
) -> CriticalCurrent:
    """Bracket of the critical current density, and overpotential over current density.

    J_c lies above the last step that the cell came through and at or below the first in which
    it failed. Nothing inside that bracket is known: the value is its middle, its standard
    uncertainty width/√12, its 95 % interval the inner 95 %. A step fails by a *voltage drop* (a
    sudden fall within a half cycle, or a resistance below what the steps before foretell, both
    beyond the record's noise and ``least_fall``), the *cut-off* (the potential reaches it, or a
    half cycle ends early with a potential that has at least doubled), or *noise* (an erratic half
    cycle). Proportional steps: R = mean of η/J over both directions, up to the first step
    outside the prediction interval of those before it and 5 % away.

    A critical current density belongs to its protocol: with constant time the capacity grows with
    the current, with constant capacity the time shrinks. Which one is recognised and named.

    Several cells: log-normal distribution of J_c by maximum likelihood from the brackets (open
    ones too); median with its profile-likelihood interval, mean and spread.

    Parameters:
        data: one record per cell, the current density growing in steps
        area: of one electrode; by default as the files state it; one for all or one per record
        criterion: which failure counts; the first of any by default
        cut_off: size of the potential at which a step has failed; by default an early end
        electrolyte_resistance: area-specific, of the electrolyte alone: less is a hard short
        least_fall: share of the potential below which no fall is called a short
        false_alarms: probability of a failure seen in a whole staircase without any
        current_accuracy: relative standard uncertainty of the ammeter (assumed)

    Raises:
        InputError: no record, or no area.
        NotAnswerable: fewer than three current densities that grow, or unlike electrodes.
    """
    if not data:
        raise InputError("no record is given", where="data")
    labels, several = names(data), len(data) > 1
    cases = [
        staircase(
            label, record, known_area(given, record), criterion,
            None if cut_off is None else cut_off.si, least_fall.si, false_alarms.si,
            None if electrolyte_resistance is None else electrolyte_resistance.si,
            f" ({label})" if several else "",
        )
        for label, record, given in zip(labels, data, one_each(area, data, "area"), strict=True)
    ]  # fmt: skip
    each = [_quantities(case, current_accuracy.si) for case in cases]
    fields, more = _merged(cases, each)
    tests = [v for case in cases for v in verdicts(case)]
    return CriticalCurrent(
        **fields,  # type: ignore[arg-type]
        more=more,
        number_of_cells=Quantity(float(len(cases)), "1", how="derived"),
        steps=step_table(cases),
        cells=cell_table(cases, each),
        profile=profile_table([(c.name, c.record) for c in cases], [c.area for c in cases]),
        verdicts=tuple(tests),
        findings=tuple(f for case in cases for f in findings(case, criterion)),
        warnings=tuple(v.text for v in tests if v.passed is False),
        text=words_of(cases, fields),
    )


def _per_area(case: Staircase, density: float, gain: float, flags: tuple[str, ...]) -> Quantity:
    """A current density with ammeter and area."""
    current = density * case.area.si
    parts = {f"~ammeter{case.mark}": gain * current} if gain else {}
    made = from_si(current, "mA", parts, how="measured")
    return derive(lambda i, A: i / A, "mA/cm^2", how="measured", i=made, A=case.area).flagged(
        *flags
    )


def _quantities(case: Staircase, gain: float) -> dict[str, Quantity]:
    low, high = case.bracket
    kept = case.sustained
    none = Quantity(None, "mA/cm^2", flags=("none sustained",))
    made = {
        "last_sustained": _per_area(case, low, gain, ()) if kept else none,
        "first_failing": _per_area(case, high, gain, ())
        if math.isfinite(high)
        else Quantity(None, "mA/cm^2", flags=("none failed",)),
        "critical_current_density": _middle(case, gain),
        "areal_capacity": Quantity(None, "mAh/cm^2", flags=("none sustained",)),
        "area_specific_resistance": Quantity(None, "ohm cm^2", flags=("none sustained",)),
        "departure_current_density": Quantity(None, "mA/cm^2", flags=("no departure",)),
    }
    if kept:
        charge = kept[-1].charge * case.area.si
        parts = {f"~ammeter{case.mark}": gain * charge} if gain else {}
        made["areal_capacity"] = derive(
            lambda Q, A: Q / A, "mAh/cm^2", how="measured",
            Q=from_si(charge, "mAh", parts, how="measured"), A=case.area,
        )  # fmt: skip
    found = slope(case)
    if found is not None:
        value, error = found
        ohm = value / case.area.si
        parts = {
            f"~scatter of resistances{case.mark}": error / case.area.si,
            f"~ammeter{case.mark}": -gain * ohm,
        }
        made["area_specific_resistance"] = derive(
            lambda R, A: R * A, "ohm cm^2", how="measured",
            R=from_si(ohm, "ohm", {s: p for s, p in parts.items() if p}), A=case.area,
        )  # fmt: skip
    if case.departs is not None:
        made["departure_current_density"] = _per_area(
            case, case.steps[case.departs].density, gain, ()
        )
    return made


def _middle(case: Staircase, gain: float) -> Quantity:
    """The middle of the bracket; bounds where it is open."""
    low, high = case.bracket
    if not math.isfinite(high):
        return _per_area(case, low, gain, ("lower bound",))
    if low == 0.0:
        return _per_area(case, high, gain, ("upper bound",))
    made = _per_area(case, (low + high) / 2, gain, ())
    other = (made.std or 0.0) * 10
    parts = {**made.components, f"~step of the staircase{case.mark}": (high - low) / 12**0.5 / 10}
    ends = spread_interval(low, high, other)
    return replace(made, components=parts, interval=(ends[0] / 10, ends[1] / 10))


def _merged(
    cases: Sequence[Staircase], each: Sequence[dict[str, Quantity]]
) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    """One cell as it is; several joined."""
    if len(each) == 1:
        return dict(each[0]), {}
    made: dict[str, Quantity] = {}
    more: dict[str, Quantity] = {"n": Quantity(float(len(each)), "1", how="derived")}
    closed = [c for c in cases if c.failing not in (None, 0)]
    for name, first in each[0].items():
        known = [own[name] for own in each if own[name].value is not None]
        if name == "critical_current_density":
            continue
        if name in ("last_sustained", "first_failing") and len(closed) < len(cases):
            made[name] = Quantity(None, first.unit, flags=("some cells have an open bracket",))
            continue
        if len(known) < 2:
            made[name] = known[0] if known else first
        else:
            both = mean(name, known)
            made[name], more[f"{name}_sd"] = both[name], both[f"{name}_sd"]
    brackets = [
        case.bracket._replace(low=case.bracket.low or LOWEST * case.steps[0].density)
        for case in cases
    ]
    fitted = log_normal(brackets)
    said = {"of": "median of a log-normal distribution", "n": str(len(cases))}
    if fitted is None:
        lower = Quantity(None, "mA/cm^2", flags=("fewer than two cells failed",))
        return {"critical_current_density": lower, **made}, more
    ends = fitted.interval
    # For propagation: a standard uncertainty of which the interval is the 95 % one.
    wide = 0.0 if ends is None else (ends[1] - ends[0]) / (2 * 1.959964) / 10
    parts = {"~scatter and steps of the cells": wide} if wide else {}
    for source, part in _shared(each).items():
        parts[source] = part * fitted.median / 10
    made["critical_current_density"] = Quantity(
        fitted.median / 10, "mA/cm^2", parts, "derived", said,
        () if ends is not None else ("unbounded",),
        None if ends is None else (ends[0] / 10, ends[1] / 10),
    )  # fmt: skip
    more["critical_current_density_mean"] = Quantity(
        fitted.mean / 10, "mA/cm^2", {}, "derived", {"of": "mean of a log-normal distribution"}
    )
    more["critical_current_density_spread"] = Quantity(
        fitted.spread, "1", {}, "derived", {"of": "standard deviation of ln J_c"}
    )
    return made, more


def _shared(each: Sequence[dict[str, Quantity]]) -> dict[str, float]:
    """Relative contribution of sources that every cell shares (one area for all)."""
    values = [own["last_sustained"] for own in each if own["last_sustained"].value]
    if len(values) < len(each):
        return {}
    common = set.intersection(*(set(v.components) for v in values))
    return {s: values[0].components[s] / (values[0].value or 1.0) for s in sorted(common)}
