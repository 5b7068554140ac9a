"""Draws of an experiment: files of known truth, read back and analysed, and what they say."""

from __future__ import annotations

import fnmatch
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polylyte.core import methods, units
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import Method
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.foresee_question import Question
from polylyte.virtual.noise import generator

QUANTILE = 1.959964
WEAK = ("not identifiable", "unbounded", "lower bound", "upper bound", "too short", "outside range")
"""Flags of a value that the method does not stand for."""


@dataclass(frozen=True)
class Draw:
    """One virtual experiment: what was found, what is true, or why it was refused."""

    found: Mapping[str, Quantity]
    truths: Mapping[str, Quantity]
    refused: str = ""


@dataclass(frozen=True)
class Forecast:
    """What the draws say of one quantity, in its ``unit``.

    ``expected`` is the median of the standard uncertainties that the method states (a few may be
    far larger, where it took another circuit, say), ``realised`` the standard deviation of found
    less true value, ``bias`` its mean.
    """

    name: str
    unit: str
    draws: int
    sound: int
    covered: int
    stated: int
    """Sound draws that state an uncertainty."""
    truth: float
    expected: float | None
    expected_std: float
    """How well the draws know it."""
    realised: float | None
    bias: float | None
    reasons: tuple[tuple[str, int], ...]
    """Why draws were refused or flagged, and how often; most often first."""

    @property
    def refused(self) -> float:
        return 1 - self.sound / self.draws

    @property
    def relative(self) -> float | None:
        if self.expected is None or self.truth == 0.0:
            return None
        return self.expected / abs(self.truth)

    @property
    def coverage(self) -> float | None:
        return self.covered / self.stated if self.stated else None


def draw(asked: Question, seed: int, number: int) -> Draw:
    """One virtual experiment, through the file format."""
    rng = generator(seed, "foresee", asked.analysis.id, str(number))
    own = asked
    for target, value in asked.uncertain.items():
        assert value.value is not None
        assert value.std is not None
        true = Quantity(value.value + value.std * rng.standard_normal(), value.unit)
        own = replace(own, made=own.with_value(target, true).made)
    for target, width in asked.pair.experiment.spread.items():
        factor = 1 + width * rng.uniform(-1, 1)
        own = replace(own, made={**own.made, target: asked.nominal(target) * factor})
    made = asked.virtual.function(**own.made, seed=seed * 1_000_003 + number)
    experiment = asked.pair.experiment
    truths = experiment.truth_of(made, own.made)
    try:
        result = _analysed(asked, made)
    except NotAnswerable as refusal:
        return Draw({}, truths, refusal.what)
    found = {name: result.quantities[name] for name in truths if name in result.quantities}
    return Draw(found, truths)


def _analysed(asked: Question, made: Result) -> Result:
    arguments: dict[str, Any] = {**asked.shared, **asked.told}
    for name, (other, table, settings) in asked.pair.experiment.tables.items():
        arguments[name] = _other(asked, other, settings, made).tables[table]
    for name, pattern in asked.pair.experiment.files.items():
        if name in asked.analysis.parameters:
            arguments[name] = _read(asked.analysis, name, pattern, made)
    return asked.analysis.function(**arguments)


def _other(asked: Question, id: str, settings: Mapping[str, Any], made: Result) -> Result:
    """The analysis whose table is asked for, on the same files."""
    method = methods.get(id)
    files = {
        name: _read(method, name, pattern, made)
        for name, pattern in asked.pair.experiment.files.items()
        if name in method.parameters
    }
    return method.function(**files, **settings)


def _read(method: Method, name: str, pattern: str, made: Result) -> Any:
    parameter = method.parameters[name]
    read: list[Any] = []
    for path, raw in made.files.items():
        if fnmatch.fnmatch(path, pattern):
            one = parameter.target.from_recording(read_bytes(raw, path))
            read += one if isinstance(one, list | tuple) else [one]
    return read if parameter.many else read[0]


def draws(asked: Question, count: int, seed: int) -> list[Draw]:
    """``count`` virtual experiments, the same ones for the same seed."""
    return [draw(asked, seed, number) for number in range(count)]


def forecasts(made: Sequence[Draw]) -> dict[str, Forecast]:
    """What the draws say of each quantity that has a truth."""
    names = dict.fromkeys(name for one in made for name in one.truths)
    return {name: _forecast(name, made) for name in names}


def weak(value: Quantity | None) -> str:
    """Why a value does not count; empty where it does."""
    if value is None:
        return "not among the results"
    flags = [flag for flag in value.flags if flag in WEAK]
    return flags[0] if flags else "not determined" if value.value is None else ""


def _forecast(name: str, made: Sequence[Draw]) -> Forecast:
    reasons: Counter[str] = Counter()
    off, stds, truths, hits, unit = [], [], [], 0, ""
    for one in made:
        value = one.found.get(name)
        reason = one.refused or weak(value)
        if reason:
            reasons[reason] += 1
            continue
        assert value is not None
        assert value.value is not None
        unit = unit or value.unit
        value, truth = value.to(unit), one.truths[name].to(unit)
        assert value.value is not None
        assert truth.value is not None
        off.append(value.value - truth.value)
        truths.append(truth.value)
        if value.std is not None:
            stds.append(value.std)
            hits += covered(value, truth)
    known = [t.value for t in (d.truths.get(name) for d in made) if t is not None and t.value]
    n = len(off)
    return Forecast(
        name=name,
        unit=unit or next((d.truths[name].unit for d in made if name in d.truths), "1"),
        draws=len(made),
        sound=n,
        covered=hits,
        stated=len(stds),
        truth=float(np.mean(truths)) if truths else float(np.mean(known or [0.0])),
        expected=float(np.median(stds)) if stds else None,
        expected_std=_median_std(stds),
        realised=float(np.std(off, ddof=1)) if n > 1 else None,
        bias=float(np.mean(off)) if n else None,
        reasons=tuple(reasons.most_common()),
    )


def _median_std(values: Sequence[float]) -> float:
    """Standard error of a median, from the quartiles as of a normal distribution."""
    if len(values) < 2:
        return 0.0
    low, high = np.percentile(values, [25, 75])
    return float(1.2533 * (high - low) / 1.349 / math.sqrt(len(values)))


def covered(found: Quantity, truth: Quantity) -> bool:
    """Whether the 95 % interval holds the truth: its own interval, else ±1.96 u."""
    true = truth.to(found.unit).value
    assert true is not None
    assert found.value is not None
    assert found.std is not None
    if found.interval is not None:
        return found.interval[0] <= true <= found.interval[1]
    return abs(found.value - true) <= QUANTILE * found.std


@dataclass(frozen=True)
class Change:
    """One setting changed; ``expected`` is the uncertainty of the quantity asked for then."""

    parameter: str
    factor: float
    before: str
    after: str
    expected: float | None
    refused: float
    how: str
    note: str = ""


def changes(
    asked: Question, now: Forecast, count: int, seed: int, *, only_draws: bool = False
) -> list[Change]:
    """Each setting that may be changed, to the better and to the worse.

    ``only_draws``: to the better alone, and by draws also where theory would be faster, for it
    does not say whether the analysis would refuse.
    """
    made = []
    for parameter, factor in asked.pair.experiment.changes.items():
        for power in (1,) if only_draws else (1, -1):
            one = _change(asked, parameter, factor**power, now, count, seed, only_draws)
            if one is not None:
                made.append(one)
    for target, value in asked.uncertain.items():
        better = replace(value, components={s: p / 2 for s, p in value.components.items()})
        words = (f"u({target})", 0.5, str(value), str(better))
        made.append(_tried(asked.with_value(target, better), words, now, count, seed, only_draws))
    return made


def _change(
    asked: Question,
    parameter: str,
    factor: float,
    now: Forecast,
    count: int,
    seed: int,
    only_draws: bool,
) -> Change | None:
    before = asked.nominal(parameter)
    after = scaled(before, factor)
    if after is None:
        return None
    words = (parameter, factor, said(before), said(after))
    return _tried(asked.with_value(parameter, after), words, now, count, seed, only_draws)


def _tried(
    changed: Question,
    words: tuple[str, float, str, str],
    now: Forecast,
    count: int,
    seed: int,
    only_draws: bool,
) -> Change:
    try:
        by_theory = None if only_draws else fisher(changed).get(now.name)
        if by_theory is not None:
            size = by_theory / float(units.unit(now.unit).factor)
            return Change(*words, size, 0.0, "Fisher")
        found = forecasts(draws(changed, count, seed)).get(now.name)
    except InputError as error:
        return Change(*words, None, 1.0, "", error.what)
    if found is None:
        return Change(*words, None, 1.0, "draws", "not among the results")
    return Change(*words, found.expected, found.refused, "draws")


def fisher(asked: Question) -> dict[str, float]:
    """Uncertainties by theory, in SI; empty where there is none for this analysis."""
    rule = asked.pair.experiment.fisher
    if rule is None:
        return {}
    return dict(rule(asked.made, {**asked.shared, **asked.told}))


def scaled(value: Any, factor: float) -> Any:
    """A setting times a factor; a list over the same range with that many more; None: no other."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        after = max(1, round(value * factor))
        return None if after == value else after
    if isinstance(value, float):
        return value * factor
    if isinstance(value, Quantity):
        return None if not value.value else value * factor
    if isinstance(value, list) and len(value) > 1 and isinstance(value[0], Quantity):
        count = round(len(value) * factor)
        unit = value[0].unit
        ends = [float(v.to(unit).value or 0.0) for v in (value[0], value[-1])]
        return (
            [Quantity(float(x), unit) for x in np.linspace(ends[0], ends[1], count)]
            if count > 2
            else None
        )
    return None


def said(value: Any) -> str:
    """A setting in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {said(inner)}" for name, inner in value.items())
    if isinstance(value, list) and len(value) > 1:
        return f"{len(value)} from {said(value[0])} to {said(value[-1])}"
    if isinstance(value, list) and value:
        return said(value[0])
    if isinstance(value, Quantity):
        bare = Quantity(None if value.value is None else float(f"{value.value:.6g}"), value.unit)
        return str(bare)
    return f"{value:g}" if isinstance(value, float) else str(value)
