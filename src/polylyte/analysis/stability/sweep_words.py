"""What a sweep's analysis says about itself: tests of its assumptions, and its caveats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from polylyte.analysis.stability.onsets import Onsets, Removed
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Verdict

Background = Literal["line", "constant", "none"]
FAST = 1e-3
"""V/s above which a sweep runs ahead of slow decomposition."""


def removal(background: Background, resistance: Quantity | None) -> str:
    """What was removed, in words."""
    ohmic = f"iR by {resistance}" if resistance is not None else "no iR"
    words = {"line": "a linear", "constant": "a constant", "none": "no"}[background]
    return f"{ohmic} and {words} background removed"


def verdicts_of(
    removed: Removed,
    found: Onsets,
    made: Mapping[str, Quantity],
    rate: float,
    known: Quantity | None,
) -> list[Verdict]:
    """Background, scan rate, area, tangent and agreement, each tested."""
    bend = removed.bend
    verdicts = [
        Verdict(
            "background is straight",
            None if bend is None else abs(bend) <= 3,
            "no background removed"
            if bend is None
            else f"the background's last third lies {bend:+.2g} standard errors off the line "
            "through it (limit 3)"
            + ("" if abs(bend) <= 3 else ": state background_from and background_to"),
        ),
        Verdict(
            "scan slow enough",
            rate <= 1.01 * FAST,
            f"{1e3 * rate:.3g} mV/s"
            + (" hides slow decomposition" if rate > 1.01 * FAST else " (limit 1 mV/s)"),
        ),
        Verdict("area known", known is not None, f"area {known}" if known is not None else
                "no area: these are currents, which grow with the electrode"),
        Verdict(
            "tangent unambiguous",
            abs(found.bend) <= 0.1,
            f"the slope changes by {100 * found.bend:+.2g} % within the tangent's part (limit 10 "
            "%)" + ("" if abs(found.bend) <= 0.1 else ": the tangent depends on the sweep's end"),
        ),
    ]  # fmt: skip
    values = [v.si for v in made.values() if v.value is not None]
    apart = max(values) - min(values)
    verdicts.append(
        Verdict(
            "criteria agree",
            apart <= 0.1 if len(values) > 1 else None,
            f"{len(values)} criteria lie {1e3 * apart:.3g} mV apart (limit 100 mV)",
        )
    )
    return verdicts


def findings_of(
    given: Quantity | None,
    known: Quantity | None,
    ohm: float | None,
    removed: Removed,
    rate: float,
    reference: Quantity,
) -> list[Finding]:
    """Caveats that hold for every sweep, and what was not given."""
    largest = float(np.abs(removed.measured).max())
    low, high = removed.window
    notes = [
        Finding(
            f"the onset holds for {1e3 * rate:.3g} mV/s and this electrode: slower sweeps and "
            "larger (porous) electrodes show it earlier",
            remedy="confirm it by stability.float on the electrode of the cell",
        ),
        Finding(f"background from {low + reference.si:.3f} to {high + reference.si:.3f} V"),
    ]
    if known is None:
        text = "no area is known: currents, not current densities; criteria per area not answered"
        notes.append(Finding(text, "warning", "area", "give area, or thresholds as currents"))
    elif given is None:
        notes.append(Finding(f"area {known} as the file states it"))
    if ohm is None:
        text = f"iR is not removed: {1e3 * largest:.3g} mV per ohm at the largest current"
        notes.append(Finding(text, "note", "resistance", "give resistance (from impedance)"))
    return notes
