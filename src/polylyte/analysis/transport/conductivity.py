"""Ionic conductivity over temperature from impedance of a blocking cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from polylyte.analysis.impedance import reporting
from polylyte.analysis.transport import blocking
from polylyte.analysis.transport.rows import (
    Reading,
    groups_of,
    matters,
    models_table,
    named,
    read_all,
    replicates_table,
    rows_table,
    spectra_table,
)
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Area, Frequency, Length
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.materials.cells import Cell


@dataclass(frozen=True, kw_only=True)
class ConductivityResult(Result):
    conductivity: Table = out(
        "one row per spectrum: temperature, resistance, conductivity, area-specific resistance"
    )
    replicates: Table = out("per temperature: number of spectra, mean, standard deviation")
    models: Table = out("the circuits tried on each spectrum, and why one was taken")
    spectra: Table = out("measured and fitted impedance of every spectrum")


def figure(result: ConductivityResult) -> list[Figure]:
    """All Nyquist plots, and conductivity (or conductance) over inverse temperature."""
    figures = [_nyquist(result)]
    arrhenius = _over_temperature(result)
    return figures if arrhenius is None else [*figures, arrhenius]


def _nyquist(result: ConductivityResult) -> Figure:
    known = [R for R in result.conductivity.column("resistance") if R is not None]
    whole = _plane(result, math.inf)
    spike = max(result.spectra.column("imaginary"), key=abs)
    close = 2.0 * max(known, default=math.inf)
    return Figure(
        "nyquist",
        [whole, _plane(result, close)] if abs(spike) > 2.0 * close else [whole],
        "Impedance between blocking electrodes (points) and fits (lines).",
        "A steep spike at low frequency shows that the electrodes block. "
        "The electrolyte's resistance is where the spike meets the real axis.",
        width="double" if abs(spike) > 2.0 * close else "single",
    )


def _plane(result: ConductivityResult, largest: float) -> Panel:
    """All spectra in the complex plane, as far as |Z| is at most ``largest``."""
    frame = result.spectra.frame
    series: list[Series] = []
    for color, (name,) in enumerate(frame.select("spectrum").unique(maintain_order=True).rows()):
        rows = frame.filter(
            (frame["spectrum"] == name)
            & ((frame["real"] ** 2 + frame["imaginary"] ** 2) <= largest**2)
        )
        if not len(rows):
            continue
        measured = (rows["real"].to_list(), (-rows["imaginary"]).to_list())
        fitted = (rows["fitted_real"].to_list(), (-rows["fitted_imaginary"]).to_list())
        series.append(Series(*measured, rows["label"][0], color=color))
        series.append(Series(*fitted, "", "line", color=color))
    title = "" if math.isinf(largest) else "near the real axis"
    return Panel(series, "Re Z", "−Im Z", "ohm", "ohm", equal=True, title=title)


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
        "({weighting} weights; circuit {chosen}): {rule}. "
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
    L, A = (None, None) if cell is None else (cell.thickness, cell.area)
    L = _positive("thickness", L if thickness is None else thickness)
    A = _positive("area", A if area is None else area)
    options: dict[str, Any] = {
        "circuit": circuit,
        "count": resistance,
        "f_min": None if f_min is None else f_min.si,
        "f_max": None if f_max is None else f_max.si,
        "weighting": weighting,
    }
    readings, lost = read_all(spectra, L, A, options)
    groups = groups_of(readings)
    more = named(readings, groups)
    return ConductivityResult(
        conductivity=rows_table(readings),
        replicates=replicates_table(readings, groups),
        models=models_table(readings),
        spectra=spectra_table(readings),
        more=more,
        verdicts=_verdicts(readings),
        findings=(*lost, *_scope(cell), *_findings(readings, spectra, L, A)),
        text=_words(readings, more, L, A, weighting),
    )


def _positive(name: str, value: Quantity | None) -> Quantity | None:
    if value is not None and (value.value is None or value.value <= 0):
        raise InputError(f"'{value}' is no {name}", where=name, remedy="give a positive number")
    return value


def _verdicts(readings: Sequence[Reading]) -> tuple[Verdict, ...]:
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
    waves = [r for r in readings if r.found.fit.structure.found]
    noise = (
        "residuals look like noise in every spectrum"
        if not waves
        else f"residuals have structure in {', '.join(r.name for r in waves)}: the circuit is "
        "not the whole story, and the fit errors include what it misses"
    )
    return (
        Verdict("electrodes block", not leaking, blocks),
        Verdict("starts agree", not stuck, agree),
        Verdict("residuals without structure", not waves, noise),
    )


def _scope(cell: Cell | None) -> list[Finding]:
    if cell is None or cell.separator is None:
        return []
    material = cell.separator.material or "the separator"
    return [
        Finding(
            f"the electrolyte fills {material}: the conductivity is the effective one of the "
            "composite, lower than the electrolyte's own by the MacMullin number"
        )
    ]


def _findings(
    readings: Sequence[Reading],
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


def _ambiguity(reading: Reading) -> list[Finding]:
    """What the arc was taken for, where the other reading would change the answer."""
    notes = []
    one = reading.found
    for name, R, capacitance in one.arcs:
        if not matters(one, name, R):
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
    readings: Sequence[Reading],
    more: dict[str, Quantity],
    L: Quantity | None,
    A: Quantity | None,
    weighting: str,
) -> dict[str, str]:
    circuits = dict.fromkeys(str(reading.found.fit.circuit) for reading in readings)
    counted = dict.fromkeys("+".join(reading.found.counted) for reading in readings)
    known = L is not None and A is not None
    tried = any(reading.found.candidates for reading in readings)
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
        "chosen": "chosen by the corrected Akaike criterion" if tried else "given",
    }
