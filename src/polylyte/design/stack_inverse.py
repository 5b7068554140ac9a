"""What a target takes: the value of one entry of a cell card that reaches it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable, nearest
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Capacity, EnergyDensity, SpecificEnergy
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, require
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.units import pretty
from polylyte.design import energy, notes
from polylyte.design.targets import Search, bare
from polylyte.design.variables import Variable, bounds, variable
from polylyte.materials.cells import Cell

LIU_2019 = Citation(
    "Liu2019",
    "Liu, J.; Bao, Z.; Cui, Y.; Dufek, E. J.; Goodenough, J. B.; Khalifah, P.; Li, Q.; Liaw, "
    "B. Y.; Liu, P.; Manthiram, A.; Meng, Y. S.; Subramanian, V. R.; Toney, M. F.; Viswanathan, "
    "V. V.; Whittingham, M. S.; Xiao, J.; Xu, W.; Yang, J.; Yang, X.-Q.; Zhang, J.-G.",
    "Pathways for practical high-energy long-cycling lithium metal batteries",
    "Nature Energy",
    2019,
    "4",
    "180–186",
    "10.1038/s41560-019-0338-x",
)
_DISPLAY = {"specific_energy": "Wh/kg", "energy_density": "Wh/L", "capacity": "Ah"}


@dataclass(frozen=True, kw_only=True)
class InverseDesign(Result):
    """``more`` holds each target as ``target_NAME``, what is reached at the answer as
    ``reached_NAME``, and the largest in the range as ``best_NAME``."""

    needed: AnyQuantity = out("value of the free entry at which the target is just met")
    present: AnyQuantity = out("value of the free entry on the card")
    scan: Table = out("what the cell reaches over the free entry, and whether that is enough")
    required: Table | None = out("the needed value over a second entry", default=None)


def figure(result: InverseDesign) -> list[Figure]:
    """Energy over the free entry with the target; the needed value over the second entry."""
    figures = []
    free = result.text["free"]
    for name in result.text["target_names"].split(", "):
        target = result[f"target_{name}"]
        table = result.scan
        known = [
            (x, y)
            for x, y in zip(table.column(free), table.column(name), strict=True)
            if y is not None
        ]
        series = [Series([x for x, _ in known], [y for _, y in known], style="line")]
        needed, reached = result.needed, result.more.get(f"reached_{name}")
        if needed.value is not None and reached is not None and reached.value is not None:
            spread = None if needed.std is None else [needed.std]
            series.append(Series([needed.value], [reached.value], label="just met", x_error=spread))
        panel = Panel(
            series,
            result.text["words"],
            name.replace("_", " "),
            x_unit=needed.unit,
            y_unit=target.unit,
            marks=[Mark(target.value or 0.0, f"target {target}", "y")],
        )
        figures.append(
            Figure(
                f"{name}_over_{free}",
                [panel],
                f"{name.replace('_', ' ').capitalize()} over the {result.text['words']}, the rest "
                "of the card kept.",
                "A line that meets the target far from today's values asks for a different cell.",
            )
        )
    return figures + ([_required_figure(result)] if result.required is not None else [])


def _required_figure(result: InverseDesign) -> Figure:
    table = result.required
    assert table is not None
    free, also = result.text["free"], result.text["also"]
    rows = list(zip(table.column(also), table.quantities(free), strict=True))
    known = [(x, y.value, y.std or 0.0) for x, y in rows if x is not None and y.value is not None]
    series = Series(
        [x for x, _, _ in known],
        [y for _, y, _ in known],
        style="line+points",
        y_error=[std for _, _, std in known],
    )
    return Figure(
        f"required_{free}_over_{also}",
        [
            Panel(
                [series],
                variable(also).words,
                result.text["words"],
                x_unit=table.units.get(also, ""),
                y_unit=result.needed.unit,
            )
        ],
        f"Value of the {result.text['words']} that just meets the target, over the "
        f"{variable(also).words}.",
        "Points that are missing cannot reach the target at any value in the range.",
    )


@method(
    "stack.inverse",
    version=1,
    cites=[LIU_2019],
    figure=figure,
    prose="What a target of {targets} takes was found by varying the {words} from {range}, the "
    "rest of the card kept ({level}): {direction} {needed}. This is a design that would meet the "
    "target, not a reconstruction of any cell that did.",
)
def stack_inverse(
    *,
    cell: Cell,
    free: str,
    specific_energy: SpecificEnergy | None = None,
    energy_density: EnergyDensity | None = None,
    capacity: Capacity | None = None,
    first: AnyQuantity | None = None,
    last: AnyQuantity | None = None,
    level: Literal["cell", "stack"] = "cell",
    also: str = "",
    also_values: list[AnyQuantity] = [],  # noqa: B006 - a signature is a declaration
    variant: str = "",
) -> InverseDesign:
    """The value of one entry of a cell card at which a target is just met.

    Solves E(x) = T for the free entry x, with E that of ``stack.energy`` and everything else on
    the card kept. A thicker coating keeps composition, porosity and capacity per mass; a stated
    E/C or filling follows the capacity or the pores; the anode stays as it is unless it is what
    varies. Several targets must all be met. The range is scanned at 121 points and each change
    of verdict refined by Brent's method; where the energy does not only rise or only fall, every
    crossing is reported and the one nearest to the card is the answer.

    The uncertainty is dx = (dT - dE) / (dE/dx), first order, by source: where the curve is flat
    at the target, the answer is uncertain, however well the card is known.

    It answers "which E/C, lithium and package would give it?"; it never claims how a published
    cell was built.

    Parameters:
        cell: the areal cell card; a specific energy stated on it is the target where none is given
        free: what varies: areal_capacity, loading, cathode_thickness, cathode_porosity,
            specific_capacity, average_voltage, electrolyte_thickness, separator_thickness,
            electrolyte_to_capacity, lithium_thickness, np_ratio or packaging_share
        specific_energy: target
        energy_density: target
        capacity: target for the whole cell; needs area and layers, or a roll
        first: lower end of the range of the free entry
        last: upper end of the range of the free entry
        level: whether targets are those of the cell, where its package is known, or of the stack
        also: a second entry, over whose values the needed value is tabulated
        also_values: values of the second entry
        variant: name of the variant that takes the place of the card

    Raises:
        InputError: no target, an unknown entry, or a card that does not tell the energy.
        NotAnswerable: no value in the range reaches the target; says the best.

    References:
        Liu et al. 2019, doi:10.1038/s41560-019-0338-x (what cell-level targets take).
    """
    chosen = _chosen(cell, variant)
    given = {
        "specific_energy": specific_energy,
        "energy_density": energy_density,
        "capacity": capacity,
    }
    targets = _targets(chosen, given)
    varied = variable(free, "free")
    low, high = bounds(varied, _checked(first, varied, "first"), _checked(last, varied, "last"))
    search = Search(_subject(chosen, capacity), varied, targets, low, high, level == "cell")
    present = _present(varied, chosen)
    required = _required(search, also, also_values)
    needed, direction = _needed(search, present, required)
    reached = {} if needed.value is None else search.reached(needed.value)
    best = search.reached(search.best[0])
    return InverseDesign(
        needed=needed,
        present=present,
        scan=_scan(search, free),
        required=None if required is None else _table(required, also, free),
        more={
            **{f"target_{name}": target for name, target in targets.items()},
            **{f"reached_{name}": value for name, value in reached.items()},
            **{f"best_{name}": value for name, value in best.items()},
        },
        verdicts=(_verdict(search, needed, direction),),
        findings=tuple(_findings(search, chosen, present, needed)),
        text={
            "free": free,
            "also": also,
            "words": varied.words,
            "targets": " and ".join(f"{t} ({n.replace('_', ' ')})" for n, t in targets.items()),
            "target_names": ", ".join(targets),
            "range": _range(search),
            "level": _level(search),
            "direction": direction,
        },
    )


def _chosen(cell: Cell, variant: str) -> Cell:
    if variant and variant not in cell.variants:
        raise InputError(
            f"the card has no variant '{variant}'",
            where=cell.where,
            remedy=nearest(variant, cell.variants),
        )
    return cell.variants[variant] if variant else cell


def _targets(cell: Cell, given: dict[str, Quantity | None]) -> dict[str, Quantity]:
    targets = {name: t.to(_DISPLAY[name]) for name, t in given.items() if t is not None}
    if not targets and cell.specific_energy is not None:
        targets = {"specific_energy": cell.specific_energy.to("Wh/kg")}
    if not targets:
        raise InputError(
            "there is no target", where=cell.where, remedy='give specific_energy = "400 Wh/kg"'
        )
    for name, target in targets.items():
        if target.value is None or target.value <= 0:
            raise InputError(f"a target of {target} is not possible", where=name)
    return targets


def _checked(bound: Quantity | None, varied: Variable, where: str) -> Quantity | None:
    return None if bound is None else require(bound, varied.unit, where=where)


def _subject(cell: Cell, capacity: Quantity | None) -> Cell:
    """The card without what is to be found."""
    subject = bare(cell)
    return subject if capacity is None else replace(subject, capacity=None)


def _present(varied: Variable, cell: Cell) -> Quantity:
    found = varied.read(cell)
    if found is None or found.value is None:
        return Quantity(None, varied.unit, flags=("not on the card",))
    return found.to(varied.unit)


Required = list[tuple[Quantity, Quantity, str]]


def _required(search: Search, also: str, values: Sequence[Quantity]) -> Required | None:
    """The needed value for each value of the second entry, and what hinders where there is none."""
    if not also:
        if values:
            raise InputError("values of what?", where="also_values", remedy="name it with also")
        return None
    second = variable(also, "also")
    if second is search.variable:
        raise InputError(f"'{also}' is the free entry already", where="also")
    if not values:
        raise InputError(f"no value of {also} is given", where="also_values")
    rows: Required = []
    for i, value in enumerate(values):
        require(value, second.unit, where=f"also_values[{i}]")
        shown = value.to(second.unit)
        rows.append((shown, *_one(search.at(second, shown))))
    return rows


def _one(search: Search) -> tuple[Quantity, str]:
    unit = search.variable.unit
    crossings = search.crossings()
    if crossings:
        return search.needed(crossings[0]), "met"
    if search.best[1] >= 0:
        return Quantity(None, unit, flags=("whole range",)), "met over the whole range"
    return Quantity(None, unit, flags=("out of reach",)), f"not met: {_reach(search)} at best"


def _range(search: Search) -> str:
    return f"{search.low:g} to {Quantity(search.high, search.variable.unit)}"


def _reach(search: Search) -> str:
    return " and ".join(str(value) for value in search.reached(search.best[0]).values())


def _needed(search: Search, present: Quantity, required: Required | None) -> tuple[Quantity, str]:
    """The answer and whether it is the least or the most.

    Raises:
        NotAnswerable: the target is out of reach.
    """
    crossings = search.crossings()
    unit = search.variable.unit
    if crossings:
        near = present.value if present.value is not None else crossings[0]
        value = min(crossings, key=lambda crossing: abs(crossing - near))
        found = search.needed(value)
        if len(crossings) > 1:
            found = found.flagged("not the only one")
        step = 1e-4 * (search.high - search.low)
        rising = search.margin(min(value + step, search.high)) >= search.margin(
            max(value - step, search.low)
        )
        return found, "at least" if rising else "at most"
    if search.best[1] >= 0:
        return Quantity(None, unit, flags=("whole range",)), "any value in the range; needed:"
    if required is not None and any(row[2].startswith("met") for row in required):
        return Quantity(None, unit, flags=("out of reach",)), "out of reach;"
    at = search.best[0]
    target = " and ".join(str(t) for t in search.targets.values())
    raise NotAnswerable(
        f"no {search.variable.words} from {_range(search)} reaches {target}: the best is "
        f"{_reach(search)} at {Quantity(at, unit)}",
        where=search.cell.where or None,
        remedy="widen first and last, or change something else on the card",
    )


def _verdict(search: Search, needed: Quantity, direction: str) -> Verdict:
    words, name = search.variable.words, "target can be met"
    if needed.value is not None:
        return Verdict(name, True, f"{words}: {direction} {needed}")
    if search.best[1] >= 0:
        return Verdict(name, True, f"at every {words} from {_range(search)}")
    return Verdict(name, False, f"the card as it is reaches {_reach(search)} at best")


def _scan(search: Search, free: str) -> Table:
    columns: dict[str, list[Quantity]] = {name: [] for name in search.targets}
    for value, _ in search.scanned[::3]:
        for name, quantity in search.reached(value).items():
            columns[name].append(quantity)
    return Table.of_quantities(
        {
            free: [value for value, _ in search.scanned[::3]],
            "met": [margin >= 0 for _, margin in search.scanned[::3]],
        },
        columns,
        {free: search.variable.unit},
    )


def _table(rows: Required, also: str, free: str) -> Table:
    return Table.of_quantities(
        {also: [row[0].value for row in rows], "outcome": [row[2] for row in rows]},
        {free: [row[1] for row in rows]},
        {also: rows[0][0].unit},
    )


def _level(search: Search) -> str:
    names = search.names(energy.energies(search.card(search.best[0])))
    return "of the " + ("cell" if all(n.startswith("cell") for n in names.values()) else "stack")


def _findings(search: Search, cell: Cell, present: Quantity, needed: Quantity) -> list[Finding]:
    findings = []
    if search.whole and _level(search) == "of the stack":
        findings.append(
            Finding(
                "the package is not on the card: the target is asked of the stack, which a cell "
                "always falls short of",
                "warning",
                remedy="add package = { mass_share = … }, or vary packaging_share",
            )
        )
    left_out = notes.omitted(search.card(search.best[0]))
    if left_out:
        findings.append(Finding(f"the card leaves out: {', '.join(left_out)}", "warning"))
    if not search.monotonic:
        crossings = ", ".join(f"{value:.4g}" for value in search.crossings()) or "none"
        findings.append(
            Finding(
                f"what the cell reaches does not only rise or only fall over the range; the "
                f"target is crossed at {crossings} {pretty(search.variable.unit)}".rstrip(),
                "warning",
            )
        )
    if needed.value is not None and present.value is not None:
        findings.append(Finding(f"the card has {present}, the target takes {needed}"))
    return findings
