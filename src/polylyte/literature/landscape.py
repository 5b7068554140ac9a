"""The six views as figures, each made from the comparison's own tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.results import Result
from polylyte.core.units import pretty
from polylyte.literature.views import VIEWS, View

OWN, MARKED, FRONT = 1, 6, 6
_FAMILIES = ("LiFePO4", "LiNi0.8Co0.1Mn0.1O2", "LiCoO2", "LiNi0.6Co0.2Mn0.2O2")
_FAMILY_COLORS = (0, 2, 3, 4)
_NAMED_COLORS = (0, 2, 3, 4, 5)
_SHORT = {
    "LiFePO4": "LFP",
    "LiNi0.8Co0.1Mn0.1O2": "NCM811",
    "LiCoO2": "LCO",
    "LiNi0.6Co0.2Mn0.2O2": "NCM622",
}
Rows = list[dict[str, Any]]
Scale = Literal["linear", "log"]


def figures(result: Result) -> list[Figure]:
    """The view's figure, the results that have one of its two numbers alone, and how complete the
    results are."""
    view = VIEWS[result.text["view"]]
    rows = [row for row in result.tables["entries"].frame.to_dicts() if row["asked_for"]]
    made = [_DRAW[view.name](view, rows)]
    ladder = _LADDERS.get(view.name)
    if ladder is not None:
        made += ladder(view, rows)
    return [*made, _completeness(result)]


def _hover(row: dict[str, Any], view: View) -> str:
    """What was printed beside what it comes to."""
    merit = row[view.merit[0]]
    parts = [
        f"{row['electrolyte']} ({row['reference'] or 'yours'})",
        f"printed: {row['printed']}",
        f"{view.merit[0].replace('_', ' ')} {merit:.4g} {pretty(view.merit[1])}".strip()
        if merit is not None
        else "",
        f"recomputed: {row['recomputed']}" if row["recomputed"] else "",
        f"{row['size']:.3g} mAh cm⁻²" if row["size"] is not None else "",
        f"rank {row['rank']} of {row['of']}"
        if row["rank"]
        else f"not ranked: {row['not_ranked_because']}",
        f"states {row['stated']}" if row["stated"] else "",
        f"errata {row['errata']}" if row["errata"] else "",
    ]
    return " · ".join(filter(None, parts))


def _points(rows: Rows, view: View, label: str, color: int, **options: Any) -> Series:
    return Series(
        [row["x"] for row in rows],
        [row["y"] for row in rows],
        label=label,
        color=color,
        names=[_hover(row, view) for row in rows],
        **options,
    )


def _both(rows: Rows) -> Rows:
    return [row for row in rows if row["x"] is not None and row["y"] is not None]


def _own(rows: Rows, view: View) -> list[Series]:
    mine = [row for row in _both(rows) if row["row"] == "own"]
    return [_points(mine, view, str(mine[0]["electrolyte"]), OWN)] if mine else []


def _published(rows: Rows) -> Rows:
    return [row for row in _both(rows) if row["row"] != "own"]


def _named(rows: Rows, view: View) -> list[Series]:
    """One series per result where they are few, so that print names them too."""
    found = _published(rows)
    if len(found) > len(_NAMED_COLORS):
        return [_points(found, view, "both printed", 0)]
    return [
        _points([row], view, _brief(row, 40), color)
        for row, color in zip(found, _NAMED_COLORS, strict=False)
    ]


def _by_cathode(rows: Rows, view: View, sizes: bool) -> list[Series]:
    """One series per family of cathodes; bubbles grow with the areal capacity."""
    families: dict[str, Rows] = {}
    for row in _published(rows):
        known = row["cathode"] if row["cathode"] in _FAMILIES else "other cathodes"
        families.setdefault(known, []).append(row)
    made = []
    for name, color in zip((*_FAMILIES, "other cathodes"), (*_FAMILY_COLORS, 5), strict=True):
        group = families.get(name)
        if group:
            bubbles = {"sizes": [row["size"] for row in group]} if sizes else {}
            made.append(_points(group, view, _SHORT.get(name, name), color, **bubbles))
    return made


def _marked(rows: Rows, view: View) -> list[Series]:
    bounds = [row for row in _published(rows) if not row["exact"]]
    return [_points(bounds, view, "printed with ~, > or <", MARKED)] if bounds else []


def _front(rows: Rows, view: View) -> list[Series]:
    """The front of the stratum of one's own result, else of the largest."""
    own = [row["stratum"] for row in rows if row["row"] == "own" and row["stratum"]]
    named = own or [row["stratum"] for row in rows if row["stratum"]][:1]
    on = [row for row in _both(rows) if row["stratum"] in named and row["front"] == "front"]
    if len(on) < 2:
        return []
    on.sort(key=lambda row: (row["x"], row["y"]))
    label = f"front: {_short(named[0])}"
    return [Series([r["x"] for r in on], [r["y"] for r in on], label, "dashed", color=FRONT)]


def _short(stratum: str) -> str:
    for long, name in _SHORT.items():
        stratum = stratum.replace(long, name)
    return stratum


def _bare(unit: str) -> str:
    return "" if unit == "1" else unit


def _against(
    view: View, series: Sequence[Series], x: Scale = "linear", y: Scale = "linear"
) -> Panel:
    """The panel of both numbers of a view."""
    (x_label, x_unit, _), (y_label, y_unit, _) = view.x, view.y
    return Panel(series, x_label, y_label, _bare(x_unit), _bare(y_unit), x, y)


def _ladder(
    view: View, rows: Rows, caption: str, reading: str, y: Scale = "linear"
) -> list[Figure]:
    """The first number of a view alone, one bar per result; nothing where there is none."""
    label, unit, _ = view.x
    bars = _bars(rows, view, "x")
    panel = Panel(bars, "", label, y_unit=_bare(unit), y_scale=y)
    return [Figure(f"{view.name}_alone", [panel], caption, reading, "double")] if bars else []


def _retention(view: View, rows: Rows) -> Figure:
    series = [*_by_cathode(rows, view, sizes=True), *_marked(rows, view), *_front(rows, view)]
    panel = _against(view, [*series, *_own(rows, view)], x="log")
    return Figure(
        view.name,
        [panel],
        "Capacity retention against cycles; the larger the bubble, the larger the areal capacity "
        "(a dot where it is not known).",
        "Good is up, right and large. Small bubbles at many cycles are thin cathodes: compare "
        "only inside a stratum.",
        "double",
        _not_drawn(rows),
    )


def _decay(view: View, rows: Rows) -> Figure:
    series = _by_cathode(rows, view, sizes=False)
    shown = [*series, *_front(rows, view), *_own(rows, view)]
    panel = _against(view, shown, y="log")
    return Figure(
        view.name,
        [panel],
        "Average loss of specific capacity per cycle against the length of the test.",
        "Good is low and far right. A loss in mAh/g is not a percentage: Table S3 prints % for "
        "what is 0.01 mAh/g.",
        "double",
        _not_drawn(rows),
    )


def _thickness(view: View, rows: Rows) -> Figure:
    series = [*_by_cathode(rows, view, sizes=False), *_front(rows, view), *_own(rows, view)]
    panel = _against(view, series, x="log")
    return Figure(
        view.name,
        [panel],
        "Areal capacity of the cathode against the thickness of the electrolyte.",
        "Good is up and left: a thin electrolyte that a thick cathode still works with.",
        "double",
        _not_drawn(rows),
    )


def _conductivity(view: View, rows: Rows) -> Figure:
    both = [*_named(rows, view), *_own(rows, view)]
    return Figure(
        view.name,
        [_against(view, both, x="log")],
        "Transference number against conductivity where a source prints both.",
        "Good is up and right. Temperatures differ, or are not stated: the table names them.",
        "double",
        _not_drawn(rows),
    )


def _conductivity_alone(view: View, rows: Rows) -> list[Figure]:
    lone = [row for row in rows if row["x"] is not None and row["y"] is None]
    return _ladder(
        view,
        lone,
        "Conductivity where a source prints no transference number.",
        "A tall bar conducts well; what carries the current, its source does not say.",
        y="log",
    )


def _bars(rows: Rows, view: View, column: str) -> list[Series]:
    """One bar per result, the highest first, one's own with a mark before its name."""
    ordered = sorted(rows, key=lambda row: -row[column])
    if not ordered:
        return []
    names = _apart(ordered)
    places = [float(i) for i in range(len(ordered))]
    heights = [row[column] for row in ordered]
    hover = [_hover(row, view) for row in ordered]
    return [Series(places, heights, style="bars", color=0, names=names, hover=hover)]


def _apart(rows: Rows) -> list[str]:
    """Short names; those that begin alike are told apart by their source, or else by their row."""
    names = [_brief(row) for row in rows]
    sources = [(name, row["reference"]) for name, row in zip(names, rows, strict=True)]
    made = []
    for name, row in zip(names, rows, strict=True):
        alone = row["reference"] and sources.count((name, row["reference"])) == 1
        mark = f" ({row['reference'] if alone else row['row']})" if names.count(name) > 1 else ""
        made.append(f"▶ {name}" if row["row"] == "own" else f"{name}{mark}")
    return made


def _brief(row: dict[str, Any], most: int = 22) -> str:
    name = str(row["electrolyte"])
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _thermal(view: View, rows: Rows) -> Figure:
    groups: dict[str, Rows] = {}
    for row in _published(rows):
        name = str(row["criterion"] or "criterion not printed")
        groups.setdefault(name.replace(" C min-1", " °C min⁻¹"), []).append(row)
    colors = (0, 2, 3, 4, 5, 7)
    series = [
        _points(group, view, name, colors[i % len(colors)])
        for i, (name, group) in enumerate(sorted(groups.items(), key=lambda item: -len(item[1])))
    ]
    return Figure(
        view.name,
        [_against(view, [*series, *_own(rows, view)])],
        "Runaway against onset temperature, one symbol per runaway criterion.",
        "Good is up and right, but only among equal symbols: a criterion of 60 °C per minute "
        "is met later than one of 1.",
        "double",
        _not_drawn(rows),
    )


def _onset_alone(view: View, rows: Rows) -> list[Figure]:
    lone = [row for row in rows if row["y"] is None and row["x"] is not None]
    return _ladder(
        view,
        lone,
        "Onset of self-heating where no runaway was seen or its temperature is not printed.",
        "A tall bar heats late. No runaway in the range of a test is not none at all.",
    )


def _energy(view: View, rows: Rows) -> Figure:
    published = _named(rows, view)
    return Figure(
        view.name,
        [_against(view, [*published, *_own(rows, view)])],
        "Energy density against specific energy where a source prints both.",
        "Good is up and right. Most sources print one of the two numbers, and hardly one says "
        "whether the package is counted.",
        "double",
        _not_drawn(rows),
    )


def _energy_alone(view: View, rows: Rows) -> list[Figure]:
    with_mass = [row for row in rows if row["x"] is not None]
    return _ladder(
        view,
        with_mass,
        "Specific energy as printed, whether or not package and tabs are counted.",
        "A tall bar is light for its energy, or leaves out more of the cell.",
    )


def _not_drawn(rows: Rows) -> Sequence[str]:
    lost = [row for row in rows if row["x"] is None or row["y"] is None]
    if not lost:
        return ()
    return (f"{len(lost)} results lack one of the two numbers.",)


def _completeness(result: Result) -> Figure:
    table = result.tables["completeness"]
    names = table.column("condition")
    total = max(table.column("of"), default=0)
    bars = Series(
        [float(i) for i in range(len(names))],
        [float(n) for n in table.column("stated")],
        style="bars",
        names=names,
    )
    return Figure(
        f"{result.text['view']}_completeness",
        [Panel([bars], "", "Results that state it", marks=[Mark(float(total), "", "y")])],
        f"How many of the {total} results state each condition; the line is all of them.",
        "A bar far below the line is a condition by which hardly anything can be compared.",
    )


_DRAW: dict[str, Callable[[View, Rows], Figure]] = {
    "retention_vs_cycles": _retention,
    "decay_vs_life": _decay,
    "thickness_vs_areal_capacity": _thickness,
    "conductivity_vs_transference": _conductivity,
    "thermal_runaway": _thermal,
    "energy": _energy,
}
_LADDERS: dict[str, Callable[[View, Rows], list[Figure]]] = {
    "conductivity_vs_transference": _conductivity_alone,
    "thermal_runaway": _onset_alone,
    "energy": _energy_alone,
}
