"""Ranges of BioLogic's potentiostats as their files state them, and the step of a converter there.

Converters have 16 bits: a potential range of span S has steps of S/2¹⁶ (305.2 µV over ±10 V,
76.3 µV over 5 V, the narrowest span that is measured with), a current range steps of 0.004 % of
its nominal current: 2¹⁶ of them reach 1.3 times as far either way.

Sources: ±2.5, ±5 and ±10 V are the ranges that the maker's development package offers
(``E_RANGE``); the manual of the SP-240 (page 55) names 16 bits (of its analogue inputs) and the
same three; 0.0015 % of the potential's range, not below 75 µV, and 0.004 % of the
current's are the VMP3's data that yadg uses (https://github.com/dgbowl/yadg/pull/7).
Values of real files agree: on ranges of 5 and 10 V they move in quarters of
S/2¹⁶, on current ranges of 1 and 10 mA in halves of 0.004 %.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping

STEPS = 2.0**16
NARROWEST = 5.0
"""Span of ±2.5 V."""
OF_CURRENT = 4e-5
OVER = 1.35
"""No converter reads a current further beyond its range: 2¹⁵ · 0.004 % = 1.31."""
LIMITS = "potential control range"
"""Under which a recording's metadata keeps the limits that the log states."""
_WIDEST = 200.0
_LOW, _HIGH = "set: potential range, low", "set: potential range, high"


def _ranges() -> dict[int, float]:
    """Nominal current, in A, by the number that a file stores; "Auto" and the like have none.

    The numbers are EC-Lab's, as its users list them. A real file's currents move in the steps of
    115 and 116; 38 to 43 are nowhere exceeded in real files. The rest is not checked here.
    """
    made: dict[int, float] = {}
    decades = {9: (0, 6), 16: (-1, 4), 20: (-4, 6), 30: (-4, 6), 37: (0, 9), 52: (-4, 9),
               113: (0, 6)}  # fmt: skip
    for first, (largest, count) in decades.items():
        made |= {first + k: float(f"1e{largest - k}") for k in range(count)}
    evenly = {67: (8, 4, 15), 82: (20, 10, 15), 97: (4, 2, 15), 126: (30, 30, 6)}
    for first, (smallest, by, count) in evenly.items():
        made |= {first + k: float(smallest + k * by) for k in range(count)}
    singles = {1: 1e-2, 2: 1e-4, 3: 1e-6, 4: 2, 5: 1, 6: 5, 7: 10, 8: 20, 26: 80, 27: 4, 29: 4,
               36: 8, 46: 50, 47: 5, 48: 100, 49: 150, 50: 1, 51: 4, 61: 5, 62: 10, 63: 20,
               64: 40, 65: 10, 66: 2, 112: 10, 119: 20, 120: 40, 121: 80, 124: 0.3,
               125: 3}  # fmt: skip
    made |= {number: float(current) for number, current in singles.items()}
    made.pop(15, None)
    return made


CURRENTS: Mapping[int, float] = _ranges()


def control_range(log: bytes | memoryview) -> dict[str, str]:
    """The limits of the potential's range as a log module states them."""
    if len(log) < 0x200:
        return {}
    low, high = struct.unpack_from("<ff", log, 0x1F8)
    if not (math.isfinite(low) and math.isfinite(high) and 0.01 < high - low < _WIDEST):
        return {}
    return {LIMITS: f"{low:.6g} V to {high:.6g} V"}


def potential_step(metadata: Mapping[str, str]) -> tuple[float, str] | None:
    """Step of the potential's converter, in V, and where its range is stated.

    What was set for the technique comes before what the log says of the channel; of several
    sequences the widest range counts. None where neither states a range.
    """
    low, high = _volts(metadata.get(_LOW, "")), _volts(metadata.get(_HIGH, ""))
    where = "the settings"
    if not low or not high:
        pair = _volts(metadata.get(LIMITS, ""))
        low, high, where = pair[:1], pair[1:2], "the log"
    if not low or not high:
        return None
    # One number stands for all sequences.
    if len(low) != len(high) and 1 not in (len(low), len(high)):
        low, high = [min(low)], [max(high)]
    count = max(len(low), len(high))
    spans = [b - a for a, b in zip(_filled(low, count), _filled(high, count), strict=True)]
    if not 0 < max(spans) < _WIDEST:
        return None
    step = max(max(spans), NARROWEST) / STEPS
    narrow = " (measured over 5 V, the narrowest span)" if max(spans) < NARROWEST else ""
    return step, f"potential range of {max(spans):g} V in {where}{narrow}, 16 bits"


def _volts(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"(-?[\d.]+(?:e[+-]?\d+)?) V\b", text)]


def _filled(values: list[float], count: int) -> list[float]:
    return values * count if len(values) == 1 else values
