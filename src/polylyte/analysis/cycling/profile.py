"""Voltage profiles by cycle: polarisation, dQ/dV and its peaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.analysis.cycling.basis import Basis, basis, stated
from polylyte.analysis.cycling.cycles import CycleRule, Cycles, curve, cycles, middle
from polylyte.analysis.cycling.differential import Differential, differential, without_holds
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Area, Mass, Ratio, Voltage
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.units import unit
from polylyte.instruments.cycling import CyclingRecord

DUBARRY_2022 = Citation(
    "Dubarry2022",
    "Dubarry, M.; Anseán, D.",
    "Best practices for incremental capacity analysis",
    "Front. Energy Res.",
    2022,
    "10",
    "1023555",
    "10.3389/fenrg.2022.1023555",
)
NAMES = {1: "charge", -1: "discharge"}
SHOWN = 1000
"""Points of a profile that are kept for the figure and the table."""


@dataclass(frozen=True, kw_only=True)
class VoltageProfiles(Result):
    """``polarisation@cycle10`` of each cycle is in ``more``."""

    polarisation: Voltage = out("charge less discharge potential at half capacity, first chosen")
    peak_separation: Voltage = out("highest charge less highest discharge peak of dQ/dV, so too")
    number_of_profiles: Ratio = out("cycles whose profiles are shown")
    profiles: Table = out("capacity and potential of each chosen cycle")
    differentials: Table = out("dQ/dV of each chosen cycle")
    peaks: Table = out("potential and height of every peak of dQ/dV")


def figure(result: VoltageProfiles) -> Figure:
    """Potential over capacity, and dQ/dV over potential; one colour per cycle."""
    profile, slope = result.profiles.frame, result.differentials.frame
    numbers = profile["cycle"].unique(maintain_order=True).to_list()
    left: list[Series] = []
    right: list[Series] = []
    for color, number in enumerate(numbers):
        for direction, label in (("charge", f"cycle {number}"), ("discharge", "")):
            for frame, series, x, y in (
                (profile, left, "capacity", "potential"),
                (slope, right, "potential", "differential"),
            ):
                own = frame.filter((frame["cycle"] == number) & (frame["direction"] == direction))
                series.append(
                    Series(own[x].to_list(), own[y].to_list(), label, "line", color=color)
                )
    units = {**result.profiles.units, **result.differentials.units}
    return Figure(
        "voltage-profiles",
        [
            Panel(left, "Capacity", "Potential", units["capacity"], "V"),
            Panel(right, "Potential", "dQ/dV", "V", units["differential"]),
        ],
        f"Voltage profiles and dQ/dV (Gaussian kernel of {result.text['smoothing_text']}); "
        f"polarisation at half capacity {result.polarisation}.",
        "Good: flat plateaus whose peaks stay where they are over cycles. Bad: peaks that move "
        "apart (resistance grows) or shrink (active material or lithium is lost).",
        "double",
    )


@method(
    "cycling.profile",
    version=1,
    cites=[DUBARRY_2022],
    figure=figure,
    prose="Voltage profiles of {number_of_profiles} cycles ({chosen}; {rule}) were analysed. The "
    "polarisation at half capacity was {polarisation} in cycle {first}. dQ/dV was computed with "
    "a Gaussian kernel of standard deviation {smoothing} [Dubarry2022]; the highest peaks of "
    "charge and discharge lie {peak_separation} apart there.",
)
def profile(
    *,
    data: CyclingRecord,
    active_mass: Mass | None = None,
    area: Area | None = None,
    chosen_cycles: list[int] | None = None,
    cycle_rule: CycleRule = "cycler",
    smoothing: Voltage = q("10 mV"),
    potential_accuracy: Voltage = q("1 mV"),
) -> VoltageProfiles:
    """Profiles, polarisation at half capacity, and dQ/dV with its peaks.

    polarisation = E_charge(Q_charge/2) - E_discharge(Q_discharge/2)
    dQ/dV(E) = Σ ΔQ_k exp[-(E - E_k)²/(2 h²)]/(h √(2π)),  h the ``smoothing``

    A kernel needs neither a monotonic potential nor even steps, and moves no symmetric
    peak, but widens all of them by h in quadrature. Potentials that are held (constant
    voltage) are left out of dQ/dV. Peaks stand out by a tenth of the highest; the uncertainty of
    their potential is that of the noise and of the voltmeter.

    Parameters:
        data: record of the cell, positive current charges
        active_mass: what capacities are divided by
        area: what they are divided by where no mass is given
        chosen_cycles: numbers of the cycles; by default the first, middle and last complete ones
        cycle_rule: "cycler" takes the cycler's numbers, the others begin a cycle with each charge
            or discharge
        smoothing: standard deviation of the kernel
        potential_accuracy: standard uncertainty of the voltmeter (assumed)

    Raises:
        InputError: no such complete cycle, or no smoothing.
        NotAnswerable: no complete cycle.
    """
    if smoothing.si <= 0:
        raise InputError("must be positive", where="smoothing")
    found = cycles(data, rule=cycle_rule)
    whole = np.flatnonzero(found.complete)
    if not len(whole):
        raise NotAnswerable(
            "no cycle has a whole charge and a whole discharge", where=data.name or None
        )
    if chosen_cycles:
        places = [found.at(number, "chosen_cycles") for number in chosen_cycles]
    else:
        places = sorted({int(whole[0]), int(whole[len(whole) // 2]), int(whole[-1])})
    mass, own_area = active_mass, area
    if mass is None and own_area is None:
        mass, own_area = stated(data, "mass"), stated(data, "area")
    base = basis(mass, own_area)
    halves = [_Half.of(data, found, k, sign, smoothing.si) for k in places for sign in (1, -1)]
    apart = {
        int(found.number[k]): _polarisation(data, found, k, potential_accuracy.si) for k in places
    }
    verdicts = [_sampling(halves, smoothing.si)]
    first = int(found.number[places[0]])
    held = sum(h.held for h in halves)
    findings = [Finding(f"cycle rule: {found.rule}")]
    if held > 0:
        findings.append(Finding(f"{held / 3.6:.3g} mAh at held potentials are left out of dQ/dV"))
    return VoltageProfiles(
        polarisation=apart[first],
        peak_separation=_separation(halves[0], halves[1], potential_accuracy.si),
        number_of_profiles=Quantity(float(len(places)), "1"),
        profiles=_profiles(halves, base),
        differentials=_differentials(halves, base),
        peaks=_peaks(halves, base, potential_accuracy.si),
        more={f"polarisation@cycle{number}": value for number, value in apart.items()},
        verdicts=tuple(verdicts),
        findings=tuple(findings),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "rule": found.rule,
            "first": str(first),
            "chosen": "cycles " + ", ".join(map(str, apart)),
            "smoothing_text": str(smoothing),
        },
    )


@dataclass(frozen=True, eq=False)
class _Half:
    """One direction of one cycle."""

    cycle: int
    sign: int
    charge: Any
    potential: Any
    slope: Differential | None
    held: float

    @classmethod
    def of(cls, data: CyclingRecord, found: Cycles, k: int, sign: int, width: float) -> _Half:
        half = curve(data, found, k, sign)
        free, held = without_holds(half)
        slope = differential(free, width)
        return cls(int(found.number[k]), sign, half.charge, half.potential, slope, held)


def _polarisation(data: CyclingRecord, found: Cycles, k: int, accuracy: float) -> Quantity:
    parts = [middle(curve(data, found, k, sign)) for sign in (1, -1)]
    number = str(found.number[k])
    if parts[0] is None or parts[1] is None:
        return Quantity(None, "mV", flags=("too short",), conditions={"cycle": number})
    (upper, u), (lower, v) = parts[0], parts[1]
    sources = {
        f"~noise of the potential, cycle {number}": math.hypot(u, v),
        "~voltmeter": math.sqrt(2) * accuracy,
    }
    sources = {s: p for s, p in sources.items() if p}
    return from_si(upper - lower, "mV", sources, how="measured", conditions={"cycle": number})


def _separation(charge: _Half, discharge: _Half, accuracy: float) -> Quantity:
    """The highest peaks of both directions, V apart."""
    best = []
    for half in (charge, discharge):
        if half.slope is None or not half.slope.peaks:
            return Quantity(None, "mV", flags=("not identifiable",))
        best.append(max(half.slope.peaks, key=lambda peak: peak.height))
    parts = {
        "~noise of the peaks": math.hypot(best[0].std, best[1].std),
        "~voltmeter": math.sqrt(2) * accuracy,
    }
    parts = {s: p for s, p in parts.items() if p}
    made = from_si(best[0].potential - best[1].potential, "mV", parts, how="measured")
    return made.given(cycle=str(charge.cycle))


def _sampling(halves: Sequence[_Half], width: float) -> Verdict:
    worst = max((h.slope.spacing for h in halves if h.slope is not None), default=0.0)
    return Verdict(
        "samples closer than the smoothing",
        worst <= width,
        f"about the peaks of dQ/dV samples lie up to {1e3 * worst:.2g} mV apart, the kernel is "
        f"{1e3 * width:.3g} mV wide"
        + ("" if worst <= width else ": raise smoothing, or sample more densely"),
    )


def _profiles(halves: Sequence[_Half], base: Basis) -> Table:
    factor = base.size * float(unit(base.unit).factor)
    columns: dict[str, list[Any]] = {"cycle": [], "direction": [], "capacity": [], "potential": []}
    for half in halves:
        keep = np.unique(np.linspace(0, len(half.charge) - 1, SHOWN).astype(int))
        columns["cycle"] += [half.cycle] * len(keep)
        columns["direction"] += [NAMES[half.sign]] * len(keep)
        columns["capacity"] += (half.charge[keep] / factor).tolist()
        columns["potential"] += half.potential[keep].tolist()
    return Table.of(columns, {"capacity": base.unit, "potential": "V"})


def _differentials(halves: Sequence[_Half], base: Basis) -> Table:
    factor = base.size * float(unit(base.unit).factor)
    columns: dict[str, list[Any]] = {
        "cycle": [], "direction": [], "potential": [], "differential": []
    }  # fmt: skip
    for half in halves:
        if half.slope is None:
            continue
        n = len(half.slope.potential)
        columns["cycle"] += [half.cycle] * n
        columns["direction"] += [NAMES[half.sign]] * n
        columns["potential"] += half.slope.potential.tolist()
        columns["differential"] += (half.sign * half.slope.value / factor).tolist()
    return Table.of(columns, {"potential": "V", "differential": f"{base.unit}/V"})


def _peaks(halves: Sequence[_Half], base: Basis, accuracy: float) -> Table:
    factor = base.size * float(unit(base.unit).factor)
    rows = [(h, p) for h in halves if h.slope is not None for p in h.slope.peaks]
    places = [
        from_si(p.potential, "V", {"~noise of the peak[*]": p.std, "~voltmeter": accuracy})
        for _, p in rows
    ]
    return Table.of_quantities(
        {
            "cycle": [h.cycle for h, _ in rows],
            "direction": [NAMES[h.sign] for h, _ in rows],
            "height": [p.height / factor for _, p in rows],
        },
        {"potential": places},
        {"height": f"{base.unit}/V", "potential": "V"},
    )
