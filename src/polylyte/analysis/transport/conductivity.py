"""Ionic conductivity over temperature from impedance of a blocking cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from polylyte.analysis.impedance import reporting
from polylyte.analysis.transport import blocking
from polylyte.analysis.transport.blocking import ElectrolyteResistance, electrolyte_resistance
from polylyte.core.errors import NotAnswerable, PolylyteError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Area, Frequency, Length
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.materials.cells import Cell

SAME_TEMPERATURE = 0.05
"""kelvin; closer readings count as one temperature."""
AMBIGUOUS = 0.1
"""Where the arc is more than this part of the resistance, what it stands for matters."""
NEEDS_GEOMETRY = "needs thickness and area"
NEEDS_AREA = "needs area"
NOT_BLOCKING = "not blocking"
AMBIGUOUS_FLAG = "arc counted as electrolyte"


@dataclass(frozen=True, kw_only=True)
class ConductivityResult(Result):
    conductivity: Table = out(
        "one row per spectrum: temperature, resistance, conductivity, area-specific resistance"
    )
    replicates: Table = out("per temperature: number of spectra, mean, standard deviation")
    models: Table = out("the circuits tried on each spectrum, and why one was taken")
    spectra: Table = out("measured and fitted impedance of every spectrum")


@dataclass(frozen=True)
class _Reading:
    """One spectrum, read."""

    name: str
    temperature: Quantity | None
    found: ElectrolyteResistance
    resistance: Quantity
    conductivity: Quantity
    area_specific: Quantity

    @property
    def celsius(self) -> float | None:
        return None if self.temperature is None else self.temperature.to("degC").value


def figure(result: ConductivityResult) -> list[Figure]:
    """All Nyquist plots, and conductivity (or conductance) over inverse temperature."""
    figures = [_nyquist(result)]
    arrhenius = _over_temperature(result)
    return figures if arrhenius is None else [*figures, arrhenius]


def _nyquist(result: ConductivityResult) -> Figure:
    frame = result.spectra.frame
    series: list[Series] = []
    for color, (name,) in enumerate(frame.select("spectrum").unique(maintain_order=True).rows()):
        rows = frame.filter(frame["spectrum"] == name)
        measured = (rows["real"].to_list(), (-rows["imaginary"]).to_list())
        fitted = (rows["fitted_real"].to_list(), (-rows["fitted_imaginary"]).to_list())
        series.append(Series(*measured, rows["label"][0], color=color))
        series.append(Series(*fitted, "", "line", color=color))
    panel = Panel(series, "Re Z", "−Im Z", "ohm", "ohm", equal=True)
    return Figure(
        "nyquist",
        [panel],
        "Impedance between blocking electrodes (points) and fits (lines).",
        "A steep spike at low frequency shows that the electrodes block. "
        "The electrolyte's resistance is where the spike meets the real axis.",
    )


def _over_temperature(result: ConductivityResult) -> Figure | None:
    table = result.conductivity
    name, label, unit = "conductivity", "conductivity", table.units["conductivity"]
    if all(value is None for value in table.column(name)):
        name, label, unit = "conductance", "conductance (σ·A/L)", table.units["conductance"]
    rows = [
        (1000.0 / (T + 273.15), value, std)
        for T, value, std in zip(
            table.column("temperature"),
            table.column(name),
            table.std(name) or [0.0] * len(table),
            strict=True,
        )
        if T is not None and value is not None
    ]
    if not rows:
        return None
    x, y, error = zip(*rows, strict=True)
    panel = Panel(
        [Series(list(x), list(y), y_error=list(error), color=0)],
        "1000/T",
        label,
        "1/K",
        unit,
        y_scale="log",
    )
    return Figure(
        "conductivity",
        [panel],
        f"Ionic {label} over inverse temperature; bars are standard uncertainties.",
        "A straight line is an Arrhenius law, a line that bends down to the right is VTF, "
        "a kink is a transition such as melting.",
    )


@method(
    "transport.conductivity",
    version=1,
    cites=[
        blocking.IRVINE_1990,
        blocking.BURNHAM_2002,
        reporting.HURVICH_1989,
        reporting.BOUKAMP_1986,
        reporting.ORAZEM_2017,
    ],
    figure=figure,
    prose=(
        "The ionic conductivity was obtained from {count} impedance spectra between blocking "
        "electrodes as L/(R A). R is the electrolyte's resistance from fits with {circuits} "
        "({weighting} weights; circuit chosen by the corrected Akaike criterion): {rule}. "
        "{geometry} {outcome}"
    ),
)
def conductivity(
    *,
    spectra: list[ImpedanceSpectrum],
    cell: Cell | None = None,
    thickness: Length | None = None,
    area: Area | None = None,
    circuit: str | None = None,
    resistance: Literal["automatic", "R0", "all"] = "automatic",
    f_min: Frequency | None = None,
    f_max: Frequency | None = None,
    weighting: Literal["modulus", "unit", "proportional"] = "modulus",
) -> ConductivityResult:
    """Conductivity and area-specific resistance from impedance of a blocking cell.

    sigma = L / (R A); area-specific resistance = R A = L / sigma
    Valid for electrodes that block (a spike at low frequency) and for a film of even thickness
    that fills the area. In a porous separator the value is the effective one of the composite.
    R adds the offset R0 and every arc whose effective capacitance (R Q)^(1/n)/R is below
    0.1 µF, as bulk and grain boundary have; an arc with more belongs to an interface. With the
    arc above the frequency range, R0 is what is left of it. The circuit is the one of R0-CPE1,
    p(R1,CPE1)-CPE2, R0-p(R1,CPE1)-CPE2 (with an inductor L1 where the highest decade is
    inductive) that the data determine and AICc prefers by more than 10 over a simpler one.

    The fit's noise is independent from row to row; thickness and area are shared by all rows.
    Spectra at one temperature are replicates: their mean is given, with the larger of the
    scatter's and the fits' standard error. R (ohm) and 1/R (S) are given without the geometry.

    Parameters:
        spectra: impedance of the blocking cell, one or more temperatures
        cell: the cell's thickness and area
        thickness: of the electrolyte between the electrodes; overrides the cell's
        area: of the electrode; overrides the cell's
        circuit: use this circuit for every spectrum instead of choosing
        resistance: which resistances are the electrolyte's: R0 and arcs below 0.1 µF
            (automatic), the high-frequency intercept (R0), or all in series (all)
        f_min: lowest frequency to fit
        f_max: highest frequency to fit
        weighting: of the fit, as in impedance.fit

    Raises:
        InputError: a circuit that cannot be read.
        NotAnswerable: no spectrum could be fitted.

    References:
        Irvine, Sinclair & West 1990, doi:10.1002/adma.19900020304; Hurvich & Tsai 1989,
        doi:10.1093/biomet/76.2.297; Orazem & Tribollet 2017, doi:10.1002/9781119363682
    """
    L = thickness if thickness is not None else getattr(cell, "thickness", None)
    A = area if area is not None else getattr(cell, "area", None)
    options: dict[str, Any] = {
        "circuit": circuit,
        "count": resistance,
        "f_min": None if f_min is None else f_min.si,
        "f_max": None if f_max is None else f_max.si,
        "weighting": weighting,
    }
    readings, lost = _read_all(spectra, L, A, options)
    groups = _groups(readings)
    more = _named(readings, groups)
    return ConductivityResult(
        conductivity=_table(readings),
        replicates=_replicates(readings, groups),
        models=_models(readings),
        spectra=_spectra(readings),
        more=more,
        verdicts=_verdicts(readings),
        findings=(*lost, *_findings(readings, spectra, L, A)),
        text=_words(readings, more, L, A, weighting),
    )


def _read_all(
    spectra: Sequence[ImpedanceSpectrum],
    L: Quantity | None,
    A: Quantity | None,
    options: dict[str, Any],
) -> tuple[list[_Reading], list[Finding]]:
    """Every spectrum that can be fitted, coldest first; the others by name."""
    if not spectra:
        raise NotAnswerable("no spectra were given", remedy="name at least one file")
    found: list[tuple[str, Quantity | None, ElectrolyteResistance]] = []
    lost: list[Finding] = []
    last: PolylyteError | None = None
    for place, spectrum in enumerate(spectra):
        name = spectrum.name or f"spectrum {place + 1}"
        try:
            read = electrolyte_resistance(
                spectrum.frequency, spectrum.impedance, where=name, **options
            )
        except NotAnswerable as error:
            last = error
            lost.append(Finding(f"left out: {error.what}", "error", name, error.remedy or ""))
            continue
        found.append((name, spectrum.conditions.get("temperature"), read))
    if not found:
        assert last is not None
        raise last
    found.sort(key=lambda item: math.inf if item[1] is None else item[1].si)
    return [_reading(row, *item, L, A) for row, item in enumerate(found)], lost


def _reading(
    row: int,
    name: str,
    temperature: Quantity | None,
    found: ElectrolyteResistance,
    L: Quantity | None,
    A: Quantity | None,
) -> _Reading:
    """Quantities of one row; its noise bears the row's number, as in the table."""
    R = found.resistance
    parts = {source.replace("[*]", f"[{row}]"): part for source, part in R.components.items()}
    flags = R.flags + (() if found.blocking else (NOT_BLOCKING,))
    R = Quantity(R.value, R.unit, parts, "derived", flags=flags)
    missing = Quantity(None, "mS/cm", flags=(NEEDS_GEOMETRY,))
    sigma = missing if L is None or A is None else derive(_sigma, "mS/cm", L=L, A=A, R=R)
    no_area = Quantity(None, "ohm cm^2", flags=(NEEDS_AREA,))
    specific = no_area if A is None else derive(_area_specific, "ohm cm^2", A=A, R=R)
    return _Reading(name, temperature, found, R, sigma.flagged(*flags), specific.flagged(*flags))


def _sigma(L: float, A: float, R: float) -> float:
    return L / (R * A)


def _area_specific(A: float, R: float) -> float:
    return R * A


def _groups(readings: Sequence[_Reading]) -> list[list[int]]:
    """Rows at one temperature; a row without a temperature stands alone."""
    groups: list[list[int]] = []
    for row, reading in enumerate(readings):
        last = readings[groups[-1][-1]].celsius if groups else None
        here = reading.celsius
        if here is not None and last is not None and abs(here - last) <= SAME_TEMPERATURE:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _mean(values: Sequence[Quantity], label: str) -> Quantity:
    """Mean of replicates: shared sources stay, independent ones become one standard error."""
    if len(values) == 1 or any(value.value is None for value in values):
        return values[0]
    count, unit = len(values), values[0].unit
    numbers = np.array([value.value for value in values], dtype=float)
    own = [_independent(value) for value in values]
    fits = math.sqrt(sum(std * std for std in own)) / count
    scatter = float(numbers.std(ddof=1)) / math.sqrt(count)
    parts: dict[str, float] = {}
    for value in values:
        for source, part in value.components.items():
            if not source.startswith("~"):
                parts[source] = parts.get(source, 0.0) + part / count
    parts[f"~replicates{label}"] = max(fits, scatter)
    flags = tuple(dict.fromkeys(flag for value in values for flag in value.flags))
    conditions = {"replicates": str(count)}
    return Quantity(float(numbers.mean()), unit, parts, "derived", conditions, flags)


def _independent(value: Quantity) -> float:
    parts = [part for source, part in value.components.items() if source.startswith("~")]
    return math.sqrt(sum(part * part for part in parts))


def _named(readings: Sequence[_Reading], groups: Sequence[Sequence[int]]) -> dict[str, Quantity]:
    more: dict[str, Quantity] = {}
    for rows in groups:
        members = [readings[row] for row in rows]
        label = _label(members[0], len(readings))
        for name, values in (
            ("conductivity", [m.conductivity for m in members]),
            ("area_specific_resistance", [m.area_specific for m in members]),
            ("resistance", [m.resistance for m in members]),
        ):
            value = _mean(values, label)
            celsius = members[0].celsius
            if celsius is not None:
                value = value.given(temperature=f"{celsius:g} degC")
            more[f"{name}{label}"] = value
    return more


def _label(reading: _Reading, total: int) -> str:
    if reading.celsius is not None:
        return f"@{round(reading.celsius, 2):g}degC"
    return "" if total == 1 else f"@{reading.name}"


def _per_row(value: Quantity) -> Quantity:
    """The quantity with its own noise named as a table names independent rows."""
    parts = {
        ("~fit[*]" if source.startswith("~fit[") else source): part
        for source, part in value.components.items()
    }
    return Quantity(value.value, value.unit, parts, value.how, flags=value.flags)


def _table(readings: Sequence[_Reading]) -> Table:
    found = [reading.found for reading in readings]
    temperatures = [
        Quantity(None, "degC") if r.temperature is None else r.temperature.to("degC")
        for r in readings
    ]
    conductance = [derive(lambda R: 1 / R, "mS", R=reading.resistance) for reading in readings]
    return Table.of_quantities(
        {
            "spectrum": [reading.name for reading in readings],
            "circuit": [str(one.fit.circuit) for one in found],
            "counted": ["+".join(one.counted) for one in found],
            "flags": [", ".join(dict.fromkeys(r.conductivity.flags)) for r in readings],
            "relative_rms": [one.fit.relative_rms for one in found],
            "arc_resistance": [sum(arc[1] for arc in one.arcs) for one in found],
            "arc_capacitance": [min((arc[2] for arc in one.arcs), default=None) for one in found],
        },
        {
            "temperature": temperatures,
            "resistance": [_per_row(r.resistance) for r in readings],
            "conductance": [_per_row(value) for value in conductance],
            "conductivity": [_per_row(r.conductivity) for r in readings],
            "area_specific_resistance": [_per_row(r.area_specific) for r in readings],
            "offset_resistance": [_per_row(one.offset) for one in found],
        },
        {"relative_rms": "1", "arc_resistance": "ohm", "arc_capacitance": "F"},
        "~fit[*] is independent from row to row; other parts are shared by all rows",
    )


def _replicates(readings: Sequence[_Reading], groups: Sequence[Sequence[int]]) -> Table:
    columns: dict[str, list[Any]] = {"temperature": [], "spectra": []}
    for rows in groups:
        members = [readings[row] for row in rows]
        columns["temperature"].append(members[0].celsius)
        columns["spectra"].append(len(rows))
        for name, values in (
            ("resistance", [m.resistance.value for m in members]),
            ("conductivity", [m.conductivity.value for m in members]),
        ):
            known = [value for value in values if value is not None]
            mean = float(np.mean(known)) if known else None
            spread = float(np.std(known, ddof=1)) if len(known) > 1 else None
            columns.setdefault(f"{name}_mean", []).append(mean)
            columns.setdefault(f"{name}_standard_deviation", []).append(spread)
    units = {"temperature": "degC", "spectra": "1"}
    units |= {n: "ohm" if n.startswith("res") else "mS/cm" for n in columns if n not in units}
    return Table.of(columns, units)


def _models(readings: Sequence[_Reading]) -> Table:
    rows = [
        (reading.name, one.circuit, one.aicc, one.relative_rms, one.reason or "taken")
        for reading in readings
        for one in reading.found.candidates
    ] or [
        (r.name, str(r.found.fit.circuit), r.found.fit.aicc, r.found.fit.relative_rms, "given")
        for r in readings
    ]
    names = ("spectrum", "circuit", "aicc", "relative_rms", "outcome")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return Table.of(columns, {"aicc": "1", "relative_rms": "1"})


def _spectra(readings: Sequence[_Reading]) -> Table:
    columns: dict[str, list[Any]] = {}
    for reading in readings:
        fit = reading.found.fit
        count = len(fit.data.frequency)
        celsius = reading.celsius
        label = reading.name if celsius is None else f"{celsius:g} °C"
        for name, values in {
            "spectrum": [reading.name] * count,
            "label": [label] * count,
            "temperature": [celsius] * count,
            "frequency": fit.data.frequency.tolist(),
            "real": fit.data.impedance.real.tolist(),
            "imaginary": fit.data.impedance.imag.tolist(),
            "fitted_real": fit.fitted.real.tolist(),
            "fitted_imaginary": fit.fitted.imag.tolist(),
        }.items():
            columns.setdefault(name, []).extend(values)
    units = dict.fromkeys(("real", "imaginary", "fitted_real", "fitted_imaginary"), "ohm")
    return Table.of(columns, {**units, "temperature": "degC", "frequency": "Hz"})


def _verdicts(readings: Sequence[_Reading]) -> tuple[Verdict, ...]:
    leaking = [r for r in readings if not r.found.blocking]
    lowest = min(reading.found.angle for reading in readings)
    blocks = (
        f"the low-frequency tail rises at {lowest:.0f}° or more in every spectrum"
        if not leaking
        else f"no steep low-frequency spike in {', '.join(r.name for r in leaking)}: the "
        "electrodes pass current, or the lowest frequency is too high"
    )
    stuck = [r for r in readings if r.found.fit.share_of_starts < reporting.LEAST_SHARE]
    agree = (
        "yes, in every spectrum"
        if not stuck
        else f"fewer than {reporting.LEAST_SHARE:.0%} agree in {', '.join(r.name for r in stuck)}"
    )
    waves = [
        r for r in readings if reporting.structure(r.found.fit.residuals) < reporting.RUNS_LEVEL
    ]
    noise = (
        "residuals look like noise in every spectrum"
        if not waves
        else f"residuals have structure in {', '.join(r.name for r in waves)}: the circuit is "
        "not the whole story, and the stated fit errors are too small"
    )
    return (
        Verdict("electrodes block", not leaking, blocks),
        Verdict("starts agree", not stuck, agree),
        Verdict("residuals without structure", not waves, noise),
    )


def _findings(
    readings: Sequence[_Reading],
    spectra: Sequence[ImpedanceSpectrum],
    L: Quantity | None,
    A: Quantity | None,
) -> tuple[Finding, ...]:
    found = [
        Finding(getattr(note, "text", str(note)), where=s.name)
        for s in spectra
        for note in s.findings
    ]
    if L is None or A is None:
        lacking = [n for n, value in (("thickness", L), ("area", A)) if value is None]
        found.append(
            Finding(
                f"conductivity needs the cell's {' and '.join(lacking)}; resistance and "
                "conductance (σ·A/L) are given",
                "warning",
                remedy=f"--set {' '.join(f'{name}=…' for name in lacking)}",
            )
        )
    found.extend(note for reading in readings for note in _ambiguity(reading))
    for reading in readings:
        data = reading.found.fit.data
        if data.not_usable:
            text = f"{data.not_usable} points are not finite and were not fitted"
            found.append(Finding(text, "warning", reading.name))
        if data.outside_range:
            text = f"{data.outside_range} points outside f_min … f_max were not fitted"
            found.append(Finding(text, where=reading.name))
    untold = [reading.name for reading in readings if reading.temperature is None]
    if untold and len(readings) > 1:
        found.append(
            Finding(
                f"no temperature for {', '.join(untold)}",
                "warning",
                remedy="put it into the file's name and use {temperature:degC} in the pattern",
            )
        )
    return tuple(found)


def _ambiguity(reading: _Reading) -> list[Finding]:
    """What the arc was taken for, where the other reading would change the answer."""
    notes = []
    one = reading.found
    total = one.offset.value or 0.0
    whole = total + sum(R for _, R, _ in one.arcs)
    for name, R, capacitance in one.arcs:
        if AMBIGUOUS * whole > R:
            continue
        if name in one.counted:
            text = (
                f"arc {name} = {R:.4g} ohm ({capacitance:.2g} F) is counted as electrolyte; "
                f"without it R would be {(one.resistance.value or 0.0) - R:.4g} ohm"
            )
        else:
            text = (
                f"arc {name} = {R:.4g} ohm ({capacitance:.2g} F) is taken for an interface; "
                f"with it R would be {(one.resistance.value or 0.0) + R:.4g} ohm"
            )
        notes.append(Finding(text, "note", reading.name, "choose with resistance=R0 or =all"))
    return notes


def _words(
    readings: Sequence[_Reading],
    more: dict[str, Quantity],
    L: Quantity | None,
    A: Quantity | None,
    weighting: str,
) -> dict[str, str]:
    circuits = dict.fromkeys(str(reading.found.fit.circuit) for reading in readings)
    counted = dict.fromkeys("+".join(reading.found.counted) for reading in readings)
    known = L is not None and A is not None
    name = "conductivity" if known else "resistance"
    shown = [(key, value) for key, value in more.items() if key.split("@")[0] == name]
    told = "; ".join(
        f"{value}" + (f" at {key.split('@')[1].replace('degC', ' °C')}" if "@" in key else "")
        for key, value in shown
    )
    return {
        "count": str(len(readings)),
        "circuits": " and ".join(circuits),
        "rule": f"{' or '.join(counted)} (arcs below 0.1 µF belong to the electrolyte)",
        "geometry": f"L = {L}, A = {A}." if known else "Thickness and area were not given.",
        "outcome": f"{name.capitalize()}: {told}.",
        "weighting": weighting,
        "scope": "effective value of the composite where the electrolyte fills a separator",
    }
