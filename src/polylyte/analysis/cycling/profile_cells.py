"""One cell's chosen profiles: half cycles with dQ/dV, polarisation and the distance of peaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.cycling.basis import Basis
from polylyte.analysis.cycling.cycles import CycleRule, Cycles, curve, cycles, middle
from polylyte.analysis.cycling.differential import Differential, differential, without_holds
from polylyte.core.errors import NotAnswerable
from polylyte.core.quantities import Quantity, from_si

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Half:
    """One direction of one cycle."""

    cycle: int
    sign: int
    charge: Floats
    potential: Floats
    slope: Differential | None
    held: float

    @classmethod
    def of(cls, data: CyclingRecord, found: Cycles, k: int, sign: int, width: float) -> Half:
        half = curve(data, found, k, sign)
        free, held = without_holds(half)
        slope = differential(free, width)
        return cls(int(found.number[k]), sign, half.charge, half.potential, slope, held)


@dataclass(frozen=True)
class Apart:
    """What lies between the charge and the discharge of one cycle."""

    cycle: int
    polarisation: Quantity
    separation: Quantity


@dataclass(frozen=True, eq=False)
class Cell:
    """The chosen profiles of one record."""

    name: str
    base: Basis
    rule: str
    halves: tuple[Half, ...]
    apart: tuple[Apart, ...]

    @classmethod
    def of(
        cls,
        name: str,
        data: CyclingRecord,
        base: Basis,
        rule: CycleRule,
        chosen: Sequence[int] | None,
        width: float,
        accuracy: float,
        *,
        alone: bool,
    ) -> Cell:
        found = cycles(data, rule=rule)
        whole = np.flatnonzero(found.complete)
        if not len(whole):
            raise NotAnswerable(
                "no cycle has a whole charge and a whole discharge", where=data.name or None
            )
        if chosen:
            places = [found.at(number, "chosen_cycles") for number in chosen]
        elif alone:
            places = sorted({int(whole[0]), int(whole[len(whole) // 2]), int(whole[-1])})
        else:
            places = [int(whole[0])]
        halves = [[Half.of(data, found, k, sign, width) for sign in (1, -1)] for k in places]
        apart = [
            Apart(
                int(found.number[k]),
                _polarisation(data, found, k, accuracy),
                _separation(pair[0], pair[1], accuracy),
            )
            for k, pair in zip(places, halves, strict=True)
        ]
        return cls(name, base, found.rule, tuple(h for pair in halves for h in pair), tuple(apart))

    def chosen(self, *, alone: bool) -> str:
        numbers = ", ".join(str(own.cycle) for own in self.apart)
        return f"cycles {numbers}" if alone else f"{self.name}: {numbers}"


def _polarisation(data: CyclingRecord, found: Cycles, k: int, accuracy: float) -> Quantity:
    parts = [middle(curve(data, found, k, sign)) for sign in (1, -1)]
    number = str(found.number[k])
    if parts[0] is None or parts[1] is None:
        return Quantity(None, "mV", flags=("too short",), conditions={"cycle": number})
    (upper, u), (lower, v) = parts[0], parts[1]
    sources = {
        f"~noise of the potential, cycle {number}": math.hypot(u, v),
        "~voltmeter": math.sqrt(2) * accuracy,
    }
    sources = {s: p for s, p in sources.items() if p}
    return from_si(upper - lower, "mV", sources, how="measured", conditions={"cycle": number})


def _separation(charge: Half, discharge: Half, accuracy: float) -> Quantity:
    """The highest peaks of both directions, V apart."""
    best = []
    for half in (charge, discharge):
        if half.slope is None or not half.slope.peaks:
            return Quantity(None, "mV", flags=("not identifiable",))
        best.append(max(half.slope.peaks, key=lambda peak: peak.height))
    parts = {
        "~noise of the peaks": math.hypot(best[0].std, best[1].std),
        "~voltmeter": math.sqrt(2) * accuracy,
    }
    parts = {s: p for s, p in parts.items() if p}
    made = from_si(best[0].potential - best[1].potential, "mV", parts, how="measured")
    return made.given(cycle=str(charge.cycle))
