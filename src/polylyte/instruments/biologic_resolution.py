"""How finely a BioLogic instrument resolved each point, from what its file says of its ranges.

A value that can only be a multiple of a step s lies anywhere within ±s/2: standard uncertainty
s/√12 (JCGM 100:2008, 4.3.7). The step is that of one conversion (:mod:`.biologic_ranges`)
together with the rounding of the stored number. Where the instrument averaged, or took an
amplitude out of many samples, it resolved more finely: the step is an upper bound. It is
resolution alone: calibration, drift and noise are not in it.

- potentials: span/2¹⁶; a difference of two electrodes √2 times that
- currents: 0.004 % of the range of that row
- impedance: s_Z = |Z| √((s_E/|E|)² + (s_I/|I|)²) with the amplitudes |E| and |I| of that row,
  the same for real part, imaginary part and modulus (an error of an amplitude's real part is as
  large as one of its imaginary part); the phase s_Z/|Z| in radians, at most the whole circle
- capacitances: s_Z/(ω Z″²) in series, s_Z/(ω |Z|²) parallel
- power: √((E s_I)² + (I s_E)²)
- charge: ∫ s_I dt from where the counter began: as if every conversion erred alike

Anything else that was measured has the rounding of the stored number, or, where a range is not
stated, the finest step between its values. Each answer says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import InputError, nearest
from polylyte.core.tables import PER_ROW, Table
from polylyte.instruments.biologic_columns import COLUMNS
from polylyte.instruments.biologic_names import column as named
from polylyte.instruments.biologic_ranges import CURRENTS, OF_CURRENT, OVER, potential_step
from polylyte.instruments.recordings import Recording

Floats = NDArray[np.float64]
SOURCE = f"resolution{PER_ROW}"
"""Under which :func:`with_resolution` keeps a column's standard uncertainty."""
_POTENTIALS = {"potential": 1.0, "potential_amplitude": 1.0, "counter_potential": 1.0,
               "counter_amplitude": 1.0, "cell_potential": 2.0**0.5}  # fmt: skip
_CURRENTS = ("current", "current_amplitude")
_IMPEDANCES = ("z_real", "z_imaginary", "z_modulus")
_NOT_MEASURED = {"cycle", "step", "half_cycle", "current_range", "loop", "z_cycle", "mode",
                 "oxidation", "error", "control_changes", "step_changes", "counter_increments",
                 "control", "control_potential", "control_current", "resistance_control",
                 "flags"}  # fmt: skip
_ROUNDING = "rounding of the stored number alone"


@dataclass(frozen=True)
class Resolution:
    """The steps in which a column's values could differ, row by row.

    ``step`` has the unit of the column and is infinite where nothing was resolved (an amplitude
    of zero); ``source`` says what it was taken from.
    """

    step: Floats
    source: str

    @property
    def std(self) -> Floats:
        """Standard uncertainty of a value known to within ± half a step."""
        return np.asarray(self.step * 12.0**-0.5)


def resolution(recording: Recording, column: str, table: str = "") -> Resolution:
    """How finely one column was resolved, row by row.

    Parameters:
        recording: of a BioLogic ``.mpr``; of any other format the finest step between values
        column: its tidy name (``potential``, ``z_real``)
        table: its name, where the recording holds several; by default the first

    Raises:
        InputError: no such column, or one that is no measured number.
        FileError: no such table.
    """
    return _Reading.of(recording, table).resolution(column)


def with_resolution(recording: Recording, table: str = "") -> Table:
    """The table with ``<column>|resolution[*]`` beside each measured column.

    The values are untouched: :meth:`~polylyte.core.tables.Table.std` and ``quantities`` find
    the standard uncertainties. They are null where a step is infinite.
    """
    import polars

    read = _Reading.of(recording, table)
    # Columns may share their steps, as the parts of an impedance do.
    made: list[polars.Series] = []
    done: dict[int, tuple[Resolution, polars.Series]] = {}
    for name in read.measured():
        found = read.resolution(name)
        if id(found.step) not in done:
            std = found.std
            series = polars.Series(std)
            if len(std) and not np.isfinite(std.max()):
                series = series.replace([np.inf], [None])
            done[id(found.step)] = found, series
        made.append(done[id(found.step)][1].alias(f"{name}|{SOURCE}"))
    return Table(read.table.frame.hstack(made), read.table.units, read.table.note)


@dataclass
class _Reading:
    """One table, and what was worked out of it so far."""

    table: Table
    metadata: dict[str, str]
    ours: bool
    unknown: tuple[str, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(recording: Recording, table: str) -> _Reading:
        name = table or next(iter(recording.tables), "")
        ours = recording.format == "biologic.mpr"
        unknown = recording.unknown_columns
        return _Reading(recording.table(name), dict(recording.metadata), ours, unknown)

    def measured(self) -> list[str]:
        return list(self.once("measured", self._measured))

    def _measured(self) -> list[str]:
        frame, out = self.table.frame, {*_NOT_MEASURED, *self.unknown}
        return [name for name in self.table.columns
                if not {name, _base(name)} & out and frame[name].dtype.is_float()]  # fmt: skip

    def resolution(self, name: str) -> Resolution:
        if name not in self.measured():
            raise InputError(f"no measured column '{name}'", remedy=nearest(name, self.measured()))
        if not self.ours:
            return Resolution(self.finest(name), "finest step between values")
        base = _base(name)
        found = self.stated(base, name)
        if found is None and (base in _POTENTIALS or base in _CURRENTS):
            found = self.finest(name), f"finest step between values: {self.lacking(base)}"
        if found is None:
            return Resolution(self.rounded(name, None), self.rounding(base))
        step, source = found
        if base in _IMPEDANCES:
            # Neither part is larger than the modulus.
            most = "z_modulus" if "z_modulus" in self.table.columns else name
            return Resolution(
                self.once(f"{most} rounded", lambda: self.rounded(most, step)), source
            )
        return Resolution(self.rounded(name, step), source)

    def stated(self, base: str, name: str) -> tuple[Floats, str] | None:
        """What the file's ranges say of the column; None where they do not."""
        if base in _POTENTIALS:
            known = self.potential()
            return known and (np.full(len(self.table), known[0] * _POTENTIALS[base]), known[1])
        if base in _CURRENTS:
            return self.current()
        work = _DERIVED.get(base)
        return work(self, base) if work is not None else None

    def potential(self) -> tuple[float, str] | None:
        """Step of a potential in V."""
        found: tuple[float, str] | None = self.once(
            "potential", lambda: potential_step(self.metadata)
        )
        return found

    def current(self) -> tuple[Floats, str] | None:
        """Step of the current in A."""
        found: tuple[Floats, str] | None = self.once("current", self._current)
        return found

    def _current(self) -> tuple[Floats, str] | None:
        codes = self.values("current_range")
        # Rows without a number have a null, and no comparison holds for it.
        if codes is None or not (len(codes) and codes.min() >= 0 and codes.max() < 256):
            return None
        full = np.take(_full_scales(), codes.astype(np.intp), mode="clip")
        low, high = float(full.min()), float(full.max())
        for name in _CURRENTS:
            values = self.values(name)
            # A number whose range is exceeded does not mean what is thought here.
            if values is None or _largest(values) <= OVER * low:
                continue
            if (np.abs(values) > OVER * full).any():
                return None
        if not low:
            return None
        spoken = f"{low:g} A" if low == high else f"{low:g} to {high:g} A"
        return full * OF_CURRENT, f"current range of each row ({spoken}), 0.004 %"

    def relative(self) -> tuple[Floats, str] | None:
        """s_Z/|Z| from the amplitudes of each row."""
        found: tuple[Floats, str] | None = self.once("relative", self._relative)
        return found

    def _relative(self) -> tuple[Floats, str] | None:
        potential, current = self.potential(), self.current()
        e, i = self.values("potential_amplitude"), self.values("current_amplitude")
        if potential is None or current is None or e is None or i is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            both, other = potential[0] / e, current[0] / i
        both *= both
        other *= other
        both += other
        np.sqrt(both, out=both)
        return _bounded(both), f"amplitudes of each row; {potential[1]}; {current[1]}"

    def impedance(self, base: str) -> tuple[Floats, str] | None:
        found, modulus = self.relative(), self.once("modulus", self._modulus)
        if found is None or modulus is None:
            return None
        relative, source = found
        if base == "z_phase":
            return np.minimum(np.degrees(relative), 360.0), source
        with np.errstate(invalid="ignore"):
            step = self.once("z", lambda: _bounded(relative * modulus))
        if base in _IMPEDANCES:
            return step, source
        frequency, imaginary = self.values("frequency"), self.values("z_imaginary")
        if frequency is None or imaginary is None:
            return None
        over = imaginary if base == "series_capacitance" else modulus
        below = (2 * np.pi) * frequency
        below *= over
        below *= over
        with np.errstate(divide="ignore", invalid="ignore"):
            return _bounded(np.divide(step, below, out=below)), source

    def _modulus(self) -> Floats | None:
        modulus = self.values("z_modulus")
        real, imaginary = self.values("z_real"), self.values("z_imaginary")
        if modulus is not None or real is None or imaginary is None:
            return modulus
        return np.asarray(np.sqrt(real * real + imaginary * imaginary))

    def charge(self, base: str) -> tuple[Floats, str] | None:
        current, time = self.current(), self.values("time")
        if current is None or time is None:
            return None
        passed = current[0] * np.fmax(np.diff(time, prepend=time[:1]), 0.0)
        source = f"{current[1]}, as if every conversion erred alike"
        if base == "charge_increment":
            return passed, source
        total = np.cumsum(passed)
        if base == "charge":
            return total, source
        half = self.values("half_cycle")
        if half is None:
            return None
        # Each half cycle counts from the last point before it.
        first = np.flatnonzero(np.diff(half, prepend=half[:1] - 1))
        before = np.where(first > 0, total[first - 1], 0.0)
        return total - np.repeat(before, np.diff([*first, len(half)])), source

    def power(self, base: str) -> tuple[Floats, str] | None:
        potential, current = self.potential(), self.current()
        e, i = self.values("potential"), self.values("current")
        if potential is None or current is None or e is None or i is None:
            return None
        step = np.sqrt((e * current[0]) ** 2 + (i * potential[0]) ** 2)
        return _bounded(step), f"{potential[1]}; {current[1]}"

    def lacking(self, base: str) -> str:
        if base in _POTENTIALS:
            return "no potential range is stated"
        if "current_range" not in self.table.columns:
            return "no current range is stated"
        return "the numbers of its current ranges are not understood"

    def rounding(self, base: str) -> str:
        if base in _DERIVED:
            return f"{_ROUNDING}: what it derives from is not in the file with known ranges"
        return _ROUNDING

    def rounded(self, name: str, step: Floats | None) -> Floats:
        """The step together with the rounding of the stored number, at most ``eps`` of it."""
        values, null = self.values(name), self.table.frame[name].null_count()
        if values is None or not len(values):
            return np.zeros(len(self.table)) if step is None else step
        stored = _stored(self.metadata.get("columns", "")).get(_base(name), "<f8")
        eps = float(np.finfo(stored[1:]).eps)
        # A thousandth of a step alters it by less than a millionth.
        if step is not None and float(step.min()) > 1000 * eps * _largest(values):
            return step
        rounding = np.abs(np.nan_to_num(values) if null else values)
        rounding *= eps
        if step is None:
            return rounding
        rounding *= rounding
        rounding += step * step
        return np.asarray(np.sqrt(rounding, out=rounding))

    def finest(self, name: str) -> Floats:
        """The smallest difference of two values; their rounding where all are equal."""
        values = self.values(name)
        different = np.unique(values[np.isfinite(values)]) if values is not None else np.empty(0)
        step = float(np.diff(different).min()) if len(different) > 1 else 0.0
        if not step and len(different):
            step = float(np.abs(different).max() * np.finfo(np.float32).eps)
        return np.full(len(self.table), step)

    def values(self, name: str) -> Floats | None:
        frame = self.table.frame
        if name not in frame.columns:
            return None
        found: Floats = self.once(f"values {name}", lambda: frame[name].to_numpy())
        return found

    def once(self, key: str, work: Callable[[], Any]) -> Any:
        if key not in self.kept:
            self.kept[key] = work()
        return self.kept[key]


_Work = Callable[[_Reading, str], tuple[Floats, str] | None]
_DERIVED: Mapping[str, _Work] = {
    **dict.fromkeys((*_IMPEDANCES, "z_phase", "series_capacitance", "parallel_capacitance"),
                    _Reading.impedance),
    **dict.fromkeys(("charge", "charge_increment", "half_cycle_charge", "capacity"),
                    _Reading.charge),
    "power": _Reading.power,
}  # fmt: skip


def _bounded(step: Floats) -> Floats:
    """Steps, infinite where they are nothing over nothing or a value is missing."""
    if np.isnan(step.max()):
        step[np.isnan(step)] = np.inf
    return step


def _largest(values: Floats) -> float:
    """The largest size of a value."""
    high, low = float(values.max()), float(values.min())
    if high != high:
        high, low = float(np.fmax.reduce(values)), float(np.fmin.reduce(values))
    return max(abs(high), abs(low))


def _base(name: str) -> str:
    """``potential`` of ``potential 2``: a heading that stands twice in a file."""
    return re.sub(r" \d+$", "", name)


@lru_cache(maxsize=1)
def _full_scales() -> Floats:
    """Nominal currents by number; 0 where a number has none."""
    table = np.zeros(256)
    table[list(CURRENTS)] = list(CURRENTS.values())
    return table


@lru_cache(maxsize=64)
def _stored(numbers: str) -> dict[str, str]:
    """How each column is stored, by its tidy name."""
    known = [COLUMNS[n] for n in map(int, re.findall(r"\d+", numbers)) if n in COLUMNS]
    found = {named(heading).name: code for heading, code in reversed(known)}
    if "potential" not in found and "cell_potential" in found:
        found["potential"] = found["cell_potential"]
    return {name: code for name, code in found.items() if code[1] == "f"}
