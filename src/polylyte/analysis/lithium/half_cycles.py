"""Half cycles of a plating and stripping record, and the protocol they follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.core.errors import NotAnswerable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Indices = NDArray[np.intp]

REST = 1e-3
"""Share of the largest current below which the cell rests."""
ALIKE = 0.02
"""Cycled charges of one record agree within this fraction."""
RESERVOIR = 1.5
"""A reservoir holds at least this many cycled charges."""


@dataclass(frozen=True)
class HalfCycle:
    """Charge in C (positive), times in s, potentials in V."""

    plating: bool
    charge: float
    integrated: float
    """The same from current and time, beside the instrument's counter."""
    begin: float
    end: float
    end_potential: float
    """Potential of the last sample, positive where the sign is that of stripping."""
    plateau: float
    """Median of |potential|."""
    last_interval: float
    """Charge passed between the last two samples, C …"""
    last_rise: float
    """… and the change of potential between them, V."""
    largest_drop: float
    """Largest fall of |potential| between neighbours, away from the ends, over the plateau."""


@dataclass(frozen=True)
class Protocol:
    """Indices of half cycles by the part they play."""

    conditioning: tuple[int, ...]
    reservoir: int
    strips: tuple[int, ...]
    platings: tuple[int, ...]
    final: int


def half_cycles(record: CyclingRecord) -> list[HalfCycle]:
    """Cut a record where the current changes sign; rests are left out.

    The first half cycle is a plating, whatever sign its current has.

    Raises:
        NotAnswerable: no current flows.
    """
    current = record.current
    largest = float(np.abs(current).max())
    if largest == 0.0:
        raise NotAnswerable("no current flows in this record", where=record.name or None)
    sign = np.where(np.abs(current) < REST * largest, 0, np.sign(current)).astype(int)
    active = np.flatnonzero(sign)
    runs = np.split(active, np.flatnonzero(np.diff(sign[active])) + 1)
    first = int(sign[active[0]])
    assert record.charge is not None  # the record integrates where the file has no counter
    # Charge counts from the last sample of the half cycle before: the first sample of a half
    # cycle already has some behind it.
    before = [_origin(record, int(active[0])), *(float(record.charge[run[-1]]) for run in runs)]
    return [
        _half_cycle(record, run, origin, plating=int(sign[run[0]]) == first, first=first)
        for run, origin in zip(runs, before, strict=False)
        if run.size > 1
    ]


def _origin(record: CyclingRecord, first: int) -> float:
    """Reading of the counter before the first half cycle.

    A record that begins under current has its first interval behind its first sample: the
    counter began at zero then, unless it had counted more than an interval or two.
    """
    charge = record.charge
    assert charge is not None
    if first > 0:
        return float(charge[first - 1])
    begun = abs(float(charge[0])) <= 2 * abs(float(charge[1] - charge[0]))
    return 0.0 if begun else float(charge[0])


def _half_cycle(
    record: CyclingRecord, run: Indices, origin: float, *, plating: bool, first: int
) -> HalfCycle:
    stop = int(run[-1])
    potential, charge = record.potential[run], record.charge
    size = np.abs(potential)
    plateau = float(np.median(size))
    edge = max(1, size.size // 10)
    inner = size[edge:-edge]
    drop = float(-np.diff(inner).min(initial=0.0)) if inner.size > 1 else 0.0
    assert charge is not None
    return HalfCycle(
        plating=plating,
        charge=abs(float(charge[stop]) - origin),
        integrated=_integrated(record, run),
        begin=float(record.time[run[0]]),
        end=float(record.time[stop]),
        end_potential=-first * float(potential[-1]),
        plateau=plateau,
        last_interval=abs(float(charge[stop] - charge[stop - 1])),
        last_rise=abs(float(potential[-1] - potential[-2])),
        largest_drop=drop / plateau if plateau else 0.0,
    )


def _integrated(record: CyclingRecord, run: Indices) -> float:
    """Integral of the current over one half cycle.

    Trapezoids between its samples; before the first of them the current was already its own,
    for no longer than a usual interval (a longer gap is a rest).
    """
    time, inside = record.time[run], record.integrated_charge[run]
    usual = float(np.median(np.diff(time)))
    lead = min(float(time[0] - record.time[max(int(run[0]) - 1, 0)]), usual) if run[0] else usual
    return abs(float(inside[-1] - inside[0]) + lead * float(record.current[run[0]]))


def protocol(halves: Sequence[HalfCycle]) -> Protocol:
    """Which half cycle plays which part in the modified Aurbach protocol.

    ``[plate, strip to cut-off,] plate a reservoir, n × (strip, plate), strip to cut-off``.

    Raises:
        NotAnswerable: another protocol; lists the half cycles seen.
    """
    reasons = []
    for offset in (2, 0):
        reason = _misfit(halves, offset)
        if reason is None:
            final = len(halves) - 1
            inner = range(offset + 1, final)
            return Protocol(
                conditioning=tuple(range(offset)),
                reservoir=offset,
                strips=tuple(inner[0::2]),
                platings=tuple(inner[1::2]),
                final=final,
            )
        reasons.append(reason)
    why = reasons[0] if len(halves) > 3 and _looks_conditioned(halves) else reasons[1]
    raise NotAnswerable(
        f"this is not the modified Aurbach protocol: {why}; seen: {spoken(halves)}",
        remedy="give a record that plates a reservoir, strips and plates a smaller charge n "
        "times and then strips to the cut-off, or the four charges as numbers; where every "
        "plating is stripped to the cut-off use lithium.plating_efficiency",
    )


def _looks_conditioned(halves: Sequence[HalfCycle]) -> bool:
    return abs(halves[2].charge / halves[0].charge - 1) < ALIKE


def _misfit(halves: Sequence[HalfCycle], offset: int) -> str | None:
    """Why the half cycles from ``offset`` on are not the protocol; None where they are."""
    body = halves[offset:]
    if len(body) < 4 or len(body) % 2:
        return f"{len(halves)} half cycles cannot be a reservoir, whole cycles and a final strip"
    if any(half.plating != (k % 2 == 0) for k, half in enumerate(halves)):
        return "plating and stripping do not alternate"
    inner = [half.charge for half in body[1:-1]]
    cycled = float(np.median(inner))
    odd = [k for k, charge in enumerate(inner) if abs(charge / cycled - 1) > ALIKE]
    if odd:
        kind = "strip" if odd[0] % 2 == 0 else "plating"
        return (
            f"the {kind} of cycle {odd[0] // 2 + 1} passed {inner[odd[0]] / cycled:.2f} of the "
            "cycled charge (the reservoir ran out, or the step was cut short)"
        )
    if body[0].charge < RESERVOIR * cycled:
        return f"the reservoir is only {body[0].charge / cycled:.2f} times the cycled charge"
    if offset and halves[1].charge < RESERVOIR * cycled:
        return "the first strip is no conditioning strip"
    return None


def spoken(halves: Sequence[HalfCycle], most: int = 8) -> str:
    """``plate 5.00, strip 4.90, …`` in mAh, to 0.5 V."""
    words = [
        f"{'plate' if half.plating else 'strip'} {half.charge / 3.6:.4g} mAh "
        f"(ends at {half.end_potential:.2g} V)"
        for half in halves
    ]
    if len(words) > most:
        hidden = len(words) - most
        words = [*words[: most - 2], f"… {hidden} more …", *words[-2:]]
    return ", ".join(words)
