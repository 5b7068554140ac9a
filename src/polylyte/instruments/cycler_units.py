"""Units that a cycler's export does not state, told from what the file says twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.results import Finding
from polylyte.instruments.cycler_headings import Heading

_TIMES = {60.0: "minutes", 3600.0: "hours"}
_MEANT = {"A": "A", "V": "V", "C": "Ah", "s": "s"}
_ASSUMED = (
    "current", "potential", "time", "step_time", "capacity", "charge_capacity",
    "discharge_capacity",
)  # fmt: skip


def time_findings(
    made: dict[str, Any], headings: Sequence[Heading], stamps: NDArray[np.float64] | None
) -> list[Finding]:
    """Where the dates run 60 or 3600 times as fast as a time without a unit, it becomes seconds."""
    time = made.get("time")
    if stamps is None or not isinstance(time, np.ndarray) or len(time) < 3:
        return []
    passed, counted = np.diff(stamps), np.diff(time)
    good = (counted > 0) & (passed > 0)
    if good.sum() < 3:
        return []
    # Dates are whole seconds: the long run tells the ratio better than each step.
    ratio = float(passed[good].sum() / counted[good].sum())
    unit = next((f for f in _TIMES if abs(ratio / f - 1) < 0.02), None)
    if unit is None:
        return []
    own = [h.name for h in headings if h.name in ("time", "step_time") and not h.clock]
    for name in own:
        if isinstance(made.get(name), np.ndarray):
            made[name] = made[name] * unit
    text = f"the time has no unit; by its dates it is in {_TIMES[unit]}: made seconds"
    return [Finding(text, "warning")]


def assumed(headings: Sequence[Heading], made: Mapping[str, Any]) -> list[Finding]:
    """A warning where current or capacity are named without a unit, with what speaks for it."""
    missing = [h for h in headings if h.name in _ASSUMED and not h.stated and not h.clock]
    if not any(h.name == "current" for h in missing):
        return []
    said = ", ".join(f"'{h.text}' as {_MEANT[h.unit]}" for h in missing)
    return [
        Finding(
            f"the file names no units: read {said}{_agreement(made)}",
            "warning",
            remedy="export it with units if it was measured in others",
        )
    ]


def _agreement(made: Mapping[str, Any]) -> str:
    """Whether the counted charge is the integral of the current."""
    time, current, charge = (made.get(n) for n in ("time", "current", "charge"))
    arrays = (time, current, charge)
    if time is None or current is None or charge is None:
        return ""
    if not all(isinstance(values, np.ndarray) for values in arrays):
        return ""
    interval = np.clip(np.diff(time), 0.0, None)
    passed = float(np.sum(abs(current[1:] + current[:-1]) / 2 * interval))
    counted = float(np.sum(abs(np.diff(charge))))
    if not passed > 0 or not counted > 0 or not np.isfinite(passed + counted):
        return "; nothing in it tells (no charge passes)"
    if abs(counted / passed - 1) < 0.1:
        return "; its capacity is the integral of its current, so both are right or wrong together"
    return f"; its capacity is {counted / passed:.3g} times the integral of its current"
