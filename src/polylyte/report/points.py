"""The numbers of a series as arrays, and fewer of them where a page cannot show them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polylyte.core.figures import Panel, Series
from polylyte.report.text import unit_text

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """One series as float arrays; unknown values are NaN, which both renderers leave out."""

    x: Array
    y: Array
    x_error: Array | None
    y_error: Array | None
    low: Array | None
    high: Array | None
    names: tuple[str, ...] | None
    total: int
    """How many points the series had before thinning."""
    sizes: Array | None = None
    """Diameters of bubbles relative to the largest, 0 where not known."""

    def __len__(self) -> int:
        return len(self.x)


def _array(values: Sequence[float | None]) -> Array:
    return np.asarray([np.nan if v is None else v for v in values], dtype=np.float64)


def _optional(values: Sequence[float] | None) -> Array | None:
    return None if values is None else _array(values)


def points(series: Series) -> Points:
    """Every point of a series.

    Raises:
        ValueError: its columns differ in length.
    """
    x, y = _array(series.x), _array(series.y)
    low, high = (None, None) if series.band is None else map(_array, series.band)
    made = Points(
        x=x,
        y=y,
        x_error=_optional(series.x_error),
        y_error=_optional(series.y_error),
        low=low,
        high=high,
        names=None if series.names is None else tuple(map(str, series.names)),
        total=len(x),
        sizes=None if series.sizes is None else _diameters(series.sizes),
    )
    columns = (
        made.y, made.x_error, made.y_error, made.low, made.high, made.names, made.sizes,
        series.hover,
    )  # fmt: skip
    if any(column is not None and len(column) != len(x) for column in columns):
        raise ValueError(f"series '{series.label}': its columns differ in length")
    return made


def thin(whole: Points, most: int) -> Points:
    """At most ``most`` points (and never fewer than 4), each stretch keeping its extremes.

    The index is cut into equal stretches, of each of which the lowest and the highest y stay,
    with both ends of the series: spikes survive, and so do loops such as a voltammogram.
    """
    most = max(most, 4)
    if len(whole) <= most:
        return whole
    edges = np.linspace(0, len(whole), (most - 2) // 2 + 1).astype(int)
    kept = {0, len(whole) - 1}
    for start, stop in pairwise(edges.tolist()):
        stretch = whole.y[start:stop]
        if np.isfinite(stretch).any():
            kept |= {start + int(np.nanargmin(stretch)), start + int(np.nanargmax(stretch))}
    rows = np.array(sorted(kept))

    def pick(column: Array | None) -> Array | None:
        return None if column is None else column[rows]

    return Points(
        x=whole.x[rows],
        y=whole.y[rows],
        x_error=pick(whole.x_error),
        y_error=pick(whole.y_error),
        low=pick(whole.low),
        high=pick(whole.high),
        names=None if whole.names is None else tuple(whole.names[row] for row in rows),
        total=whole.total,
        sizes=pick(whole.sizes),
    )


def _diameters(sizes: Sequence[float | None]) -> Array:
    """The area of a bubble is proportional to its size."""
    areas = np.nan_to_num(_array(sizes), nan=0.0).clip(min=0.0)
    largest = areas.max(initial=0.0)
    return np.sqrt(areas / largest) if largest else areas


def undrawable(panel: Panel) -> int:
    """How many points a logarithmic axis cannot show, being zero or negative."""
    lost = 0
    for series in panel.series:
        whole = points(series)
        bad = np.zeros(len(whole), dtype=bool)
        if panel.x_scale == "log":
            bad |= whole.x <= 0
        if panel.y_scale == "log":
            bad |= whole.y <= 0
        lost += int(bad.sum())
    return lost


def series_colors(panel: Panel) -> list[int]:
    """Palette index of each series: its own, or one beyond all that came before it."""
    colors: list[int] = []
    for series in panel.series:
        colors.append(max(colors, default=-1) + 1 if series.color is None else series.color)
    return colors


def axis_label(quantity: str, unit: str) -> str:
    """``Conductivity / mS cm⁻¹``: the number on the axis is the quantity over its unit."""
    shown = unit_text(unit)
    return f"{quantity} / {shown}" if shown else quantity
