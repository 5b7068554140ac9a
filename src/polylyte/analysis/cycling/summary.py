"""Capacities, efficiencies, retention and decay of cells that are cycled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from polylyte.analysis.cycling import summary_figure
from polylyte.analysis.cycling.basis import common, names, stated
from polylyte.analysis.cycling.cycles import CycleRule, Steps, cycles
from polylyte.analysis.cycling.summary_batch import (
    FEW,
    alike,
    answered,
    by_row,
    counted,
    shortened,
    together,
)
from polylyte.analysis.cycling.summary_cells import (
    Cell,
    Direction,
    Efficiency,
    Scalars,
    columns,
    scalars,
)
from polylyte.analysis.cycling.summary_words import counter, findings_of, one_rate, plausible
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure
from polylyte.core.kinds import AnyQuantity, Area, Mass, Percentage, Ratio, Voltage
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.replicates import mean
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.core.task import NO_TASK, Task
from polylyte.core.units import pretty
from polylyte.instruments.cycling import CyclingRecord

XIAO_2020 = Citation(
    "Xiao2020",
    "Xiao, J.; Li, Q.; Bi, Y.; Cai, M.; Dunn, B.; Glossmann, T.; Liu, J.; Osaka, T.; Sugiura, R.; "
    "Wu, B.; Yang, J.; Zhang, J.-G.; Whittingham, M. S.",
    "Understanding and applying coulombic efficiency in lithium metal batteries",
    "Nat. Energy",
    2020,
    "5",
    "561–568",
    "10.1038/s41560-020-0648-z",
)


@dataclass(frozen=True, kw_only=True)
class CyclingSummary(Result):
    """Of several cells every quantity is the mean; ``cells`` holds each one's own."""

    reference_capacity: AnyQuantity = out("capacity of the reference cycle")
    final_capacity: AnyQuantity = out("capacity of the last cycle counted")
    retention: Percentage = out("last over reference capacity")
    decay_per_cycle: Percentage = out("(1 - retention) over the cycles since the reference")
    average_capacity_decay: AnyQuantity = out("(C_n/retention - C_n)/n, n the last cycle's number")
    fitted_decay: Percentage = out("loss per cycle by a straight line, over its reference value")
    coulombic_efficiency: Percentage = out("mean Coulombic efficiency from the reference on")
    initial_efficiency: Percentage = out("Coulombic efficiency of the first complete cycle")
    energy_efficiency: Percentage = out("mean of discharge energy over charge energy")
    polarisation: Voltage = out("charge less discharge potential at half capacity, reference cycle")
    final_polarisation: Voltage = out("the same in the last cycle counted")
    number_of_cells: Ratio = out("cells that count; those left out are named")
    number_of_cycles: Ratio = out("complete cycles, the fewest of any cell")
    cycles: Table = out("every cycle of every cell, and the cycler's counter beside the integral")
    cells: Table = out("the quantities of each cell")
    definitions: Table = out("the definitions of decay and what each gives")


def figure(result: CyclingSummary) -> Figure:
    """Capacity, Coulombic efficiency and polarisation over cycles, by cell."""
    at = result.retention.conditions.get("reference cycle", "1")
    return summary_figure.figure(
        result.cycles,
        result.text["direction"],
        at,
        f"Cycling: capacity per {result.text['per']}, retention {result.retention} of cycle "
        f"{at}, mean Coulombic efficiency {result.coulombic_efficiency}.",
    )


@method(
    "cycling.summary",
    version=1,
    cites=[XIAO_2020],
    figure=figure,
    prose="Capacities were taken from the cycler's counter per {per} ({rule}; {cell_count}). "
    "The {direction} capacity changed from {reference_capacity} in cycle {reference_cycle} to "
    "{final_capacity} in cycle {last}, a retention of {retention}; this is {decay_per_cycle} of "
    "the reference per cycle, {fitted_decay} by a straight line, and {average_capacity_decay} by "
    "(C_n/retention − C_n)/n. The mean Coulombic efficiency ({efficiency}) [Xiao2020] was "
    "{coulombic_efficiency}, the energy efficiency {energy_efficiency}, and the polarisation at "
    "half capacity {polarisation} at first and {final_polarisation} at the end.",
)
def summary(
    *,
    data: list[CyclingRecord],
    active_mass: list[Mass] | None = None,
    area: list[Area] | None = None,
    reference_cycle: int = 1,
    last_cycle: int | None = None,
    cycle_rule: CycleRule = "cycler",
    steps: Steps = "all",
    capacity: Direction = "discharge",
    efficiency: Efficiency = "discharge/charge",
    charge_accuracy: Ratio = q("0.05 %"),
    potential_accuracy: Voltage = q("1 mV"),
    task: Task = NO_TASK,
) -> CyclingSummary:
    """Cycle table, retention, decay, efficiencies and polarisation of one cell or several.

    retention = C_n/C_ref
    decay_per_cycle = (1 - C_n/C_ref)/(n - ref)
    average_capacity_decay = (C_n/retention - C_n)/n

    The last is what some papers print in 10⁻² mAh/g per cycle (100 times it, in mAh/g per cycle)
    under the heading of a percentage; n is the number of the last cycle there. ``fitted_decay`` is
    the slope of a line through all complete cycles over its value at the reference cycle.
    CE is that of one cycle, ``efficiency`` says which charge is divided by which: a cell whose
    lithium comes from the positive electrode charges first, discharge/charge; a half cell
    whose working electrode takes lithium up first needs charge/discharge.

    Capacities are divided by the active mass, else the area, else by nothing (per cell); each
    says by what. A cycle's capacity scatters by the standard deviation about its neighbours
    (second differences; six complete cycles are needed), the counter's error is shared by all
    cycles and drops out of the retention. Several cells, of whatever instruments: mean, standard
    deviation and n, the standard error of the mean from the scatter between them. A file that
    cannot be read, or a cell without an answer, does not stop the others: it is named, with the
    reason. Of more than eight cells the figure shows thin lines, their median and a band.

    Parameters:
        data: records of one cell or of several, positive current charges
        active_mass: what capacities are divided by; one for all or one per record
        area: what they are divided by where no mass is given; one for all or one per record
        reference_cycle: cycle that the retention refers to
        last_cycle: cycle whose capacity is the final one; by default the last complete one
        cycle_rule: "cycler" takes the cycler's numbers, the others begin a cycle with each charge
            or discharge
        steps: sum all steps of a direction in a cycle, or take the largest alone
        capacity: direction whose capacity is followed
        efficiency: Coulombic efficiency as discharge over charge, or charge over discharge
        charge_accuracy: relative standard uncertainty of the counter, one error of all charges
            and another of all discharges (assumed; see the cycler's manual)
        potential_accuracy: standard uncertainty of the voltmeter (assumed)

    Raises:
        InputError: no such complete cycle, or a mass or area that is not positive.
        NotAnswerable: no current, one direction only, or no complete cycle.
    """
    if not data:
        raise InputError("no record is given", where="data")
    cells, each, lost = _cells(
        data, active_mass, area, cycle_rule, steps, capacity, efficiency,
        charge_accuracy.si, potential_accuracy.si, reference_cycle, last_cycle, task,
    )  # fmt: skip
    pairs = list(zip(cells, each, strict=True))
    merged = _merged([s.quantities for s in each])
    own = [(counter(cell), plausible(cell), one_rate(cell, s)) for cell, s in pairs]
    verdicts = [
        *counted(len(cells), lost),
        *alike(cells, each),
        *together(own, [cell.name for cell in cells]),
    ]
    notes = shortened([f for cell, s in pairs for f in findings_of(cell, s)], len(cells))
    return CyclingSummary(
        **merged.fields,  # type: ignore[arg-type]
        more=merged.more,
        number_of_cells=Quantity(float(len(cells)), "1"),
        number_of_cycles=Quantity(float(min(c.found.complete.sum() for c in cells)), "1"),
        cycles=_cycle_table(cells, each),
        cells=_cell_table(cells, each),
        definitions=_definitions(merged.fields),
        verdicts=tuple(verdicts),
        findings=(*notes, *_divided(cells), *lost),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "per": cells[0].basis.words if len(cells) == 1 else cells[0].basis.name,
            "rule": _rules(cells),
            "direction": capacity,
            "last": _last(cells, each),
            "cell_count": "one cell" if len(cells) == 1 else f"{len(cells)} cells",
        },
    )


def _divided(cells: Sequence[Cell]) -> list[Finding]:
    """Where capacities are those of cells, why."""
    if cells[0].basis.by is not None:
        return []
    remedy = "give one to compare cells of different size"
    for name in ("mass", "area"):
        known = sum(stated(cell.record, name) is not None for cell in cells)
        if known:
            text = f"capacities are those of the cells: {known} of {len(cells)} files state {name}"
            return [Finding(text, remedy=f"give active_mass or area, {remedy}")]
    text = "capacities are those of the cell: neither active_mass nor area is given"
    return [Finding(text, remedy=remedy)]


def _rules(cells: Sequence[Cell]) -> str:
    return " or ".join(dict.fromkeys(cell.found.rule for cell in cells))


def _last(cells: Sequence[Cell], each: Sequence[Scalars]) -> str:
    ends = sorted({int(c.found.number[s.last]) for c, s in zip(cells, each, strict=True)})
    return f"{ends[0]}" if len(ends) == 1 else f"{ends[0]} to {ends[-1]} (by cell)"


def _cells(
    data: Sequence[CyclingRecord],
    active_mass: Sequence[Quantity] | None,
    area: Sequence[Quantity] | None,
    rule: CycleRule,
    steps: Steps,
    capacity: Direction,
    efficiency: Efficiency,
    accuracy: float,
    potential_accuracy: float,
    reference_cycle: int,
    last_cycle: int | None,
    task: Task,
) -> tuple[list[Cell], list[Scalars], list[Finding]]:
    labels, several = names(data), len(data) > 1
    bases = common(data, active_mass, area)

    def make(place: int) -> tuple[Cell, Scalars]:
        cell = Cell(
            name=labels[place],
            record=data[place],
            found=cycles(data[place], rule=rule, steps=steps),
            basis=bases[place],
            accuracy=accuracy,
            potential_accuracy=potential_accuracy,
            capacity=capacity,
            efficiency=efficiency,
            mark=f" ({labels[place]})" if several else "",
        )
        return cell, scalars(cell, reference_cycle, last_cycle)

    made, lost = answered(make, labels, task)
    return [cell for cell, _ in made], [own for _, own in made], lost


@dataclass(frozen=True)
class _Merged:
    fields: dict[str, Quantity]
    more: dict[str, Quantity]


def _merged(each: Sequence[dict[str, Quantity]] | Sequence[object]) -> _Merged:
    """One cell's quantities as they are; means and standard deviations of several."""
    tables: list[dict[str, Quantity]] = [dict(e) for e in each]  # type: ignore[call-overload]
    if len(tables) == 1:
        return _Merged(tables[0], {})
    made: dict[str, Quantity] = {}
    more: dict[str, Quantity] = {}
    for name, first in tables[0].items():
        known = [t[name].to(first.unit) for t in tables if t[name].value is not None]
        if len(known) < 2:
            made[name] = known[0] if known else first
            continue
        both = mean(name, known)
        made[name] = both[name]
        more[f"{name}_sd"] = both[f"{name}_sd"]
    return _Merged(made, more)


def _cycle_table(cells: Sequence[Cell], each: Sequence[Scalars]) -> Table:
    import polars

    frames: list[polars.DataFrame] = []
    units: dict[str, str] = {}
    many = len(cells) > FEW
    for cell, own in zip(cells, each, strict=True):
        # One source per cell would be hundreds of columns: the counters of many share their error.
        made, units = columns(replace(cell, mark="") if many else cell, own.reference)
        frames.append(polars.DataFrame(made, strict=False))
    frame = polars.concat(frames, how="diagonal_relaxed")
    parts = [c for c in frame.columns if "|" in c]
    frame = frame.with_columns(polars.col(c).fill_null(0.0) for c in parts)
    note = _rules(cells) + ("; one error of the counter for all cells" if many else "")
    return Table(frame, units, note)


def _cell_table(cells: Sequence[Cell], each: Sequence[Scalars]) -> Table:
    pairs = list(zip(cells, each, strict=True))
    quantities = {
        name: [by_row(s.quantities[name], cell.mark) for cell, s in pairs]
        for name in each[0].quantities
    }
    plain: dict[str, Sequence[object]] = {
        "cell": [cell.name for cell in cells],
        "complete_cycles": [int(cell.found.complete.sum()) for cell in cells],
        "reference_cycle": [int(c.found.number[s.reference]) for c, s in pairs],
        "last_cycle": [int(c.found.number[s.last]) for c, s in pairs],
        "divided_by": [cell.basis.words for cell in cells],
    }  # fmt: skip
    return Table.of_quantities(plain, quantities)


def _definitions(found: dict[str, Quantity]) -> Table:
    average = found["average_capacity_decay"]
    rows = [
        ("per cycle since the reference", "(1 - C_n/C_ref)/(n - ref)", found["decay_per_cycle"]),
        ("straight line", "-slope/C_ref of the line", found["fitted_decay"]),
        ("average capacity decay", "(C_n/retention - C_n)/n", average),
    ]
    values = [(name, text, v.value, v.std, pretty(v.unit)) for name, text, v in rows]
    hundred = None if average.value is None else 100 * average.value
    std = None if average.std is None else 100 * average.std
    values.append(
        (
            "average capacity decay as some papers print it",
            "100 (C_n/retention - C_n)/n",
            hundred,
            std,
            f"10⁻² {pretty(average.unit)}",
        )
    )
    heads = ("definition", "equation", "value", "standard_uncertainty", "unit")
    return Table.of(dict(zip(heads, map(list, zip(*values, strict=True)), strict=True)))
