"""Arcs of a cell followed over cycles or time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from polylyte.analysis.impedance import reporting
from polylyte.analysis.impedance.following import Row, Step, follow
from polylyte.analysis.impedance.growth import Growth, growth
from polylyte.core.errors import InputError, NotAnswerable, nearest
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Frequency, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.task import NO_TASK, Task
from polylyte.instruments.spectra import ImpedanceSpectrum

STARTS = 16
AUTOMATIC = ("cycle", "time", "temperature")
RATE_UNIT = {"cycle": "ohm", "number": "ohm", "time": "ohm/h", "temperature": "ohm/K"}
ROOT_UNIT = {"cycle": "ohm", "number": "ohm", "time": "ohm/h^0.5", "temperature": "ohm/K^0.5"}
NOT_TAKEN = "not the law taken"
UNIT = {"cycle": "1", "number": "1", "time": "h", "temperature": "degC"}
MOST_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class ImpedanceTrack(Result):
    number_of_spectra: Ratio = out("spectra fitted")
    parameters: Table = out("one row per spectrum: every parameter with its standard error")
    growth: Table = out("per resistance: first, last, ratio, both rates, law taken")
    spectra: Table = out("measured and fitted impedance of every spectrum")


def figure(result: ImpedanceTrack) -> list[Figure]:
    """Resistances over the cycle or time; Nyquist plots."""
    table, along = result.parameters, result.text["along"]
    names = [name for name in table.columns if table.units.get(name) == "ohm"]
    x = table.column("position")
    series = []
    for color, name in enumerate(names):
        values = table.column(name)
        errors = table.std(name) or [0.0] * len(values)
        rows = [row for row, value in enumerate(values) if value is not None]
        if rows:
            series.append(
                Series(
                    [x[row] for row in rows],
                    [values[row] for row in rows],
                    name,
                    "line+points",
                    y_error=[errors[row] for row in rows],
                    color=color,
                )
            )
    unit = "" if UNIT.get(along, "1") == "1" else UNIT[along]
    over = Panel(series, along, "resistance", unit, "ohm")
    return [
        Figure(
            "resistances",
            [over, _nyquist(result)],
            f"Resistances of {result.text['circuit_fitted']} over {along}, with standard errors; "
            "spectra and their fits.",
            "Good: smooth lines whose steps are larger than the bars only where the cell changed. "
            "A jump in one resistance and back in another: the circuit has too many arcs.",
            width="double",
        )
    ]


def _nyquist(result: ImpedanceTrack) -> Panel:
    frame = result.spectra.frame
    names = [name for (name,) in frame.select("spectrum").unique(maintain_order=True).rows()]
    step = max(1, -(-len(names) // MOST_SHOWN))
    series: list[Series] = []
    for color, name in enumerate(names[::step]):
        rows = frame.filter(frame["spectrum"] == name)
        series.append(
            Series(rows["real"].to_list(), (-rows["imaginary"]).to_list(), name, color=color)
        )
        fitted = (rows["fitted_real"].to_list(), (-rows["fitted_imaginary"]).to_list())
        series.append(Series(*fitted, "", "line", color=color))
    return Panel(series, "Re Z", "−Im Z", "ohm", "ohm", equal=True)


@method(
    "impedance.track",
    version=2,
    cites=[reporting.BOUKAMP_1986, reporting.MARQUARDT_1963, reporting.HURVICH_1989],
    figure=figure,
    prose=(
        "{number_of_spectra} spectra were fitted with the circuit {circuit_fitted} "
        "({weighting} weights), each from many starts and from the fit before it; equal arcs keep "
        "their names by least change of their parameters. {outcome}"
    ),
)
def track(
    *,
    spectra: list[ImpedanceSpectrum],
    circuit: str = "R0-p(R1,CPE1)-p(R2,CPE2)",
    along: str = "",
    f_min: Frequency | None = None,
    f_max: Frequency | None = None,
    weighting: Literal["modulus", "unit", "proportional"] = "modulus",
    task: Task = NO_TASK,
) -> ImpedanceTrack:
    """Follow the arcs of a cell over cycles, time or temperature.

    Each spectrum is fitted as by ``impedance.fit``, from many starts and from the fit before it.
    Growth by weighted regression: R = R(x₀) + k (x − x₀), and R(x₀) + k' sqrt(x − x₀) of a film
    that limits its own growth. Both rates are given; the square root is taken where it lowers
    AICc by more than 2, and the other is flagged. x₀ is the first spectrum's. Valid where one
    circuit describes all spectra. Shapes: N spectra, two at least, in any order and on any grids;
    rates need three.

    Parameters:
        spectra: of one cell, each with the condition to follow (a cycle, a time)
        circuit: as in impedance.fit
        along: name of the condition to follow; empty: cycle, time or temperature, whichever all
            spectra have, else their order
        f_min: lowest frequency to fit
        f_max: highest frequency to fit
        weighting: of the fit, as in impedance.fit

    Raises:
        InputError: ``along`` is a condition that a spectrum lacks.
        NotAnswerable: fewer than two spectra could be fitted.

    References:
        Boukamp 1986, doi:10.1016/0167-2738(86)90031-7; Marquardt 1963, doi:10.1137/0111030;
        Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297
    """
    name, positions = _positions(spectra, along)
    order = sorted(range(len(spectra)), key=lambda index: positions[index])
    ranked = [spectra[index] for index in order]
    x = [positions[index] for index in order]
    row = follow(
        [(one.frequency, one.impedance) for one in ranked],
        circuit,
        weighting=weighting,
        f_min=None if f_min is None else f_min.si,
        f_max=None if f_max is None else f_max.si,
        starts=STARTS,
        progress=lambda share: task.progress(share),
    )
    labels = [one.name or f"spectrum {index + 1}" for index, one in enumerate(ranked)]
    if len(row.steps) < 2:
        lost = "; ".join(f"{labels[index]}: {why}" for index, why in row.lost.items())
        raise NotAnswerable(
            f"to follow arcs needs two spectra, {len(row.steps)} could be fitted"
            + (f" ({lost})" if lost else ""),
            remedy="give more spectra, widen f_min and f_max, or choose a simpler circuit",
        )
    columns = _columns(row)
    rates = _rates(columns, [x[step.index] for step in row.steps])
    own = [replace(note, where=note.where or one.name) for one in ranked for note in one.findings]
    return ImpedanceTrack(
        number_of_spectra=Quantity(float(len(row.steps)), how="derived"),
        parameters=_table(row, columns, labels, x, name),
        growth=_growth_table(columns, rates, name),
        spectra=_spectra_table(row, labels),
        more=_more(columns, rates, name),
        verdicts=_verdicts(row, labels),
        findings=(*own, *_findings(row, labels)),
        text={
            "circuit_fitted": str(row.circuit),
            "weighting": weighting,
            "along": name,
            "outcome": _outcome(columns, rates, name),
        },
    )


def _positions(spectra: Sequence[ImpedanceSpectrum], along: str) -> tuple[str, list[float]]:
    """The condition followed and its values: hours, degrees Celsius or numbers."""
    common = [
        name
        for name in dict.fromkeys(name for one in spectra for name in one.conditions)
        if all(name in one.conditions and one.conditions[name].value is not None for one in spectra)
    ]
    if along and along not in common:
        raise InputError(
            f"not every spectrum says its '{along}'",
            where="along",
            remedy=nearest(along, common) if common else "put it into the files' names: {cycle}",
        )
    name = along or next((one for one in AUTOMATIC if one in common), "")
    if not name:
        return "number", [float(index + 1) for index in range(len(spectra))]
    values = [one.conditions[name] for one in spectra]
    shown = [value.to(UNIT[name]) if name in UNIT else value for value in values]
    return name, [float(value.value or 0.0) for value in shown]


def _columns(row: Row) -> dict[str, list[Quantity]]:
    """Every parameter of every spectrum, and the sum in series; errors independent by row."""
    names = row.circuit.names
    found: dict[str, list[Quantity]] = {name: [] for name in (*names, "R_total")}
    for step in row.steps:
        own = reporting.parameter_quantities(step.fit)
        for place, name in enumerate(names):
            found[name].append(_alone(own[names[step.places[place]]], name))
        found["R_total"].append(_alone(reporting.series_resistance(step.fit), "R_total"))
    return found


def _alone(value: Quantity, name: str) -> Quantity:
    parts = {f"~fit.{name}[*]": value.std} if value.std else {}
    return replace(value, components=parts)


def _rates(columns: dict[str, list[Quantity]], x: Sequence[float]) -> dict[str, Growth | None]:
    found: dict[str, Growth | None] = {}
    for name, values in columns.items():
        if values[0].unit != "ohm" or name.endswith("_R"):
            continue
        known = [
            (place, value.value, value.std or 0.0)
            for place, value in zip(x, values, strict=True)
            if value.value is not None and "not identifiable" not in value.flags
        ]
        found[name] = growth(*map(list, zip(*known, strict=True))) if len(known) > 2 else None
    return found


def _table(
    row: Row,
    columns: dict[str, list[Quantity]],
    labels: Sequence[str],
    x: Sequence[float],
    name: str,
) -> Table:
    flags = [
        ", ".join(
            f"{names}: {flag}" for names, values in columns.items() for flag in values[place].flags
        )
        for place in range(len(row.steps))
    ]
    return Table.of_quantities(
        {
            "spectrum": [labels[step.index] for step in row.steps],
            "position": [x[step.index] for step in row.steps],
            "relative_rms": [step.fit.relative_rms for step in row.steps],
            "share_of_starts": [step.fit.share_of_starts for step in row.steps],
            "flags": flags,
        },
        columns,
        {"position": UNIT.get(name, "1"), "relative_rms": "1", "share_of_starts": "1"},
        f"position: {name}",
    )


def _ends(values: Sequence[Quantity]) -> tuple[Quantity, Quantity] | None:
    known = [value for value in values if value.value is not None]
    return (known[0], known[-1]) if len(known) > 1 else None


def _growth_table(
    columns: dict[str, list[Quantity]], rates: dict[str, Growth | None], along: str
) -> Table:
    rows: list[tuple[Any, ...]] = []
    for name, rate in rates.items():
        ends = _ends(columns[name])
        first, last = (ends[0].value, ends[1].value) if ends else (None, None)
        both: tuple[Any, ...] = (None, None, None, None, None, "")
        if rate is not None:
            linear, root = rate.linear, rate.root
            both = (linear.rate, linear.std, root.rate, root.std, rate.gain, rate.law)
        ratio = last / first if first and last is not None else None
        rows.append((name, first, last, ratio, *both))
    names = (
        *("resistance", "first", "last", "ratio", "rate", "standard_error"),
        *("root_rate", "root_standard_error", "gain_of_root", "law"),
    )
    columns_of = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    unit, of_root = RATE_UNIT.get(along, "ohm"), ROOT_UNIT.get(along, "ohm")
    units = {"first": "ohm", "last": "ohm", "ratio": "1", "rate": unit, "standard_error": unit}
    units |= {"root_rate": of_root, "root_standard_error": of_root, "gain_of_root": "1"}
    return Table.of(
        columns_of,
        units,
        f"rate per {along}, root_rate per root of it; gain_of_root: by how much the square root "
        "lowers AICc; law: the one taken",
    )


def _more(
    columns: dict[str, list[Quantity]], rates: dict[str, Growth | None], along: str
) -> dict[str, Quantity]:
    made: dict[str, Quantity] = {}
    for name, rate in rates.items():
        ends = _ends(columns[name])
        if ends is not None:
            first, last = (
                replace(
                    value,
                    components={f"~fit.{name}.{end}": value.std} if value.std else {},
                    interval=None,
                )
                for end, value in zip(("first", "last"), ends, strict=True)
            )
            made[f"{name}_first"], made[f"{name}_last"] = first, last
            if first.value:
                made[f"{name}_ratio"] = last / first
        if rate is None:
            continue
        for key, one, law, unit in (
            ("rate", rate.linear, "linear", RATE_UNIT.get(along, "ohm")),
            ("root_rate", rate.root, "square root", ROOT_UNIT.get(along, "ohm")),
        ):
            per = along if key == "rate" else f"root of {along}"
            made[f"{name}_{key}"] = Quantity(
                one.rate,
                unit,
                {f"~growth.{name}.{key}": one.std},
                "derived",
                {"per": per, "law": law},
                () if law == rate.law else (NOT_TAKEN,),
            )
    return made


def _spectra_table(row: Row, labels: Sequence[str]) -> Table:
    columns: dict[str, list[Any]] = {}
    for step in row.steps:
        data, fitted = step.fit.data, step.fit.fitted
        for name, values in {
            "spectrum": [labels[step.index]] * len(fitted),
            "frequency": data.frequency.tolist(),
            "real": data.impedance.real.tolist(),
            "imaginary": data.impedance.imag.tolist(),
            "fitted_real": fitted.real.tolist(),
            "fitted_imaginary": fitted.imag.tolist(),
        }.items():
            columns.setdefault(name, []).extend(values)
    units = dict.fromkeys(("real", "imaginary", "fitted_real", "fitted_imaginary"), "ohm")
    return Table.of(columns, {"frequency": "Hz", **units})


def _verdicts(row: Row, labels: Sequence[str]) -> tuple[Verdict, ...]:
    jumps = [labels[step.index] for step in row.steps if not step.warm]
    waves = [labels[step.index] for step in row.steps if step.fit.structure.found]
    return (
        Verdict(
            "optimum followed",
            not jumps,
            "each optimum is also reached from the one before"
            if not jumps
            else f"another optimum than the one before leads to, in {_listed(jumps)}",
        ),
        Verdict(
            "residuals without structure",
            not waves,
            "in every spectrum" if not waves else f"structure in {_listed(waves)}",
        ),
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _findings(row: Row, labels: Sequence[str]) -> list[Finding]:
    notes = [Finding(f"left out: {why}", "error", labels[index]) for index, why in row.lost.items()]
    notes += [
        Finding("equal arcs crossed in time constant; their names follow their values", where=n)
        for n in _crossed(row.steps, labels)
    ]
    return notes


def _crossed(steps: Sequence[Step], labels: Sequence[str]) -> list[str]:
    return [
        labels[now.index] for before, now in pairwise(steps) if (before.places != now.places).any()
    ]


def _outcome(
    columns: dict[str, list[Quantity]], rates: dict[str, Growth | None], along: str
) -> str:
    told = []
    for name in rates:
        ends = _ends(columns[name])
        if ends is not None:
            told.append(f"{name} went from {ends[0]} to {ends[1]}")
    return "; ".join(told) + "." if told else "No resistance was determined twice."
