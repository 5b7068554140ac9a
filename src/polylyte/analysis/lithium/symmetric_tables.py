"""Tables and figures of symmetric cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polylyte.analysis.lithium.shorts import Short
from polylyte.analysis.lithium.symmetric_values import Cell
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table

if TYPE_CHECKING:
    from polylyte.instruments.cycling import CyclingRecord

MOST_POINTS = 20_000


def half_table(cells: Sequence[Cell]) -> Table:
    """Every half cycle of every cell."""
    columns: dict[str, list[Any]] = {}
    for cell in cells:
        counted = {h.number for h in cell.counted}
        for h in cell.halves:
            rise, peaking = (v if np.isfinite(v) else None for v in h.shape)
            row = {
                "cell": cell.name,
                "half_cycle": h.number + 1,
                "direction": "positive" if h.sign > 0 else "negative",
                "begin": h.begin / 3600,
                "duration": h.duration / 3600,
                "current_density": h.density / 10,
                "areal_capacity": h.charge / 36e3,
                "plateau": 1e3 * h.plateau,
                "end": 1e3 * h.end,
                "area_specific_resistance": 1e4 * h.resistance,
                "rise": None if rise is None else 100 * rise,
                "peaking": None if peaking is None else 100 * peaking,
                "counted": h.number in counted,
                "short": _state(h.number, cell.shorts),
            }
            for name, value in row.items():
                columns.setdefault(name, []).append(value)
    return Table.of(
        columns,
        {"begin": "h", "duration": "h", "current_density": "mA/cm^2",
         "areal_capacity": "mAh/cm^2", "plateau": "mV", "end": "mV",
         "area_specific_resistance": "ohm cm^2", "rise": "%", "peaking": "%"},
    )  # fmt: skip


def _state(number: int, shorts: Sequence[Short]) -> str:
    for short in reversed(shorts):
        if short.first <= number <= short.last:
            return "hard" if short.hard else ", ".join(short.signs)
    return ""


def short_table(cells: Sequence[Cell]) -> Table:
    """Every short of every cell; no rows where there is none."""
    import polars

    rows = [
        (
            cell.name,
            "hard" if s.hard else "soft",
            ", ".join(s.signs),
            s.time / 3600,
            s.after / 3600,
            s.before / 3600,
            None if s.recovered is None else s.recovered / 3600,
            s.first + 1,
            s.last + 1,
            100 * s.fall,
            None if np.isinf(s.significance) else s.significance,
        )
        for cell in cells
        for s in cell.shorts
    ]
    words, numbers, whole = polars.String, polars.Float64, polars.Int64
    schema = {
        "cell": words, "kind": words, "signs": words, "time": numbers, "after": numbers,
        "before": numbers, "recovered": numbers, "half_cycle": whole, "last_half_cycle": whole,
        "fall": numbers, "significance": numbers,
    }  # fmt: skip
    frame = polars.DataFrame(rows, schema=schema, orient="row")
    units = dict.fromkeys(("time", "after", "before", "recovered"), "h") | {"fall": "%"}
    return Table(frame, units)


def profile_table(records: Sequence[tuple[str, CyclingRecord]], area: Sequence[Quantity]) -> Table:
    """Potential and current density over time; at most 20 000 rows of each cell."""
    columns: dict[str, list[Any]] = {"cell": [], "time": [], "potential": [], "current_density": []}
    for (name, record), own in zip(records, area, strict=True):
        keep = np.unique(np.linspace(0, len(record) - 1, MOST_POINTS).astype(int))
        columns["cell"] += [name] * len(keep)
        columns["time"] += (record.time[keep] / 3600).tolist()
        columns["potential"] += (1e3 * record.potential[keep]).tolist()
        columns["current_density"] += (record.current[keep] / own.si / 10).tolist()
    return Table.of(columns, {"time": "h", "potential": "mV", "current_density": "mA/cm^2"})


def marks_of(shorts: Table, cell: str) -> list[Mark]:
    """Shorts of one cell as vertical lines; a hard one by name, soft ones by theirs."""
    frame = shorts.frame
    if not len(shorts):
        return []
    own = frame.filter(frame["cell"] == cell)
    return [
        Mark(time, f"{kind} short")
        for time, kind in zip(own["time"].to_list(), own["kind"].to_list(), strict=True)
    ]


def figures(profile: Table, halves: Table, shorts: Table, caption: str) -> list[Figure]:
    """Voltage profile with shorts marked for each cell, and plateaus over time of all."""
    made = []
    cells = profile.frame["cell"].unique(maintain_order=True).to_list()
    for number, cell in enumerate(cells, 1):
        own = profile.frame.filter(profile.frame["cell"] == cell)
        top = Panel(
            [Series(own["time"].to_list(), own["potential"].to_list(), style="line")],
            "Time", "Potential", "h", "mV", marks=marks_of(shorts, cell),
            title=cell if len(cells) > 1 else "",
        )  # fmt: skip
        made.append(
            Figure(
                "symmetric-profile" if len(cells) == 1 else f"symmetric-profile-{number}",
                [top, _plateaus(halves, cell)],
                caption,
                "Good: plateaus of one height that rise a little within each half cycle. Bad: a "
                "sudden step down, rectangles without rise, noise in one half cycle (soft "
                "short), a collapse to almost zero (hard short).",
                "double",
            )
        )
    if len(cells) > 1:
        panel = Panel(
            [_series(halves, cell, color) for color, cell in enumerate(cells)],
            "Time", "Plateau overpotential", "h", "mV",
        )  # fmt: skip
        made.append(
            Figure("symmetric-cells", [panel], "Plateau overpotential of every cell.",
                   "Good: cells that agree. Bad: one that falls while the others rise.")
        )  # fmt: skip
    return made


def _series(halves: Table, cell: str, color: int) -> Series:
    own = halves.frame.filter(halves.frame["cell"] == cell)
    return Series(own["begin"].to_list(), own["plateau"].to_list(), cell, "line+points",
                  color=color)  # fmt: skip


def _plateaus(halves: Table, cell: str) -> Panel:
    frame = halves.frame.filter(halves.frame["cell"] == cell)
    series = []
    for color, (words, direction) in enumerate(
        (("positive current", "positive"), ("negative current", "negative"))
    ):
        own = frame.filter(frame["direction"] == direction)
        series.append(
            Series(own["begin"].to_list(), own["plateau"].to_list(), words, "points", color=color)
        )
    return Panel(series, "Time", "Plateau overpotential", "h", "mV")
