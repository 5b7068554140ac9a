"""One row per spectrum of a blocking cell, and the tables and quantities made of the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polylyte.analysis.transport.blocking import ElectrolyteResistance, electrolyte_resistance
from polylyte.core.errors import NotAnswerable, PolylyteError
from polylyte.core.quantities import Quantity, derive
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum

SAME_TEMPERATURE = 0.05
"""kelvin; closer readings count as one temperature."""
NEEDS_GEOMETRY = "needs thickness and area"
NEEDS_AREA = "needs area"
NOT_BLOCKING = "not blocking"
AMBIGUOUS = 0.1
"""Where an arc is more than this part of the resistance, what it stands for matters."""
ARC_COUNTED = "an arc is counted as electrolyte"
ARC_LEFT_OUT = "an arc is left out as interface"


@dataclass(frozen=True)
class Reading:
    """One spectrum, read."""

    name: str
    temperature: Quantity | None
    found: ElectrolyteResistance
    resistance: Quantity
    conductivity: Quantity
    area_specific: Quantity

    @property
    def conductance(self) -> Quantity:
        """1/R, which is σ·A/L."""
        R = self.resistance
        return derive(lambda R: 1 / R, "mS", R=R).flagged(*(() if R.value is None else R.flags))

    @property
    def celsius(self) -> float | None:
        return None if self.temperature is None else self.temperature.to("degC").value


def read_all(
    spectra: Sequence[ImpedanceSpectrum],
    L: Quantity | None,
    A: Quantity | None,
    options: dict[str, Any],
) -> tuple[list[Reading], list[Finding]]:
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
) -> Reading:
    """Quantities of one row; its noise bears the row's number, as in the table."""
    R = found.resistance
    parts = {source.replace("[*]", f"[{row}]"): part for source, part in R.components.items()}
    flags = (*R.flags, *(() if found.blocking else (NOT_BLOCKING,)), *_arc_flags(found))
    R = Quantity(R.value, R.unit, parts, "derived", flags=flags)
    missing = Quantity(None, "mS/cm", flags=(NEEDS_GEOMETRY,))
    sigma = missing if L is None or A is None else derive(_sigma, "mS/cm", L=L, A=A, R=R)
    no_area = Quantity(None, "ohm cm^2", flags=(NEEDS_AREA,))
    specific = no_area if A is None else derive(_area_specific, "ohm cm^2", A=A, R=R)
    return Reading(name, temperature, found, R, sigma.flagged(*flags), specific.flagged(*flags))


def matters(found: ElectrolyteResistance, arc: str, resistance: float) -> bool:
    """Whether what the arc is taken for changes R by more than a tenth; an arc that begins at
    the origin is all there is."""
    whole = (found.offset.value or 0.0) + sum(R for _, R, _ in found.arcs)
    alone = list(found.counted) == [arc]
    return not alone and resistance >= AMBIGUOUS * whole


def _arc_flags(found: ElectrolyteResistance) -> tuple[str, ...]:
    flags = (
        ARC_COUNTED if name in found.counted else ARC_LEFT_OUT
        for name, R, _ in found.arcs
        if matters(found, name, R)
    )
    return tuple(dict.fromkeys(flags))


def _sigma(L: float, A: float, R: float) -> float:
    return L / (R * A)


def _area_specific(A: float, R: float) -> float:
    return R * A


def groups_of(readings: Sequence[Reading]) -> list[list[int]]:
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


def named(readings: Sequence[Reading], groups: Sequence[Sequence[int]]) -> dict[str, Quantity]:
    """Quantities by temperature (or by file), replicates averaged."""
    more: dict[str, Quantity] = {}
    for rows in groups:
        members = [readings[row] for row in rows]
        label = _label(members[0], len(readings))
        for name, values in (
            ("conductivity", [m.conductivity for m in members]),
            ("area_specific_resistance", [m.area_specific for m in members]),
            ("resistance", [m.resistance for m in members]),
            ("conductance", [derive(lambda R: 1 / R, "mS", R=m.resistance) for m in members]),
        ):
            value = _mean(values, label)
            celsius = members[0].celsius
            if celsius is not None:
                value = value.given(temperature=f"{celsius:g} degC")
            more[f"{name}{label}"] = value
    return more


def _label(reading: Reading, total: int) -> str:
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


def rows_table(readings: Sequence[Reading]) -> Table:
    """One row per spectrum."""
    found = [reading.found for reading in readings]
    temperatures = [
        Quantity(None, "degC") if r.temperature is None else r.temperature.to("degC")
        for r in readings
    ]
    return _floats(
        Table.of_quantities(
            {
                "spectrum": [reading.name for reading in readings],
                "circuit": [str(one.fit.circuit) for one in found],
                "counted": ["+".join(one.counted) for one in found],
                "flags": [", ".join(dict.fromkeys(r.conductivity.flags)) for r in readings],
                "relative_rms": [one.fit.relative_rms for one in found],
                "arc_resistance": [sum(arc[1] for arc in one.arcs) for one in found],
                "arc_capacitance": [
                    min((arc[2] for arc in one.arcs), default=None) for one in found
                ],
            },
            {
                "temperature": temperatures,
                "resistance": [_per_row(r.resistance) for r in readings],
                "conductance": [_per_row(r.conductance) for r in readings],
                "conductivity": [_per_row(r.conductivity) for r in readings],
                "area_specific_resistance": [_per_row(r.area_specific) for r in readings],
                "offset_resistance": [_per_row(one.offset) for one in found],
            },
            {"relative_rms": "1", "arc_resistance": "ohm", "arc_capacitance": "F"},
            "~fit[*] is independent from row to row; other parts are shared by all rows",
        )
    )


def _floats(table: Table) -> Table:
    """Columns without a single number are columns of numbers still."""
    import polars

    empty = [name for name, kind in table.frame.schema.items() if kind == polars.Null]
    return replace(table, frame=table.frame.with_columns(polars.col(empty).cast(polars.Float64)))


def replicates_table(readings: Sequence[Reading], groups: Sequence[Sequence[int]]) -> Table:
    """Per temperature: number of spectra, mean and standard deviation."""
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
    return _floats(Table.of(columns, units))


def models_table(readings: Sequence[Reading]) -> Table:
    """The circuits tried on each spectrum, and why one was taken."""
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
    return _floats(Table.of(columns, {"aicc": "1", "relative_rms": "1"}))


def spectra_table(readings: Sequence[Reading]) -> Table:
    """Measured and fitted impedance of every spectrum."""
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
    return _floats(Table.of(columns, {**units, "temperature": "degC", "frequency": "Hz"}))
