"""Activation energy of ion transport from conductivity or resistance over temperature."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from polylyte.analysis.impedance.reporting import HURVICH_1989
from polylyte.analysis.transport.activation_data import ActivationData, load
from polylyte.analysis.transport.activation_values import (
    NOT_IDENTIFIABLE,
    energy,
    in_electronvolt,
    prefactor,
    regime_quantities,
    vogel_quantities,
)
from polylyte.analysis.transport.blocking import BURNHAM_2002
from polylyte.analysis.transport.laws import Law, Real, arrhenius, two_regimes, vogel
from polylyte.core.citations import Citation
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, MolarEnergy
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result, Verdict
from polylyte.core.tables import Table

FULCHER_1925 = Citation(
    "Fulcher1925",
    "Fulcher, G. S.",
    "Analysis of recent measurements of the viscosity of glasses",
    "Journal of the American Ceramic Society",
    1925,
    "8",
    "339–355",
    "10.1111/j.1151-2916.1925.tb16731.x",
)
TAMMANN_1926 = Citation(
    "Tammann1926",
    "Tammann, G.; Hesse, W.",
    "Die Abhängigkeit der Viscosität von der Temperatur bei unterkühlten Flüssigkeiten",
    "Zeitschrift für anorganische und allgemeine Chemie",
    1926,
    "156",
    "245–257",
    "10.1002/zaac.19261560121",
)
CLEARLY_BETTER = 4.0
"""A law with more parameters is taken where it lowers AICc by more; up to there the simpler one
keeps support [Burnham & Anderson 2002, section 2.6]."""
SMALL_SPAN = 20.0
"""kelvin."""
CURVED = "curved: an average over the range"


@dataclass(frozen=True, kw_only=True)
class Activation(Result):
    activation_energy: MolarEnergy = out("Arrhenius activation energy over the whole range")
    prefactor: AnyQuantity = out("Arrhenius prefactor")
    fit: Table = out("data, the law taken and its 95 % band")
    curve: Table = out("the law taken on a fine grid of temperatures")
    laws: Table = out("laws tried: AICc, scatter, outcome")


def figure(result: Activation) -> Figure:
    """Arrhenius plot: data, law, 95 % band."""
    data, curve = result.fit, result.curve
    what, unit = result.text["what"], data.units["measured"]
    std = data.column("standard_uncertainty")
    panel = Panel(
        [
            Series(
                data.column("inverse_temperature"),
                data.column("measured"),
                "measured",
                y_error=None if None in std else std,
                color=0,
            ),
            Series(
                curve.column("inverse_temperature"),
                curve.column("fitted"),
                result.text["law"],
                "line",
                band=(curve.column("lower"), curve.column("upper")),
                color=1,
            ),
        ],
        "1000/T",
        what,
        "1/K",
        unit,
        y_scale="log",
        marks=[
            Mark(1000.0 / value.si, "break")
            for name, value in result.more.items()
            if name == "break_temperature" and value.value is not None
        ],
    )
    return Figure(
        "arrhenius",
        [panel],
        f"Ionic {what} over inverse temperature and its {result.text['law']} fit with the 95 % "
        "band.",
        "Points scatter about the line. A bend that the line misses means another law.",
    )


@method(
    "transport.activation",
    version=1,
    cites=[FULCHER_1925, TAMMANN_1926, HURVICH_1989, BURNHAM_2002],
    figure=figure,
    prose=(
        "The activation energy {activation_energy} follows from a weighted linear regression of "
        "{regression} over {points} temperatures from {range} (95 % interval {interval}). "
        "{choice}"
    ),
)
def activation(
    *,
    conductivity: Table | None = None,
    resistance: Table | None = None,
    form: Literal["ln_sigma", "ln_sigma_T"] = "ln_sigma",
) -> Activation:
    """Activation energy: Arrhenius, VTF or two regimes, and which the data ask for.

    Arrhenius: sigma = A exp(−E_a/(R T)), or sigma T = A exp(−E_a/(R T)) for ``ln_sigma_T``,
    whose E_a is larger by about R T. Both are reported, the form chosen is the headline.
    VTF: sigma = A T^(−1/2) exp(−B/(T − T0)), T0 fitted; R B is given as pseudo-activation energy.
    Two regimes: Arrhenius with another energy above a break temperature, continuous there.
    A law with more parameters is taken where it lowers AICc by more than 4.

    Weighted least squares on the logarithm. Weights are the uncertainties that are independent
    from row to row, with what the scatter about a parabola in 1/T shows beyond them added.
    Shared uncertainties (thickness, area) move the prefactor alone, so E_a needs no geometry
    and follows from R(T) too. Errors are scaled by the scatter; the standard uncertainty is
    widened by Student's t / 1.96, so that ±1.96 u is the 95 % interval with few points too.
    Valid where one mechanism is at work over each regime. Shapes: N rows, at least three
    temperatures (five for VTF, six for two regimes); K or degC, S/m or ohm.

    Parameters:
        conductivity: columns temperature and conductivity (or resistance), one row per spectrum;
            uncertainties in columns conductivity|source
        resistance: columns temperature and resistance, where there is no conductivity
        form: regression of ln(sigma) or of ln(sigma T)

    Raises:
        InputError: no table, or one without the columns.
        NotAnswerable: fewer than three temperatures.

    References:
        Fulcher 1925, doi:10.1111/j.1151-2916.1925.tb16731.x; Tammann & Hesse 1926,
        doi:10.1002/zaac.19261560121; Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297
    """
    data, findings = load(conductivity, resistance)
    forms = {name: _arrhenius(data, name) for name in ("ln_sigma", "ln_sigma_T")}
    tried = _laws(data, forms[form])
    taken, choice = _choose(tried)
    flags = _span_flags(data)
    if taken.name != "Arrhenius":
        flags = (*flags, CURVED)
    energies = {name: energy(law, data, flags) for name, law in forms.items()}
    E = energies[form]
    more = {f"activation_energy_{name}": value for name, value in energies.items()}
    more["activation_energy_eV"] = in_electronvolt(E)
    more |= vogel_quantities(tried, data) | regime_quantities(tried, data)
    low, high = E.interval or (math.nan, math.nan)
    T = data.temperature
    return Activation(
        activation_energy=E,
        prefactor=prefactor(forms[form], data, form),
        fit=_fit_table(data, taken, form),
        curve=_curve_table(data, taken, form),
        laws=_laws_table(tried, taken),
        more=more,
        verdicts=_verdicts(data, tried, more["vtf_temperature"]),
        findings=findings,
        text={
            "law": taken.name,
            "what": data.what,
            "form": form,
            "regression": "ln σ on 1/T" if form == "ln_sigma" else "ln(σT) on 1/T",
            "points": str(len(np.unique(T))),
            "range": f"{T.min() - 273.15:.4g} to {T.max() - 273.15:.4g} °C",
            "interval": f"{low:.4g} to {high:.4g} kJ/mol",
            "choice": choice,
        },
    )


def _arrhenius(data: ActivationData, form: str) -> Law:
    log_y = data.log + (np.log(data.temperature) if form == "ln_sigma_T" else 0.0)
    return arrhenius(data.temperature, log_y, data.weight)


def _laws(data: ActivationData, simple: Law) -> dict[str, Law | None]:
    T, log_y, weight = data.temperature, data.log, data.weight
    enough = len(np.unique(T)) >= 5
    return {
        "Arrhenius": simple,
        "VTF": vogel(T, log_y, weight) if enough else None,
        "two Arrhenius regimes": two_regimes(T, log_y, weight),
    }


def _choose(tried: Mapping[str, Law | None]) -> tuple[Law, str]:
    """The law taken, and why, in words."""
    simple = tried["Arrhenius"]
    assert simple is not None
    others = [law for law in tried.values() if law is not None and law is not simple]
    best = min(others, key=lambda law: law.aicc, default=None)
    if best is None or not math.isfinite(best.aicc):
        return (
            simple,
            "An Arrhenius law was taken: there are too few points to tell it from others.",
        )
    gain = simple.aicc - best.aicc
    if gain > CLEARLY_BETTER:
        return (
            best,
            f"The law taken is {best.name}: its AICc is lower by {gain:.1f} than Arrhenius's.",
        )
    told = f"lowers AICc by {gain:.1f} only" if gain > 0 else f"raises AICc by {-gain:.1f}"
    return simple, f"An Arrhenius law was taken: {best.name} {told}."


def _span_flags(data: ActivationData) -> tuple[str, ...]:
    return ("small temperature span",) if np.ptp(data.temperature) < SMALL_SPAN else ()


def _verdicts(
    data: ActivationData, tried: Mapping[str, Law | None], T0: Quantity
) -> tuple[Verdict, ...]:
    span = float(np.ptp(data.temperature))
    count = len(np.unique(data.temperature))
    enough = count >= 5
    curvature = tried["VTF"]
    return (
        Verdict("temperature span", span >= SMALL_SPAN, f"{span:.4g} K over {count} temperatures"),
        Verdict(
            "VTF can be told from Arrhenius",
            None if not enough else curvature is not None and NOT_IDENTIFIABLE not in T0.flags,
            f"{count} temperatures, five are needed" if not enough else f"T0 = {T0}",
        ),
        Verdict(
            "stated errors explain the scatter",
            data.scatter == 0.0,
            "yes"
            if data.scatter == 0.0
            else f"the points scatter by {100 * data.scatter:.2g} % more than stated "
            "(temperature, contact, relaxation); this is included",
        ),
    )


def _shown(data: ActivationData, form: str) -> tuple[Real, Real]:
    """Measured values in the table's unit, and their relative standard uncertainty."""
    return np.exp(data.log) * _per_si(data), 1.0 / data.weight


def _per_si(data: ActivationData) -> float:
    return 0.01 if data.unit == "S/cm" else 1.0


def _log_sigma(law: Law, T: Real, form: str) -> Real:
    """ln σ of a law; the Arrhenius law of ln(σT) is one of ln(σT)."""
    curve = law.curve(T)
    return curve - np.log(T) if law.name == "Arrhenius" and form == "ln_sigma_T" else curve


def _columns(data: ActivationData, law: Law, T: Real, form: str) -> dict[str, Any]:
    center = np.exp(_log_sigma(law, T, form)) * _per_si(data)
    half = np.minimum(law.factor * law.band(T), 300.0)
    return {
        "temperature": T - 273.15,
        "inverse_temperature": 1000.0 / T,
        "fitted": center,
        "lower": center * np.exp(-half),
        "upper": center * np.exp(half),
    }


def _units(data: ActivationData) -> dict[str, str]:
    names = ("fitted", "lower", "upper", "measured", "standard_uncertainty")
    return {"temperature": "degC", "inverse_temperature": "1/K"} | dict.fromkeys(names, data.unit)


def _fit_table(data: ActivationData, law: Law, form: str) -> Table:
    measured, relative = _shown(data, form)
    known = not (data.weight == 1.0).all()
    columns = _columns(data, law, data.temperature, form)
    columns["measured"] = measured
    columns["standard_uncertainty"] = (
        (measured * relative).tolist() if known else [None] * len(measured)
    )
    columns["log_residual"] = np.log(columns["fitted"] / measured)
    return Table.of(columns, {**_units(data), "log_residual": "1"})


def _curve_table(data: ActivationData, law: Law, form: str) -> Table:
    T = data.temperature
    grid = 1.0 / np.linspace(1.0 / T.max(), 1.0 / T.min(), 101)
    columns = _columns(data, law, grid, form)
    return Table.of(columns, {name: unit for name, unit in _units(data).items() if name in columns})


def _laws_table(tried: Mapping[str, Law | None], taken: Law) -> Table:
    rows: list[tuple[str, float | None, float | None, int | None, str]] = []
    for name, law in tried.items():
        if law is None:
            rows.append((name, None, None, None, "not fitted: too few points or no curvature"))
            continue
        aicc = law.aicc if math.isfinite(law.aicc) else None
        scatter = math.sqrt(law.sum_of_squares / law.freedom) if law.freedom > 0 else None
        outcome = "taken" if law is taken else "not taken"
        if aicc is None:
            outcome += ": too few points for AICc"
        rows.append((name, aicc, scatter, law.freedom, outcome))
    names = ("law", "aicc", "weighted_scatter", "degrees_of_freedom", "outcome")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return Table.of(columns, dict.fromkeys(names[1:4], "1"))
