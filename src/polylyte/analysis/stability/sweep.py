"""Onset of decomposition in a potential sweep, by three criteria side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.analysis.stability.levels import Levels, level
from polylyte.analysis.stability.onsets import Onsets, Removed, onsets, prepared
from polylyte.analysis.stability.sweep_words import (
    Background,
    findings_of,
    removal,
    verdicts_of,
)
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Area, Potential, Resistance, Voltage
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.core.units import unit
from polylyte.instruments.voltammograms import Sweep, Voltammogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MERY_2021 = Citation(
    "Mery2021",
    "Méry, A.; Rousselot, S.; Lepage, D.; Dollé, M.",
    "A Critical Review for an Accurate Electrochemical Stability Window Measurement of Solid "
    "Polymer and Composite Electrolytes",
    "Materials",
    2021,
    "14",
    "3840",
    "10.3390/ma14143840",
)
Direction = Literal["oxidation", "reduction"]
LITHIUM = "V vs Li/Li+"
NEAR = 0.15
"""V about the onsets in which the slope is drawn."""
THRESHOLDS = ("1 uA/cm^2", "10 uA/cm^2", "100 uA/cm^2")
"""Current densities in use; the onset at each is given beside."""


@dataclass(frozen=True, kw_only=True)
class StabilityLimit(Result):
    """The onsets at other thresholds are in ``more``."""

    onset_threshold: Potential = out("potential at which the current passes the threshold")
    onset_tangent: Potential = out("intercept of the tangent with the background")
    onset_derivative: Potential = out("potential at which the slope passes its threshold")
    spread: Voltage = out("largest less smallest of the three")
    scan_rate: AnyQuantity = out("slope of the potential over time")
    sweep: Table = out("potential and current as measured and corrected, and the slope")


def figure(result: StabilityLimit) -> Figure:
    """The corrected sweep with the three onsets, its tangent and its slope."""
    frame, units = result.sweep.frame, result.sweep.units
    potential, current = frame["corrected_potential"].to_list(), frame["faradaic"].to_list()
    onset = {
        "threshold": result.onset_threshold,
        "tangent": result.onset_tangent,
        "derivative": result.onset_derivative,
    }
    marks = [Mark(v.value, name) for name, v in onset.items() if v.value is not None]
    lines = [Mark(mark.at) for mark in marks]
    series = [
        Series(frame["potential"].to_list(), frame["current"].to_list(), "as measured", "line"),
        Series(potential, current, "iR and background removed", "line"),
    ]
    drawn = frame.drop_nulls("tangent")
    if len(drawn):
        x, y = drawn["corrected_potential"].to_list(), drawn["tangent"].to_list()
        series.append(Series(x, y, "tangent", "dashed"))
    name = "Current density" if "/" in units["faradaic"] else "Current"
    # The slope near the onsets alone, where their marks can be told apart.
    low, high = min(m.at for m in marks) - NEAR, max(m.at for m in marks) + NEAR
    close = frame.filter(frame["corrected_potential"].is_between(low, high))
    x, y = close["corrected_potential"].to_list(), close["slope"].to_list()
    slope = Series(x, y, style="line")
    return Figure(
        "stability-sweep",
        [
            Panel(series, "Potential", name, LITHIUM, units["faradaic"], marks=lines),
            Panel([slope], "Potential", "Slope", LITHIUM, units["slope"],
                  marks=marks),
        ],
        f"Linear sweep: onset {result.onset_threshold} by {result.text['threshold_text']}, "
        f"{result.onset_tangent} by tangent, {result.onset_derivative} by derivative.",
        "Good: a flat background and three onsets close together. Bad: a current that creeps up "
        "all the way, where the onset is whatever the threshold says; then make a floating test.",
        "double",
    )  # fmt: skip


@method(
    "stability.sweep",
    version=1,
    cites=[MERY_2021],
    figure=figure,
    prose="The limit of {direction} was taken from a linear sweep at {scan_rate} {area_text} "
    "[Mery2021], with {removed}: {onset_threshold} where the current passes {threshold_text}, "
    "{onset_tangent} at the intercept of the tangent with the background, and {onset_derivative} "
    "where the slope passes {slope_text}. These depend on the scan rate, the electrode's true "
    "area and the criterion.",
)
def sweep(
    *,
    data: Voltammogram,
    area: Area | None = None,
    resistance: Resistance | None = None,
    direction: Direction | None = None,
    sweep_number: int = 1,
    background: Background = "line",
    background_from: Potential | None = None,
    background_to: Potential | None = None,
    threshold: AnyQuantity = q("10 uA/cm^2"),
    slope_threshold: AnyQuantity = q("0.1 mA/cm^2/V"),
    smoothing: Voltage = q("10 mV"),
    reference_potential: Potential = q("0 V vs Li/Li+"),
    potential_accuracy: Voltage = q("1 mV"),
) -> StabilityLimit:
    """Onset by current threshold, by tangent and by derivative, after iR and background.

    E = E_measured - I R,  j = I/A - (a + b E)

    The background a + b E (double layer and leakage) is fitted to the part of the sweep from
    ``background_from`` to ``background_to``, by default 5 to 35 % of its range. Then

    - threshold: the last potential before the largest current at which j passes ``threshold``;
    - tangent: the line through the points above two thirds of the largest j, where it meets
      the background, j = 0;
    - derivative: the last potential before the steepest point at which dj/dE passes
      ``slope_threshold``.

    Values and slopes are those of a cubic through all points within ``smoothing`` on either side.
    An onset is no property of the electrolyte alone: it moves with the scan rate, with the true
    (not the geometric) area of the electrode and with the criterion; a blocking electrode of
    small area makes every electrolyte look stable. Confirm it by ``stability.float``.

    Without an area there is a current and no current density: the threshold and slope
    criteria are not answered unless they are given as a current (``10 uA``, ``0.1 mA/V``).

    Parameters:
        data: the voltammogram
        area: of the working electrode; by default as the file states it
        resistance: uncompensated resistance; without it iR is not removed, which is said
        direction: by default that of the first sweep
        sweep_number: which of the sweeps of that direction, from 1
        background: what is removed
        background_from: begin of the part that is background
        background_to: end of the part that is background
        threshold: current density, or current
        slope_threshold: current density per potential, or current per potential
        smoothing: half width of the local cubic
        reference_potential: potential of the reference electrode; lithium where not stated
        potential_accuracy: standard uncertainty of the potential (assumed)

    Raises:
        InputError: no such sweep, thresholds of the wrong kind, or an impossible background.
        NotAnswerable: too few points, or no current beyond the noise of the background.
    """
    chosen = _chosen(data, direction, sweep_number)
    known = area or data.conditions.get("area")
    if known is not None and (known.value is None or known.si <= 0):
        raise InputError("must be positive", where="area")
    levels = Levels(
        level(threshold, "A/m^2", known, "threshold"),
        level(slope_threshold, "S/m^2", known, "slope_threshold"),
    )
    if smoothing.si <= 0:
        raise InputError("must be positive", where="smoothing")
    shift = reference_potential.si
    window = tuple(None if v is None else v.si - shift for v in (background_from, background_to))
    run = _Run(data, chosen, background, window, smoothing.si, levels)  # type: ignore[arg-type]
    ohm = None if resistance is None else resistance.si
    scale = 1.0 if known is None else known.si
    done = run(ohm or 0.0, scale)
    if not done.found.significant:
        raise NotAnswerable(
            "the current never rises beyond the noise of the background",
            where=data.name or None,
            remedy="sweep farther, or say where the background is",
        )
    made = _onset_quantities(run, done, ohm, scale, resistance, known, shift, potential_accuracy.si)
    values = [v.si for v in made.values() if v.value is not None]
    if not values:
        raise NotAnswerable(
            "the sweep meets none of the three criteria",
            where=data.name or None,
            remedy="give area, lower the thresholds, or sweep farther",
        )
    rate = data.scan_rate(chosen)
    verdicts = verdicts_of(done.removed, done.found, made, rate, known)
    return StabilityLimit(
        onset_threshold=made["threshold"],
        onset_tangent=made["tangent"],
        onset_derivative=made["derivative"],
        spread=from_si(max(values) - min(values), "mV"),
        scan_rate=from_si(rate, "mV/s", how="measured"),
        more=_others(run, done, ohm or 0.0, known, shift, potential_accuracy.si),
        sweep=_table(done, known, shift),
        verdicts=tuple(verdicts),
        findings=tuple(findings_of(area, known, ohm, done.removed, rate, reference_potential)),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "direction": "oxidation" if chosen.direction > 0 else "reduction",
            "removed": removal(background, resistance),
            "threshold_text": str(threshold),
            "slope_text": str(slope_threshold),
            "area_text": f"on {known}" if known is not None else "on an electrode of unknown area",
        },
    )


def _chosen(data: Voltammogram, direction: Direction | None, number: int) -> Sweep:
    sweeps = data.sweeps()
    if not sweeps:
        raise NotAnswerable("the potential is not swept in this record", where=data.name or None)
    sign = sweeps[0].direction if direction is None else (1 if direction == "oxidation" else -1)
    own = [s for s in sweeps if s.direction == sign]
    if not 1 <= number <= len(own):
        raise InputError(
            f"there is no sweep {number} in this direction",
            where="sweep_number",
            remedy=f"the record holds {len(own)}",
        )
    return own[number - 1]


@dataclass(frozen=True, eq=False)
class _Done:
    removed: Removed
    found: Onsets
    levels: tuple[float | None, float | None]


@dataclass(frozen=True, eq=False)
class _Run:
    """The whole analysis as a function of what is uncertain."""

    data: Voltammogram
    sweep: Sweep
    background: Background
    window: tuple[float | None, float | None]
    smoothing: float
    levels: Levels

    def __call__(self, resistance: float, area: float) -> _Done:
        rows = slice(self.sweep.first, self.sweep.last + 1)
        removed = prepared(
            self.data.potential[rows], self.data.current[rows], self.sweep.direction,
            resistance, self.background, self.window, self.smoothing,
        )  # fmt: skip
        levels = self.levels.at(area)
        return _Done(removed, onsets(removed, *levels), levels)


def _onset_quantities(
    run: _Run,
    done: _Done,
    ohm: float | None,
    area: float,
    resistance: Quantity | None,
    known: Quantity | None,
    shift: float,
    accuracy: float,
) -> dict[str, Quantity]:
    """Each onset with the noise, the voltmeter's error and those of R and A."""
    slopes: dict[str, list[tuple[Quantity, float]]] = {name: [] for name in done.found.values}
    for given, at in ((resistance, "ohm"), (known, "area")):
        if given is None or not given.std:
            continue
        step = float(unit(given.unit).factor) * given.std
        ends = [
            run((ohm or 0.0) + s * step * (at == "ohm"), area + s * step * (at == "area"))
            for s in (1, -1)
        ]
        for name in slopes:
            up, down = (e.found.values[name] for e in ends)
            if up is not None and down is not None:
                slopes[name].append((given, (up[0] - down[0]) / (2 * step)))
    made = {}
    for name, found in done.found.values.items():
        asked = {"threshold": done.levels[0], "derivative": done.levels[1]}.get(name, 0.0)
        if found is None:
            flag = "no area" if asked is None else "outside range"
            made[name] = Quantity(None, LITHIUM, flags=("not identifiable", flag))
            continue
        sign = run.sweep.direction
        parts = {f"~noise, {name}": found[1], "~potential": accuracy}
        for given, slope in slopes[name]:
            for source, part in given.si_components.items():
                parts[source] = parts.get(source, 0.0) + sign * slope * part
        parts = {source: part for source, part in parts.items() if part}
        made[name] = from_si(sign * found[0] + shift, LITHIUM, parts, how="measured").given(
            criterion=name
        )
    return made


def _others(
    run: _Run, done: _Done, ohm: float, known: Quantity | None, shift: float, accuracy: float
) -> dict[str, Quantity]:
    """Onsets at the current densities in use."""
    if known is None:
        return {}
    made = {}
    for text in THRESHOLDS:
        found = onsets(done.removed, q(text).si * known.si, None).values["threshold"]
        name = f"onset@{text.replace(' ', '').replace('/', '_').replace('^', '')}"
        if found is None:
            made[name] = Quantity(None, LITHIUM, flags=("outside range",))
            continue
        parts = {f"~noise at {text}": found[1], "~potential": accuracy}
        value = run.sweep.direction * found[0] + shift
        made[name] = from_si(value, LITHIUM, parts, conditions={"threshold": text})
    return made


def _table(done: _Done, known: Quantity | None, shift: float) -> Table:
    removed, found = done.removed, done.found
    shown, factor = ("uA", 1e6) if known is None else ("mA/cm^2", 0.1 / known.si)
    sign = removed.direction
    none = np.full(len(removed.x), np.nan)
    tangent = none if found.tangent is None else found.tangent.at(removed.x)
    drawn = (tangent >= 0) & (tangent <= 1.02 * float(removed.y.max()))
    line = [float(sign * t * factor) if d else None for t, d in zip(tangent, drawn, strict=True)]
    return Table.of(
        {
            "potential": (removed.raw + shift).tolist(),
            "current": (removed.measured * factor).tolist(),
            "corrected_potential": (sign * removed.x + shift).tolist(),
            "background": (sign * removed.background * factor).tolist(),
            "faradaic": (sign * removed.y * factor).tolist(),
            "slope": (removed.slope * factor).tolist(),
            "tangent": line,
        },
        {"potential": LITHIUM, "corrected_potential": LITHIUM, "slope": f"{shown}/V"}
        | dict.fromkeys(("current", "background", "faradaic", "tangent"), shown),
    )  # fmt: skip
