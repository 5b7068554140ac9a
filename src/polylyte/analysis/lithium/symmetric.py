"""Plating and stripping of symmetric lithium cells: overpotential, its growth, shorts, life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polylyte.analysis.cycling.basis import names, one_each, stated
from polylyte.analysis.lithium.critical_current_cells import Bracket, log_normal
from polylyte.analysis.lithium.shorts import find_shorts
from polylyte.analysis.lithium.symmetric_halves import halves_of
from polylyte.analysis.lithium.symmetric_tables import (
    figures,
    half_table,
    profile_table,
    short_table,
)
from polylyte.analysis.lithium.symmetric_values import Cell, quantities
from polylyte.analysis.lithium.symmetric_words import findings, refuse, verdicts
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure
from polylyte.core.kinds import (
    AnyQuantity,
    Area,
    ArealCapacity,
    ArealResistance,
    CurrentDensity,
    Percentage,
    Ratio,
    Resistance,
    Time,
    Voltage,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q, require
from polylyte.core.replicates import mean
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.instruments.cycling import CyclingRecord

WOOD_2016 = Citation(
    "Wood2016",
    "Wood, K. N.; Kazyak, E.; Chadwick, A. F.; Chen, K.-H.; Zhang, J.-G.; Thornton, K.; "
    "Dasgupta, N. P.",
    "Dendrites and Pits: Untangling the Complex Behavior of Lithium Metal Anodes through Operando "
    "Video Microscopy",
    "ACS Cent. Sci.",
    2016,
    "2",
    "790–801",
    "10.1021/acscentsci.6b00260",
)
MENKIN_2023 = Citation(
    "Menkin2023",
    "Menkin, S.; Fritzke, J. B.; Larner, R.; de Leeuw, C.; Choi, Y.; Gunnarsdóttir, A. B.; "
    "Grey, C. P.",
    "Insights into soft short circuit-based degradation of lithium metal batteries",
    "Faraday Discuss.",
    2023,
)
CENSORED = ("short_circuit_time", "lifetime", "cycles_before_short", "cumulative_capacity")
"""Of several cells these have no plain mean where one has not failed."""


@dataclass(frozen=True, kw_only=True)
class SymmetricCycling(Result):
    """Of several cells each quantity is the mean; ``cells`` holds each one's own."""

    current_density: CurrentDensity = out("mean current over the area of one electrode")
    areal_capacity: ArealCapacity = out("charge of a half cycle over the area")
    overpotential: Voltage = out("mean plateau (middle half of the charge), both directions")
    initial_overpotential: Voltage = out("plateau of the first cycle counted, by a straight line")
    final_overpotential: Voltage = out("plateau of the last cycle before a short, by that line")
    end_overpotential: Voltage = out("mean of the last 5 % of a half cycle")
    growth: AnyQuantity = out("slope of the plateau over time")
    hysteresis: Voltage = out("plateau of one direction plus that of the other")
    area_specific_resistance: ArealResistance = out("overpotential over current density")
    asymmetry: Percentage = out("difference of the two directions over their mean")
    nucleation_overpotential: Voltage = out("highest early sample above the plateau, mean")
    first_nucleation_overpotential: Voltage = out("that of the first half cycle")
    rise: Percentage = out("rise over the last 80 % of a half cycle over the plateau (arcing)")
    peaking: Percentage = out("ends of a half cycle above its middle, over the plateau")
    ohmic_overpotential: Voltage = out("lost at once without current")
    soft_short_time: Time = out("first sign of a soft short")
    short_circuit_time: Time = out("hard short; the duration, a lower bound, without one")
    lifetime: Time = out("first short of either kind; the duration without one")
    cycles_before_short: Ratio = out("whole cycles before the first short")
    cumulative_capacity: ArealCapacity = out(
        "charge of all half cycles before the first short: what both electrodes have plated"
    )
    half_cycles: Table = out("every half cycle")
    shorts: Table = out("every short and sign of one, with its time and size")
    cells: Table = out("the quantities of each cell")
    profile: Table = out("potential and current density over time")


def figure(result: SymmetricCycling) -> list[Figure]:
    """Voltage profile with shorts marked, and plateaus over time."""
    caption = (
        f"Plating and stripping at {result.current_density}, {result.areal_capacity} per half "
        f"cycle: plateau {result.overpotential}, {result.text['life']}."
    )
    return figures(result.profile, result.half_cycles, result.shorts, caption)


@method(
    "lithium.symmetric",
    version=1,
    cites=[WOOD_2016, MENKIN_2023],
    figure=figure,
    prose="Li|electrolyte|Li cells ({cell_count}) were plated and stripped at {current_density} "
    "with {areal_capacity} per half cycle ({duration}). The overpotential, the mean over the "
    "middle half of the charge of each half cycle, was {overpotential} "
    "({area_specific_resistance}) and changed by {growth}. Soft and hard shorts were told from "
    "falls beyond the noise of the record with a probability of a false alarm of {false_alarms} "
    "per record and a least fall of {least_fall} [Wood2016, Menkin2023]: {life}.",
)
def symmetric(
    *,
    data: list[CyclingRecord],
    area: list[Area] | None = None,
    resistance: Resistance | None = None,
    electrolyte_resistance: ArealResistance | None = None,
    least_fall: Ratio = q("10 %"),
    false_alarms: Ratio = q("1 %"),
    potential_accuracy: Voltage = q("1 mV"),
    current_accuracy: Ratio = q("0.1 %"),
) -> SymmetricCycling:
    """Overpotential, growth, nucleation, shape and shorts of Li|electrolyte|Li under cycling.

    plateau η = mean of |V| over the middle half of a half cycle's charge;
    η(half cycle) = level + growth · time + (asymmetry/2) · direction, by least squares over the
    half cycles after the first cycle and before the first short; R = level/J

    A short is told against the record's own noise, all signs together with the probability
    ``false_alarms`` of one in a whole record without any, and never below ``least_fall``. A soft
    one is a sudden *fall* within a half cycle, a half cycle whose *level* lies below what the
    earlier ones foretell, an *erratic* one, or one *flattened* (the rise by concentration
    polarisation, which was there, is lost). A hard one leaves less than a tenth of the usual
    potential, or less than the electrolyte's own resistance where it is given, to the end of the
    record. Without a short the lifetime is a lower bound: the duration.

    Valid for two alike electrodes under one current density that alternates. Several cells: mean,
    standard deviation and n; lifetimes of which some are lower bounds are joined by maximum
    likelihood (log-normal, median).

    Parameters:
        data: one record per cell
        area: of one electrode; by default as the files state it; one for all or one per record
        resistance: of electrolyte and leads, from a spectrum; gives the ohmic part
        electrolyte_resistance: area-specific, of the electrolyte alone: less is a hard short
        least_fall: share of the potential below which no fall is called a short
        false_alarms: probability of a sign of a soft short in a record without any
        potential_accuracy: standard uncertainty of the voltmeter's zero (assumed)
        current_accuracy: relative standard uncertainty of the ammeter (assumed)

    Raises:
        InputError: no record, or no area.
        NotAnswerable: fewer than three half cycles, current densities that differ, unlike
            electrodes, or no current.
    """
    cells = _cells(
        data, area, resistance, electrolyte_resistance, least_fall.si, false_alarms.si,
        potential_accuracy.si, current_accuracy.si,
    )  # fmt: skip
    each = [quantities(cell) for cell in cells]
    fields, more = _merged(each)
    tests = [v for cell, own in zip(cells, each, strict=True) for v in verdicts(cell, own)]
    given = one_each(area, data, "area")
    said = [
        f
        for cell, own, a in zip(cells, each, given, strict=True)
        for f in findings(cell, own, a is None)
    ]
    table, words = _lives(cells, each, fields)
    return SymmetricCycling(
        **fields,  # type: ignore[arg-type]
        more=more,
        half_cycles=half_table(cells),
        shorts=short_table(cells),
        cells=table,
        profile=profile_table([(c.name, c.record) for c in cells], [c.area for c in cells]),
        verdicts=tuple(tests),
        findings=(*said, *_different(each)),
        warnings=tuple(v.text for v in tests if v.passed is False),
        text={
            "cell_count": "one cell" if len(cells) == 1 else f"n = {len(cells)} cells",
            "duration": f"{_usual(cells) / 3600:.4g} h",
            "life": words,
        },
    )


def _usual(cells: Sequence[Cell]) -> float:
    durations = sorted(h.duration for cell in cells for h in cell.counted)
    return durations[len(durations) // 2]


def _cells(
    data: Sequence[CyclingRecord],
    area: Sequence[Quantity] | None,
    resistance: Quantity | None,
    electrolyte: Quantity | None,
    least: float,
    alarms: float,
    zero: float,
    gain: float,
) -> list[Cell]:
    if not data:
        raise InputError("no record is given", where="data")
    if not 0 < least < 1 or not 0 < alarms < 1:
        raise InputError("must lie between 0 and 1", where="least_fall or false_alarms")
    made = []
    labels, several = names(data), len(data) > 1
    for label, record, given in zip(labels, data, one_each(area, data, "area"), strict=True):
        own = known_area(given, record)
        halves = halves_of(record, own.si)
        refuse(halves, record)
        limit = None if electrolyte is None else electrolyte.si
        shorts = find_shorts(halves, least_fall=least, false_alarms=alarms, electrolyte=limit)
        mark = f" ({label})" if several else ""
        made.append(Cell(label, record, own, halves, shorts, zero, gain, resistance, mark))
    return made


def known_area(given: Quantity | None, record: CyclingRecord) -> Quantity:
    """The area given, else the file's.

    Raises:
        InputError: there is none, or it is not positive.
    """
    own = given or stated(record, "area")
    if own is None or own.value is None:
        raise InputError(
            f"no area is known for '{record.name or 'the record'}': current densities and areal "
            "capacities need one",
            where="area",
            remedy="give the area of one electrode, e.g. area = '1.13 cm^2'",
        )
    if require(own, "m^2", where="area").si <= 0:
        raise InputError("must be positive", where="area")
    return own


def _merged(
    each: Sequence[dict[str, Quantity]],
) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    """One cell's quantities as they are; means and standard deviations of several."""
    if len(each) == 1:
        return dict(each[0]), {}
    made: dict[str, Quantity] = {}
    more: dict[str, Quantity] = {"n": Quantity(float(len(each)), "1", how="derived")}
    for name, first in each[0].items():
        values = [own[name].to(first.unit) for own in each]
        known = [v for v in values if v.value is not None]
        bounds = [v for v in known if "lower bound" in v.flags]
        if len(known) < 2:
            made[name] = known[0] if known else first
        elif bounds and name in CENSORED:
            made[name] = Quantity(None, first.unit, flags=("some are lower bounds",))
        else:
            both = mean(name, known)
            made[name], more[f"{name}_sd"] = both[name], both[f"{name}_sd"]
    return made, more


def _lives(
    cells: Sequence[Cell],
    each: Sequence[dict[str, Quantity]],
    fields: dict[str, Quantity],
) -> tuple[Table, str]:
    """The table of cells, and the lifetime in words."""
    table = Table.of_quantities(
        {
            "cell": [cell.name for cell in cells],
            "half_cycles": [len(cell.halves) for cell in cells],
            "half_cycles_counted": [len(cell.counted) for cell in cells],
            "lifetime_is": [
                "a lower bound" if cell.first is None else "observed" for cell in cells
            ],
        },
        {name: [own[name] for own in each] for name in each[0]},
    )
    shorted = sum(cell.first is not None for cell in cells)
    if len(cells) == 1:
        life = fields["lifetime"]
        if cells[0].first is None:
            return table, f"no short within {cells[0].end / 3600:.4g} h (lifetime > that)"
        kind = "hard" if cells[0].first.hard else "soft"
        hard = fields["short_circuit_time"]
        after = f", hard short at {hard}" if kind == "soft" and cells[0].hard else ""
        return table, f"first sign of a {kind} short at {life}{after}"
    fitted = log_normal(
        [
            Bracket(cell.end, float("inf"))
            if cell.first is None
            else Bracket(max(cell.first.after, 1e-3), max(cell.first.before, 2e-3))
            for cell in cells
        ]
    )
    words = f"{shorted} of {len(cells)} cells were shorted"
    if fitted is not None:
        ends = fitted.interval
        fields["lifetime"] = Quantity(
            fitted.median / 3600,
            "h",
            how="derived",
            conditions={"of": "median of a log-normal distribution", "n": str(len(cells))},
            interval=None if ends is None else (ends[0] / 3600, ends[1] / 3600),
            flags=() if ends is not None else ("unbounded",),
        )
        words += f", median lifetime {_between(fields['lifetime'])}"
    return table, words


def _between(value: Quantity) -> str:
    ends = value.interval
    return f"{value} (95 %: {ends[0]:.4g} to {ends[1]:.4g} h)" if ends else f"{value}"


def _different(each: Sequence[dict[str, Quantity]]) -> list[Finding]:
    """Cells cycled in different ways are no replicates."""
    made = []
    for name, words in (("current_density", "current densities"), ("areal_capacity", "capacities")):
        values = [own[name].si for own in each]
        if max(values) > 1.05 * min(values):
            made.append(
                Finding(f"the cells differ in their {words}: they are no replicates", "warning")
            )
    return made
