"""What the analysis of symmetric cells says about its input, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.lithium.shorts import Short
from polylyte.analysis.lithium.symmetric_halves import Half, noise_of, steps_of
from polylyte.analysis.lithium.symmetric_values import Cell, share_of_ohmic
from polylyte.core.errors import NotAnswerable
from polylyte.core.results import Finding, Verdict

if TYPE_CHECKING:
    from polylyte.core.quantities import Quantity
    from polylyte.instruments.cycling import CyclingRecord

LEAST_HALVES = 3
SAME_CURRENT = 0.05
"""Relative difference of current densities that still are one."""
OPEN_CIRCUIT = 0.05
"""V: a cell of two alike electrodes rests nearer to zero than this."""
COUNTER_AGREEMENT = 0.005


def refuse(halves: Sequence[Half], record: CyclingRecord) -> None:
    """Stop where this is no symmetric cell that is plated and stripped at one current.

    Raises:
        NotAnswerable: too few half cycles, unequal currents, or two unlike electrodes.
    """
    where = record.name or None
    unlike(halves, record)
    if len(halves) < LEAST_HALVES:
        raise NotAnswerable(
            f"the current changes its sign {max(len(halves) - 1, 0)} times: {LEAST_HALVES} half "
            "cycles are needed",
            where=where,
            remedy="give a record of plating and stripping in turn; a polarisation in one "
            "direction goes into lithium.sand_time",
        )
    steps = steps_of(halves, SAME_CURRENT)
    if len(steps) > 1:
        said = ", ".join(f"{step[0].density / 10:.3g}" for step in steps[:5])
        raise NotAnswerable(
            f"the current density changes ({said}{' …' if len(steps) > 5 else ''} mA cm⁻²)",
            where=where,
            remedy="give the part at one current density; a staircase goes into "
            "lithium.critical_current",
        )


def unlike(halves: Sequence[Half], record: CyclingRecord) -> None:
    """Stop where the potential is not that of two alike electrodes.

    Raises:
        NotAnswerable: its middle, or its open circuit, lies far from zero.
    """
    plateaus = {sign: [h.plateau for h in halves if h.sign == sign] for sign in (1.0, -1.0)}
    rest = _resting(record)
    middle = None
    if all(plateaus.values()):
        up, down = (float(np.median(p)) for p in plateaus.values())
        # Shorts and asymmetry move the middle by no more than the smaller of both.
        if abs(up - down) / 2 > OPEN_CIRCUIT and min(up, down) < 0:
            middle = (up - down) / 2
    found = middle if middle is not None else rest
    if found is not None and abs(found) > OPEN_CIRCUIT:
        raise NotAnswerable(
            f"the open-circuit potential is about {1e3 * found:.3g} mV: the two electrodes are "
            "not alike",
            where=record.name or None,
            remedy="give a cell of two lithium electrodes; Li|Cu cells go into lithium.aurbach",
        )


def _resting(record: CyclingRecord) -> float | None:
    """Potential at the ends of rests, V; None without rests."""
    flow = np.abs(record.current)
    quiet = flow < 1e-3 * flow.max()
    ends = np.flatnonzero(quiet & np.append(~quiet[1:], True))
    return float(np.median(record.potential[ends])) if ends.size else None


def verdicts(cell: Cell, found: dict[str, Quantity]) -> list[Verdict]:
    """Shorts, growth, wholeness and the counter."""
    mark = cell.mark
    hard = cell.hard
    soft = [s for s in cell.shorts if not s.hard]
    return [
        Verdict(
            f"no hard short{mark}",
            hard is None,
            f"no hard short in {cell.end / 3600:.4g} h" if hard is None else spoken(hard),
        ),
        Verdict(
            f"no sign of a soft short{mark}",
            not soft,
            "no fall, erratic or flattened half cycle beyond the noise"
            if not soft
            else f"{_count(soft)}: {'; '.join(map(spoken, soft[:3]))}"
            + (" …" if len(soft) > 3 else ""),
        ),
        _growth(cell, found["growth"]),
        _counter(cell),
    ]


def _count(soft: Sequence[Short]) -> str:
    return "a sign of a soft short" if len(soft) == 1 else f"{len(soft)} signs of soft shorts"


def spoken(short: Short) -> str:
    """``at 12.31 h (half cycle 13) the potential falls by 31 %, level, recovers at 15 h``."""
    at = f"at {short.time / 3600:.4g} h (half cycle {short.first + 1})"
    if short.hard:
        return f"{at} the potential collapses by {100 * short.fall:.3g} %, to the end"
    lost = f" by {100 * short.fall:.2g} %" if short.fall else ""
    back = "" if short.recovered is None else f", recovers at {short.recovered / 3600:.4g} h"
    return f"{at}: {', '.join(short.signs)}{lost}{back}"


def _growth(cell: Cell, growth: Quantity) -> Verdict:
    name = f"overpotential does not change{cell.mark}"
    if growth.value is None or not growth.std:
        return Verdict(name, None, "too few half cycles before a short for a rate of growth")
    clear = abs(growth.value) > 1.959964 * growth.std
    way = "grows" if growth.value > 0 else "falls"
    text = f"it {way} at {growth}" if clear else f"its growth {growth} is not significant"
    if clear and growth.value < 0:
        text += " (activation of the interface, more surface, or a creeping soft short)"
    return Verdict(name, not clear, text)


def _counter(cell: Cell) -> Verdict:
    name = f"counter against integral{cell.mark}"
    if not cell.record.has_counter:
        return Verdict(name, None, "the file has no counter of charge: charges are integrals")
    area = cell.area.si
    worst = max(
        abs(h.density * h.duration / h.charge - 1) for h in cell.halves if h.charge * area > 0
    )
    return Verdict(
        name,
        worst <= COUNTER_AGREEMENT,
        f"charge and current times duration of a half cycle differ by at most {100 * worst:.2g} %",
    )


def findings(cell: Cell, found: dict[str, Quantity], stated: bool) -> list[Finding]:
    """What a careful reader would want to know."""
    halves, made = cell.counted, []
    usual = float(np.median([h.duration for h in halves]))
    capacity = found["areal_capacity"]
    made.append(
        Finding(
            f"a half cycle lasts {usual / 3600:.4g} h ({usual / 60:.4g} min) and passes "
            f"{capacity.value:.4g} mAh cm⁻²; a cycle is two of them{cell.mark}"
        )
    )
    if stated:
        made.append(Finding(f"area {cell.area} as the file states it{cell.mark}"))
    cut = [h for h in cell.halves[:-1] if h.charge < 0.95 * float(np.median(
        [x.charge for x in cell.halves]))]  # fmt: skip
    if cut:
        made.append(
            Finding(
                f"{len(cut)} half cycles passed less than 95 % of the usual charge (a limit of "
                f"the potential?), the first is number {cut[0].number + 1}{cell.mark}",
                "warning",
            )
        )
    noise = noise_of(cell.halves)
    made.append(Finding(f"noise of one sample {1e6 * noise:.3g} µV{cell.mark}"))
    part = share_of_ohmic(found)
    if part is not None:
        made.append(Finding(f"{100 * part:.3g} % of the plateau is ohmic{cell.mark}"))
    first = cell.halves[0].plateau
    if 0 < first < 5e-3:
        made.append(
            Finding(
                f"the first half cycle runs at {1e3 * first:.3g} mV: a cell shorted before it "
                f"began would look so{cell.mark}",
                "warning",
                remedy="give electrolyte_resistance: a smaller resistance than its own is a short",
            )
        )
    return made
