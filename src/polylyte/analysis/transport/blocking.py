"""The electrolyte's resistance from one spectrum between blocking electrodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.elements import Node
from polylyte.analysis.impedance.fitting import (
    AT_BOUND,
    NOT_IDENTIFIABLE,
    UNBOUNDED,
    CircuitFit,
    fit_circuit,
)
from polylyte.analysis.impedance.problem import Weighting
from polylyte.analysis.impedance.reporting import parameter_quantities
from polylyte.core.citations import Citation
from polylyte.core.errors import NotAnswerable
from polylyte.core.quantities import Quantity

IRVINE_1990 = Citation(
    "Irvine1990",
    "Irvine, J. T. S.; Sinclair, D. C.; West, A. R.",
    "Electroceramics: Characterization by Impedance Spectroscopy",
    "Advanced Materials",
    1990,
    "2",
    "132–138",
    "10.1002/adma.19900020304",
)
BURNHAM_2002 = Citation(
    "Burnham2002",
    "Burnham, K. P.; Anderson, D. R.",
    "Model Selection and Multimodel Inference, 2nd edition",
    "Springer",
    2002,
    doi="10.1007/b97636",
)

CANDIDATES = ("R0-CPE1", "p(R1,CPE1)-CPE2", "R0-p(R1,CPE1)-CPE2")
"""From the simplest: a spike; an arc that begins at the origin; an offset, an arc and a spike."""
CLEARLY_BETTER = 10.0
"""A further element is taken where it lowers AICc by more: below, "essentially no support"
separates the two [Burnham & Anderson 2002, section 2.6]."""
INTERFACE_CAPACITANCE = 1e-7
"""farad. Arcs of bulk and grain boundary lie below, those of electrode interfaces above
[Irvine, Sinclair & West 1990, Table 1: for about 1 cm² over 1 cm]."""
BLOCKING_ANGLE = 45.0
"""degrees; the tail of a spike is steeper than semi-infinite diffusion."""
SCAN = 16
"""Starts per circuit tried; the circuit that may be taken is fitted again from all."""


@dataclass(frozen=True)
class Candidate:
    """One circuit tried. ``reason`` says why it was not taken; empty for the one that was."""

    circuit: str
    aicc: float | None
    relative_rms: float | None
    reason: str


@dataclass(frozen=True)
class ElectrolyteResistance:
    """``resistance`` is what counts as the electrolyte's; ``offset`` is R0 alone."""

    resistance: Quantity
    offset: Quantity
    arcs: Sequence[tuple[str, float, float]]
    """Name, resistance / ohm and effective capacitance / F of each arc."""
    counted: Sequence[str]
    """Names of the resistances in ``resistance``."""
    blocking: bool
    angle: float
    """Of the low-frequency tail in the Nyquist plane, degrees; 90 is a capacitor."""
    fit: CircuitFit
    candidates: Sequence[Candidate] = field(default_factory=tuple)


def electrolyte_resistance(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    circuit: str | None = None,
    f_min: float | None = None,
    f_max: float | None = None,
    weighting: Weighting = "modulus",
    count: str = "automatic",
    source: str = "~fit[*]",
    where: str | None = None,
) -> ElectrolyteResistance:
    """Fit the spectrum and add up the resistances that belong to the electrolyte.

    Without ``circuit``, the circuits of ``CANDIDATES`` are tried, each with an inductor in
    series too where points in the highest decade are inductive. One whose parameters the data
    do not determine is left out; a larger one must lower AICc by more than 10.

    ``count``: "automatic" adds R0 and every arc whose effective capacitance (R Q)^(1/n)/R is
    below 0.1 µF; "R0" takes the high-frequency intercept alone; "all" every resistance in
    series.

    Raises:
        NotAnswerable: no circuit fits, or the spectrum has no resistance to tell.
    """
    options: dict[str, Any] = {
        "weighting": weighting,
        "f_min": f_min,
        "f_max": f_max,
        "where": where,
    }
    if circuit is None:
        fit, tried = _chosen(frequency, impedance, options)
    else:
        fit, tried = fit_circuit(frequency, impedance, circuit, **options), []
    offsets, arcs = _parts(fit)
    counted = [name for name, _, capacitance in arcs if _counts(capacitance, count)]
    names = [*offsets, *counted]
    if not names:
        raise NotAnswerable(
            f"{fit.circuit} has no resistance that belongs to the electrolyte",
            where=where,
            remedy="choose another circuit, or resistance=all",
        )
    angle = _tail_angle(fit)
    has_spike = any(part.kind in ("CPE", "C", "W", "Wo") for part in _top(fit))
    return ElectrolyteResistance(
        _sum(fit, names, source),
        _sum(fit, offsets, source),
        arcs,
        names,
        has_spike and angle >= BLOCKING_ANGLE,
        angle,
        fit,
        tried,
    )


def _counts(capacitance: float, count: str) -> bool:
    return count == "all" or (count == "automatic" and capacitance < INTERFACE_CAPACITANCE)


def _top(fit: CircuitFit) -> tuple[Node, ...]:
    root = fit.circuit.root
    return root.children if root.kind == "series" else (root,)


def _chosen(
    frequency: ArrayLike, impedance: ArrayLike, options: dict[str, Any]
) -> tuple[CircuitFit, list[Candidate]]:
    best: CircuitFit | None = None
    tried: list[Candidate] = []
    trouble: NotAnswerable | None = None
    for text in _candidates(frequency, impedance, options):
        try:
            fit = fit_circuit(frequency, impedance, text, starts=SCAN, intervals=False, **options)
            reason = _against(fit, best)
            if not reason:
                # the profiles are worth their time only for a circuit that may be taken
                fit = fit_circuit(frequency, impedance, text, **options)
                weak = _undetermined(fit)
                reason = f"{', '.join(weak)} not determined" if weak and best is not None else ""
        except NotAnswerable as error:
            trouble = trouble or error
            tried.append(Candidate(str(parse(text)), None, None, error.what))
            continue
        if not reason:
            if best is not None:
                tried = [_beaten(candidate, best, fit) for candidate in tried]
            best = fit
        tried.append(Candidate(str(fit.circuit), fit.aicc, fit.relative_rms, reason))
    if best is None:
        raise trouble or NotAnswerable("no circuit could be fitted")
    return best, tried


def _against(fit: CircuitFit, best: CircuitFit | None) -> str:
    """Why ``fit`` does not replace the simpler ``best``; empty if it does."""
    if best is None:
        return ""
    gain = best.aicc - fit.aicc
    if gain <= 0:
        return f"AICc higher by {-gain:.1f}"
    if gain <= CLEARLY_BETTER:
        return f"AICc lower by {gain:.1f} only, {CLEARLY_BETTER:g} needed"
    return ""


def _beaten(candidate: Candidate, loser: CircuitFit, winner: CircuitFit) -> Candidate:
    reason = candidate.reason or f"AICc higher by {loser.aicc - winner.aicc:.1f}"
    return Candidate(candidate.circuit, candidate.aicc, candidate.relative_rms, reason)


def _undetermined(fit: CircuitFit) -> list[str]:
    named = zip(fit.circuit.names, fit.flags, strict=True)
    return [name for name, flags in named if {NOT_IDENTIFIABLE, UNBOUNDED} & set(flags)]


def _candidates(frequency: ArrayLike, impedance: ArrayLike, options: dict[str, Any]) -> list[str]:
    """By number of parameters; with an inductor too where the highest decade is inductive."""
    f, z = np.asarray(frequency, dtype=float), np.asarray(impedance, dtype=complex)
    high = options["f_max"]
    inside = np.isfinite(f) & (f <= (math.inf if high is None else float(high)))
    texts = list(CANDIDATES)
    if inside.any():
        top = inside & (f >= f[inside].max() / 10)
        if (z.imag[top] > 0).any():
            texts += [f"L1-{text}" for text in CANDIDATES]
    return sorted(texts, key=lambda text: len(parse(text)))


def _parts(fit: CircuitFit) -> tuple[list[str], list[tuple[str, float, float]]]:
    """Names of the resistors in series, and (name, R, effective C) of each arc."""
    offsets: list[str] = []
    arcs: list[tuple[str, float, float]] = []
    for part in _top(fit):
        if part.kind == "R":
            offsets.append(part.name)
        elif part.kind == "parallel":
            leaves = {leaf.kind: leaf for leaf in reversed(list(part.leaves()))}
            if "R" not in leaves:
                continue
            resistance = float(fit.values[leaves["R"].first])
            arcs.append((leaves["R"].name, resistance, _capacitance(fit, leaves, resistance)))
    return offsets, arcs


def _capacitance(fit: CircuitFit, leaves: dict[str, Node], resistance: float) -> float:
    """(R Q)^(1/n)/R [Hsu & Mansfeld 2001, doi:10.5006/1.3280607]."""
    if "C" in leaves:
        return float(fit.values[leaves["C"].first])
    if "CPE" not in leaves:
        return math.inf
    Q, n = fit.values[leaves["CPE"].own]
    logarithm = math.log(resistance * Q) / n - math.log(resistance)
    return math.exp(min(max(logarithm, -700.0), 700.0))


def _sum(fit: CircuitFit, names: Sequence[str], source: str) -> Quantity:
    """Sum of resistances with one source of error: the fit's noise."""
    if not names:
        return Quantity(0.0, "ohm", how="derived")
    own = parameter_quantities(fit)
    if any(own[name].value is None for name in names):
        return Quantity(None, "ohm", flags=(NOT_IDENTIFIABLE,))
    total = own[names[0]]
    for name in names[1:]:
        total = total + own[name]
    flags = tuple(
        dict.fromkeys(flag for name in names for flag in own[name].flags if flag != AT_BOUND)
    )
    parts = {source: total.std} if total.std else {}
    return Quantity(total.value, "ohm", parts, "derived", flags=flags)


def _tail_angle(fit: CircuitFit) -> float:
    """Slope of the fitted curve over the lowest half decade, degrees; negative where −Im Z
    falls towards low frequency."""
    lowest = float(fit.data.frequency.min())
    low, high = fit.circuit.impedance(fit.values, np.array([lowest, lowest * 10**0.5]))
    return math.degrees(math.atan2(high.imag - low.imag, max(low.real - high.real, 0.0)))
