"""One circuit fitted to spectra in a row, its arcs kept apart from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.batch import CircuitFits, fit_many
from polylyte.analysis.impedance.circuits import Circuit, parse
from polylyte.analysis.impedance.descent import SAME_OPTIMUM, of_problem
from polylyte.analysis.impedance.elements import Complex, Node, Real
from polylyte.analysis.impedance.fitting import CircuitFit, finished
from polylyte.analysis.impedance.problem import Problem, Weighting, select

MOST_SWAPS = 720
"""Exchanges of equal arcs tried per spectrum."""


@dataclass(frozen=True)
class Step:
    """One spectrum of the row. Parameter k of the row is parameter ``places[k]`` of the fit,
    whose arcs are sorted by time constant."""

    index: int
    fit: CircuitFit
    places: NDArray[np.intp]
    warm: bool
    """Whether the optimum is also what the fit before leads to."""

    @property
    def values(self) -> Real:
        """Parameters in the row's order, SI."""
        return self.fit.values[self.places]


@dataclass(frozen=True)
class Row:
    """What was fitted, and why the rest was not."""

    circuit: Circuit
    steps: list[Step]
    lost: dict[int, str]


def follow(
    spectra: Sequence[tuple[Real, Complex]],
    circuit: str,
    *,
    weighting: Weighting = "modulus",
    f_min: float | None = None,
    f_max: float | None = None,
    starts: int,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Row:
    """Fit every spectrum from many starts and from the fit before it; the better one counts.

    Equal arcs are named by likeness to the fit before (least change of the logarithms), so that
    two that cross in time constant keep their names.

    Parameters:
        spectra: (frequency / Hz, impedance / ohm) in the order to follow
        circuit: as in ``fit_circuit``
        weighting: as in ``fit_circuit``
        f_min: lowest frequency fitted, Hz
        f_max: highest frequency fitted, Hz
        starts: per spectrum, beside the one from the fit before
        seed: of the starts
        progress: called with the share done

    Raises:
        InputError: an unknown element.
    """
    compiled = parse(circuit)
    groups: dict[bytes, list[int]] = {}
    for index, (f, _) in enumerate(spectra):
        groups.setdefault(np.asarray(f, dtype=float).tobytes(), []).append(index)
    fitted: dict[int, tuple[CircuitFits, int]] = {}
    lost: dict[int, str] = {}
    for rows in groups.values():
        made = fit_many(
            spectra[rows[0]][0],
            np.stack([spectra[row][1] for row in rows]),
            compiled,
            weighting=weighting,
            f_min=f_min,
            f_max=f_max,
            starts=starts,
            seed=seed,
        )
        for place, row in enumerate(rows):
            if place in made.not_fitted:
                lost[row] = made.not_fitted[place]
            else:
                fitted[row] = (made, place)
        if progress is not None:
            progress((len(fitted) + len(lost)) / len(spectra))
    exchanges = _exchanges(compiled)
    steps: list[Step] = []
    for row in sorted(fitted):
        made, place = fitted[row]
        fit = made.fit(place, intervals=False)
        before = steps[-1].values if steps else None
        fit, warm = _warmed(fit, before, *spectra[row], f_min, f_max)
        steps.append(Step(row, fit, _matched(fit.values, before, exchanges), warm))
    return Row(compiled, steps, lost)


def _warmed(
    fit: CircuitFit,
    before: Real | None,
    frequency: Real,
    impedance: Complex,
    f_min: float | None,
    f_max: float | None,
) -> tuple[CircuitFit, bool]:
    """The fit, or the better one from the values before; whether both are the same."""
    if before is None:
        return fit, True
    data = select(frequency, impedance, f_min, f_max)
    model = Problem(fit.circuit, data, fit.weighting)
    start = np.clip(np.log(before), model.lower, model.upper)[None]
    end = of_problem(model).minimize(start, np.zeros(1, int), tolerance=1e-14)
    cost = float(end.cost[0])
    if cost < fit.sum_of_squares * (1 - SAME_OPTIMUM):
        better = finished(model, end.x[0], 0.0, bool(end.converged[0]), fit.starts, fit.seed, False)
        return better, True
    return fit, cost <= fit.sum_of_squares * (1 + SAME_OPTIMUM)


def _exchanges(circuit: Circuit) -> list[NDArray[np.intp]]:
    """Every way to exchange equal parts in series, as places of parameters."""
    parts = circuit.root.children if circuit.root.kind == "series" else ()
    shapes: dict[object, list[Node]] = {}
    for part in parts:
        shapes.setdefault(part.shape, []).append(part)
    equal = [group for group in shapes.values() if len(group) > 1 and group[0].count > 1]
    found: list[NDArray[np.intp]] = []
    for chosen in product(*(permutations(group) for group in equal)):
        places = np.arange(len(circuit))
        for group, swapped in zip(equal, chosen, strict=True):
            for part, other in zip(group, swapped, strict=True):
                places[part.own] = np.arange(len(circuit))[other.own]
        found.append(places)
        if len(found) == MOST_SWAPS:
            break
    return found


def _matched(
    values: Real, before: Real | None, exchanges: Sequence[NDArray[np.intp]]
) -> NDArray[np.intp]:
    if before is None:
        return exchanges[0]
    logs, old = np.log(values), np.log(before)
    changes = [float(np.sum((logs[places] - old) ** 2)) for places in exchanges]
    return exchanges[int(np.argmin(changes))]
