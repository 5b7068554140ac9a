"""What a careful reader would say about a spectrum before fitting it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polylyte.core.results import Finding


def sign_finding(z_imaginary: NDArray[np.float64]) -> Finding | None:
    """A warning where most points are inductive, as from a file with the other sign."""
    share = float(np.mean(z_imaginary > 0)) if len(z_imaginary) else 0.0
    if share <= 0.5:
        return None
    return Finding(
        f"sign check: {100 * share:.0f} % of the points are inductive (imaginary part > 0)",
        "warning",
        remedy="see whether the file holds -Im(Z) under the name of Im(Z)",
    )


def spectrum_findings(
    frequency: NDArray[np.float64], impedance: NDArray[np.complex128]
) -> tuple[Finding, ...]:
    """Sign, frequencies that repeat or are not positive, columns of zeros."""
    found = [sign_finding(impedance.imag)]
    wrong = int(np.sum(frequency <= 0))
    if wrong:
        found.append(Finding(f"{wrong} points have a frequency of zero or below", "error"))
    repeated = len(frequency) - len(np.unique(frequency))
    if repeated:
        found.append(Finding(f"{repeated} frequencies are repeated", "warning"))
    for name, column in (("real", impedance.real), ("imaginary", impedance.imag)):
        if len(column) and not column.any():
            found.append(Finding(f"the {name} part is zero throughout", "error"))
    negative = int(np.sum(impedance.real < 0))
    if negative:
        found.append(Finding(f"{negative} points have a negative real part", "warning"))
    return tuple(finding for finding in found if finding is not None)


def unfinished_sweep(
    frequency: NDArray[np.float64], last: float | None, per_decade: float | None
) -> Finding | None:
    """A warning where the sweep stops before the frequency that the header announces."""
    positive = frequency[frequency > 0]
    if last is None or last <= 0 or not len(positive):
        return None
    # Instruments round frequencies to what their clock can make: allow one and a half steps.
    allowed = 1.5 / per_decade if per_decade and per_decade > 0 else 0.5
    gap = min(abs(np.log10(positive.min() / last)), abs(np.log10(positive.max() / last)))
    downward = positive.min() > last and positive[-1] <= positive[0]
    upward = positive.max() < last and positive[-1] >= positive[0]
    if gap <= allowed or not (downward or upward):
        return None
    return Finding(
        f"the sweep stops at {positive[-1]:.4g} Hz; the header announces {last:.4g} Hz", "warning"
    )
