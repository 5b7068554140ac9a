"""Bulk and interface resistance of a symmetric cell from its impedance spectrum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.impedance.circuits import Circuit, time_constant
from polylyte.analysis.impedance.elements import Node
from polylyte.analysis.impedance.fitting import CircuitFit, fit_circuit
from polylyte.core.errors import InputError, NotAnswerable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FILMS = ("R0", "p(R0,C0)")
DIFFUSIONS = ("", "-W1", "-Ws1")
"""Where no circuit is asked for, each film and diffusion is tried with one arc, the better film
also with two; those whose parts can be told apart are weighed by AICc."""
STARTS = 12
CLEARLY = 6.0
"""A second arc must lower AICc by this much (twenty times as likely)."""
BULK_BELOW = 1e-8
"""F. An arc with less capacitance is the film or its grain boundaries …"""
DIFFUSION_ABOVE = 1e-3
"""F. … and one with more is diffusion or an electrode reaction (Irvine, Sinclair & West 1990)."""
DETERMINED = 0.5
"""Relative standard error above which a resistance counts as undetermined."""


@dataclass(frozen=True)
class Interface:
    """Resistances in ohm with their standard errors; relaxation time (s) and exponent of the arc
    that charges last; the best circuit and its fit."""

    bulk: float
    bulk_std: float
    resistance: float
    resistance_std: float
    time: float
    exponent: float
    circuit: str
    relative_rms: float
    fit: CircuitFit


def interface_resistance(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    circuit: str = "",
    seed: int = 0,
    where: str | None = None,
) -> Interface:
    """Split a spectrum of Li|electrolyte|Li into film and interface.

    Series resistances and arcs below 1e-8 F are the film, arcs from 1e-8 to 1e-3 F the
    interface, anything slower and every diffusion element neither. An inductance is added where
    the imaginary part turns positive at high frequency.

    Parameters:
        frequency: Hz, shape (F,)
        impedance: ohm, complex, shape (F,)
        circuit: empty to choose one; else a circuit with arcs ``p(R,CPE)`` in series

    Raises:
        NotAnswerable: no circuit fits with a determined interface arc.
        InputError: ``circuit`` has no parallel arc.
    """
    f, z = np.asarray(frequency, float), np.asarray(impedance, complex)
    inductive = bool((z[np.argsort(-f)][:3].imag > 0).any())

    def attempt(text: str) -> _Trial | None:
        lead = "L1-" if inductive and not circuit else ""
        try:
            fit = fit_circuit(
                f, z, lead + text, seed=seed, starts=STARTS, intervals=False, where=where
            )
        except NotAnswerable:  # too few points for this circuit; a simpler one may do
            if circuit:
                raise
            return None
        split = _split(fit)
        return None if split is None else (fit.aicc, split)

    if circuit:
        trials = [attempt(circuit)]
    else:
        trials = [attempt(f"{film}-p(R1,CPE1){tail}") for film in FILMS for tail in DIFFUSIONS]
        first = _best(trials)
        film = FILMS[1] if first and FILMS[1] in first[1].circuit else FILMS[0]
        more = [attempt(f"{film}-p(R1,CPE1)-p(R2,CPE2){tail}") for tail in DIFFUSIONS]
        second = _best(more)
        if second and (first is None or second[0] < first[0] - CLEARLY):
            trials = more
    found = [trial for trial in trials if trial is not None]
    if not found:
        raise NotAnswerable(
            "no interface arc between 1e-8 and 1e-3 F is determined by this spectrum",
            where=where,
            remedy="measure from about 1 MHz to 0.1 Hz, name a circuit, or give the interface "
            "resistance as a number",
        )
    return _averaged(found)


_Trial = tuple[float, Interface]
"""AICc and what the circuit makes of the spectrum."""


def _best(trials: Sequence[_Trial | None]) -> _Trial | None:
    found = [trial for trial in trials if trial is not None]
    return min(found, key=lambda trial: trial[0], default=None)


def _averaged(trials: Sequence[_Trial]) -> Interface:
    """The best circuit's reading, its resistances averaged over all by their Akaike weights.

    What the choice of a circuit leaves open enters the standard errors: Buckland, Burnham &
    Augustin, Biometrics 1997, 53, 603, doi:10.2307/2533961.
    """
    # A circuit that cannot tell its own film resistance uses another element in its place.
    trials = [t for t in trials if t[1].bulk_std <= DETERMINED * t[1].bulk] or trials
    lowest, best = min(trials, key=lambda trial: trial[0])
    weights = np.array([math.exp(-0.5 * min(aicc - lowest, 1e3)) for aicc, _ in trials])
    weights /= weights.sum()

    def average(values: list[float], errors: list[float]) -> tuple[float, float]:
        mean = float(weights @ values)
        spread = np.sqrt(np.square(errors) + np.square(np.array(values) - mean))
        return mean, float(weights @ spread)

    fits = [fit for _, fit in trials]
    bulk = average([fit.bulk for fit in fits], [fit.bulk_std for fit in fits])
    resistance = average([fit.resistance for fit in fits], [fit.resistance_std for fit in fits])
    return replace(
        best,
        bulk=bulk[0],
        bulk_std=bulk[1],
        resistance=resistance[0],
        resistance_std=resistance[1],
    )


def _split(fit: CircuitFit) -> Interface | None:
    """Film and interface of one fit; None where they cannot be told apart in it."""
    parts = _parts(fit.circuit)
    arcs = [part for part in parts if part.kind == "parallel"]
    if not arcs:
        raise InputError(
            f"the circuit '{fit.circuit}' has no arc that could be the interface",
            remedy="write it as in 'R0-p(R1,CPE1)-Ws1'",
        )
    film = [part.first for part in parts if part.kind == "R"]
    interface: list[int] = []
    slowest = (0.0, 1.0)
    for arc in arcs:
        resistor = next((leaf for leaf in arc.leaves() if leaf.kind == "R"), None)
        if resistor is None:
            continue
        relaxation = float(time_constant(arc, fit.values))
        capacitance = relaxation / float(fit.values[resistor.first])
        if capacitance < BULK_BELOW:
            film.append(resistor.first)
        elif capacitance <= DIFFUSION_ABOVE:
            interface.append(resistor.first)
            slowest = max(slowest, (relaxation, _exponent(arc, fit)))
    if not film or not interface or any(fit.relative_error[i] > DETERMINED for i in interface):
        return None
    # An arc whose top lies below the frequency range is extrapolated, not measured.
    if slowest[0] > 1 / (2 * math.pi * float(fit.data.frequency.min())):
        return None
    # Diffusion is slower than the interface; a faster element stands for something else.
    if any(part.kind == "Ws" and fit.values[part.first + 1] < slowest[0] for part in parts):
        return None
    bulk, bulk_std = _sum(fit, film)
    resistance, resistance_std = _sum(fit, interface)
    return Interface(
        bulk,
        bulk_std,
        resistance,
        resistance_std,
        *slowest,
        str(fit.circuit),
        fit.relative_rms,
        fit,
    )


def _parts(circuit: Circuit) -> Sequence[Node]:
    return circuit.root.children if circuit.root.kind == "series" else (circuit.root,)


def _exponent(arc: Node, fit: CircuitFit) -> float:
    phase = next((leaf for leaf in arc.leaves() if leaf.kind == "CPE"), None)
    return float(fit.values[phase.first + 1]) if phase else 1.0


def _sum(fit: CircuitFit, indices: Sequence[int]) -> tuple[float, float]:
    """Sum of some parameters and its standard error; the covariance is that of logarithms."""
    values: NDArray[np.float64] = fit.values[list(indices)]
    block = fit.covariance[np.ix_(indices, indices)]
    return float(values.sum()), math.sqrt(max(float(values @ block @ values), 0.0))
