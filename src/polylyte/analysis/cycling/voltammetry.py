"""Peaks of a cyclic voltammogram and their separation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.analysis.cycling.voltammetry_peaks import LITHIUM, Maker, Peak
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    Area,
    Potential,
    Ratio,
    Resistance,
    Temperature,
    Voltage,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.voltammograms import Sweep, Voltammogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ELGRISHI_2018 = Citation(
    "Elgrishi2018",
    "Elgrishi, N.; Rountree, K. J.; McCarthy, B. D.; Rountree, E. S.; Eisenhart, T. T.; "
    "Dempsey, J. L.",
    "A Practical Beginner's Guide to Cyclic Voltammetry",
    "J. Chem. Educ.",
    2018,
    "95",
    "197–206",
    "10.1021/acs.jchemed.7b00361",
)
NICHOLSON_1964 = Citation(
    "Nicholson1964",
    "Nicholson, R. S.; Shain, I.",
    "Theory of Stationary Electrode Polarography. Single Scan and Cyclic Methods Applied to "
    "Reversible, Irreversible, and Kinetic Systems",
    "Anal. Chem.",
    1964,
    "36",
    "706–723",
    "10.1021/ac60210a007",
)
GAS_CONSTANT = 8.31446261815324
FARADAY = 96485.33212
REVERSIBLE = 2.218
"""E_p - E_p of a reversible couple far from the turn, over RT/nF (twice 1.109) …"""
TOLERANCE = 0.15
"""… and how far from it a separation still counts as reversible (the turn adds some)."""


@dataclass(frozen=True, kw_only=True)
class VoltammetricPeaks(Result):
    """Peaks of the cycle chosen; ``peaks`` holds those of every sweep."""

    anodic_peak: Potential = out("potential of the oxidation peak")
    cathodic_peak: Potential = out("potential of the reduction peak")
    separation: Voltage = out("anodic less cathodic peak potential")
    midpoint: Potential = out("mean of the two peak potentials")
    anodic_current: AnyQuantity = out("current of the oxidation peak over its baseline")
    cathodic_current: AnyQuantity = out("current of the reduction peak over its baseline")
    peak_ratio: Ratio = out("size of the anodic over that of the cathodic peak current")
    scan_rate: AnyQuantity = out("slope of the potential over time")
    voltammogram: Table = out("potential and current of the cycle chosen")
    peaks: Table = out("the peak of every sweep")


def figure(result: VoltammetricPeaks) -> Figure:
    """The chosen cycle with its peaks."""
    frame, unit = result.voltammogram.frame, result.voltammogram.units["current"]
    series = []
    for direction in ("oxidation", "reduction"):
        own = frame.filter(frame["direction"] == direction)
        x, y = own["potential"].to_list(), own["current"].to_list()
        series.append(Series(x, y, direction, "line"))
    marks = [
        Mark(value.value, name)
        for name, value in (("anodic", result.anodic_peak), ("cathodic", result.cathodic_peak))
        if value.value is not None
    ]
    name = "Current density" if "/" in unit else "Current"
    return Figure(
        "voltammogram",
        [Panel(series, "Potential", name, LITHIUM, unit, marks=marks)],
        f"Cyclic voltammogram at {result.scan_rate}: peaks {result.separation} apart.",
        "Good: peaks well inside the range and cycles that lie on one another. Bad: peaks at the "
        "turn, or a separation that grows with the current (iR).",
    )


@method(
    "cycling.voltammetry",
    version=1,
    cites=[ELGRISHI_2018, NICHOLSON_1964],
    figure=figure,
    prose="Peaks of the cyclic voltammogram [Elgrishi2018; Nicholson1964] at {scan_rate} (cycle "
    "{chosen}, {removed}) were located by a local cubic: oxidation at {anodic_peak} with "
    "{anodic_current}, reduction at {cathodic_peak} with {cathodic_current}, {separation} apart "
    "about {midpoint}.",
)
def voltammetry(
    *,
    data: Voltammogram,
    area: Area | None = None,
    resistance: Resistance | None = None,
    cycle: int | None = None,
    baseline: Literal["none", "line"] = "none",
    smoothing: Voltage = q("10 mV"),
    electrons: int = 1,
    temperature: Temperature = q("25 degC"),
    reference_potential: Potential = q("0 V vs Li/Li+"),
    potential_accuracy: Voltage = q("1 mV"),
    current_accuracy: Ratio = q("0.3 %"),
) -> VoltammetricPeaks:
    """Peak potentials and currents of one cycle, and their separation.

    E = E_measured - I R,  ΔE_p = E_pa - E_pc

    A reversible couple of n electrons has ΔE_p = 2.218 RT/(nF), 57 mV/n at 25 °C, a little more
    where the sweep turns near the peak; resistance and slow kinetics widen it. A cycle is an
    oxidation with the reduction next to it. The peak is where a cubic through all points within
    ``smoothing`` on either side is flat; its error is that of the cubic.

    Currents count from zero, or from a line through 5 to 20 % of each sweep's range
    (``baseline`` "line"). Without an area they are currents, no current densities.

    Parameters:
        data: the voltammogram
        area: of the working electrode; by default as the file states it
        resistance: uncompensated resistance; without it iR is not removed, which is said
        cycle: which pair of sweeps, from 1; by default the last
        baseline: what peak currents count from
        smoothing: half width of the local cubic
        electrons: n of the reversible limit
        temperature: of the cell
        reference_potential: potential of the reference electrode; lithium where not stated
        potential_accuracy: standard uncertainty of the potential (assumed)
        current_accuracy: relative standard uncertainty of the ammeter (assumed)

    Raises:
        InputError: no such cycle.
        NotAnswerable: no sweep, or no peak in either direction.
    """
    if smoothing.si <= 0 or electrons < 1:
        raise InputError("smoothing and electrons must be positive", where="smoothing")
    known = area or data.conditions.get("area")
    if known is not None and (known.value is None or known.si <= 0):
        raise InputError("must be positive", where="area")
    ohm = 0.0 if resistance is None else resistance.si
    sweeps = data.sweeps()
    if not sweeps:
        raise NotAnswerable("the potential is not swept in this record", where=data.name or None)
    pairs = [(k, k + 1) for k in range(0, len(sweeps) - 1, 2)] or [(0, 0)]
    number = len(pairs) if cycle is None else cycle
    if not 1 <= number <= len(pairs):
        raise InputError(
            f"there is no cycle {number}", where="cycle", remedy=f"there are 1 to {len(pairs)}"
        )
    peaks = [Peak.of(data, s, ohm, baseline, smoothing.si) for s in sweeps]
    own = {sweeps[k].direction: peaks[k] for k in pairs[number - 1]}
    anodic, cathodic = own.get(1), own.get(-1)
    if anodic is None and cathodic is None:
        raise NotAnswerable(
            f"neither sweep of cycle {number} has a peak inside its range",
            where=data.name or None,
            remedy="sweep farther, choose another cycle, or lower smoothing",
        )
    make = Maker(reference_potential.si, potential_accuracy.si, current_accuracy.si, known,
                  resistance)  # fmt: skip
    upper, lower = make.potential(anodic, "anodic"), make.potential(cathodic, "cathodic")
    apart = make.separation(anodic, cathodic)
    rate = data.scan_rate(sweeps[pairs[number - 1][0]])
    limit = REVERSIBLE * GAS_CONSTANT * temperature.si / (electrons * FARADAY)
    return VoltammetricPeaks(
        anodic_peak=upper,
        cathodic_peak=lower,
        separation=apart,
        midpoint=make.midpoint(anodic, cathodic),
        anodic_current=make.current(anodic, "anodic"),
        cathodic_current=make.current(cathodic, "cathodic"),
        peak_ratio=make.ratio(anodic, cathodic),
        scan_rate=from_si(rate, "mV/s", how="measured"),
        voltammogram=_chosen(data, [sweeps[k] for k in sorted({*pairs[number - 1]})], ohm, make),
        peaks=_table(sweeps, peaks, make),
        verdicts=(_reversible(apart, limit, electrons),),
        findings=tuple(_findings(data, known, area, resistance, len(sweeps))),
        text={
            "chosen": f"{number} of {len(pairs)}",
            "removed": f"iR by {resistance} removed" if resistance is not None else "iR left in",
        },
    )  # fmt: skip


def _reversible(apart: Quantity, limit: float, electrons: int) -> Verdict:
    name = "separation of a reversible couple"
    if apart.value is None:
        return Verdict(name, None, "one of the two peaks is missing")
    return Verdict(
        name,
        abs(apart.si / limit - 1) <= TOLERANCE,
        f"{apart} against {1e3 * limit:.3g} mV for n = {electrons}"
        + ("" if apart.si <= (1 + TOLERANCE) * limit else ": resistance or slow kinetics widen it"),
    )


def _chosen(data: Voltammogram, sweeps: Sequence[Sweep], ohm: float, make: Maker) -> Table:
    factor = 1e3 if make.area is None else 0.1 / make.area.si
    columns: dict[str, list[object]] = {"direction": [], "potential": [], "current": []}
    for sweep in sweeps:
        rows = slice(sweep.first, sweep.last + 1)
        current = data.current[rows]
        potential = data.potential[rows] - ohm * current + make.shift
        columns["direction"] += ["oxidation" if sweep.direction > 0 else "reduction"] * len(current)
        columns["potential"] += potential.tolist()
        columns["current"] += (factor * current).tolist()
    return Table.of(columns, {"potential": LITHIUM, "current": make.unit})


def _table(sweeps: Sequence[Sweep], peaks: Sequence[Peak | None], make: Maker) -> Table:
    found = [(k, s, p) for k, (s, p) in enumerate(zip(sweeps, peaks, strict=True)) if p is not None]
    return Table.of(
        {
            "sweep": [k + 1 for k, _, _ in found],
            "direction": ["oxidation" if s.direction > 0 else "reduction" for _, s, _ in found],
            "potential": [p.potential + make.shift for _, _, p in found],
            "current": [make.current(p, "").value for _, _, p in found],
        },
        {"potential": LITHIUM, "current": make.unit},
    )


def _findings(
    data: Voltammogram,
    known: Quantity | None,
    area: Quantity | None,
    resistance: Quantity | None,
    sweeps: int,
) -> list[Finding]:
    notes = [Finding(f"{sweeps} sweeps in the record")]
    if known is None:
        notes.append(
            Finding("no area is known: currents, not current densities", remedy="give area")
        )
    elif area is None:
        notes.append(Finding(f"area {known} as the file states it"))
    if resistance is None:
        largest = float(np.abs(data.current).max())
        text = f"iR is not removed: {1e3 * largest:.3g} mV per ohm at the largest current"
        notes.append(Finding(text, remedy="give resistance (from impedance)"))
    return notes
