"""A staircase of current densities through Li|electrolyte|Li that fails at a known one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    ArealResistance,
    CellVoltage,
    CurrentDensity,
    Ratio,
    Temperature,
    Time,
    Voltage,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q, require
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.virtual.files import truth
from polylyte.virtual.foreseeing import Experiment
from polylyte.virtual.lithium_symmetric_files import (
    WORDS,
    Recorder,
    galvanostatic_file,
    record_table,
)
from polylyte.virtual.lithium_symmetric_profile import (
    Salt,
    SymmetricCell,
    sampled,
    spike,
    symmetric_cell,
)
from polylyte.virtual.noise import generator
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BAI_2016 = Citation(
    "Bai2016",
    "Bai, P.; Li, J.; Brushett, F. R.; Bazant, M. Z.",
    "Transition of lithium growth mechanisms in liquid electrolytes",
    "Energy Environ. Sci.",
    2016,
    "9",
    "3221–3229",
    "10.1039/C6EE01674J",
)
Protocol = Literal["constant time", "constant capacity"]
Failure = Literal["short", "cut-off", "erratic"]
SHORTED = 0.1
"""Share of the potential that a short leaves."""
ERRATIC = 0.15
"""Noise of an erratic half cycle over its potential."""
STEEPNESS = 4.0
"""How many e-folds above the cut-off a lost contact drives the potential in a half cycle."""
MOST_SAMPLES = 500_000


@dataclass(frozen=True, kw_only=True)
class VirtualCriticalCurrent(Result):
    """``files`` holds the record; the rest is the truth behind it."""

    critical_current_density: CurrentDensity = out("true current density from which the cell fails")
    last_sustained: CurrentDensity = out("last step below it")
    first_failing: CurrentDensity = out("first step at or above it")
    area_specific_resistance: ArealResistance = out("true steady resistance at small currents")
    limiting_current_density: CurrentDensity = out("2 F c D/((1 - t+) L)")
    steps: Table = out("current density and half-cycle duration of each step")
    profile: Table = out("the record as written")


def figure(result: VirtualCriticalCurrent) -> Figure:
    """Current and potential over time."""
    hours = [t / 3600 for t in result.profile.column("time")]
    current = [1e3 * i for i in result.profile.column("current")]
    return Figure(
        "virtual-critical-current",
        [
            Panel([Series(hours, current, style="line")], "Time", "Current", "h", "mA"),
            Panel([Series(hours, result.profile.column("potential"), style="line")], "Time",
                  "Potential", "h", "V"),
        ],
        f"Simulated staircase of current densities; the cell fails from "
        f"{result.critical_current_density} on.",
        "Good: small steps around the failure. Bad: a failure in the first step or none.",
        "double",
    )  # fmt: skip


@method(
    "virtual.critical_current",
    version=1,
    cites=[BAI_2016],
    figure=figure,
    origin="virtual",
    prose="A staircase of current densities [Bai2016] from {first_current} to {last_current} in "
    "steps of {increment} ({protocol}) through a Li|Li cell of the virtual sample {sample_name} "
    "that fails ({failure}) from {critical_current_density} on was simulated and written as a "
    "{format} file; it stands in for a measurement and proves the analysis, not the sample.",
)
def critical_current(
    *,
    sample: Sample,
    critical_current_density: CurrentDensity = q("0.85 mA/cm^2"),
    failure: Failure = "short",
    first_current: CurrentDensity = q("0.1 mA/cm^2"),
    last_current: CurrentDensity = q("1.2 mA/cm^2"),
    increment: CurrentDensity = q("0.1 mA/cm^2"),
    protocol: Protocol = "constant time",
    half_cycle: Time = q("30 min"),
    areal_capacity: ArealCapacity = q("0.1 mAh/cm^2"),
    cycles: int = 1,
    salt: AnyQuantity = q("1 mol/L"),
    nucleation: Voltage = q("5 mV"),
    nucleation_capacity: ArealCapacity = q("5 uAh/cm^2"),
    cut_off: CellVoltage = q("5 V"),
    interval: Time = q("60 s"),
    noise: Voltage = q("0.2 mV"),
    scatter: Ratio = q("0.5 %"),
    missing: Ratio = q("0 %"),
    potential_error: Voltage = q("0 mV"),
    current_error: Ratio = q("0 %"),
    temperature: Temperature = q("25 degC"),
    recorder: Recorder = "biologic",
    name: str = "{sample}_critical",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualCriticalCurrent:
    """Plating and stripping at current densities that grow until the cell fails.

    Below the critical current density the potential is that of ``virtual.lithium_symmetric``. In
    the first half cycle at or above it the cell fails somewhere: it is *shorted* (a tenth of the
    potential is left from then on), loses contact and runs into the *cut-off*, or becomes
    *erratic*. Above the limiting current density salt depletes and the cut-off ends the half
    cycle by itself.

    Parameters:
        sample: the truth: film, interfaces, diffusion, area
        critical_current_density: from which on the cell fails
        failure: how
        first_current: of the staircase
        last_current: of the staircase
        increment: between two steps
        protocol: what is the same at every step
        half_cycle: duration of a half cycle at constant time
        areal_capacity: charge of a half cycle at constant capacity
        cycles: at each step
        salt: concentration, for the limiting current
        nucleation: height of the spike
        nucleation_capacity: charge at which it is highest
        cut_off: size of the potential that ends a half cycle
        interval: between samples
        noise: standard deviation of the potential
        scatter: relative standard deviation of a half cycle's potential
        missing: share of the samples that the file lacks; never the last of a half cycle
        potential_error: standard deviation of the voltmeter's zero, one draw
        current_error: standard deviation of the ammeter's gain, one draw
        temperature: of the cell
        recorder: whose file format is written
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: a staircase without steps, or too many samples.
    """
    cell = symmetric_cell(sample, temperature.si, require(salt, "mol/m^3", where="salt").si)
    steps = _steps(first_current.si, last_current.si, increment.si)
    lengths = [
        half_cycle.si if protocol == "constant time" else areal_capacity.si / j for j in steps
    ]
    if cycles < 1 or sum(lengths) * 2 * cycles / interval.si > MOST_SAMPLES:
        raise InputError(f"no cycle, or more than {MOST_SAMPLES} samples", where="cycles")
    if min(lengths) < 4 * interval.si:
        raise InputError("a half cycle has fewer than four samples", where="interval")
    rng = generator(seed, "virtual.critical_current", sample.name)
    zero = potential_error.si * rng.standard_normal()
    gain = 1 + current_error.si * rng.standard_normal()
    run = _Run(
        cell, critical_current_density.si, failure, (nucleation.si, nucleation_capacity.si),
        cut_off.si, interval.si, scatter.si, rng,
    )  # fmt: skip
    for j, length in zip(steps, lengths, strict=True):
        for k in range(2 * cycles):
            run.half(j, 1.0 if k % 2 == 0 else -1.0, length)
    time, current, potential, charge, step = run.columns()
    potential = potential + zero + noise.si * rng.standard_normal(len(time))
    ends = np.append(np.diff(step) != 0, True)
    kept = (rng.random(len(time)) >= missing.si) | ends
    kept[0] = True
    area = sample.area.si
    written = (time[kept], current[kept] * area * gain, potential[kept],
               charge[kept] * area * gain, step[kept])  # fmt: skip
    below = [j for j in steps if j < critical_current_density.si]
    above = [j for j in steps if j >= critical_current_density.si]
    none = Quantity(None, "mA/cm^2", flags=("none",))
    return VirtualCriticalCurrent(
        critical_current_density=truth(critical_current_density.si, "mA/cm^2"),
        last_sustained=truth(below[-1], "mA/cm^2") if below else none,
        first_failing=truth(above[0], "mA/cm^2") if above else none,
        area_specific_resistance=truth(cell.direct, "ohm cm^2"),
        limiting_current_density=truth(cell.limiting_current, "mA/cm^2"),
        steps=Table.of(
            {"current_density": [j / 10 for j in steps], "half_cycle": [t / 3600 for t in lengths]},
            {"current_density": "mA/cm^2", "half_cycle": "h"},
        ),
        profile=record_table(*written[:4]),
        files=galvanostatic_file(
            recorder, *written, sample=sample, temperature=temperature, name=name,
            kind="critical current density", date=date,
        ),
        text={"sample_name": sample.name or "of defaults", "format": WORDS[recorder]},
    )  # fmt: skip


def _steps(first: float, last: float, increment: float) -> list[float]:
    if not 0 < first <= last or increment <= 0:
        raise InputError("first_current to last_current in positive steps", where="increment")
    count = math.floor((last - first) / increment + 1e-9) + 1
    return [first + increment * k for k in range(count)]


class _Run:
    """The record as it grows, half cycle by half cycle; per area and SI."""

    def __init__(
        self,
        cell: SymmetricCell,
        critical: float,
        failure: Failure,
        nucleation: tuple[float, float],
        cut_off: float,
        interval: float,
        scatter: float,
        rng: np.random.Generator,
    ) -> None:
        self.cell, self.critical, self.failure = cell, critical, failure
        self.nucleation, self.cut_off, self.interval = nucleation, cut_off, interval
        self.scatter, self.rng, self.salt = scatter, rng, Salt(cell)
        self.failed = False
        self.clock = self.passed = 0.0
        zero = np.zeros(1)
        self.parts: list[tuple[Floats, ...]] = [(zero, zero, zero, zero, zero)]

    def half(self, density: float, sign: float, length: float) -> None:
        """Append a half cycle."""
        own = sampled(length, self.interval)
        gradient = sign * self.salt.overpotential(self.salt.advance(sign * density, own))
        size = density * (self.cell.film + self.cell.interface) + gradient
        size = (size + spike(density * own, *self.nucleation)) * (
            1 + self.scatter * self.rng.standard_normal()
        )
        size = self._failing(density, own / length, size)
        beyond = np.flatnonzero(size >= self.cut_off)
        stop = int(beyond[0]) + 1 if beyond.size else len(own)
        own, size = own[:stop], np.minimum(size[:stop], self.cut_off)
        charge = self.passed + sign * density * own
        number = np.full(stop, float(len(self.parts)))
        self.parts.append(
            (self.clock + own, np.full(stop, sign * density), sign * size, charge, number)
        )
        self.clock += float(own[-1])
        self.passed = float(charge[-1])

    def _failing(self, density: float, share: Floats, size: Floats) -> Floats:
        draw = self.rng.uniform(0.2, 0.8)
        if density < self.critical:
            return size
        start = 0.0 if self.failed else draw
        self.failed = True
        after = share >= start
        if self.failure == "short":
            return np.where(after, SHORTED * size, size)
        if self.failure == "erratic":
            return np.asarray(
                size + np.where(after, ERRATIC * size * self.rng.standard_normal(len(size)), 0.0)
            )
        folds = np.log(self.cut_off / size) + STEEPNESS
        return np.asarray(size * np.exp(np.where(after, folds * (share - start), 0.0)))

    def columns(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Time, current density, potential, charge and step of every sample."""
        made = [np.concatenate(column) for column in zip(*self.parts, strict=True)]
        return made[0], made[1], made[2], made[3], made[4]


EXPERIMENTS = (
    Experiment(
        "lithium.critical_current",
        files={"data": "*"},
        truths=("critical_current_density",),
        settings={
            "critical_current_density": "0.8 mA/cm^2",
            "nucleation": "0 mV",
            "recorder": "land",
            "sample.transference_number": 1,
        },
        shared={"area": "sample.area"},
        errors={"current_error": "current_accuracy"},
        spread={"critical_current_density": 0.45},
        changes={"increment": 0.5, "half_cycle": 2, "noise": 0.5, "current_error": 0.5},
    ),
)
