"""Designs that no other design beats in everything: the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable, PolylyteError, nearest
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, q, require
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.design import energy, inventory
from polylyte.design.targets import bare
from polylyte.design.variables import Variable, bounds, variable
from polylyte.materials.cells import Cell

SOBOL_1967 = Citation(
    "Sobol1967",
    "Sobol', I. M.",
    "On the distribution of points in a cube and the approximate evaluation of integrals",
    "USSR Computational Mathematics and Mathematical Physics",
    1967,
    "7",
    "86–112",
    "10.1016/0041-5553(67)90144-9",
)
EDGE = 0.05
"""A front that lies within this part of a range at one of its ends is decided by the range."""


@dataclass(frozen=True, kw_only=True)
class TradeoffFront(Result):
    """``more`` holds the best value of each objective as ``best_NAME``."""

    designs: Ratio = out("that were compared")
    front_size: Ratio = out("of them that no other beats in everything")
    front: Table = out("the designs of the front, by the first objective")
    compared: Table = out("every design, and whether it is on the front")


def figure(result: TradeoffFront) -> Figure:
    """The first two objectives of every design, with the front."""
    names = result.text["objectives"].split(", ")
    x, y = (names * 2)[:2]
    everything, front = result.compared, result.front
    return Figure(
        "front",
        [
            Panel(
                [
                    Series(everything.column(x), everything.column(y), label="designs"),
                    Series(
                        front.column(x),
                        front.column(y),
                        label="front",
                        style="line+points" if len(names) == 2 else "points",
                    ),
                ],
                x.replace("_", " "),
                y.replace("_", " "),
                x_unit=everything.units.get(x, ""),
                y_unit=everything.units.get(y, ""),
            )
        ],
        f"Designs by {x.replace('_', ' ')} and {y.replace('_', ' ')}, and those that no other "
        "design beats in everything.",
        "Below the front, something can be had for nothing. With more than two objectives the "
        "front is a surface, seen here from the side.",
    )


@method(
    "tradeoff.front",
    version=1,
    cites=[SOBOL_1967],
    figure=figure,
    prose="Of {designs} designs ({source}), {front_size} are on the Pareto front of {objectives}.",
)
def tradeoff_front(
    *,
    maximise: list[str] = ["specific_energy"],  # noqa: B006 - a signature is a declaration
    minimise: list[str] = [],  # noqa: B006
    cell: Cell | None = None,
    ranges: dict[str, Any] = {},  # noqa: B006
    designs: Table | None = None,
    samples: int = 1024,
    coulombic_efficiency: Ratio | None = None,
    retention: Ratio = q("0.8"),
) -> TradeoffFront:
    """The Pareto front of designs: those that no other beats in every objective.

    A design is beaten where another is at least as good in everything and better in something.
    Designs are those of a sweep (``designs``: any step with a map, of simulations too), or are
    spread over ``ranges`` of a cell card's entries by a Sobol sequence and answered by
    ``stack.energy``; with a Coulombic efficiency each also has its ``cycles`` by
    ``life.inventory``. There is no search: the front is that of the designs compared, and grows
    with their number. Designs that have no value for an objective are left out, and counted.

    Parameters:
        maximise: quantities of the designs, or entries that are varied
        minimise: the same
        cell: the areal cell card
        ranges: entries of the card (as in stack.inverse) with their lowest and highest value
        designs: the table of a sweep, in place of cell and ranges
        samples: number of designs over the ranges; the next power of two is taken
        coulombic_efficiency: for the cycles of each design
        retention: at which the cycles end

    Raises:
        InputError: no objective, an unknown one, or neither a cell with ranges nor designs.
        NotAnswerable: no design has a value for every objective.

    References:
        Sobol' 1967, doi:10.1016/0041-5553(67)90144-9.
    """
    objectives = [*maximise, *minimise]
    if not objectives or len(set(objectives)) < len(objectives):
        raise InputError(
            "each objective is named once, and there is at least one",
            where="maximise, minimise",
            remedy='write maximise = ["specific_energy", "cycles"]',
        )
    varied = {name: variable(name, f"ranges.{name}") for name in ranges}
    if designs is None:
        table, source, failed = _spread(
            cell, ranges, varied, samples, coulombic_efficiency, retention
        )
    else:
        table, source, failed = designs, "of a sweep", 0
    for name in objectives:
        if name not in table.columns:
            raise InputError(
                f"designs have no '{name}'", where="objectives",
                remedy=nearest(name, table.columns),
            )  # fmt: skip
    kept, left_out = _known(table, objectives)
    values = np.array([kept.column(name) for name in objectives], dtype=float).T
    signs = np.array([-1.0] * len(maximise) + [1.0] * len(minimise))
    on_front = pareto(values * signs)
    order = np.argsort(values[:, 0], kind="stable")
    marked = Table(kept.frame.with_columns(on_front=_series(on_front)), kept.units, kept.note)
    front = Table(kept.frame[order[on_front[order]]], kept.units, kept.note)
    best = {f"best_{name}": _best(kept, name, maximum=name in maximise) for name in objectives}
    return TradeoffFront(
        designs=Quantity(float(len(kept)), "1", how="derived"),
        front_size=Quantity(float(on_front.sum()), "1", how="derived"),
        front=front,
        compared=marked,
        more=best,
        findings=(*_left_out(left_out + failed), *_at_edges(front, ranges, varied)),
        text={"objectives": ", ".join(objectives), "source": source},
    )


def pareto(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows no other row beats; every column is to be small.

    Rows are taken in the order of their sum: a row can only be beaten by one of a smaller sum.
    Equal rows do not beat each other.
    """
    # Scaled, so that the sum does not lose a small column beside a large one.
    span = costs.max(axis=0) - costs.min(axis=0)
    scaled = (costs - costs.min(axis=0)) / np.where(span > 0, span, 1.0)
    order = np.argsort(scaled.sum(axis=1), kind="stable")
    kept: list[int] = []
    best = np.empty((0, costs.shape[1]))
    for index in order:
        row = costs[index]
        if not np.any(np.all(best <= row, axis=1) & np.any(best < row, axis=1)):
            kept.append(int(index))
            best = np.vstack([best, row])
    mask = np.zeros(len(costs), dtype=bool)
    mask[kept] = True
    return mask


def _series(values: NDArray[np.bool_]) -> Any:
    import polars

    return polars.Series(values.tolist())


def _spread(
    cell: Cell | None,
    ranges: Mapping[str, Any],
    varied: Mapping[str, Variable],
    samples: int,
    efficiency: Quantity | None,
    retention: Quantity,
) -> tuple[Table, str, int]:
    """Designs over the ranges with their quantities, and how many cannot be built."""
    if cell is None or not ranges:
        raise InputError(
            "there are no designs to compare",
            where="cell, ranges",
            remedy='give a cell and ranges = { areal_capacity = ["3 mAh/cm^2", "6 mAh/cm^2"] }, '
            'or designs = { step = "…", table = "designs" }',
        )
    if not 2 <= samples <= 2**17:
        raise InputError(f"{samples} samples are not possible", where="samples")
    points = _points(ranges, varied, samples)
    rows = [_design(bare(cell), varied, point, efficiency, retention) for point in points]
    # A refusal of every design is one of the card.
    errors = [row for row in rows if isinstance(row, PolylyteError)]
    if len(errors) == len(rows):
        raise errors[0]
    answered = [
        (point, row)
        for point, row in zip(points, rows, strict=True)
        if not isinstance(row, PolylyteError)
    ]
    names = {n: v.unit for _, row in answered for n, v in row.items() if n not in varied}
    table = Table.of_quantities(
        {name: [point[i] for point, _ in answered] for i, name in enumerate(varied)},
        {
            name: [row.get(name, Quantity(None, unit)) for _, row in answered]
            for name, unit in names.items()
        },
        {name: entry.unit for name, entry in varied.items()},
    )
    over = ", ".join(
        f"{entry.words} {low:g} to {Quantity(high, entry.unit)}"
        for (low, high), entry in zip(_limits(ranges, varied), varied.values(), strict=True)
    )
    return table, f"a Sobol sequence over {over}", len(errors)


def _limits(ranges: Mapping[str, Any], varied: Mapping[str, Variable]) -> list[tuple[float, float]]:
    limits = []
    for name, given in ranges.items():
        where = f"ranges.{name}"
        if not isinstance(given, list | tuple) or len(given) != 2:
            raise InputError(
                f"{given!r} is not a range", where=where, remedy='write ["3 um", "6 um"]'
            )
        try:
            ends = [end if isinstance(end, Quantity) else q(str(end)) for end in given]
        except InputError as error:
            raise error.at(where) from None
        entry = varied[name]
        limits.append(bounds(entry, *(require(end, entry.unit, where=where) for end in ends)))
    return limits


def _points(
    ranges: Mapping[str, Any], varied: Mapping[str, Variable], samples: int
) -> list[list[float]]:
    from scipy.stats import qmc

    low, high = np.array(_limits(ranges, varied)).T
    power = int(np.ceil(np.log2(samples)))
    unit = qmc.Sobol(len(varied), scramble=False).random_base2(power)
    return [[float(value) for value in row] for row in low + unit * (high - low)]


def _design(
    cell: Cell,
    varied: Mapping[str, Variable],
    point: Sequence[float],
    efficiency: Quantity | None,
    retention: Quantity,
) -> dict[str, Quantity] | PolylyteError:
    try:
        for entry, value in zip(varied.values(), point, strict=True):
            cell = entry.put(cell, Quantity(value, entry.unit))
        found = energy.energies(cell)
    except PolylyteError as error:
        return error
    if efficiency is not None and found["np_ratio"].value is not None:
        found["cycles"] = derive(
            inventory.cycles, "1", NP=found["np_ratio"], CE=efficiency.to("1"),
            retention=retention.to("1"),
        )  # fmt: skip
    return found


def _known(table: Table, objectives: Sequence[str]) -> tuple[Table, int]:
    """The designs that have a number for every objective, and how many have not."""
    import polars

    for name in objectives:
        column = table.frame[name]
        if not column.dtype.is_numeric() and column.null_count() < len(column):
            raise InputError(f"'{name}' is not a number", where="objectives")
    wanted = polars.all_horizontal([polars.col(name).is_not_null() for name in objectives])
    frame = table.frame.filter(wanted)
    if not len(frame):
        raise NotAnswerable(
            f"no design has a value for each of {', '.join(objectives)}",
            remedy="see the reason column of the sweep, or complete the card",
        )
    return Table(frame, table.units, table.note), len(table) - len(frame)


def _best(table: Table, name: str, *, maximum: bool) -> Quantity:
    found = table.quantities(name)
    return (max if maximum else min)(found, key=lambda value: value.value or 0.0)


def _left_out(count: int) -> list[Finding]:
    if not count:
        return []
    return [Finding(f"{count} designs have no value for an objective and are left out", "warning")]


def _at_edges(
    front: Table, ranges: Mapping[str, Any], varied: Mapping[str, Variable]
) -> list[Finding]:
    """Entries whose range, not a trade-off, decides."""
    findings = []
    for name, (low, high) in zip(varied, _limits(ranges, varied), strict=True):
        if name not in front.columns:
            continue
        values = [(value - low) / (high - low) for value in front.column(name)]
        for end, inside in (("lowest", max(values)), ("highest", 1 - min(values))):
            if inside <= EDGE:
                findings.append(
                    Finding(
                        f"the whole front has {varied[name].words} at the {end} of its range: the "
                        "range decides, not a trade-off",
                        "warning",
                        remedy="widen the range, or add what speaks against it as an objective",
                    )
                )
    return findings
