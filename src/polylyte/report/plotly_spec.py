"""A figure's specification as Plotly's JSON: plain dicts, drawn by the vendored script."""

from __future__ import annotations

from typing import Any

import numpy as np

from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.report import style
from polylyte.report.draw import bar_geometry
from polylyte.report.points import Points, axis_label, points, series_colors, thin
from polylyte.report.text import count

_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
_GAP = {1: 0.0, 2: 0.14, 3: 0.18}


def plotly(figure: Figure, most: int = style.SHOWN_POINTS) -> dict[str, Any]:
    """``{"data": […], "layout": {…}, "notes": […]}``; about ``most`` points over all series."""
    rows, columns = style.panel_grid(len(figure.panels), figure.width)
    series = sum(len(panel.series) for panel in figure.panels)
    each = max(60, most // max(series, 1))
    data: list[dict[str, Any]] = []
    layout = _layout(rows, figure)
    shown = total = 0
    for number, panel in enumerate(figure.panels):
        traces, drawn, whole = _panel(panel, number, each)
        data += traces
        shown, total = shown + drawn, total + whole
        _axes(layout, panel, number, rows, columns, len(figure.panels))
    _merge_legend(data)
    layout["showlegend"] = any(trace.get("showlegend") for trace in data)
    notes = []
    if shown < total:
        notes.append(
            f"The interactive view shows {shown} of {count(total, 'point')}, extremes kept; "
            "the CSV holds all of them."
        )
    return {"data": data, "layout": layout, "notes": notes}


def _layout(rows: int, figure: Figure) -> dict[str, Any]:
    wide = figure.width == "double"
    return {
        "font": {"family": _FONT, "size": 12.5, "color": style.INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 64, "r": 18, "t": 28, "b": 54},
        "height": (380 if wide else 400) + (rows - 1) * 320,
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": -0.2 / rows, "yanchor": "top"},
        "annotations": [],
        "shapes": [],
        "bargap": 0.2,
    }


def _number(value: float) -> float | None:
    """Five digits are more than a screen can show; what is not known is null."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _numbers(values: Any) -> list[float | None]:
    return [_number(float(value)) for value in values]


def _panel(panel: Panel, number: int, each: int) -> tuple[list[dict[str, Any]], int, int]:
    traces: list[dict[str, Any]] = []
    shown = total = 0
    bars = [i for i, series in enumerate(panel.series) if series.style == "bars"]
    for i, (series, index) in enumerate(zip(panel.series, series_colors(panel), strict=True)):
        whole = points(series)
        kept = whole if series.style == "bars" else thin(whole, each)
        shown, total = shown + len(kept), total + len(whole)
        axes = {"xaxis": _axis("x", number), "yaxis": _axis("y", number)}
        group = f"{series.label or i}"
        traces += [{**trace, **axes, "legendgroup": group} for trace in _band(kept, index)]
        if series.style == "bars":
            trace = _bar(series, kept, index, bars.index(i), len(bars))
        else:
            trace = _scatter(series, kept, index)
        traces.append(
            {**trace, **axes, "legendgroup": group, "showlegend": bool(series.label)}
            | _errors(kept, index)
        )
    return traces, shown, total


def _axis(letter: str, number: int) -> str:
    return letter if number == 0 else f"{letter}{number + 1}"


def _band(kept: Points, index: int) -> list[dict[str, Any]]:
    if kept.low is None or kept.high is None:
        return []
    order = np.argsort(kept.x, kind="stable")
    good = order[np.isfinite(kept.low[order]) & np.isfinite(kept.high[order])]
    outline = np.concatenate([kept.x[good], kept.x[good][::-1]])
    edge = np.concatenate([kept.high[good], kept.low[good][::-1]])
    return [
        {
            "type": "scatter", "x": _numbers(outline), "y": _numbers(edge), "mode": "lines",
            "fill": "toself", "fillcolor": f"{style.color(index)}2e",
            "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False,
        }
    ]  # fmt: skip


def _scatter(series: Series, kept: Points, index: int) -> dict[str, Any]:
    mode = {"points": "markers", "line+points": "lines+markers"}.get(series.style, "lines")
    dash = style.PLOTLY_DASHES[style.turn(index) % len(style.PLOTLY_DASHES)]
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": _numbers(kept.x),
        "y": _numbers(kept.y),
        "mode": mode,
        "name": series.label,
        "line": {
            "color": style.color(index),
            "width": 0.6 if series.thin else 1.8,
            "dash": "dash" if series.style == "dashed" else dash,
            "shape": "hv" if series.style == "steps" else "linear",
        },
        "marker": {
            "color": style.color(index),
            "size": 7 if len(kept) < 250 else 4,
            "symbol": style.PLOTLY_MARKERS[index % len(style.PLOTLY_MARKERS)]
            + ("-open" if style.turn(index) % 2 else ""),
        },
    }
    if series.thin:
        trace |= {"opacity": 0.4, "hoverinfo": "skip"}
    if kept.sizes is not None:
        trace["marker"]["size"] = [round(5 + 24 * float(size), 1) for size in kept.sizes]
        trace["marker"]["opacity"] = 0.55
    if kept.names is not None:
        trace["text"] = list(kept.names)
    return trace


def _bar(series: Series, kept: Points, index: int, position: int, bars: int) -> dict[str, Any]:
    centre, width = bar_geometry(kept.x, position, bars)
    trace: dict[str, Any] = {
        "type": "bar",
        "x": _numbers(centre),
        "y": _numbers(kept.y),
        "width": _number(width),
        "name": series.label,
        "marker": {"color": style.color(index)},
    }
    if said := series.hover or kept.names:
        trace["hovertext"] = list(said)
    return trace


def _errors(kept: Points, index: int) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for name, column in (("error_x", kept.x_error), ("error_y", kept.y_error)):
        if column is not None:
            errors[name] = {
                "type": "data", "array": _numbers(column), "thickness": 1.1, "width": 3,
                "color": style.color(index),
            }  # fmt: skip
    return errors


def _axes(
    layout: dict[str, Any], panel: Panel, number: int, rows: int, columns: int, panels: int
) -> None:
    row, column = divmod(number, columns)
    gap_x, gap_y = _GAP[columns], 0.0 if rows == 1 else 0.28 / rows
    width, height = (1 - gap_x * (columns - 1)) / columns, (1 - gap_y * (rows - 1)) / rows
    left, top = column * (width + gap_x), 1 - row * (height + gap_y)
    x, y = _axis("x", number), _axis("y", number)
    common = {
        "showline": True, "mirror": True, "linecolor": "#8a939e", "linewidth": 1,
        "ticks": "inside", "tickcolor": "#8a939e", "gridcolor": "#eef0f3", "zeroline": False,
        "automargin": True, "exponentformat": "power",
    }  # fmt: skip
    layout[f"xaxis{number + 1 if number else ''}"] = {
        **common,
        "domain": [left, left + width],
        "anchor": y,
        "title": {"text": axis_label(panel.x_label, panel.x_unit), "standoff": 8},
        "type": panel.x_scale if _positive(panel, "x") else "linear",
        **_tick_names(panel),
        **({"constraintoward": "left"} if panel.equal else {}),
    }
    layout[f"yaxis{number + 1 if number else ''}"] = {
        **common,
        "domain": [max(0.0, top - height), top],
        "anchor": x,
        "title": {"text": axis_label(panel.y_label, panel.y_unit), "standoff": 8},
        "type": panel.y_scale if _positive(panel, "y") else "linear",
        **({"scaleanchor": x, "scaleratio": 1, "constraintoward": "bottom"} if panel.equal else {}),
    }
    letter = f"({chr(97 + number)})" if panels > 1 else ""
    title = f"{letter} {panel.title}".strip()
    if title:
        layout["annotations"].append(
            {
                "text": _text(title), "x": left, "y": top, "xref": "paper", "yref": "paper",
                "xanchor": "left", "yanchor": "bottom", "showarrow": False,
            }
        )  # fmt: skip
    for mark in panel.marks:
        _mark(layout, mark, panel, x, y)


def _text(text: str) -> str:
    """Plotly reads a little HTML in labels; ours hold none."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _positive(panel: Panel, axis: str) -> bool:
    return any((getattr(points(series), axis) > 0).any() for series in panel.series)


def _tick_names(panel: Panel) -> dict[str, Any]:
    names: dict[float, str] = {}
    for series in panel.series:
        if series.style == "bars" and series.names:
            names |= dict(zip(map(float, series.x), map(str, series.names), strict=True))
    if not names:
        return {}
    return {"tickmode": "array", "tickvals": list(names), "ticktext": [*map(_text, names.values())]}


def _mark(layout: dict[str, Any], mark: Mark, panel: Panel, x: str, y: str) -> None:
    log = panel.x_scale == "log" if mark.axis == "x" else panel.y_scale == "log"
    if log and mark.at <= 0:
        return
    # A shape on a logarithmic axis takes the value, an annotation its logarithm.
    place = float(np.log10(mark.at)) if log else mark.at
    line = {"color": style.GREY, "width": 1, "dash": "dash"}
    shape: dict[str, Any] = {"type": "line", "line": line}
    note: dict[str, Any] = {
        "text": _text(mark.label), "showarrow": False, "font": {"size": 11, "color": style.GREY}
    }  # fmt: skip
    if mark.axis == "x":
        shape |= {"x0": mark.at, "x1": mark.at, "xref": x, "y0": 0, "y1": 1, "yref": f"{y} domain"}
        note |= {"x": place, "xref": x, "y": 1, "yref": f"{y} domain", "textangle": -90,
                 "xanchor": "left", "yanchor": "top"}  # fmt: skip
    else:
        shape |= {"y0": mark.at, "y1": mark.at, "yref": y, "x0": 0, "x1": 1, "xref": f"{x} domain"}
        note |= {"y": place, "yref": y, "x": 1, "xref": f"{x} domain",
                 "xanchor": "right", "yanchor": "bottom"}  # fmt: skip
    layout["shapes"].append(shape)
    if mark.label:
        layout["annotations"].append(note)


def _merge_legend(data: list[dict[str, Any]]) -> None:
    """One legend entry per label over all panels; escape the labels."""
    seen: set[str] = set()
    for trace in data:
        label = str(trace.get("name", ""))
        if trace.get("showlegend"):
            trace["showlegend"] = label not in seen
            seen.add(label)
        trace["name"] = _text(label)
        for key in ("text", "hovertext"):
            if key in trace:
                trace[key] = [_text(str(item)) for item in trace[key]]
