"""Distribution of relaxation times of one impedance spectrum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from polylyte.analysis.impedance import relaxation_report as report
from polylyte.analysis.impedance.kramers_kronig import KramersKronig, kramers_kronig
from polylyte.analysis.impedance.plots import decades
from polylyte.analysis.impedance.problem import select
from polylyte.analysis.impedance.relaxation import Relaxation, enough, relaxation_times
from polylyte.analysis.impedance.relaxation_report import Sorted
from polylyte.analysis.impedance.reporting import RUNS_LEVEL, structure
from polylyte.analysis.impedance.validate import BOUKAMP_1995, bad_point_findings, verdicts
from polylyte.core.citations import Citation
from polylyte.core.errors import NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Frequency, Percentage, Ratio, Resistance
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum

WAN_2015 = Citation(
    "Wan2015",
    "Wan, T. H.; Saccoccio, M.; Chen, C.; Ciucci, F.",
    "Influence of the discretization methods on the distribution of relaxation times "
    "deconvolution: implementing radial basis functions with DRTtools",
    "Electrochimica Acta",
    2015,
    "184",
    "483–499",
    "10.1016/j.electacta.2015.09.097",
)
GOLUB_1979 = Citation(
    "Golub1979",
    "Golub, G. H.; Heath, M.; Wahba, G.",
    "Generalized cross-validation as a method for choosing a good ridge parameter",
    "Technometrics",
    1979,
    "21",
    "215–223",
    "10.1080/00401706.1979.10489751",
)
LUKAS_2006 = Citation(
    "Lukas2006",
    "Lukas, M. A.",
    "Robust generalized cross-validation for choosing the regularization parameter",
    "Inverse Problems",
    2006,
    "22",
    "1883–1902",
    "10.1088/0266-5611/22/5/021",
)
PORTUGAL_1994 = Citation(
    "Portugal1994",
    "Portugal, L. F.; Júdice, J. J.; Vicente, L. N.",
    "A comparison of block pivoting and interior-point algorithms for linear least squares "
    "problems with nonnegative variables",
    "Mathematics of Computation",
    1994,
    "63",
    "625–643",
    "10.1090/S0025-5718-1994-1250776-4",
)

DRAWS = 100
REFUSED = 0.05
"""Deviation from causality, beyond which (and beyond five times the noise) a distribution would
describe the fault …"""
MANY_BAD = 0.1
"""… unless it is that of fewer points than this share."""


@dataclass(frozen=True, kw_only=True)
class RelaxationTimes(Result):
    series_resistance: Resistance = out("what no relaxation in the range explains: R∞")
    polarization_resistance: Resistance = out("sum of all relaxations inside the range")
    inductance: AnyQuantity = out("of the leads")
    series_capacitance: AnyQuantity = out("of blocking electrodes, where they block")
    number_of_peaks: Ratio = out("relaxations inside the range that the noise leaves")
    regularization: Ratio = out("strength λ of the smoothing")
    noise: Percentage = out("standard deviation of the residuals of each part, over |Z|")
    peaks: Table = out("peaks: resistance, time constant, frequency, capacitance")
    distribution: Table = out("γ = dR/d ln τ with its 95 % band")
    fit: Table = out("measured and fitted impedance")


def figure(result: RelaxationTimes) -> list[Figure]:
    """Distribution with band and peaks; Nyquist plot of its impedance."""
    table, unit = result.distribution, "ohm"
    inside = [place for place, one in enumerate(table.column("inside")) if one]

    def shown(name: str) -> list[float]:
        values = table.column(name)
        return [values[place] for place in inside]

    kept = [
        (row_tau, R)
        for row_tau, R, flags in zip(
            *(result.peaks.column(n) for n in ("time_constant", "resistance", "flags")),
            strict=True,
        )
        if not flags and R is not None
    ]
    tau, gamma = shown("tau"), shown("gamma")
    tops = [gamma[int(np.argmin(np.abs(np.log(np.array(tau) / one))))] for one, _ in kept]
    words = [f"{R:.3g} Ω" for _, R in kept]
    peaks = Series([one for one, _ in kept], tops, ", ".join(words), "points", color=1, names=words)
    distribution = Panel(
        [
            Series(
                tau,
                gamma,
                "distribution",
                "line",
                band=(shown("lower"), shown("upper")),
                color=0,
            ),
            *([peaks] if kept else []),
        ],
        "τ",
        "γ = dR/d ln τ",
        "s",
        unit,
        x_scale="log",
        marks=[Mark(one) for one, _ in kept],
    )
    fit = result.fit
    plane = Panel(
        [
            Series(fit.column("real"), [-z for z in fit.column("imaginary")], "measured", color=0),
            Series(
                fit.column("fitted_real"),
                [-z for z in fit.column("fitted_imaginary")],
                "from the distribution",
                "line",
                color=1,
            ),
            *decades(
                np.array(fit.column("frequency")),
                np.array(fit.column("real")) + 1j * np.array(fit.column("imaginary")),
            ),
        ],
        "Re Z",
        "−Im Z",
        unit,
        unit,
        equal=True,
    )
    return [
        Figure(
            "relaxation-times",
            [distribution, plane],
            "Distribution of relaxation times with its 95 % band and peak resistances; "
            "the impedance that it gives.",
            "A process is a peak that stands clear of its band. A rise towards the right end is a "
            "process slower than the lowest frequency, or a blocking electrode.",
            width="double",
        )
    ]


@method(
    "impedance.drt",
    version=2,
    cites=[WAN_2015, GOLUB_1979, LUKAS_2006, PORTUGAL_1994, BOUKAMP_1995],
    figure=figure,
    prose=(
        "The distribution of relaxation times was obtained from {points} points ({range}) by "
        "non-negative Tikhonov regularisation of the second derivative in ln τ with series "
        "resistance and inductance{tail} as further unknowns [Wan2015], its strength "
        "λ = {regularization} by robust generalised cross-validation [Golub1979, Lukas2006]; "
        "bands are those of {draws} spectra with new noise, smoothed a decade of λ more and less; "
        "a peak's error includes what smoothing adds and what its neighbours may hide. {outcome}"
    ),
)
def drt(
    *,
    spectrum: ImpedanceSpectrum,
    f_min: Frequency | None = None,
    f_max: Frequency | None = None,
    electrodes: Literal["automatic", "blocking", "not blocking"] = "automatic",
    seed: int = 0,
) -> RelaxationTimes:
    """Distribution of relaxation times: how many processes, how resistive, how fast.

    Z(ω) = R∞ + jωL + 1/(jωC) + ∫ γ(ln τ)/(1 + jωτ) d ln τ, γ ≥ 0
    Non-negative least squares with weights 1/|Z| on twelve time constants per decade, smoothed
    by the second derivative of γ/|Z|; strength by robust generalised cross-validation. A peak is a
    maximum clear of its valleys; its resistance is the integral from valley to valley, its time
    constant the centre of its upper half. What is faster than the highest frequency counts as
    series resistance; what is slower than the lowest is not counted, and flagged. The points
    that the Kramers–Kronig test sets aside are left out and named.

    Valid for spectra that obey the Kramers–Kronig relations and have no inductive loop at low
    frequency. Neighbouring processes closer than about a decade may share one peak, and smoothing
    splits a semi-infinite diffusion into several. Errors: noise and λ (a decade either way) as
    drawn, the bias of smoothing as smoothing the result once more shows it, and half of the tails
    that neighbours have under each other were they arcs of constant-phase elements (whose
    distribution is Cole and Cole's). Shapes: F points, at least twelve; Hz, ohm.

    Parameters:
        spectrum: one impedance spectrum
        f_min: lowest frequency to use
        f_max: highest frequency to use
        electrodes: whether a capacitor is in series; automatic: where the lowest half decade
            rises by more than 45° in the Nyquist plane
        seed: of the draws for bands and errors

    Raises:
        NotAnswerable: fewer than twelve points, or a spectrum that fails the Kramers–Kronig test
            badly (by more than 5 % and more than five times the noise).

    References:
        Wan et al. 2015, doi:10.1016/j.electacta.2015.09.097; Golub, Heath & Wahba 1979,
        doi:10.1080/00401706.1979.10489751; Boukamp 1995, doi:10.1149/1.2044210
    """
    where = spectrum.name or None
    _enough(spectrum, f_min, f_max)
    test = kramers_kronig(
        spectrum.frequency,
        spectrum.impedance,
        f_min=None if f_min is None else f_min.si,
        f_max=None if f_max is None else f_max.si,
        where=where,
    )
    _refuse(test, where)
    found = relaxation_times(
        test.data.frequency[test.used],
        test.data.impedance[test.used],
        blocking={"automatic": None, "blocking": True, "not blocking": False}[electrodes],
        draws=DRAWS,
        seed=seed,
        where=where,
    )
    return _result(spectrum, test, found)


def _enough(spectrum: ImpedanceSpectrum, low: Quantity | None, high: Quantity | None) -> None:
    data = select(
        spectrum.frequency,
        spectrum.impedance,
        None if low is None else low.si,
        None if high is None else high.si,
    )
    enough(data, spectrum.name or None)


def _refuse(test: KramersKronig, where: str | None) -> None:
    limit = max(REFUSED, 5 * test.noise)
    many = float((~test.used).mean()) > MANY_BAD
    if test.systematic > limit or (many and test.untrimmed > limit):
        worst = max(test.systematic, test.untrimmed if many else 0.0)
        raise NotAnswerable(
            f"the spectrum fails the Kramers–Kronig test by {100 * worst:.2g} %: "
            "a distribution would describe the fault",
            where=where,
            remedy="see impedance.validate; check the sign of Im Z, or narrow f_min … f_max",
        )


def _result(spectrum: ImpedanceSpectrum, test: KramersKronig, found: Relaxation) -> RelaxationTimes:
    where = report.sort(found)
    series, total, more = report.quantities(found, where)
    own = [replace(note, where=note.where or spectrum.name) for note in spectrum.findings]
    f = found.data.frequency
    count = sum(map(report.significant, where.inside))
    processes = f"{count} process" + ("" if count == 1 else "es")
    return RelaxationTimes(
        series_resistance=series,
        polarization_resistance=total,
        inductance=Quantity(found.inductance, "H", how="derived"),
        series_capacitance=report.capacitance(found),
        number_of_peaks=Quantity(float(count), how="derived"),
        regularization=Quantity(found.strength, how="derived"),
        noise=Quantity(100 * found.noise, "%", how="derived"),
        peaks=report.peak_table(found, where),
        distribution=report.distribution_table(found),
        fit=report.fit_table(found),
        more=more,
        verdicts=(*verdicts(test)[:1], _described(found), _closed(found, where)),
        findings=(*own, *bad_point_findings(test, spectrum.name), *_findings(found, where)),
        text={
            "points": str(len(f)),
            "range": f"{f.min():.3g} to {f.max():.3g} Hz",
            "tail": " and the capacitance of blocking electrodes" if found.blocking else "",
            "draws": str(len(found.draws)),
            "outcome": f"{processes} between {1 / (2 * np.pi * f.max()):.2g} and "
            f"{1 / (2 * np.pi * f.min()):.2g} s: {total} beside a series resistance of {series}.",
        },
    )


def _described(found: Relaxation) -> Verdict:
    probability = structure(found.residuals)
    return Verdict(
        "relaxations describe the spectrum",
        probability >= RUNS_LEVEL,
        f"residuals of {100 * found.noise:.2g} % (runs test, p = {probability:.2g})",
    )


def _closed(found: Relaxation, where: Sorted) -> Verdict:
    if found.blocking:
        return Verdict("arcs close", None, "the electrodes block: there is no direct current")
    told = "a process is slower than the lowest frequency" if where.slow else "all do"
    return Verdict("arcs close", not where.slow, told)


def _findings(found: Relaxation, where: Sorted) -> list[Finding]:
    notes = []
    if where.slow and not found.blocking:
        notes.append(
            Finding(
                "a process slower than the lowest frequency is not in the polarisation resistance",
                "warning",
                remedy="measure to lower frequencies",
            )
        )
    if where.fast:
        R = sum(one.resistance for one in where.fast)
        notes.append(
            Finding(
                f"{R:.3g} ohm relax faster than the highest frequency and are counted as series "
                "resistance",
            )
        )
    return notes
