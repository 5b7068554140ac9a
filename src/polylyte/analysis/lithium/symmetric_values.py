"""One symmetric cell's half cycles as quantities, with the sources of their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.cycling.cycles import student
from polylyte.analysis.lithium.critical_current_cells import spread_interval
from polylyte.analysis.lithium.shorts import FORMATION, Short
from polylyte.analysis.lithium.symmetric_halves import Half
from polylyte.analysis.transference.transients import correlation_length
from polylyte.core.quantities import Quantity, derive, from_si

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Floats = NDArray[np.float64]

FIT = 7
"""Half cycles from which the plane of level, growth and asymmetry is fitted."""
WHOLE = 0.95
"""Share of the usual charge from which a half cycle counts as whole."""
SPIKE_SHARE = 0.25
"""Share of a half cycle's charge within which its nucleation lies."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A record, its half cycles and shorts, and how well its instrument measures."""

    name: str
    record: CyclingRecord
    area: Quantity
    halves: Sequence[Half]
    shorts: Sequence[Short]
    zero: float
    """Standard uncertainty of the voltmeter's zero, V."""
    gain: float
    """Relative standard uncertainty of the ammeter."""
    resistance: Quantity | None
    mark: str = ""

    @property
    def hard(self) -> Short | None:
        return next((s for s in self.shorts if s.hard), None)

    @property
    def first(self) -> Short | None:
        return min(self.shorts, key=lambda s: s.time, default=None)

    @property
    def end(self) -> float:
        """Time of the last sample under current, s."""
        return float(self.halves[-1].time[-1])

    @property
    def counted(self) -> list[Half]:
        """Whole half cycles after formation and before the first short, two and two.

        Where a short comes at once, or the record is too short, the half cycles that there are.
        """
        until = math.inf if self.first is None else self.first.after
        usual = float(np.median([h.charge for h in self.halves]))
        whole = [h for h in self.halves if h.charge >= WHOLE * usual and h.time[-1] <= until]
        chosen = whole[FORMATION:] if len(whole) >= FORMATION + 2 else whole
        return chosen[: len(chosen) // 2 * 2] or list(self.halves[:2])


def quantities(cell: Cell) -> dict[str, Quantity]:
    """Everything that one cell tells, by the names of the result's fields."""
    halves = cell.counted
    made = _currents(cell, halves)
    made |= _plane(cell, halves)
    made |= _shapes(cell, halves)
    made |= nucleation(cell, halves)
    made["area_specific_resistance"] = derive(
        lambda V, J: V / J,
        "ohm cm^2",
        V=made["overpotential"],
        J=made["current_density"],
    )
    made["hysteresis"] = (made["overpotential"] * 2.0).to("mV")
    made["ohmic_overpotential"] = _ohmic(cell, halves)
    made |= life(cell)
    return made


def _currents(cell: Cell, halves: Sequence[Half]) -> dict[str, Quantity]:
    area, ammeter = cell.area, f"~ammeter{cell.mark}"
    current = float(np.mean([h.density for h in halves])) * area.si
    charge = float(np.median([h.charge for h in halves])) * area.si
    return {
        "current_density": derive(
            lambda i, A: i / A,
            "mA/cm^2",
            i=from_si(current, "mA", _known({ammeter: cell.gain * current}), how="measured"),
            A=area,
        ),
        "areal_capacity": derive(
            lambda Q, A: Q / A,
            "mAh/cm^2",
            Q=from_si(charge, "mAh", _known({ammeter: cell.gain * charge}), how="measured"),
            A=area,
        ),
    }


def _known(parts: dict[str, float]) -> dict[str, float]:
    return {source: part for source, part in parts.items() if part}


def _plane(cell: Cell, halves: Sequence[Half]) -> dict[str, Quantity]:
    """Plateau = level + growth · (time - mean time) + half of the asymmetry · direction.

    Both directions grow alike here and the growth does not pass for an asymmetry. The
    voltmeter's zero adds to one direction what it takes from the other: it falls out of level
    and growth and stays in the asymmetry.
    """
    y = np.array([h.plateau for h in halves])
    t = np.array([(h.begin + h.time[-1]) / 2 for h in halves])
    sign = np.array([h.sign for h in halves])
    away, mark = t - t.mean(), cell.mark
    if len(halves) < FIT:
        return _few(cell, halves, y)
    basis = np.column_stack([np.ones_like(y), away, sign])
    fit, *_ = np.linalg.lstsq(basis, y, rcond=None)
    rest = y - basis @ fit
    freedom = len(y) - 3
    variance = float(rest @ rest) / freedom * correlation_length(rest)
    covariance = np.linalg.inv(basis.T @ basis) * variance * student(freedom) ** 2
    level, rate, half_gap = (float(v) for v in fit)
    # The level does not depend on the slope where times are counted from their mean.
    of_level = f"~scatter of plateaus{mark}"
    of_rate = f"~scatter of plateaus, growth{mark}"
    of_gap = f"~scatter of plateaus, directions{mark}"
    std = np.sqrt(np.diag(covariance))

    def at(time: float) -> Quantity:
        shift = time - float(t.mean())
        parts = {of_level: float(std[0]), of_rate: float(std[1]) * shift}
        return from_si(level + rate * shift, "mV", _known(parts), how="measured").given(
            time=f"{time / 3600:.4g} h"
        )

    gap = {of_gap: 2 * float(std[2]), f"~voltmeter zero{mark}": 2 * cell.zero}
    first, last = (float(np.mean(t[k : k + 2])) for k in (0, len(t) - 2))
    relative = {s: part / level for s, part in gap.items()}
    return {
        "overpotential": from_si(
            level, "mV", _known({of_level: float(std[0])}), how="measured"
        ).given(time=f"{t[0] / 3600:.4g} to {t[-1] / 3600:.4g} h"),
        "initial_overpotential": at(first),
        "final_overpotential": at(last),
        "growth": from_si(rate, "mV/h", _known({of_rate: float(std[1])}), how="measured"),
        "asymmetry": from_si(2 * half_gap / level, "%", _known(relative), how="measured"),
    }


def _few(cell: Cell, halves: Sequence[Half], y: Floats) -> dict[str, Quantity]:
    """Too few half cycles for a plane: a mean, and what its scatter says."""
    n, mark = len(y), cell.mark
    level = float(y.mean())
    scatter = float(y.std(ddof=1)) / math.sqrt(n) * student(n - 1) if n > 1 else 0.0
    mean = from_si(level, "mV", _known({f"~scatter of plateaus{mark}": scatter}), how="measured")
    short = ("too short",)
    return {
        "overpotential": mean,
        "initial_overpotential": Quantity(None, "mV", flags=short),
        "final_overpotential": Quantity(None, "mV", flags=short),
        "growth": Quantity(None, "mV/h", flags=short),
        "asymmetry": Quantity(None, "%", flags=short),
    }


def _mean(values: Sequence[float], unit: str, source: str) -> Quantity:
    known = np.array([v for v in values if math.isfinite(v)])
    if not known.size:
        return Quantity(None, unit, flags=("too few samples",))
    spread = 0.0
    if known.size > 1:
        spread = float(known.std(ddof=1)) / math.sqrt(known.size) * student(known.size - 1)
    return from_si(float(known.mean()), unit, _known({source: spread}), how="measured")


def _shapes(cell: Cell, halves: Sequence[Half]) -> dict[str, Quantity]:
    shapes = [h.shape for h in halves]
    mark = cell.mark
    return {
        "end_overpotential": _mean([h.end for h in halves], "mV", f"~scatter of ends{mark}"),
        "rise": _mean([s[0] for s in shapes], "%", f"~scatter of rises{mark}"),
        "peaking": _mean([s[1] for s in shapes], "%", f"~scatter of shapes{mark}"),
    }


def spikes(cell: Cell, halves: Sequence[Half]) -> tuple[list[float], int, float]:
    """Spike of each half cycle above its plateau (V, NaN where missing), its row, the interval.

    The row is that of the highest sample, on average over the half cycles.
    """
    interval = float(np.median([np.median(np.diff(h.time)) for h in halves]))
    most = int(SPIKE_SHARE * max(h.duration for h in halves) / interval)
    grid = np.full((len(halves), max(most, 1)), np.nan)
    for k, half in enumerate(halves):
        row = np.rint((half.time - half.begin) / interval).astype(int) - 1
        inside = (row >= 0) & (row < grid.shape[1])
        grid[k, row[inside]] = half.overpotential[inside] - half.plateau
    counted = np.isfinite(grid).sum(axis=0)
    mean = np.where(counted >= len(halves) / 2, np.nansum(grid, axis=0), -np.inf)
    mean = mean / np.maximum(counted, 1)
    at = int(np.argmax(mean))
    return grid[:, at].tolist(), at, interval


def nucleation(cell: Cell, halves: Sequence[Half]) -> dict[str, Quantity]:
    """Highest sample of the first quarter less the plateau, mean over half cycles; and the first.

    It is missing where no such sample lies significantly above the plateau, and a lower bound
    where the highest is the first one: the tip may lie before it.
    """
    values, at, interval = spikes(cell, halves)
    source = f"~scatter of spikes{cell.mark}"
    found = _mean(values, "mV", source).given(tip=f"{(at + 1) * interval:.4g} s")
    first = cell.halves[0]
    early = first.overpotential[first.share <= SPIKE_SHARE]
    tip = float(early.max()) - first.plateau if early.size else 0.0
    own = Quantity(None, "mV", flags=("no spike",))
    if tip > 0.05 * first.plateau:
        own = from_si(tip, "mV", how="measured", flags=("lower bound",) if early.argmax() == 0
                      else ())  # fmt: skip
    if found.value is None:
        return {"nucleation_overpotential": found, "first_nucleation_overpotential": own}
    if found.value <= 2 * (found.std or 0.0):
        found = Quantity(None, "mV", flags=("no spike",))
    elif at == 0:
        found = found.flagged("lower bound")
    return {"nucleation_overpotential": found, "first_nucleation_overpotential": own}


def _ohmic(cell: Cell, halves: Sequence[Half]) -> Quantity:
    """J·R where R is given, else what is lost within the first sample of an interruption."""
    current = float(np.mean([h.density for h in halves])) * cell.area.si
    if cell.resistance is not None:
        given = from_si(current, "A", _known({f"~ammeter{cell.mark}": cell.gain * current}))
        said = {"from": "the resistance given"}
        return derive(lambda i, R: i * R, "mV", conditions=said, i=given, R=cell.resistance)
    jumps = [j for h in halves for j in h.jumps]
    if not jumps:
        return Quantity(None, "mV", flags=("no interruption", "no resistance given"))
    gap = max(h.gap for h in halves)
    source = f"~scatter of interruptions{cell.mark}"
    return _mean(jumps, "mV", source).given(within=f"{gap:.3g} s")


def life(cell: Cell) -> dict[str, Quantity]:
    """Times of the first soft and of the hard short, lifetime, cycles and charge until then."""
    soft = min((s for s in cell.shorts if not s.hard), key=lambda s: s.time, default=None)
    first = cell.first
    until = cell.end if first is None else first.time
    cycles = sum(1 for h in cell.halves[1::2] if h.time[-1] <= until + 1e-6)
    charge = math.fsum(_charge(h, until) for h in cell.halves)
    area = cell.area
    passed = charge * area.si
    parts = _known({f"~ammeter{cell.mark}": cell.gain * passed})
    plated = derive(
        lambda Q, A: Q / A, "mAh/cm^2", Q=from_si(passed, "mAh", parts, how="measured"), A=area
    )
    bound = () if first is not None else ("lower bound",)
    return {
        "short_circuit_time": _time(cell.hard, cell.end),
        "soft_short_time": _time(soft, None),
        "lifetime": _time(first, cell.end),
        "cycles_before_short": Quantity(float(cycles), "1", how="measured", flags=bound),
        "cumulative_capacity": plated.flagged(*bound),
    }


def _charge(half: Half, until: float) -> float:
    if until >= half.time[-1]:
        return half.charge
    if until <= half.begin:
        return 0.0
    times, share = np.append(half.begin, half.time), np.append(0.0, half.share)
    return half.charge * float(np.interp(until, times, share))


def _time(short: Short | None, end: float | None) -> Quantity:
    """Half-way between the two samples; anywhere between them is as likely."""
    if short is None:
        if end is None:
            return Quantity(None, "h", flags=("none seen",))
        return from_si(end, "h", how="measured", flags=("lower bound",))
    wide = short.before - short.after
    parts = _known({"~interval between samples": wide / math.sqrt(12)})
    made = from_si(short.time, "h", parts, how="measured")
    if wide <= 0:
        return made
    low, high = spread_interval(short.after, short.before, 0.0)
    return replace(made, interval=(low / 3600, high / 3600))


def share_of_ohmic(found: dict[str, Quantity]) -> float | None:
    """Ohmic part of the plateau, or None where one of them is not known."""
    ohmic, plateau = found["ohmic_overpotential"], found["overpotential"]
    if ohmic.value is None or not plateau.value:
        return None
    return ohmic.si / plateau.si
