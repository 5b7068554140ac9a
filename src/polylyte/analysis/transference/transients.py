"""Initial and steady current of a symmetric cell under a constant potential."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.transference.laplace import inverse_laplace
from polylyte.core.errors import NotAnswerable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Complexes = NDArray[np.complex128]
    Floats = NDArray[np.float64]

EARLY_FALL = 1 / 3
"""The initial current is extrapolated from the first third of the fall: there the diffusion
layers of the two electrodes have not met (the semi-infinite law is off by less than 1e-3 of it)."""
EARLY_POINTS = 5
TAIL = 0.1
"""The steady current is the mean over the last tenth of the record …"""
APPROACH = 0.5
"""… and the exponential approach to it is looked for in the last half."""
TAIL_POINTS = 5
SIGNIFICANT = 13.8
"""Fall of chi-square that two more parameters must bring to be believed (p = 0.001)."""


@dataclass(frozen=True)
class Charging:
    """How the double layers charge: an interface arc in series with the electrolyte.

    ``share`` is R_i/(R_i + R_b); ``time`` and ``exponent`` are those of the arc (constant phase
    element).
    """

    share: float
    time: float
    exponent: float

    @property
    def over(self) -> float:
        """Thirty relaxation times: what is left to charge hardly matters then."""
        return 30 * self.time

    def impedance(self, s: Complexes) -> Complexes:
        """Impedance over R_i + R_b."""
        return np.asarray(1 - self.share + self.share / (1 + (s * self.time) ** self.exponent))


@dataclass(frozen=True)
class Initial:
    """Current extrapolated to the onset of polarisation, and the window it was taken from."""

    value: float
    std: float
    first: float
    """The first sample used."""
    begin: float
    end: float
    points: int


@dataclass(frozen=True)
class Steady:
    """Mean current of the tail, and what is left of the way to the asymptote."""

    value: float
    std: float
    drift: float
    """Change of the current over the window, from a straight line through it."""
    drift_std: float
    remaining: float
    """Window mean minus the asymptote of an exponential through the last half; 0 where a constant
    describes that half as well."""
    bounded: bool
    """False: the approach is as slow as the record is long, so there is no asymptote in it."""
    fall: float
    """How much the current fell over the last half by that exponential."""
    begin: float
    end: float
    points: int


def initial_current(
    time: ArrayLike, current: ArrayLike, *, steady: float, charging: Charging | None = None
) -> Initial:
    """The current at t -> 0+, before salt diffusion has lowered it.

    The first sample is always too low. Under a constant potential across a series resistance
    the current falls at first as in a semi-infinite medium,

        I(t) = I_0 · exp(h² t) · erfc(h √t)

    which is fitted (I_0, h) to the first third of the fall. ``time`` counts from the onset (s).
    Where ``charging`` is known, samples before ``charging.over`` are left out and the law is the
    inverse Laplace transform of I_0/{s [z(s) + h/√s]}, z(s) = ``charging.impedance`` (z = 1 gives
    the formula above).

    Raises:
        NotAnswerable: fewer than five samples lie in that window.
    """
    from scipy.ndimage import median_filter
    from scipy.optimize import least_squares

    t, i = np.asarray(time, float), np.asarray(current, float)
    after = charging.over if charging else 0.0
    eligible = t > after
    t, i = t[eligible], i[eligible]
    if t.size < EARLY_POINTS:
        raise NotAnswerable(
            f"no samples remain after the double layers have charged ({after:.3g} s)",
            remedy="record the transient longer, or give initial_current",
        )
    sign = math.copysign(1.0, float(np.median(i)))
    i, final = i * sign, steady * sign

    # Noise alone must not end the window.
    smooth = median_filter(i, 7, mode="nearest")
    start = float(np.median(i[:3]))
    for _ in range(3):  # the window depends on the intercept it yields
        below = np.flatnonzero(smooth < start - EARLY_FALL * (start - final))
        stop = int(below[0]) if start > final and below.size else i.size
        window = slice(0, stop)
        if t[window].size < EARLY_POINTS:
            raise NotAnswerable(
                f"the fall of the current is not resolved: {t[window].size} samples lie in its "
                f"first third, {EARLY_POINTS} are needed",
                remedy="sample the first seconds faster, give initial_current, or set "
                "initial = 'ohmic' to take it from the spectrum before",
            )
        tw, iw = t[window], i[window]
        guess = max(1e-3, 1.0 - float(iw[-1]) / float(iw[0])) / math.sqrt(float(tw[-1]))
        scale = float(abs(iw[0]))

        def residual(p: Floats, tw: Floats = tw, iw: Floats = iw, scale: float = scale) -> Floats:
            return np.asarray(p[0] * _early_law(tw, float(p[1]), charging) - iw / scale)

        fit = least_squares(
            residual, [1.0, guess], bounds=([0.0, 0.0], [np.inf, np.inf]), x_scale=[1.0, guess]
        )
        start = float(fit.x[0]) * scale
    inflation = correlation_length(fit.fun)
    variance = float(fit.fun @ fit.fun) / max(tw.size - 2, 1) * inflation
    # At h = 0 the slope in h is one-sided; the intercept's error is then that of a constant.
    information = fit.jac.T @ fit.jac
    covariance = np.linalg.pinv(information) * variance
    return Initial(
        value=start * sign,
        std=math.sqrt(float(covariance[0, 0])) * scale,
        first=float(iw[0]) * sign,
        begin=float(tw[0]),
        end=float(tw[-1]),
        points=int(tw.size),
    )


def _early_law(t: Floats, h: float, charging: Charging | None) -> Floats:
    """Current over the initial one."""
    if charging is None:
        from scipy.special import erfcx

        return np.asarray(erfcx(h * np.sqrt(t)))
    return inverse_laplace(lambda s: 1 / (s * charging.impedance(s) + h * np.sqrt(s)), t)


def steady_current(time: ArrayLike, current: ArrayLike) -> Steady:
    """The current that no longer changes, with two independent looks at whether it does.

    The value is the mean over the last tenth of the record. The drift is that of a straight line
    through this window. The asymptote is that of ``I = I_ss + A exp(-k t)`` through the last
    half, kept where it describes it better than a constant (p < 0.001).

    Raises:
        NotAnswerable: fewer than five samples in the last tenth.
    """
    t, i = np.asarray(time, float), np.asarray(current, float)
    span = float(t[-1] - t[0]) if t.size else 0.0
    tail = t >= t[-1] - TAIL * span if t.size else np.zeros(0, bool)
    if int(tail.sum()) < TAIL_POINTS:
        raise NotAnswerable(
            f"the last tenth of the transient holds {int(tail.sum())} samples, "
            f"{TAIL_POINTS} are needed",
            remedy="record it longer or denser, or give steady_current",
        )
    tw, iw = t[tail], i[tail]
    slope, slope_std, residual = straight_line(tw, iw)
    inflation = correlation_length(residual)
    noise = float(residual @ residual) / max(tw.size - 2, 1) * inflation
    width = float(tw[-1] - tw[0])
    mean = float(iw.mean())

    half = t >= t[-1] - APPROACH * span
    asymptote, bounded, fallen = _asymptote(t[half], i[half])
    return Steady(
        value=mean,
        std=math.sqrt(noise / tw.size),
        drift=slope * width,
        drift_std=slope_std * width,
        remaining=0.0 if asymptote is None else mean - asymptote,
        bounded=bounded,
        fall=fallen,
        begin=float(tw[0]),
        end=float(tw[-1]),
        points=int(tw.size),
    )


def straight_line(x: Floats, y: Floats) -> tuple[float, float, Floats]:
    """Slope, its standard error (autocorrelation of the residuals included), residuals."""
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    residual = y - y.mean() - slope * centred
    variance = float(residual @ residual) / max(x.size - 2, 1) * correlation_length(residual)
    return slope, math.sqrt(variance / spread), residual


def correlation_length(residual: Floats) -> float:
    """How many samples count as one: (1 + r)/(1 - r) from the lag-one autocorrelation."""
    power = float(residual @ residual)
    if residual.size < 10 or power == 0.0:
        return 1.0
    r = float(residual[:-1] @ residual[1:]) / power
    return max(1.0, (1.0 + r) / max(1.0 - r, 0.02)) if r > 2 / math.sqrt(residual.size) else 1.0


def _asymptote(t: Floats, i: Floats) -> tuple[float | None, bool, float]:
    """Asymptote of an exponential through (t, i), None where a constant does as well; whether
    the exponential is faster than the window; how much it falls within."""
    span = float(t[-1] - t[0])
    x = (t - t[0]) / span
    scale = float(np.abs(i).max()) or 1.0
    y = i / scale
    flat = y - y.mean()
    # Between one e-fold and a fiftieth of the window per e-fold; linear in the two amplitudes.
    rates = np.geomspace(1.0, 50.0, 60)
    best = (math.inf, 0.0, 0.0, 0.0)
    misfit = flat
    for rate in rates:
        decay = np.exp(-rate * x)
        basis = np.column_stack([np.ones_like(x), decay])
        level, amplitude = map(float, np.linalg.lstsq(basis, y, rcond=None)[0])
        rest = y - level - amplitude * decay
        if float(rest @ rest) < best[0]:
            best, misfit = (float(rest @ rest), float(rate), level, amplitude), rest
    square, rate, level, amplitude = best
    variance = square / max(x.size - 3, 1) * correlation_length(misfit)
    if float(flat @ flat) - square <= SIGNIFICANT * variance:
        return None, True, 0.0
    return level * scale, rate > rates[0], amplitude * scale * (1 - math.exp(-rate))
