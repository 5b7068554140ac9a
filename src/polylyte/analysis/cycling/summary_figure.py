"""Capacity, efficiency, polarisation over cycles: few cells one by one, many as a crowd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polylyte.analysis.cycling.summary_batch import FEW, short
from polylyte.core.figures import Figure, Mark, Panel, Series

if TYPE_CHECKING:
    import polars

    from polylyte.core.tables import Table

SHOWN = 200
"""Cells drawn one by one in a crowd; the median and the band are those of all."""
BAND = (0.1, 0.9)
WIDE = 30.0
"""Largest over smallest capacity from which the axis is logarithmic."""
_GREY, _MEDIAN = 5, 0


def panels(cycles: Table, capacity: str, reference: str) -> list[Panel]:
    """Capacity with the reference cycle marked, Coulombic efficiency, polarisation."""
    frame = cycles.frame.filter(cycles.frame["complete"])
    number = frame["cell"].n_unique()
    quantities = [f"{capacity}_capacity", "coulombic_efficiency", "polarisation"]
    if number > FEW:
        drawn = [_crowd(frame, quantity, number) for quantity in quantities]
    else:
        drawn = [
            _both(frame, number),
            *(_each(frame, quantity, number) for quantity in quantities[1:]),
        ]
    what = f"{capacity.capitalize()} capacity" if number > FEW else "Capacity"
    marks = [Mark(float(reference), "reference")]
    unit = cycles.units["discharge_capacity"]
    sizes = [value for series in drawn[0] for value in series.y if value > 0]
    scale: Literal["log", "linear"] = (
        "log" if sizes and max(sizes) > WIDE * min(sizes) else "linear"
    )
    return [
        Panel(drawn[0], "Cycle", what, "", unit, marks=marks, y_scale=scale),
        Panel(drawn[1], "Cycle", "Coulombic efficiency", "", "%"),
        Panel(drawn[2], "Cycle", "Polarisation at half capacity", "", "mV"),
    ]


def crowded(cycles: Table) -> str:
    """What a caption says of several cells."""
    number = cycles.frame["cell"].n_unique()
    if number <= FEW:
        return "" if number == 1 else " Lines: charge; points: discharge."
    lines = f"{number} cells" if number <= SHOWN else f"{SHOWN} of {number} cells"
    low, high = (f"{100 * share:.0f}" for share in BAND)
    return f" Thin lines: {lines}; thick line: median of all, band: {low} to {high} % of them."


def figure(cycles: Table, capacity: str, reference: str, caption: str) -> Figure:
    """The whole figure."""
    return Figure(
        "cycling",
        panels(cycles, capacity, reference),
        caption + crowded(cycles),
        "Good: a capacity that falls slowly, an efficiency near 100 % that does not scatter, and a "
        "flat polarisation. Bad: an efficiency above 100 % or that jumps (a soft short), or a "
        "polarisation that rises while the capacity falls.",
        "double",
    )


def _cells(frame: polars.DataFrame) -> list[tuple[str, polars.DataFrame]]:
    parts = frame.partition_by("cell", maintain_order=True, as_dict=True)
    return [(str(name), own) for (name,), own in parts.items()]


def _both(frame: polars.DataFrame, number: int) -> list[Series]:
    """Charge as a line and discharge as points, one colour per cell."""
    made = []
    labels = short(frame["cell"].unique(maintain_order=True).to_list())
    for color, (name, own) in enumerate(_cells(frame)):
        x = own["cycle"].to_list()
        into, out = (
            own[f"{direction}_capacity"].to_list() for direction in ("charge", "discharge")
        )
        said = ("", labels[name]) if number > 1 else ("charge", "discharge")
        made.append(Series(x, into, said[0], "line", color=color))
        made.append(Series(x, out, said[1], "points", color=color))
    return made


def _each(frame: polars.DataFrame, quantity: str, number: int) -> list[Series]:
    made = []
    labels = short(frame["cell"].unique(maintain_order=True).to_list())
    for color, (name, own) in enumerate(_cells(frame)):
        kept = own.drop_nulls(quantity)
        x, y = kept["cycle"].to_list(), kept[quantity].to_list()
        made.append(Series(x, y, labels[name] if number > 1 else "", color=color))
    return made


def _crowd(frame: polars.DataFrame, quantity: str, number: int) -> list[Series]:
    """Every cell as a thin line, the median over them, and the band that most lie in.

    The median ends where fewer than half of the cells are left: those that last are no fair sample.
    """
    import polars

    known = frame.drop_nulls(quantity)
    every = _cells(known)
    step = max(1, -(-len(every) // SHOWN))
    made = [
        Series(own["cycle"].to_list(), own[quantity].to_list(), "", "line", color=_GREY, thin=True)
        for _, own in every[::step]
    ]
    column = polars.col(quantity)
    middle = (
        known.group_by("cycle")
        .agg(
            column.median().alias("middle"),
            column.quantile(BAND[0], "linear").alias("low"),
            column.quantile(BAND[1], "linear").alias("high"),
            column.len().alias("number"),
        )
        .filter(polars.col("number") >= number / 2)
        .sort("cycle")
    )
    band = (middle["low"].to_list(), middle["high"].to_list())
    x, y = middle["cycle"].to_list(), middle["middle"].to_list()
    return [*made, Series(x, y, "median", "line", color=_MEDIAN, band=band)]
