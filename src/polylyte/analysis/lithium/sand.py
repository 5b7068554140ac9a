"""Sand time and short-circuit time of symmetric lithium cells polarised in one direction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.cycling.basis import names, one_each
from polylyte.analysis.lithium.sand_values import (
    NOT_MET,
    Case,
    constant,
    exponent,
    lawful,
    met,
    named,
    possible,
    short_time,
    slope_verdict,
    transport,
)
from polylyte.analysis.lithium.symmetric import known_area
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Area, CurrentDensity, Length, Ratio, Time
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.instruments.cycling import CyclingRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SAND_1901 = Citation(
    "Sand1901",
    "Sand, H. J. S.",
    "On the concentration at the electrodes in a solution, with special reference to the "
    "liberation of hydrogen by electrolysis of a mixture of copper sulphate and sulphuric acid",
    "Philos. Mag.",
    1901,
    "1",
    "45–79",
    "10.1080/14786440109462590",
)
BAI_2016 = Citation(
    "Bai2016",
    "Bai, P.; Li, J.; Brushett, F. R.; Bazant, M. Z.",
    "Transition of lithium growth mechanisms in liquid electrolytes",
    "Energy Environ. Sci.",
    2016,
    "9",
    "3221–3229",
    "10.1039/C6EE01674J",
)
ROUNDS = 4
MOST_POINTS = 2000


@dataclass(frozen=True, kw_only=True)
class SandTime(Result):
    """``sand_time@0.8mA/cm2`` and ``short_circuit_time@…`` of each record are in ``more``."""

    sand_constant: AnyQuantity = out("Sand time times the square of the current density")
    exponent: Ratio = out("slope of ln time over ln current density; -2 by Sand's law")
    salt_diffusivity: AnyQuantity = out("diffusivity of the salt by Sand's law")
    salt_concentration: AnyQuantity = out("concentration by Sand's law where D is given")
    limiting_current_density: CurrentDensity = out("2 F c D/((1 - t+) L)")
    short_circuit_time: Time = out("hard short; of one record, or the earliest")
    times: Table = out("Sand time, short-circuit time and Sand's capacity of each record")
    profile: Table = out("overpotential over time of each record, and its fit")


def figure(result: SandTime) -> list[Figure]:
    """Overpotential over time, and Sand time over current density on two log axes."""
    frame, times = result.profile.frame, result.times.frame
    series: list[Series] = []
    marks = []
    for color, row in enumerate(times.iter_rows(named=True)):
        own = frame.filter(frame["record"] == row["record"])
        x = own["time"].to_list()
        label = f"{row['current_density']:.3g} mA cm⁻²"
        series.append(Series(x, own["overpotential"].to_list(), label, "line", color=color))
        fitted = own.filter(own["fitted"].is_not_null())
        if len(fitted):
            series.append(Series(fitted["time"].to_list(), fitted["fitted"].to_list(), "",
                                 "dashed", color=color))  # fmt: skip
        if row["short_circuit_time"] is not None:
            marks.append(Mark(row["short_circuit_time"], "hard short"))
    made = [
        Figure(
            "polarisation",
            [Panel(series, "Time", "Overpotential", "s", "mV", "log", marks=marks)],
            "Galvanostatic polarisation; dashed: Sand's law.",
            "Good: an overpotential that diverges, the sooner the higher the current. Bad: one "
            "that levels off (below the limiting current) or collapses before (a short).",
        )
    ]
    good = times.filter(times["reached"])
    if len(good):
        made.append(_sand_plot(result, good["current_density"].to_list(),
                               good["sand_time"].to_list()))  # fmt: skip
    return made


def _sand_plot(result: SandTime, density: list[float], time: list[float]) -> Figure:
    series = [Series(density, time, "measured", "points", color=0)]
    known = result.sand_constant
    if known.value is not None and len(density) > 1:
        line = np.geomspace(min(density), max(density), 30)
        value = known.to("s mA^2/cm^4").value or 0.0
        series.append(Series(line.tolist(), (value / line**2).tolist(), "slope −2", "dashed",
                             color=1))  # fmt: skip
    return Figure(
        "sand",
        [Panel(series, "Current density", "Sand time", "mA/cm^2", "s", "log", "log")],
        f"Sand plot: τ J² = {result.sand_constant}, slope {result.exponent}.",
        "Good: points along a slope of −2. Bad: a flatter slope at low currents (the diffusion "
        "layers meet), a steeper one at high currents (ohmic limit).",
    )


@method(
    "lithium.sand_time",
    version=1,
    cites=[SAND_1901, BAI_2016],
    figure=figure,
    prose="Li|electrolyte|Li cells were polarised in one direction at {count} current "
    "{densities}. The Sand time τ [Sand1901, Bai2016] was that at which the overpotential "
    "diverges by V = V₀ + s·artanh √(t/τ): τJ² = {sand_constant} (slope of ln τ over ln J "
    "{exponent}){transport}{shorts}.",
)
def sand_time(
    *,
    data: list[CyclingRecord],
    area: list[Area] | None = None,
    salt_concentration: AnyQuantity | None = None,
    transference_number: Ratio | None = None,
    salt_diffusivity: AnyQuantity | None = None,
    thickness: Length | None = None,
    current_accuracy: Ratio = q("0.1 %"),
) -> SandTime:
    """Time after which the salt at an electrode is used up, and what follows from it.

    τ = π D [F c/(2 (1 - t₊) J)]², so that τ J² is one number; D from c and t₊, or c from D and
    t₊; J_lim = 2 F c D/((1 - t₊) L).

    τ is fitted to V(t) = V₀ + s·artanh √(t/τ) where the record goes to 90 % of it; elsewhere the
    duration is a lower bound. Valid while the diffusion layers of the two electrodes have not
    met, D τ/L² < 0.05 (J above twice J_lim), for a binary electrolyte whose D and t₊ do not
    depend on c. Below J_lim salt never depletes, and a short ends the record: its time is the
    short-circuit time. Each record is one fresh cell at one current density; only its first
    polarisation counts.

    Parameters:
        data: one record per current density
        area: of one electrode; by default as the files state it; one for all or one per record
        salt_concentration: c of the salt, in mol/L
        transference_number: t₊ of lithium
        salt_diffusivity: D of the salt, where c is asked for
        thickness: L, distance of the electrodes
        current_accuracy: relative standard uncertainty of the ammeter (assumed)

    Raises:
        InputError: no record, no area, or an impossible number.
        NotAnswerable: no record diverges and none is shorted, or unlike electrodes.
    """
    if not data:
        raise InputError("no record is given", where="data")
    possible(salt_concentration, transference_number, salt_diffusivity, thickness)
    labels = names(data)
    cases = [
        Case.of(label, record, known_area(given, record))
        for label, record, given in zip(labels, data, one_each(area, data, "area"), strict=True)
    ]
    good = [c for c in cases if c.reached]
    if not good and not any(c.short for c in cases):
        said = ", ".join(f"{c.half.density / 10:.3g}" for c in cases)
        raise NotAnswerable(
            f"the potential diverges in no record ({said} mA cm⁻²), and none is shorted",
            remedy="polarise longer, or above the limiting current density",
        )
    used: Sequence[Case] = good
    for _ in range(ROUNDS):  # the diffusivity decides which records obey the law that gives it
        fixed = constant(used, cases[0].area, current_accuracy.si)
        given = (salt_concentration, transference_number, salt_diffusivity, thickness)
        made = transport(fixed, *given)
        kept = lawful(good, made["salt_diffusivity"], thickness)
        if not kept or list(kept) == list(used):
            break
        used = kept
    slope = exponent(used)
    tests = [slope_verdict(slope), met(used, made["salt_diffusivity"], thickness)]
    shorted = [c for c in cases if c.short is not None]
    earliest = min(shorted, key=lambda c: c.short_after or math.inf, default=None)
    return SandTime(
        sand_constant=fixed,
        exponent=slope,
        salt_diffusivity=made["salt_diffusivity"],
        salt_concentration=made["salt_concentration"],
        limiting_current_density=made["limiting_current_density"],
        short_circuit_time=Quantity(None, "h", flags=("none seen",))
        if earliest is None
        else short_time(earliest),
        times=_times(cases),
        profile=_profile(cases),
        more=named(cases),
        verdicts=tuple(tests),
        findings=(*_left_out(good, used), *(f for case in cases for f in case.findings())),
        warnings=tuple(v.text for v in tests if v.passed is False),
        text=_words(cases, made, shorted),
    )


def _left_out(good: Sequence[Case], used: Sequence[Case]) -> list[Finding]:
    out_ = [f"{c.half.density / 10:.3g}" for c in good if c not in used]
    if not out_:
        return []
    text = (
        f"at {', '.join(out_)} mA cm⁻² the diffusion layers had met (D τ/L² above {NOT_MET}): "
        "these Sand times are not used for τJ²"
    )
    return [Finding(text, "warning")]


def _times(cases: Sequence[Case]) -> Table:
    return Table.of_quantities(
        {
            "record": [c.name for c in cases],
            "current_density": [c.half.density / 10 for c in cases],
            "reached": [c.reached for c in cases],
            "duration": [c.half.duration for c in cases],
            "short_circuit_time": [c.short_after for c in cases],
            "capacity": [
                c.half.density * (c.found.time if c.reached and c.found else c.half.duration) / 36e3
                for c in cases
            ],
        },
        {
            "sand_time": [
                replace(t, components={"~fit[*]": t.std} if t.std else {})
                for t in (c.time() for c in cases)
            ]
        },
        {"current_density": "mA/cm^2", "duration": "s", "short_circuit_time": "s",
         "capacity": "mAh/cm^2"},
    )  # fmt: skip


def _profile(cases: Sequence[Case]) -> Table:
    columns: dict[str, list[object]] = {
        "record": [], "time": [], "overpotential": [], "fitted": []
    }  # fmt: skip
    for case in cases:
        half = case.half
        keep = np.unique(np.linspace(0, len(half.time) - 1, MOST_POINTS).astype(int))
        # The leap to the limit is no part of the curve.
        found = case.found
        if found is not None and found.leap is not None:
            keep = keep[half.time[keep] - half.begin <= found.last]
        keep = keep[half.time[keep] > half.begin]
        time = half.time[keep] - half.begin
        columns["record"] += [case.name] * len(keep)
        columns["time"] += time.tolist()
        columns["overpotential"] += (1e3 * half.overpotential[keep]).tolist()
        columns["fitted"] += _fitted(case, time)
    return Table.of(columns, {"time": "s", "overpotential": "mV", "fitted": "mV"})


def _fitted(case: Case, time: Floats) -> list[float | None]:
    found = case.found
    if found is None or not found.reached:
        return [None] * len(time)
    return [
        1e3 * (found.level + found.scale * math.atanh(math.sqrt(t / found.time)))
        if t <= found.last and t < found.time
        else None
        for t in time.tolist()
    ]


def _words(
    cases: Sequence[Case], found: dict[str, Quantity], shorted: Sequence[Case]
) -> dict[str, str]:
    densities = sorted(c.half.density / 10 for c in cases)
    diffusivity, limit = found["salt_diffusivity"], found["limiting_current_density"]
    said = ""
    if diffusivity.value is not None and diffusivity.components:
        said = f", from which the salt diffusivity is {diffusivity}"
        if limit.value is not None:
            said += f" and the limiting current density {limit}"
    return {
        "count": str(len(cases)),
        "densities": f"densities from {densities[0]:.3g} to {densities[-1]:.3g} mA cm⁻²"
        if len(cases) > 1
        else f"density, {densities[0]:.3g} mA cm⁻²",
        "transport": said,
        "shorts": f"; {len(shorted)} of {len(cases)} cells were shorted" if shorted else "",
    }
