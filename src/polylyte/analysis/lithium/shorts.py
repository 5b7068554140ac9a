"""Shorts of symmetric lithium cells: sudden, partial, erratic and final falls of the potential.

Four signs of a soft short are looked for, each against the noise of the record itself and with
one probability of a false alarm over the whole record:

- *fall*: within a half cycle the potential drops between two samples. The jump between straight
  lines through six samples before and six after it is compared with the jumps everywhere else;
- *level*: a half cycle runs below what the earlier ones of its direction foretell;
- *erratic*: the scatter of the samples of one half cycle is far above the usual;
- *flattened*: the rise by concentration polarisation, present before, is lost.

A hard short leaves less than a tenth of the expected potential (or less than the electrolyte's
own resistance, where it is known) from then on to the end of the record.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.lithium.symmetric_halves import Half, noise_of, own_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SIDE = 6
"""Samples on each side of a fall through which straight lines go."""
HARD_SHARE = 0.1
"""Share of the expected potential below which a cell is shorted hard."""
HARD_SAMPLES = 5
"""Samples that a hard short must last, to the end of the record …"""
HARD_PURITY = 0.95
"""… and share of them below its level."""
LEAST_ERRATIC = 3.0
"""Times the usual noise from which a half cycle is erratic, if significantly so."""
LEAST_SHAKE = 5e-3
"""Share of the plateau that this noise is at least."""
LOST_RISE = 0.5
"""Share of the usual rise below which a half cycle is flattened, if significantly so."""
SUDDEN = 0.6
"""Share of a fall in the first half cycle that lies between two samples."""
HISTORY = 8
"""Earlier half cycles of one direction from which the next is foretold …"""
LEAST_HISTORY = 3
"""… at least, …"""
LINE_FROM = 5
"""… by a straight line from this many on, by their mean below."""
FORMATION = 2
"""Half cycles at the beginning that foretell nothing."""
FLOOR = 2e-3
"""Least relative scatter of plateaus that is believed."""
SIGNS = ("fall", "level", "erratic", "flattened")


@dataclass(frozen=True)
class Short:
    """One short; a soft one lasts over ``halves``. Times in s."""

    hard: bool
    signs: tuple[str, ...]
    after: float
    """The last sample without it …"""
    before: float
    """… and the first one with it."""
    recovered: float | None
    """When the cell was itself again; None where it never was."""
    first: int
    last: int
    """Numbers of the first and last half cycle with it."""
    fall: float
    """Share of the expected potential that was lost."""
    significance: float
    """In standard deviations of the noise; of the strongest sign."""

    @property
    def time(self) -> float:
        return (self.after + self.before) / 2


@dataclass
class _Seen:
    """What one half cycle shows."""

    signs: list[str] = field(default_factory=list)
    after: float = math.nan
    before: float = math.nan
    fall: float = 0.0
    significance: float = 0.0

    def add(self, sign: str, fall: float, significance: float) -> None:
        self.signs.append(sign)
        self.fall = max(self.fall, fall)
        self.significance = max(self.significance, significance)


def find_shorts(
    halves: Sequence[Half],
    *,
    least_fall: float = 0.1,
    false_alarms: float = 0.01,
    electrolyte: float | None = None,
    signs: Sequence[str] = SIGNS,
) -> list[Short]:
    """The shorts of a record, in the order of time; a hard one is the last.

    Parameters:
        halves: of the whole record
        least_fall: share of the potential below which no fall is called a short
        false_alarms: probability of a soft short found in a whole record without any
        electrolyte: area-specific resistance of the electrolyte (Ω m²): less of it is a hard short
        signs: of soft shorts that are looked for
    """
    if not halves:
        return []
    hard = _hard(halves, electrolyte)
    until = math.inf if hard is None else hard.after
    safe = [cut(h, until) for h in halves if (h.time <= until).sum() >= 2]
    seen = [_Seen() for _ in safe]
    alpha = false_alarms / len(signs)
    looks: dict[str, Callable[[], None]] = {
        "fall": lambda: _falls(safe, seen, least_fall, alpha),
        "level": lambda: _levels(safe, seen, least_fall, alpha),
        "erratic": lambda: _erratic(safe, seen, alpha),
        "flattened": lambda: _flattened(safe, seen, alpha),
    }
    for sign in signs:
        looks[sign]()
    return [*_joined(safe, seen), *([hard] if hard else [])]


def cut(half: Half, until: float) -> Half:
    """The part of a half cycle up to ``until`` (s)."""
    keep = half.time <= until
    if keep.all():
        return half
    return replace(
        half, time=half.time[keep], overpotential=half.overpotential[keep], share=half.share[keep]
    )


def expected(halves: Sequence[Half]) -> float:
    """Resistance that a cell of these half cycles has, Ω m²: the median after formation."""
    chosen = halves[FORMATION : FORMATION + HISTORY] or halves
    return float(np.median([h.resistance for h in chosen]))


def _hard(halves: Sequence[Half], electrolyte: float | None) -> Short | None:
    usual = expected(halves)
    limit = HARD_SHARE * usual if electrolyte is None else electrolyte
    own = np.concatenate([_smooth(h.overpotential) / h.density for h in halves])
    time = np.concatenate([h.time for h in halves])
    number = np.concatenate([np.full(len(h.time), k) for k, h in enumerate(halves)])
    below = own < limit
    count = np.arange(len(below), 0, -1)
    share = np.cumsum(below[::-1])[::-1] / count
    at = np.flatnonzero(below & (share >= HARD_PURITY) & (count >= HARD_SAMPLES))
    if not at.size:
        return None
    first = int(at[0])
    half = halves[int(number[first])]
    after = half.begin if first == 0 or time[first - 1] < half.begin else float(time[first - 1])
    left = float(np.median(own[first:]))
    return Short(
        True, ("collapse",), after, float(time[first]), None, half.number, halves[-1].number,
        1 - left / usual if usual else 1.0, math.inf,
    )  # fmt: skip


def _smooth(values: Floats) -> Floats:
    """Median of three: one odd sample is no fall."""
    if values.size < 3:
        return values
    inner = np.median([values[:-2], values[1:-1], values[2:]], axis=0)
    return np.concatenate([values[:1], inner, values[-1:]])


def _jump_kernel() -> Floats:
    """Weights of 2·SIDE samples: the second line less the first, half-way between them."""
    x = np.arange(SIDE) - (SIDE - 1) / 2
    side = 1 / SIDE + (SIDE / 2) * x / float(x @ x)
    return np.concatenate([-side, side[::-1]])


def _falls(halves: Sequence[Half], seen: list[_Seen], least: float, alpha: float) -> None:
    from scipy.stats import norm

    kernel = _jump_kernel()
    jumps, starts = [], []
    for half in halves:
        begin = int(np.argmax(half.late))
        smooth = _smooth(half.overpotential)[begin:]
        long = smooth.size >= 2 * SIDE
        jumps.append(np.correlate(smooth, kernel, "valid") if long else np.zeros(0))
        starts.append(begin)
    every = np.concatenate(jumps) if jumps else np.zeros(0)
    if not every.size:
        return
    scale = 1.4826 * float(np.median(np.abs(every - np.median(every))))
    limit = float(norm.isf(alpha / every.size))
    for k, (half, jump, begin) in enumerate(zip(halves, jumps, starts, strict=True)):
        if not jump.size:
            continue
        level = float(np.median(half.overpotential[begin:]))
        deep = np.flatnonzero(-jump >= max(limit * scale, least * level))
        if level <= 0 or not deep.size:
            continue
        # The first of several falls, at its steepest.
        at = int(deep[0] + np.argmin(jump[deep[0] : deep[0] + SIDE]))
        window = half.overpotential[begin + at : begin + at + 2 * SIDE]
        split, size = _split(window), float(-jump[at])
        if not _below(halves, k, window, split, size, least):
            continue
        split += begin + at
        seen[k].after, seen[k].before = float(half.time[split - 1]), float(half.time[split])
        before = float(np.mean(window[:SIDE]))
        lost = size / before if before > 0 else 1.0
        seen[k].add("fall", min(lost, 1.0), size / scale if scale else math.inf)


def _below(
    halves: Sequence[Half], k: int, window: Floats, split: int, size: float, least: float
) -> bool:
    """Whether a fall leads below the usual plateau, and is no nucleation that fades.

    In the first half cycle, which has none before it, one sample must make most of the fall.
    """
    past = halves[max(k - HISTORY, 0) : k]
    if not past:
        return float(window[split - 1] - window[split]) > SUDDEN * size
    usual = float(np.median([h.resistance for h in past])) * halves[k].density
    return float(np.median(window[split:])) < (1 - least) * usual


def _split(values: Floats) -> int:
    """Where two means part the values best: the first index of the second part."""
    n = values.size
    k = np.arange(2, n - 1)
    sums = np.cumsum(values)
    first, second = sums[k - 1] / k, (sums[-1] - sums[k - 1]) / (n - k)
    # The parting that takes most off the sum of squares.
    return int(k[np.argmax(k * (n - k) * (first - second) ** 2)])


def _levels(halves: Sequence[Half], seen: list[_Seen], least: float, alpha: float) -> None:
    from scipy.stats import t as student

    if len(halves) <= FORMATION + LEAST_HISTORY:
        return
    level = np.log(np.maximum([h.resistance for h in halves], 1e-300))
    scatter, degrees = _scatter(halves, level)
    limit = float(student.isf(alpha / len(halves), degrees))
    past: dict[float, list[int]] = {1.0: [], -1.0: []}
    for k, half in enumerate(halves):
        history = past[half.sign][-HISTORY:]
        lost = 0.0
        if len(history) >= LEAST_HISTORY:
            foretold, widening = _foretold(np.array(history), level[history], k)
            lost = foretold - float(level[k])
            if lost > max(limit * scatter * widening, -math.log1p(-least)):
                # A fall seen within the half cycle may be a later one.
                place = _place(halves, k)
                if "fall" not in seen[k].signs or place[0] < seen[k].after:
                    seen[k].after, seen[k].before = place
                seen[k].add("level", 1 - math.exp(-lost), lost / (scatter * widening))
        if k >= FORMATION and not seen[k].signs:
            past[half.sign].append(k)


def _place(halves: Sequence[Half], k: int) -> tuple[float, float]:
    """The samples between which the potential fell, in half cycle ``k`` or the one before.

    Each of the two is divided by the half cycle of its own direction before it, so that its
    shape drops out; two means part the ratios best at the fall.
    """
    half, earlier = halves[k], halves[k - 1]
    if k < 3:
        return max(float(earlier.time[-1]), half.begin), float(half.time[0])
    ratios, times = [], []
    for j in (k - 1, k):
        like = halves[j - 2]
        own = halves[j]
        usual = np.interp(own.share, like.share, _smooth(like.overpotential))
        ratios.append(_smooth(own.overpotential) / np.maximum(usual, 1e-9))
        times.append(own.time)
    time = np.concatenate(times)
    split = _split(np.concatenate(ratios))
    after = float(time[split - 1])
    if split == len(times[0]):
        after = max(after, half.begin)
    return after, float(time[split])


def _scatter(halves: Sequence[Half], level: Floats) -> tuple[float, float]:
    """Relative scatter of plateaus of one direction, and its degrees of freedom."""
    moves = [
        np.diff(level[[k for k, h in enumerate(halves) if h.sign == sign and k >= FORMATION]], 2)
        for sign in (1.0, -1.0)
    ]
    second = np.concatenate([m for m in moves if m.size] or [np.zeros(0)])
    samples = noise_of(halves) / np.sqrt([h.samples_of_plateau for h in halves])
    noise = float(np.median(samples / np.maximum([abs(h.plateau) for h in halves], 1e-12)))
    own = 1.4826 * float(np.median(np.abs(second))) / math.sqrt(6) if second.size >= 3 else 0.0
    # A median of absolute deviations knows as much as 0.37 as many values would.
    return max(own, noise, FLOOR), max(3.0, 0.37 * second.size)


def _foretold(numbers: NDArray[np.int64], values: Floats, k: int) -> tuple[float, float]:
    """Prediction for half cycle ``k``, and its standard error in scatters (its own included)."""
    n = len(numbers)
    if n < LINE_FROM:
        return float(values.mean()), math.sqrt(1 + 1 / n)
    centre = float(numbers.mean())
    away = numbers - centre
    spread = float(away @ away)
    slope = float(away @ values) / spread
    step = k - centre
    return float(values.mean()) + slope * step, math.sqrt(1 + 1 / n + step**2 / spread)


def _erratic(halves: Sequence[Half], seen: list[_Seen], alpha: float) -> None:
    from scipy.stats import chi2

    noise = noise_of(halves)
    if noise == 0:
        return
    for half, own in zip(halves, seen, strict=True):
        if half.number < FORMATION:
            continue
        size = own_noise(half, robust=False) or 0.0
        # Second differences of white noise are worth about half as many independent ones.
        degrees = max(2.0, half.late.sum() / 2)
        limit = float(chi2.isf(alpha / len(halves), degrees)) / degrees
        if size < LEAST_SHAKE * abs(half.plateau):
            continue
        ratio = size / noise
        # A single fall is a jump, not scatter.
        if ratio > LEAST_ERRATIC and ratio**2 > limit and "fall" not in own.signs:
            if math.isnan(own.after):
                own.after, own.before = half.begin, float(half.time[0])
            own.add("erratic", 0.0, ratio)


def _flattened(halves: Sequence[Half], seen: list[_Seen], alpha: float) -> None:
    from scipy.stats import norm

    rises = np.array([h.shape[0] for h in halves])
    usual = rises[FORMATION : FORMATION + HISTORY]
    usual = usual[np.isfinite(usual)]
    if usual.size < HISTORY:
        return
    reference = float(np.median(usual))
    scale = max(1.4826 * float(np.median(np.abs(usual - reference))), FLOOR)
    limit = float(norm.isf(alpha / len(halves)))
    if reference < max(0.05, 2 * limit * scale):
        return
    lost = np.isfinite(rises) & (rises < LOST_RISE * reference)
    lost &= reference - rises > 2 * limit * scale
    lost[:FORMATION] = False
    # Twice in a row: one half cycle may be cut short.
    twice = lost & (np.append(lost[1:], False) | np.insert(lost[:-1], 0, False))
    for k in np.flatnonzero(twice).tolist():
        if math.isnan(seen[k].after):
            seen[k].after, seen[k].before = halves[k].begin, float(halves[k].time[0])
        seen[k].add("flattened", 0.0, float((reference - rises[k]) / scale))


def _joined(halves: Sequence[Half], seen: Sequence[_Seen]) -> list[Short]:
    """Half cycles in a row that show something are one short."""
    made: list[Short] = []
    run: list[int] = []
    for k in range(len(halves) + 1):
        if k < len(halves) and seen[k].signs:
            run.append(k)
        elif run:
            parts = [seen[j] for j in run]
            made.append(
                Short(
                    hard=False,
                    signs=tuple(dict.fromkeys(sign for part in parts for sign in part.signs)),
                    after=parts[0].after,
                    before=parts[0].before,
                    recovered=halves[k].begin if k < len(halves) else None,
                    first=halves[run[0]].number,
                    last=halves[run[-1]].number,
                    fall=max(part.fall for part in parts),
                    significance=max(part.significance for part in parts),
                )
            )
            run = []
    return made
