"""Fit an equivalent circuit to one impedance spectrum."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from polylyte.analysis.impedance import reporting
from polylyte.analysis.impedance.elements import Complex
from polylyte.analysis.impedance.fitting import STARTS, fit_circuit
from polylyte.analysis.impedance.plots import decades
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import Frequency, Ratio, Resistance
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum


@dataclass(frozen=True, kw_only=True)
class ImpedanceFit(Result):
    R_total: Resistance = out("resistances in series, without blocking parts: R0 + R1 …")
    relative_rms: Ratio = out("root mean square of |Z_fit − Z|/|Z|")
    aicc: Ratio = out("corrected Akaike criterion; compare within one spectrum and weighting")
    share_of_starts: Ratio = out("share of the starts that reached the optimum")
    fit: Table = out("measured and fitted impedance, residuals relative to |Z|")
    parameters: Table = out("parameters, standard errors, 95 % intervals, flags")


def figure(result: ImpedanceFit) -> list[Figure]:
    """Nyquist, Bode and residuals."""
    table = result.fit
    f = table.column("frequency")
    z = np.array(table.column("real")) + 1j * np.array(table.column("imaginary"))
    fitted = np.array(table.column("fitted_real")) + 1j * np.array(table.column("fitted_imaginary"))
    circuit = result.text["circuit_fitted"]
    planes = [_plane(f, z, fitted, circuit, math.inf)]
    R = result.R_total.value
    if R is not None and np.abs(z).max() / 2.0 > 2.0 * R:
        planes.append(_plane(f, z, fitted, circuit, 2.0 * R))
    modulus = Panel(
        [
            Series(f, np.abs(z).tolist(), "measured", color=0),
            Series(f, np.abs(fitted).tolist(), circuit, "line", color=1),
        ],
        "frequency",
        "|Z|",
        "Hz",
        "ohm",
        x_scale="log",
        y_scale="log",
    )
    phase = Panel(
        [
            Series(f, (-np.angle(z, deg=True)).tolist(), "measured", color=0),
            Series(f, (-np.angle(fitted, deg=True)).tolist(), circuit, "line", color=1),
        ],
        "frequency",
        "−phase",
        "Hz",
        "degree",
        x_scale="log",
    )
    residuals = Panel(
        [
            Series(f, [100 * r for r in table.column("residual_real")], "real", color=0),
            Series(f, [100 * r for r in table.column("residual_imaginary")], "imaginary", color=1),
        ],
        "frequency",
        "(fit − measured)/|Z|",
        "Hz",
        "%",
        x_scale="log",
        marks=[Mark(0.0, axis="y")],
    )
    caption = f"Impedance and its fit with {circuit}"
    return [
        Figure(
            "nyquist",
            planes,
            f"{caption}.",
            "The line runs through the points. Where it does not, the circuit lacks a process.",
            width="double" if len(planes) > 1 else "single",
        ),
        Figure(
            "bode",
            [modulus, phase, residuals],
            f"{caption}: modulus, phase and residuals.",
            "Residuals scatter around zero. A wave means that the circuit misses something.",
            width="double",
        ),
    ]


def _plane(f: list[float], z: Complex, fitted: Complex, circuit: str, largest: float) -> Panel:
    """The complex plane, as far as |Z| is at most ``largest``."""
    near = np.abs(z) <= largest
    return Panel(
        [
            Series(z.real[near].tolist(), (-z.imag[near]).tolist(), "measured", color=0),
            Series(
                fitted.real[near].tolist(), (-fitted.imag[near]).tolist(), circuit, "line", color=1
            ),
            *decades(np.array(f)[near], z[near]),
        ],
        "Re Z",
        "−Im Z",
        "ohm",
        "ohm",
        equal=True,
        title="" if math.isinf(largest) else "near the real axis",
    )


@method(
    "impedance.fit",
    version=2,
    cites=[
        reporting.BOUKAMP_1986,
        reporting.MARQUARDT_1963,
        reporting.VENZON_1988,
        reporting.ORAZEM_2017,
    ],
    figure=figure,
    prose=(
        "The impedance spectrum ({points} points, {range}) was fitted with the circuit "
        "{circuit_fitted} by complex nonlinear least squares with {weighting} weights from "
        "{starts} starts, {agreement} of which reached the same optimum; the root mean square "
        "relative residual is {misfit} and the total resistance {R_total}. "
        "Standard errors follow from the Jacobian and the residual variance, 95 % intervals "
        "from the profile likelihood{longer}."
    ),
)
def fit(
    *,
    spectrum: ImpedanceSpectrum,
    circuit: str = "R0-p(R1,CPE1)-CPE2",
    f_min: Frequency | None = None,
    f_max: Frequency | None = None,
    weighting: Literal["modulus", "unit", "proportional"] = "modulus",
) -> ImpedanceFit:
    """Fit an equivalent circuit; no initial guess is needed.

    Minimises Σ w² |Z_fit − Z|² over the logarithms of the parameters from many starts, drawn
    from ranges that the data give, the same every time. Valid where the spectrum is linear,
    stationary and causal, and for errors that are independent with the standard deviation
    1/w: proportional to |Z| for modulus weights. Shapes: one spectrum of F points, F at least
    the number of parameters plus two. Equal sub-circuits are sorted by time constant.

    Each parameter comes with its standard error from (JᵀJ)⁻¹ and the residual variance, its
    95 % profile-likelihood interval, and the flags "not identifiable" (relative standard error
    above 1), "unbounded" (the profile does not close), "at its bound". Where neighbouring
    residuals are alike (Durbin–Watson, p < 0.01) the circuit is not the whole story: errors and
    intervals then include what it misses, and all parameters are flagged "structured residuals".
    Values in ohm, F, H, s;
    a CPE's Q is given as its admittance at 1 rad/s in S (numerically the usual S s^n).

    Parameters:
        spectrum: one impedance spectrum
        circuit: series by '-', parallel by 'p(,)', or a circuit description code: R(RQ)Q;
            elements R, C, L, CPE (Q), W, Wo, Ws, G, TLM
        f_min: lowest frequency to fit
        f_max: highest frequency to fit
        weighting: w = 1/|Z| (modulus), 1 (unit), or 1/|Re Z| and 1/|Im Z| (proportional)

    Raises:
        InputError: a circuit that cannot be read, with the position.
        NotAnswerable: fewer points than the circuit needs.

    References:
        Boukamp 1986, doi:10.1016/0167-2738(86)90031-7; Marquardt 1963, doi:10.1137/0111030;
        Venzon & Moolgavkar 1988, doi:10.2307/2347496; Orazem & Tribollet 2017,
        doi:10.1002/9781119363682
    """
    fitted = fit_circuit(
        spectrum.frequency,
        spectrum.impedance,
        circuit,
        weighting=weighting,
        f_min=None if f_min is None else f_min.si,
        f_max=None if f_max is None else f_max.si,
        starts=STARTS,
        where=spectrum.name or None,
    )
    f = fitted.data.frequency
    own = [replace(note, where=note.where or spectrum.name) for note in spectrum.findings]
    return ImpedanceFit(
        R_total=reporting.series_resistance(fitted),
        relative_rms=Quantity(fitted.relative_rms, how="derived"),
        aicc=Quantity(fitted.aicc, how="derived"),
        share_of_starts=Quantity(fitted.share_of_starts, how="derived"),
        fit=reporting.fit_table(fitted),
        parameters=reporting.parameter_table(fitted),
        more=reporting.parameter_quantities(fitted),
        verdicts=reporting.verdicts(fitted),
        findings=(*own, *reporting.findings(fitted)),
        text={
            "circuit_fitted": str(fitted.circuit),
            "weighting": weighting,
            "starts": str(fitted.starts),
            "points": str(len(f)),
            "agreement": f"{100 * fitted.share_of_starts:.0f} %",
            "misfit": f"{100 * fitted.relative_rms:.2g} %",
            "range": f"{f.min():.3g} to {f.max():.3g} Hz",
            "longer": ", both made longer by what the circuit misses of the spectrum"
            if fitted.structure.found
            else "",
        },
    )
