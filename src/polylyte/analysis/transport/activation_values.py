"""Parameters of a law of activated transport as quantities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from polylyte.analysis.transport.activation_data import ActivationData
from polylyte.analysis.transport.laws import GAS_CONSTANT, Law
from polylyte.core.quantities import Quantity, from_si

FARADAY = 96485.33212331
"""C/mol: 1 eV per particle is 96.485 kJ/mol."""
NORMAL_95 = 1.959964
NOT_IDENTIFIABLE = "not identifiable"


def components(law: Law, data: ActivationData, first: str) -> dict[str, dict[str, float]]:
    """Components of each value: the scatter's, split so that ``first`` has one, and the shared
    ones, carried through the weighted regression."""
    names = [first, *(name for name in law.values if name != first)]
    place = [list(law.values).index(name) for name in names]
    covariance = law.covariance[np.ix_(place, place)]
    error = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    factor = np.linalg.cholesky(covariance / np.outer(error, error) + 1e-9 * np.eye(len(names)))
    wide = law.factor / NORMAL_95
    parts: dict[str, dict[str, float]] = {name: {} for name in names}
    for row, name in enumerate(names):
        for column in range(row + 1):
            source = "~scatter" if column == 0 else f"~scatter.{names[column]}"
            parts[name][source] = float(factor[row, column] * error[row] * wide)
    slopes = law.slopes(data.temperature) * data.weight[:, None]
    size = np.sqrt((slopes * slopes).sum(axis=0))
    gain = np.linalg.pinv(slopes / size) / size[:, None]
    for source, part in data.shared.items():
        moved = gain @ (part * data.weight)
        for name, change in zip(law.values, moved, strict=True):
            # a common factor moves ln A alone; what is left elsewhere is rounding
            if abs(change) > 1e-6 * max(abs(law.values[name]), 1e-300) * float(np.abs(part).max()):
                parts[name][source] = float(change)
    return parts


def law_quantity(
    law: Law,
    data: ActivationData,
    name: str,
    unit: str,
    *,
    scale: float = 1.0,
    flags: tuple[str, ...] = (),
) -> Quantity:
    """One of a law's values with its parts of uncertainty and its 95 % interval."""
    parts = {source: part * scale for source, part in components(law, data, name)[name].items()}
    made = from_si(law.values[name] * scale, unit, parts, flags=flags)
    assert made.value is not None
    half = NORMAL_95 * (made.std or 0.0)
    return replace(made, interval=(made.value - half, made.value + half))


def energy(law: Law, data: ActivationData, flags: tuple[str, ...]) -> Quantity:
    """The law's activation energy."""
    return law_quantity(law, data, "activation_energy", "kJ/mol", flags=flags)


def prefactor(law: Law, data: ActivationData, form: str) -> Quantity:
    """The law's prefactor, in the unit that its form gives."""
    unit = data.unit if form == "ln_sigma" else f"{data.unit.replace('S', 'S K', 1)}"
    return prefactor_quantity(law, data, "activation_energy", unit)


def prefactor_quantity(law: Law, data: ActivationData, first: str, unit: str) -> Quantity:
    """exp(ln A), first order in the error of ln A; its 95 % interval is that of ln A."""
    logarithm = law.values["ln_prefactor"]
    value = math.exp(min(logarithm, 700.0))
    parts = components(law, data, first)["ln_prefactor"]
    made = from_si(value, unit, {source: part * value for source, part in parts.items()})
    half = NORMAL_95 * math.sqrt(sum(part * part for part in parts.values()))
    if made.value is None or half > 300:
        return made
    return replace(made, interval=(made.value * math.exp(-half), made.value * math.exp(half)))


def in_electronvolt(E: Quantity) -> Quantity:
    """A molar energy per particle."""
    factor = 1e3 / FARADAY
    return Quantity(
        None if E.value is None else E.value * factor,
        "eV",
        {source: part * factor for source, part in E.components.items()},
        "derived",
        flags=E.flags,
        interval=E.interval and (E.interval[0] * factor, E.interval[1] * factor),
    )


def vogel_quantities(tried: Mapping[str, Law | None], data: ActivationData) -> dict[str, Quantity]:
    """VTF parameters, or why there are none."""
    law = tried["VTF"]
    named = {"vtf_pseudo_activation_energy": "kJ/mol", "vtf_temperature": "K"}
    unit = data.unit.replace("S", "S K^0.5", 1)
    if law is None or law.freedom < 1:
        few = len(np.unique(data.temperature)) < 5
        flag = "too few temperatures" if few else "no curvature"
        missing = {
            name: Quantity(None, u, flags=(NOT_IDENTIFIABLE, flag)) for name, u in named.items()
        }
        missing["vtf_prefactor"] = Quantity(None, unit, flags=(NOT_IDENTIFIABLE, flag))
        return missing
    T0 = law.values["vogel_temperature"]
    loose = T0 - law.factor * law.std("vogel_temperature") <= 0
    flags = (NOT_IDENTIFIABLE,) if loose else ()
    first = "pseudo_activation_temperature"
    return {
        "vtf_pseudo_activation_energy": law_quantity(
            law, data, first, "kJ/mol", scale=GAS_CONSTANT, flags=flags
        ),
        "vtf_temperature": law_quantity(law, data, "vogel_temperature", "K", flags=flags),
        "vtf_prefactor": prefactor_quantity(
            law, data, "pseudo_activation_temperature", unit
        ).flagged(*flags),
    }


def regime_quantities(tried: Mapping[str, Law | None], data: ActivationData) -> dict[str, Quantity]:
    """Energies on both sides of the break, where the data have enough points to fit it."""
    law = tried["two Arrhenius regimes"]
    if law is None or law.freedom < 1:
        return {}
    below = law_quantity(law, data, "energy_below", "kJ/mol")
    step = components(law, data, "energy_below")["energy_step"]
    return {
        "activation_energy_below_break": below,
        "activation_energy_above_break": below + from_si(law.values["energy_step"], "kJ/mol", step),
        "break_temperature": law_quantity(law, data, "break_temperature", "K"),
    }


# -------------------------------------------------------------------------------- words
