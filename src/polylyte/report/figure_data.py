"""The numbers of a figure as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import numpy as np

from polylyte.core.figures import Figure, Panel
from polylyte.report.points import Points, points


def data_csv(figure: Figure) -> str:
    """Every point of a figure, one per row; a column per quantity, its unit in the header."""
    columns: dict[str, None] = {}
    rows: list[dict[str, str]] = []
    for number, panel in enumerate(figure.panels, 1):
        for order, series in enumerate(panel.series, 1):
            head = {"panel": str(number), "series": series.label or str(order)}
            cells = _cells(panel, points(series))
            columns |= dict.fromkeys((*head, *cells))
            each = zip(*cells.values(), strict=True)
            rows += [head | dict(zip(cells, row, strict=True)) for row in each]
    target = io.StringIO()
    writer = csv.DictWriter(target, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def _cells(panel: Panel, whole: Points) -> dict[str, Iterable[str]]:
    x = (panel.x_label or "x", panel.x_unit)
    y = (panel.y_label or "y", panel.y_unit)
    if x == y:
        x, y = (f"x: {x[0]}", x[1]), (f"y: {y[0]}", y[1])
    cells: dict[str, Iterable[str]] = {}
    if whole.names is not None:
        cells["name"] = whole.names
    for (quantity, unit), pattern, column in (
        (x, "{}", whole.x),
        (x, "u({})", whole.x_error),
        (y, "{}", whole.y),
        (y, "u({})", whole.y_error),
        (y, "lower({})", whole.low),
        (y, "upper({})", whole.high),
    ):
        if column is not None:
            name = pattern.format(quantity)
            label = f"{name} / {unit}" if unit not in ("", "1") else name
            cells[label] = [f"{v:.10g}" if np.isfinite(v) else "" for v in column.tolist()]
    return cells
