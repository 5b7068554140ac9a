"""A figure's specification drawn with Matplotlib: PDF, PNG and the data as CSV.

The object interface with Agg is used, so nothing global changes and threads may draw; the bytes
hold no time stamp, so the same figure is the same file.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np

from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.report import style
from polylyte.report.figure_data import data_csv
from polylyte.report.points import (
    Points,
    axis_label,
    points,
    series_colors,
    thin,
    undrawable,
)
from polylyte.report.text import count, power_of_ten, tick_text

_RC_LOCK = RLock()
_PANEL_HEIGHT = {1: 62.0, 2: 62.0, 3: 50.0}
_INSIDE_LABELS = 5
_MANY = 250
"""From so many points on, markers shrink and lose their outline."""


@dataclass(frozen=True)
class Drawn:
    """One figure as files."""

    pdf: bytes
    png: bytes
    csv: str
    notes: tuple[str, ...]
    """What the drawing leaves out, for the caption."""


def draw(figure: Figure) -> Drawn:
    """Draw a figure in the house style.

    Raises:
        ValueError: columns of one series differ in length.
    """
    with _style():
        canvas = _compose(figure)
        return Drawn(
            pdf=_save(canvas, "pdf", {"Creator": None, "Producer": None, "CreationDate": None}),
            png=_save(canvas, "png", {"Software": None}),
            csv=data_csv(figure),
            notes=drawing_notes(figure),
        )


def drawing_notes(figure: Figure) -> tuple[str, ...]:
    """What no drawing of this figure can show."""
    lost = sum(undrawable(panel) for panel in figure.panels)
    if not lost:
        return ()
    return (
        f"{count(lost, 'point')} at or below zero cannot be shown on a logarithmic axis; "
        "the CSV holds them.",
    )


@contextmanager
def _style() -> Iterator[None]:
    """The house style for this block; one thread at a time, as Matplotlib's settings are shared."""
    import matplotlib

    with _RC_LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(style.RC)
        yield


def _save(canvas: Any, format: str, metadata: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    canvas.savefig(target, format=format, metadata=metadata, dpi=style.PNG_DPI)
    return target.getvalue()


def _compose(figure: Figure) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    rows, columns = style.panel_grid(len(figure.panels), figure.width)
    wide_one = figure.width == "double" and columns == 1
    height = rows * (78.0 if wide_one else _PANEL_HEIGHT[columns]) * style.MM
    outside = any(len(_labels(panel)) > _INSIDE_LABELS for panel in figure.panels)
    if outside:
        height += 12 * style.MM
    canvas = Canvas(figsize=(style.WIDTHS[figure.width], height), layout="constrained")
    FigureCanvasAgg(canvas)
    axes = canvas.subplots(rows, columns, squeeze=False).ravel()
    for index, (ax, panel) in enumerate(zip(axes, figure.panels, strict=False)):
        _panel(ax, panel, f"({chr(97 + index)})" if len(figure.panels) > 1 else "")
        if not outside and _labels(panel):
            handles = _handles(ax, panel)
            ax.legend(list(handles.values()), list(handles), loc="best")
    for ax in axes[len(figure.panels) :]:
        ax.set_visible(False)
    if outside:
        _legend_below(canvas, zip(axes, figure.panels, strict=False))
    # Placed once, for both files; limits and tick labels depend on each other, hence twice.
    canvas.draw_without_rendering()
    equal = [(ax, p) for ax, p in zip(axes, figure.panels, strict=False) if p.equal]
    for _ in range(2 if equal else 0):
        for ax, panel in equal:
            _equal_limits(ax, panel)
        canvas.draw_without_rendering()
    canvas.set_layout_engine("none")
    for ax, panel in equal:
        _equal_limits(ax, panel)
    return canvas


def _labels(panel: Panel) -> list[str]:
    return [series.label for series in panel.series if series.label]


def _handles(ax: Any, panel: Panel) -> dict[str, Any]:
    """Legend entries in the order of the series; Matplotlib puts error bars last."""
    handles, labels = ax.get_legend_handles_labels()
    known = dict(zip(reversed(labels), reversed(handles), strict=True))
    wanted = dict.fromkeys(map(_plain, _labels(panel)))
    return {label: known[label] for label in wanted if label in known}


def _legend_below(canvas: Any, drawn: Iterable[tuple[Any, Panel]]) -> None:
    handles: dict[str, Any] = {}
    for ax, panel in drawn:
        handles = {**_handles(ax, panel), **handles}
    longest = max(map(len, handles))
    columns = max(1, min(6, int(canvas.get_figwidth() / style.MM / (1.5 * longest + 10))))
    canvas.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=columns, fontsize=6.5
    )


def _plain(text: str) -> str:
    """A dollar sign is a dollar sign, not the beginning of mathematics."""
    return text.replace("$", r"\$")


def _panel(ax: Any, panel: Panel, letter: str) -> None:
    ax.set_xlabel(_wrapped(axis_label(panel.x_label, panel.x_unit)))
    ax.set_ylabel(_wrapped(axis_label(panel.y_label, panel.y_unit)))
    title = f"{letter} {panel.title}".strip()
    if title:
        ax.set_title(_plain(title), loc="left")
    everything = [points(series) for series in panel.series]
    _scales(ax, panel, everything)
    bars = [i for i, series in enumerate(panel.series) if series.style == "bars"]
    budget = style.DRAWN_POINTS // max(1, len(panel.series))
    for i, (series, index) in enumerate(zip(panel.series, series_colors(panel), strict=True)):
        if series.style == "bars":
            _bars(ax, series, everything[i], index, bars.index(i), len(bars))
        else:
            _curve(ax, series, thin(everything[i], budget), index)
    if bars:
        _categories(ax, panel, everything)
    for mark in panel.marks:
        _mark(ax, mark)
    if not any(np.isfinite(p.y).any() for p in everything):
        ax.text(0.5, 0.5, "no data", transform=ax.transAxes, ha="center", color=style.GREY)


def _equal_limits(ax: Any, panel: Panel) -> None:
    """One unit as long on both axes; room that is left over lies to the right and above."""
    everything = [points(series) for series in panel.series]
    x, y = (
        np.concatenate([getattr(p, axis) for p in everything] or [np.zeros(0)]) for axis in "xy"
    )
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        return
    box = ax.get_window_extent()
    width, height = x[good].max() - x[good].min(), y[good].max() - y[good].min()
    scale = 1.1 * max(width / box.width, height / box.height) or 1.0 / box.width
    left, low = x[good].min() - 0.05 * scale * box.width, y[good].min() - 0.05 * scale * box.height
    ax.set_xlim(left, left + scale * box.width)
    ax.set_ylim(low, low + scale * box.height)


def _wrapped(text: str) -> str:
    return _plain("\n".join(textwrap.wrap(text, 44)))


def _scales(ax: Any, panel: Panel, everything: list[Points]) -> None:
    """Logarithmic where asked for and where there is anything positive to show."""
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        asked = getattr(panel, f"{name}_scale") == "log"
        if asked and any((getattr(p, name) > 0).any() for p in everything):
            getattr(ax, f"set_{name}scale")("log")
            _log_ticks(axis)
        else:
            _linear_ticks(axis)


def _log_ticks(axis: Any) -> None:
    """0.3 and 20 rather than 3 × 10⁻¹ and 2 × 10¹; powers of ten beyond.

    The powers are plain text: Matplotlib's own are mathematics, an order of magnitude slower.
    """
    from matplotlib.ticker import LogFormatter

    class Ticks(LogFormatter):
        def __call__(self, x: float, pos: Any = None) -> str:
            return tick_text(x) if super().__call__(x, pos) else ""

    axis.set_major_formatter(Ticks())
    axis.set_minor_formatter(Ticks(labelOnlyBase=False, minor_thresholds=(1.0, 0.4)))


def _linear_ticks(axis: Any) -> None:
    """A common power of ten stands at the end of the axis, as ``× 10⁵``."""
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    class Ticks(ScalarFormatter):
        def get_offset(self) -> str:
            said = super().get_offset().replace("\u2212", "-")
            power = said.removeprefix("1e")
            return f"× {power_of_ten(int(power))}" if power != said else said

    axis.set_major_formatter(Ticks(useOffset=False, useMathText=False))
    if axis.axis_name == "x":  # labels of many digits stand side by side
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))


def _curve(ax: Any, series: Series, shown: Points, index: int) -> None:
    color = style.color(index)
    label = _plain(series.label) or None
    if shown.low is not None and shown.high is not None:
        order = np.argsort(shown.x, kind="stable")
        ax.fill_between(
            shown.x[order],
            shown.low[order],
            shown.high[order],
            color=color,
            alpha=0.18,
            linewidth=0,
            zorder=1,
        )
    options: dict[str, Any] = {"color": color, "label": label, "zorder": 2}
    options["linestyle"] = style.DASHES[style.turn(index) % len(style.DASHES)]
    if series.thin:
        options |= {"linewidth": 0.3, "alpha": 0.35}
    if series.style == "dashed":
        options["linestyle"] = (0, (4, 2))
    if series.style == "points":
        options["linestyle"] = "none"
    if series.style in ("points", "line+points"):
        options |= _marker(index, len(shown))
    if series.style == "steps":
        options["drawstyle"] = "steps-post"
    if shown.sizes is not None:
        _bubbles(ax, shown, color, label)
    elif shown.x_error is None and shown.y_error is None:
        ax.plot(shown.x, shown.y, **options)
    else:
        ax.errorbar(
            shown.x, shown.y, xerr=shown.x_error, yerr=shown.y_error, elinewidth=0.7, **options
        )


def _bubbles(ax: Any, shown: Points, color: str, label: str | None) -> None:
    assert shown.sizes is not None
    ax.scatter(
        shown.x, shown.y, s=(3.0 + 11.0 * shown.sizes) ** 2, color=color, alpha=0.55,
        edgecolors="white", linewidths=0.4, label=label, zorder=2,
    )  # fmt: skip


def _marker(index: int, number: int) -> dict[str, Any]:
    if number >= _MANY:
        return {
            "marker": style.MARKERS[index % len(style.MARKERS)],
            "markersize": 1.8,
            "markeredgewidth": 0,
            "rasterized": number > 5000,
        }
    return {
        "marker": style.MARKERS[index % len(style.MARKERS)],
        "markerfacecolor": "white" if style.turn(index) % 2 else style.color(index),
        "markeredgecolor": style.color(index) if style.turn(index) % 2 else "white",
        "markeredgewidth": 0.6 if style.turn(index) % 2 else 0.35,
        "markersize": 4.2,
    }


def bar_geometry(x: Any, position: int, bars: int) -> tuple[Any, float]:
    """Centres and width of one of several groups of bars that share their places."""
    places = np.unique(x[np.isfinite(x)])
    room = 0.8 * float(np.diff(places).min()) if len(places) > 1 else 0.8
    width = room / bars
    return x + (position - (bars - 1) / 2) * width, width


def _bars(ax: Any, series: Series, shown: Points, index: int, position: int, bars: int) -> None:
    centre, width = bar_geometry(shown.x, position, bars)
    ax.bar(
        centre,
        shown.y,
        width * 0.94,
        color=style.color(index),
        edgecolor="white",
        linewidth=0.4,
        hatch=style.HATCHES[position % len(style.HATCHES)],
        label=_plain(series.label) or None,
        yerr=shown.y_error,
        error_kw={"elinewidth": 0.7, "ecolor": style.INK},
        zorder=2,
    )


def _categories(ax: Any, panel: Panel, everything: list[Points]) -> None:
    names: dict[float, str] = {}
    for series, shown in zip(panel.series, everything, strict=True):
        if series.style == "bars" and shown.names:
            names |= dict(zip(shown.x.tolist(), shown.names, strict=True))
    if not names:
        return
    crowded = sum(len(name) for name in names.values()) > 36
    ax.set_xticks(
        list(names),
        [_plain(name) for name in names.values()],
        rotation=35 if crowded else 0,
        ha="right" if crowded else "center",
        rotation_mode="anchor" if crowded else None,
    )
    ax.tick_params(axis="x", which="both", top=False, length=0)


def _mark(ax: Any, mark: Mark) -> None:
    options: dict[str, Any] = {"color": style.GREY, "linewidth": 0.8, "zorder": 1}
    options["linestyle"] = (0, (3, 2))
    words: dict[str, Any] = {"fontsize": 6.5, "color": style.GREY, "zorder": 3}
    if mark.axis == "x":
        ax.axvline(mark.at, **options)
        place = ax.get_xaxis_transform()
        ax.text(mark.at, 0.98, f" {_plain(mark.label)}", transform=place, va="top",
                rotation=90, ha="left", **words)  # fmt: skip
    else:
        ax.axhline(mark.at, **options)
        place = ax.get_yaxis_transform()
        ax.text(0.98, mark.at, _plain(mark.label), transform=place, va="bottom",
                ha="right", **words)  # fmt: skip


def thumbnail(png: bytes, dpi: int = 200) -> bytes:
    """The same picture, smaller and with few colours, to sit inside the page."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        ratio = dpi / style.PNG_DPI
        size = (round(picture.width * ratio), round(picture.height * ratio))
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    target = io.BytesIO()
    small.quantize(64, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    return target.getvalue()
