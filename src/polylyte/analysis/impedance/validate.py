"""Whether a spectrum is linear, causal and stationary enough to be fitted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.elements import Real
from polylyte.analysis.impedance.kramers_kronig import (
    FEW_BAD,
    KramersKronig,
    kramers_kronig,
)
from polylyte.analysis.impedance.reporting import HURVICH_1989, RUNS_LEVEL, structure
from polylyte.analysis.impedance.z_hit import z_hit
from polylyte.core.citations import Citation
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Frequency, Percentage, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum

BOUKAMP_1995 = Citation(
    "Boukamp1995",
    "Boukamp, B. A.",
    "A linear Kronig-Kramers transform test for immittance data validation",
    "Journal of the Electrochemical Society",
    1995,
    "142",
    "1885–1894",
    "10.1149/1.2044210",
)
SCHOENLEBER_2014 = Citation(
    "Schoenleber2014",
    "Schönleber, M.; Klotz, D.; Ivers-Tiffée, E.",
    "A method for improving the robustness of linear Kramers-Kronig validity tests",
    "Electrochimica Acta",
    2014,
    "131",
    "20–27",
    "10.1016/j.electacta.2014.01.034",
)
SCHILLER_2001 = Citation(
    "Schiller2001",
    "Schiller, C. A.; Richter, F.; Gülzow, E.; Wagner, N.",
    "Validation and evaluation of electrochemical impedance spectra of systems with states that "
    "change with time",
    "Physical Chemistry Chemical Physics",
    2001,
    "3",
    "374–378",
    "10.1039/b007678n",
)

DRIFT = 0.05
"""Deviation of |Z| from its Z-HIT value, beyond the transform's own 1–2 %, that tells of drift."""


@dataclass(frozen=True, kw_only=True)
class ImpedanceValidity(Result):
    systematic_deviation: Percentage = out("deviation of |Z| from causality beyond the noise")
    noise: Percentage = out("standard deviation of the noise of each part, over |Z|")
    tolerance: Percentage = out("largest systematic deviation that passes: the noise or 0.5 %")
    residual_rms: Percentage = out("root mean square of |Z_KK − Z|/|Z|")
    pseudo_chi_squared: Ratio = out("Σ |Z_KK − Z|²/|Z|² over the points used")
    bad_points: Ratio = out("points that disagree with all others")
    elements: Ratio = out("relaxations in the test function")
    mu: Ratio = out("1 − Σ|R < 0|/Σ|R ≥ 0| of the test function")
    z_hit_deviation: Percentage = out("median of |Z|/|Z_HIT| − 1 over the lowest decade")
    residuals: Table = out("per point: residuals, whether it was used, Z-HIT modulus")
    ladder: Table = out("numbers of relaxations tried: AICc, residual")


def figure(result: ImpedanceValidity) -> list[Figure]:
    """Residuals over frequency; modulus and its Z-HIT reconstruction."""
    table = result.residuals
    f = table.column("frequency")
    used = table.column("used")
    limit = 100 * (result.tolerance.si + 2 * result.noise.si)
    series = [
        Series(f, [100 * r for r in table.column("residual_real")], "real", color=0),
        Series(f, [100 * r for r in table.column("residual_imaginary")], "imaginary", color=1),
    ]
    bad = [place for place, one in enumerate(used) if not one]
    if bad:
        worst = [
            100 * max(table.column(f"residual_{part}")[place] for part in ("real", "imaginary"))
            for place in bad
        ]
        series.append(Series([f[place] for place in bad], worst, "set aside", color=2))
    flat = [min(f), max(f)]
    series.append(Series(flat, [0.0, 0.0], "", "line", band=([-limit] * 2, [limit] * 2), color=3))
    residuals = Panel(series, "frequency", "(KK − measured)/|Z|", "Hz", "%", x_scale="log")
    modulus = Panel(
        [
            Series(f, table.column("modulus"), "measured", color=0),
            Series(f, table.column("z_hit_modulus"), "from the phase (Z-HIT)", "line", color=1),
        ],
        "frequency",
        "|Z|",
        "Hz",
        "ohm",
        x_scale="log",
        y_scale="log",
    )
    return [
        Figure(
            "kramers-kronig",
            [residuals, modulus],
            "Residuals of the linear Kramers–Kronig test, the band of tolerance plus twice the "
            "noise, and the modulus that the phase implies.",
            "Good: residuals scatter inside the band and both moduli agree. Bad: a wave, or ends "
            "that leave the band: drift, nonlinearity, or an artefact of the instrument.",
            width="double",
        )
    ]


@method(
    "impedance.validate",
    version=1,
    cites=[BOUKAMP_1995, SCHOENLEBER_2014, HURVICH_1989, SCHILLER_2001],
    figure=figure,
    prose=(
        "The spectrum ({points} points, {range}) was tested for consistency with the "
        "Kramers–Kronig relations by a linear fit of {elements} relaxations with series "
        "resistance, inductance and capacitance [Boukamp1995], their number chosen by the "
        "corrected Akaike criterion. Beyond a noise of {noise} the systematic deviation is "
        "{systematic_deviation}, {judgement} the tolerance of {tolerance}; {bad_points} points "
        "were set aside."
    ),
)
def validate(
    *,
    spectrum: ImpedanceSpectrum,
    f_min: Frequency | None = None,
    f_max: Frequency | None = None,
) -> ImpedanceValidity:
    """Kramers–Kronig test with a tolerance tied to the noise, and the points that fail it.

    Z = R0 + jωL + 1/(jωC) + Σ R_k/(1 + jωτ_k), k = 1 … M, fitted by linear least squares with
    weights 1/|Z|; M by AICc, at most three per decade. The residual variance s² splits into the
    noise n² (second differences along the frequency) and the rest: systematic deviation
    = sqrt(s² − n²). It passes up to the larger of n and 0.5 %. Points that disagree with all
    others by more than 0.5 % and more than the noise explains are set aside and named; with
    more than 5 % of them the spectrum fails. Z-HIT compares |Z| with what the phase implies,
    which shows drift at low frequency.

    Valid for spectra whose admittance has no pole (Z of a passive cell). The test cannot see
    faults that are causal themselves, such as a wrong area or a constant factor. Shapes: F
    points, at least eight; Hz, ohm.

    Parameters:
        spectrum: one impedance spectrum
        f_min: lowest frequency to test
        f_max: highest frequency to test

    Raises:
        NotAnswerable: fewer than eight points.

    References:
        Boukamp 1995, doi:10.1149/1.2044210; Schönleber, Klotz & Ivers-Tiffée 2014,
        doi:10.1016/j.electacta.2014.01.034; Schiller et al. 2001, doi:10.1039/b007678n
    """
    test = kramers_kronig(
        spectrum.frequency,
        spectrum.impedance,
        f_min=None if f_min is None else f_min.si,
        f_max=None if f_max is None else f_max.si,
        where=spectrum.name or None,
    )
    f, z = test.data.frequency, test.data.impedance
    reconstructed = z_hit(f, z)
    lowest = f <= 10 * f.min()
    drift = float(np.median((np.abs(z) / reconstructed - 1)[lowest]))
    own = [replace(note, where=note.where or spectrum.name) for note in spectrum.findings]
    return ImpedanceValidity(
        systematic_deviation=_percent(test.systematic),
        noise=_percent(test.noise),
        tolerance=_percent(test.tolerance),
        residual_rms=_percent(test.rms),
        pseudo_chi_squared=Quantity(test.pseudo_chi_squared, how="derived"),
        bad_points=Quantity(float((~test.used).sum()), how="derived"),
        elements=Quantity(float(test.elements), how="derived"),
        mu=Quantity(test.mu, how="derived"),
        z_hit_deviation=_percent(drift),
        residuals=_table(test, reconstructed),
        ladder=Table.of(
            {
                "elements": [one[0] for one in test.ladder],
                "aicc": [one[1] if math.isfinite(one[1]) else None for one in test.ladder],
                "residual_rms": [100 * one[2] for one in test.ladder],
            },
            {"elements": "1", "aicc": "1", "residual_rms": "%"},
        ),
        verdicts=(*verdicts(test), _z_hit_verdict(drift, test.noise)),
        findings=(*own, *bad_point_findings(test, spectrum.name)),
        text={
            "points": str(len(f)),
            "range": f"{f.min():.3g} to {f.max():.3g} Hz",
            "judgement": "within" if test.systematic <= test.tolerance else "beyond",
        },
    )


def _percent(value: float) -> Quantity:
    return Quantity(100 * value, "%", how="derived")


def verdicts(test: KramersKronig) -> tuple[Verdict, ...]:
    """Passed or not, and why; whether the residuals still have structure."""
    bad = int((~test.used).sum())
    told = (
        f"systematic deviation {100 * test.systematic:.2g} %, tolerance "
        f"{100 * test.tolerance:.2g} % (noise {100 * test.noise:.2g} %)"
    )
    if bad > FEW_BAD * len(test.used):
        told += f"; {bad} of {len(test.used)} points disagree with the others"
    probability = structure(test.residuals[test.used])
    noise = probability >= RUNS_LEVEL
    return (
        Verdict("Kramers–Kronig", test.passed, told),
        Verdict(
            "residuals without structure",
            noise,
            f"runs test, p = {probability:.2g}"
            + ("" if noise else ": a small systematic part is left"),
        ),
    )


def _z_hit_verdict(drift: float, noise: float) -> Verdict:
    steady = abs(drift) <= DRIFT + 2 * noise
    return Verdict(
        "stationary (Z-HIT)",
        steady,
        f"|Z| is {100 * drift:+.2g} % off its value from the phase over the lowest decade"
        + ("" if steady else ": the sample changed during the sweep"),
    )


def bad_point_findings(test: KramersKronig, where: str = "") -> list[Finding]:
    """The points set aside, by frequency; runs of neighbours as one range."""
    bad = np.flatnonzero(~test.used)
    if not len(bad):
        return []
    cuts = [0, *(1 + np.flatnonzero(np.diff(bad) > 1)), len(bad)]
    f, size = test.data.frequency, np.abs(test.residuals)
    found = []
    for start, stop in pairwise(cuts):
        run = bad[start:stop]
        worst = f"{100 * float(size[run].max()):.2g} %"
        if len(run) == 1:
            text = f"the point at {f[run[0]]:.4g} Hz is {worst} off what the others imply"
        else:
            text = (
                f"{len(run)} points from {f[run[-1]]:.4g} to {f[run[0]]:.4g} Hz are up to {worst} "
                "off what the others imply"
            )
        found.append(Finding(text, "warning", where, _remedy(f, run)))
    return found


def _remedy(f: Real, run: NDArray[np.intp]) -> str:
    mains = [base for base in (50.0, 60.0) if any(abs(f[run] / base - 1) < 0.05)]
    if mains:
        return f"near the mains ({mains[0]:g} Hz): shield the cell, or leave the point out"
    if run[-1] == len(f) - 1:
        low = f"{f[run[0] - 1]:.3g}"
        return f"drift at low frequency: wait for equilibrium, or fit with f_min={low} Hz"
    if run[0] == 0:
        return f"leads or the instrument's limit: fit with f_max={f[run[-1] + 1]:.3g} Hz"
    return "leave it out, or measure again"


def _table(test: KramersKronig, reconstructed: Real) -> Table:
    data, residuals = test.data, test.residuals
    columns: dict[str, Any] = {
        "frequency": data.frequency,
        "real": data.impedance.real,
        "imaginary": data.impedance.imag,
        "fitted_real": test.fitted.real,
        "fitted_imaginary": test.fitted.imag,
        "residual_real": residuals.real,
        "residual_imaginary": residuals.imag,
        "used": test.used,
        "modulus": np.abs(data.impedance),
        "z_hit_modulus": reconstructed,
    }
    return Table.of(
        columns,
        {"frequency": "Hz", "residual_real": "1", "residual_imaginary": "1"}
        | dict.fromkeys(
            ("real", "imaginary", "fitted_real", "fitted_imaginary", "modulus", "z_hit_modulus"),
            "ohm",
        ),
        "residuals are (Kramers–Kronig function − measured)/|Z|",
    )
