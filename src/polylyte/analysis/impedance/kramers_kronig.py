"""Kramers–Kronig test: can any sum of relaxations follow both parts of a spectrum at once?

A plain function for notebooks and for the methods of this room: :func:`kramers_kronig`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.analysis.impedance.elements import Complex, Real
from polylyte.analysis.impedance.fitting import corrected_aic
from polylyte.analysis.impedance.problem import Data, select
from polylyte.core.errors import NotAnswerable

LEAST_POINTS = 8
TOLERANCE = 0.005
"""Relative deviation that passes even where the noise is less: what good instruments state for
their accuracy over the range."""
FALSE_ALARM = 0.001
"""Probability that a spectrum of pure noise has a point called bad."""
FEW_BAD = 0.05
"""Share of points that may disagree with the others without the spectrum failing."""
MOST_BAD = 0.2
"""Share of points set aside at most."""
DENSEST = 3.0
"""Elements per decade. Relaxations spaced by h in ln τ follow any smooth spectrum to about
exp(−π²/h), 3e-6 here; more of them follow its faults too."""
BEYOND = 10.0
"""The time constants reach further than the frequencies by this factor, on both sides: a
blocking tail and the rest of an unfinished arc are relaxations that the range cuts off."""


@dataclass(frozen=True)
class KramersKronig:
    """The test's outcome. Residuals are (fit − Z)/|Z|; all deviations are relative.

    ``noise`` is the standard deviation of each part, from the second differences of the
    residuals along the frequency; ``systematic`` is what the residuals have beyond it.
    """

    data: Data
    fitted: Complex
    used: NDArray[np.bool_]
    """False where a point disagrees with all others."""
    elements: int
    mu: float
    """1 − Σ|R < 0|/Σ|R ≥ 0| of the elements [Schönleber 2014]; small: overfitted."""
    noise: float
    systematic: float
    tolerance: float
    pseudo_chi_squared: float
    """Σ (ΔRe² + ΔIm²)/|Z|² over the points used [Boukamp 1995]."""
    untrimmed: float
    """Root mean square residual before any point was set aside."""
    ladder: tuple[tuple[int, float, float], ...]
    """Elements tried, AICc, root mean square residual."""

    @property
    def residuals(self) -> Complex:
        """(fit − Z)/|Z|, shape (F,)."""
        return np.asarray((self.fitted - self.data.impedance) / np.abs(self.data.impedance))

    @property
    def rms(self) -> float:
        """Root mean square of the residual's modulus over the points used."""
        return math.sqrt(self.pseudo_chi_squared / int(self.used.sum()))

    @property
    def passed(self) -> bool:
        """No systematic deviation beyond the tolerance, and no more than few bad points."""
        return self.systematic <= self.tolerance and float((~self.used).mean()) <= FEW_BAD


def kramers_kronig(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    f_min: float | None = None,
    f_max: float | None = None,
    where: str | None = None,
) -> KramersKronig:
    """Linear Kramers–Kronig test.

    Z = R0 + jωL + 1/(jωC) + Σ R_k/(1 + jωτ_k), k = 1 … M, is fitted by linear least squares with
    weights 1/|Z|; τ_k are spaced evenly in ln τ from 0.1/ω_max to 10/ω_min, all of R0, L, 1/C and
    R_k may have either sign. Every such sum obeys the Kramers–Kronig relations, so what no M
    describes is noise or a violation: drift, nonlinearity, a wrong sign. M is the one with the
    least AICc among those of at most three elements per decade, which is stable where the
    sign-counting μ of Schönleber jumps; μ is reported.

    Points whose studentised residual is beyond 0.5 % and beyond what noise explains (one spectrum
    in a thousand has one by chance) are set aside one by one, the worst first, and the test is
    made with the others.

    Parameters:
        frequency: Hz, shape (F,)
        impedance: ohm, complex, shape (F,)
        f_min: lowest frequency tested, Hz
        f_max: highest frequency tested, Hz
        where: what to name in an error

    Raises:
        InputError: shapes that differ.
        NotAnswerable: fewer than eight points.
    """
    data = select(frequency, impedance, f_min, f_max, where=where)
    count = len(data.frequency)
    if count < LEAST_POINTS:
        raise NotAnswerable(
            f"a Kramers–Kronig test needs {LEAST_POINTS} points, there are {count}",
            where=where,
            remedy="widen f_min and f_max",
        )
    used = np.ones(count, bool)
    elements, ladder = _choose(data, used)
    untrimmed = next(rms for number, _, rms in ladder if number == elements)
    if (found := _bad_points(data, used, elements)).any():
        used &= ~found
        elements, ladder = _choose(data, used)
        used &= ~_bad_points(data, used, elements)
    return _assembled(data, used, elements, untrimmed, ladder)


def _taus(data: Data, elements: int) -> Real:
    omega = 2 * np.pi * data.frequency
    low, high = 1 / (BEYOND * omega.max()), BEYOND / omega.min()
    if elements == 1:
        return np.array([math.sqrt(low * high)])
    return np.asarray(np.geomspace(low, high, elements))


def _columns(data: Data, elements: int) -> Complex:
    """1, jω, 1/(jω) and the relaxations, each over |Z|, shape (F, M + 3)."""
    s = 2j * np.pi * data.frequency
    tau = _taus(data, elements)
    parts = [np.ones_like(s), s, 1 / s]
    columns = np.column_stack([*parts, 1 / (1 + s[:, None] * tau)])
    return np.asarray(columns / np.abs(data.impedance)[:, None])


def _system(data: Data, used: NDArray[np.bool_], elements: int) -> tuple[Real, Real, Real]:
    """Real design matrix with unit columns, right side and the columns' lengths."""
    columns = _columns(data, elements)[used]
    design = np.concatenate([columns.real, columns.imag])
    size = np.sqrt((design * design).sum(axis=0))
    z = (data.impedance / np.abs(data.impedance))[used]
    return design / size, np.concatenate([z.real, z.imag]), size


def _choose(
    data: Data, used: NDArray[np.bool_]
) -> tuple[int, tuple[tuple[int, float, float], ...]]:
    """The number of elements with the least AICc, and all that were tried."""
    count = int(used.sum())
    tried: list[tuple[int, float, float]] = []
    for elements in _ladder(data, count):
        design, right, _ = _system(data, used, elements)
        basis = np.linalg.qr(design)[0]
        residual = right - basis @ (basis.T @ right)
        cost = float(residual @ residual)
        # beyond rounding there is nothing left to describe
        aicc = corrected_aic(max(cost, 1e-24 * count), 2 * count, elements + 4)
        tried.append((elements, aicc, math.sqrt(cost / count)))
    return min(tried, key=lambda one: one[1])[0], tuple(tried)


def _ladder(data: Data, count: int) -> list[int]:
    """Numbers of elements to try: all up to eight, then in steps of an eighth."""
    decades = math.log10(BEYOND**2 * data.frequency.max() / data.frequency.min())
    most = max(1, min(math.ceil(DENSEST * decades) + 1, count - 3))
    ladder = [1]
    while ladder[-1] < most:
        ladder.append(min(most, ladder[-1] + max(1, ladder[-1] // 8)))
    return ladder


def _bad_points(data: Data, used: NDArray[np.bool_], elements: int) -> NDArray[np.bool_]:
    """Points to set aside, the worst first, until none is left or too many are."""
    left, allowed = used.copy(), math.floor(MOST_BAD * len(used)) + 1
    limit = -2 * math.log(FALSE_ALARM / len(used))
    while int((~left).sum()) < allowed:
        design, right, _ = _system(data, left, elements)
        basis = np.linalg.qr(design)[0]
        residual = right - basis @ (basis.T @ right)
        freedom = np.maximum(1 - (basis * basis).sum(axis=1), 1e-3)
        parts = (residual / np.sqrt(freedom)).reshape(2, -1)
        noise = _robust(parts)
        if noise <= 1e-9:
            break
        distance = (parts * parts).sum(axis=0) / noise**2
        worst = int(np.argmax(distance))
        if distance[worst] <= max(limit, (TOLERANCE / noise) ** 2):
            break
        left[np.flatnonzero(left)[worst]] = False
    return used & ~left


def _robust(parts: Real) -> float:
    """Standard deviation of the bulk of the residuals, whatever a few points do."""
    return 1.4826 * float(np.median(np.abs(parts)))


def _assembled(
    data: Data,
    used: NDArray[np.bool_],
    elements: int,
    untrimmed: float,
    ladder: tuple[tuple[int, float, float], ...],
) -> KramersKronig:
    design, right, size = _system(data, used, elements)
    solution = np.linalg.lstsq(design, right, rcond=1e-14)[0] / size
    modulus = np.abs(data.impedance)
    fitted = (_columns(data, elements) @ solution) * modulus
    deviation = ((fitted - data.impedance) / modulus)[used]
    chi = float(np.sum(np.abs(deviation) ** 2))
    count = int(used.sum())
    spare = max(2 * count - elements - 3, 1)
    noise = scatter(deviation) * math.sqrt(2 * count / spare)
    whole = math.sqrt(chi / spare)
    R = solution[3:]
    positive = float(R[R > 0].sum())
    return KramersKronig(
        data=data,
        fitted=fitted,
        used=used,
        elements=elements,
        mu=1 - float(-R[R < 0].sum()) / positive if positive else 0.0,
        noise=noise,
        systematic=math.sqrt(max(whole**2 - noise**2, 0.0)),
        tolerance=max(noise, TOLERANCE),
        pseudo_chi_squared=chi,
        untrimmed=untrimmed,
        ladder=ladder,
    )


def scatter(residual: Complex) -> float:
    """Standard deviation of the independent part of a sequence, per real and imaginary part.

    Second differences r[i−1] − 2 r[i] + r[i+1] drop what is smooth; those of noise have six
    times its variance.
    """
    second = np.diff(residual, 2)
    return float(np.sqrt(np.mean(second.real**2 + second.imag**2) / 12))
