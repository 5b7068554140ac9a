"""Voltage profiles by cycle: polarisation, dQ/dV and its peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.analysis.cycling.basis import Basis, common, names
from polylyte.analysis.cycling.cycles import CycleRule
from polylyte.analysis.cycling.profile_cells import Cell, Half
from polylyte.analysis.cycling.summary_batch import FEW, answered, by_row, counted, short, shortened
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Area, Mass, Ratio, Voltage
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.replicates import mean
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
    """``polarisation@cycle10`` of each cycle is in ``more``. Of several cells: means."""

    polarisation: Voltage = out("charge less discharge potential at half capacity, first chosen")
    peak_separation: Voltage = out("highest charge less highest discharge peak of dQ/dV, so too")
    number_of_profiles: Ratio = out("cycles whose profiles are shown")
    profiles: Table = out("capacity and potential of each chosen cycle")
    differentials: Table = out("dQ/dV of each chosen cycle")
    peaks: Table = out("potential and height of every peak of dQ/dV")
    cells: Table = out("polarisation and peak separation of every profile")


def figure(result: VoltageProfiles) -> Figure:
    """Potential over capacity, and dQ/dV over potential; one colour per cell and cycle."""
    profile, slope = result.profiles.frame, result.differentials.frame
    pairs = profile.select("cell", "cycle").unique(maintain_order=True).rows()
    labels = _labels(pairs)
    crowd = len(pairs) > FEW
    left: list[Series] = []
    right: list[Series] = []
    for color, (name, number) in enumerate(pairs):
        for direction, label in (("charge", labels[color]), ("discharge", "")):
            for frame, series, x, y in (
                (profile, left, "capacity", "potential"),
                (slope, right, "potential", "differential"),
            ):
                own = frame.filter(
                    (frame["cell"] == name)
                    & (frame["cycle"] == number)
                    & (frame["direction"] == direction)
                )
                shown = Series(
                    own[x].to_list(), own[y].to_list(), "" if crowd else label, "line",
                    color=0 if crowd else color, thin=crowd,
                )  # fmt: skip
                series.append(shown)
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


def _labels(pairs: Sequence[tuple[str, int]]) -> list[str]:
    cells = short(list(dict.fromkeys(name for name, _ in pairs)))
    if len(cells) == 1:
        return [f"cycle {number}" for _, number in pairs]
    return [f"{cells[name]}, {number}" for name, number in pairs]


@method(
    "cycling.profile",
    version=1,
    cites=[DUBARRY_2022],
    figure=figure,
    prose="Voltage profiles of {number_of_profiles} cycles ({chosen}; {rule}) were analysed. The "
    "polarisation at half capacity was {polarisation} {first}. dQ/dV was computed with "
    "a Gaussian kernel of standard deviation {smoothing} [Dubarry2022]; the highest peaks of "
    "charge and discharge lie {peak_separation} apart there.",
)
def profile(
    *,
    data: list[CyclingRecord],
    active_mass: list[Mass] | None = None,
    area: list[Area] | None = None,
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
    their potential is that of the noise and of the voltmeter. Several cells, of whatever
    instruments, are laid over each other; their quantities are means over the cells, with the
    standard error from the scatter between them, each one's own are in ``cells``.

    Parameters:
        data: records of one cell or of several, positive current charges
        active_mass: what capacities are divided by; one for all or one per record
        area: what they are divided by where no mass is given; one for all or one per record
        chosen_cycles: numbers of the cycles; by default the first, middle and last complete ones
            of one cell, the first complete one of each of several
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
    if not data:
        raise InputError("no record is given", where="data")
    labels, bases = names(data), common(data, active_mass, area)

    def make(place: int) -> Cell:
        return Cell.of(
            labels[place], data[place], bases[place], cycle_rule, chosen_cycles, smoothing.si,
            potential_accuracy.si, alone=len(data) == 1,
        )  # fmt: skip

    cells, lost = answered(make, labels)
    halves = [half for cell in cells for half in cell.halves]
    verdicts = [*counted(len(cells), lost), _sampling(halves, smoothing.si)]
    findings = [
        Finding(f"cycle rule: {c.rule}", where=c.name if len(data) > 1 else "") for c in cells
    ]
    held = sum(h.held for h in halves)
    if held > 0:
        findings.append(Finding(f"{held / 3.6:.3g} mAh at held potentials are left out of dQ/dV"))
    first = cells[0].apart[0]
    return VoltageProfiles(
        **_means(cells),
        number_of_profiles=Quantity(float(sum(len(c.apart) for c in cells)), "1"),
        profiles=_profiles(cells),
        differentials=_differentials(cells),
        peaks=_peaks(cells, potential_accuracy.si),
        cells=_cell_table(cells),
        verdicts=tuple(verdicts),
        findings=(*shortened(findings, len(cells)), *lost),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "rule": " or ".join(dict.fromkeys(c.rule for c in cells)),
            "first": f"in cycle {first.cycle}"
            if len(cells) == 1
            else f"on average of {len(cells)} cells",
            "chosen": "; ".join(c.chosen(alone=len(cells) == 1) for c in cells[:FEW])
            + (f" and {len(cells) - FEW} more" if len(cells) > FEW else ""),
            "smoothing_text": str(smoothing),
        },
    )


def _means(cells: Sequence[Cell]) -> dict[str, Any]:
    """One cell's first chosen cycle, and all of them in ``more``; means of several cells."""
    if len(cells) == 1:
        (cell,) = cells
        more = {f"polarisation@cycle{own.cycle}": own.polarisation for own in cell.apart}
        first = cell.apart[0]
        return {
            "polarisation": first.polarisation, "peak_separation": first.separation, "more": more
        }  # fmt: skip
    made: dict[str, Any] = {"more": {}}
    for name, values in (
        ("polarisation", [c.apart[0].polarisation for c in cells]),
        ("peak_separation", [c.apart[0].separation for c in cells]),
    ):
        known = [value for value in values if value.value is not None]
        if len(known) < 2:
            made[name] = known[0] if known else values[0]
            continue
        both = mean(name, known)
        made[name] = both[name]
        made["more"][f"{name}_sd"] = both[f"{name}_sd"]
    return made


def _cell_table(cells: Sequence[Cell]) -> Table:
    rows = [(cell, own) for cell in cells for own in cell.apart]
    return Table.of_quantities(
        {
            "cell": [cell.name for cell, _ in rows],
            "cycle": [own.cycle for _, own in rows],
            "divided_by": [cell.base.words for cell, _ in rows],
        },
        {
            "polarisation": [by_row(own.polarisation) for _, own in rows],
            "peak_separation": [by_row(own.separation) for _, own in rows],
        },
    )


def _sampling(halves: Sequence[Half], width: float) -> Verdict:
    worst = max((h.slope.spacing for h in halves if h.slope is not None), default=0.0)
    return Verdict(
        "samples closer than the smoothing",
        worst <= width,
        f"about the peaks of dQ/dV samples lie up to {1e3 * worst:.2g} mV apart, the kernel is "
        f"{1e3 * width:.3g} mV wide"
        + ("" if worst <= width else ": raise smoothing, or sample more densely"),
    )


def _profiles(cells: Sequence[Cell]) -> Table:
    columns: dict[str, list[Any]] = {
        "cell": [], "cycle": [], "direction": [], "capacity": [], "potential": []
    }  # fmt: skip
    for cell, half in _halves(cells):
        keep = np.unique(np.linspace(0, len(half.charge) - 1, SHOWN).astype(int))
        _head(columns, cell, half, len(keep))
        columns["capacity"] += (half.charge[keep] / _factor(cell.base)).tolist()
        columns["potential"] += half.potential[keep].tolist()
    return Table.of(columns, {"capacity": cells[0].base.unit, "potential": "V"})


def _differentials(cells: Sequence[Cell]) -> Table:
    columns: dict[str, list[Any]] = {
        "cell": [], "cycle": [], "direction": [], "potential": [], "differential": []
    }  # fmt: skip
    for cell, half in _halves(cells):
        if half.slope is None:
            continue
        _head(columns, cell, half, len(half.slope.potential))
        columns["potential"] += half.slope.potential.tolist()
        columns["differential"] += (half.sign * half.slope.value / _factor(cell.base)).tolist()
    return Table.of(columns, {"potential": "V", "differential": f"{cells[0].base.unit}/V"})


def _halves(cells: Sequence[Cell]) -> list[tuple[Cell, Half]]:
    return [(cell, half) for cell in cells for half in cell.halves]


def _head(columns: dict[str, list[Any]], cell: Cell, half: Half, rows: int) -> None:
    columns["cell"] += [cell.name] * rows
    columns["cycle"] += [half.cycle] * rows
    columns["direction"] += [NAMES[half.sign]] * rows


def _factor(base: Basis) -> float:
    return base.size * float(unit(base.unit).factor)


def _peaks(cells: Sequence[Cell], accuracy: float) -> Table:
    rows = [
        (cell, half, peak)
        for cell, half in _halves(cells)
        if half.slope is not None
        for peak in half.slope.peaks
    ]
    places = [
        from_si(p.potential, "V", {"~noise of the peak[*]": p.std, "~voltmeter": accuracy})
        for _, _, p in rows
    ]
    return Table.of_quantities(
        {
            "cell": [c.name for c, _, _ in rows],
            "cycle": [h.cycle for _, h, _ in rows],
            "direction": [NAMES[h.sign] for _, h, _ in rows],
            "height": [p.height / _factor(c.base) for c, _, p in rows],
        },
        {"potential": places},
        {"height": f"{cells[0].base.unit}/V", "potential": "V"},
    )
