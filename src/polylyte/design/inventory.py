"""How a cell of lithium metal uses up its lithium and its electrolyte, cycle by cycle.

Charges are in units of the cathode's capacity Q. The anode begins with NP Q of lithium beside
what the cathode brings, and every cycle loses 1 - CE of the lithium that it moves.
"""

from __future__ import annotations

from math import exp, inf, log


def reservoir_cycles(NP: float, CE: float) -> float:
    """Cycles of full capacity: NP Q of excess lithium, less Q (1 - CE) each, n = NP/(1 - CE)."""
    return NP / (1 - CE)


def decay_cycles(retention: float, CE: float) -> float:
    """Cycles without excess: each capacity is CE of the one before, so n = ln(ret)/ln(CE)."""
    return log(retention) / log(CE)


def cycles(NP: float, CE: float, retention: float) -> float:
    """Until the capacity is ``retention`` of the first: n = NP/(1 - CE) + ln(ret)/ln(CE)."""
    return reservoir_cycles(NP, CE) + decay_cycles(retention, CE)


def retention_after(n: float, NP: float, CE: float) -> float:
    """Capacity over the first one after ``n`` cycles."""
    return float(CE ** max(0.0, n - reservoir_cycles(NP, CE)))


def lithium_lost(n: float, NP: float, CE: float) -> float:
    """Lithium lost in ``n`` cycles, over Q."""
    first = reservoir_cycles(NP, CE)
    if n <= first:
        return n * (1 - CE)
    return NP + 1 - float(CE ** (n - first))


def cycles_to_lose(amount: float, NP: float, CE: float) -> float:
    """Cycles in which ``amount`` of lithium (over Q) is lost; infinite if there is not so much."""
    if amount <= NP:
        return amount / (1 - CE)
    if amount >= NP + 1:
        return inf
    return reservoir_cycles(NP, CE) + log(1 - (amount - NP)) / log(CE)


def implied_efficiency(n: float, NP: float, retention: float) -> float:
    """The CE with which ``cycles(NP, CE, retention)`` is ``n``.

    The number of cycles only rises with CE, from at most NP + 1 towards infinity, so there is one.

    Raises:
        ValueError: fewer cycles than any CE explains, or nothing lost at all.
    """
    from scipy.optimize import brentq

    if NP == 0 and retention == 1:
        raise ValueError("nothing was lost")

    def excess(loss: float) -> float:
        # exp(loss) is 1 - CE: CE crowds at 1, its logarithmic distance from 1 does not.
        return log(cycles(NP, 1 - exp(loss), retention) / n)

    low, high = log(1e-12), log(1 - 1e-9)
    if excess(high) > 0:
        raise ValueError(f"no efficiency gives as few as {n:g} cycles")
    return 1 - exp(float(brentq(excess, low, high, xtol=1e-13)))
