"""Conventional Li|Cu cycling of known Coulombic efficiency and nucleation, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    ArealCapacity,
    CellVoltage,
    CurrentDensity,
    Percentage,
    Ratio,
    Temperature,
    Time,
    Voltage,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.virtual.files import biologic_header, degrees, file_name, truth
from polylyte.virtual.foreseeing import Experiment
from polylyte.virtual.noise import generator
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

YAN_2016 = Citation(
    "Yan2016",
    "Yan, K.; Lu, Z.; Lee, H.-W.; Xiong, F.; Hsu, P.-C.; Li, Y.; Zhao, J.; Chu, S.; Cui, Y.",
    "Selective deposition and stable encapsulation of lithium through heterogeneous seeded growth",
    "Nat. Energy",
    2016,
    "1",
    "16010",
    "10.1038/nenergy.2016.10",
)
OPEN_CIRCUIT = 2.5
"""V against lithium, of copper before a plating (assumed; it is gone before the spike)."""
NUCLEATION_SHARE = 0.005
"""Share of a plating's charge at which the spike is deepest (assumed)."""
CHARGING_SHARE = 0.0003
"""Share in which the potential of bare copper falls by e (assumed)."""
EXHAUSTION = 0.004
"""Share of a plating whose stripping takes the potential from the plateau to the cut-off."""
GROWTH = 0.1
"""Sampling intervals grow in proportion to the time in a half cycle until the regular one."""
MOST_SAMPLES = 500_000


@dataclass(frozen=True, kw_only=True)
class VirtualPlating(Result):
    """``files`` holds the record; the rest is the truth behind it."""

    coulombic_efficiency: Percentage = out("true mean efficiency of the cycles after the first")
    first_efficiency: Percentage = out("true efficiency of the first cycle")
    first_loss: ArealCapacity = out("lithium plated and not stripped in the first cycle")
    trend: Percentage = out("true change of the efficiency per cycle")
    nucleation_overpotential: Voltage = out("true depth of the first spike below the plateau")
    plateau_overpotential: Voltage = out("true overpotential of the first plateau")
    profile: Table = out("the record as written")


class _Half(NamedTuple):
    """A half cycle; ``charge`` in C as the instrument counts it."""

    plating: bool
    charge: float
    plateau: float
    spike: float
    shorted: bool


def figure(result: VirtualPlating) -> Figure:
    """Potential and charge counter over time."""
    hours = [t / 3600 for t in result.profile.column("time")]
    charge = [c / 3.6 for c in result.profile.column("charge")]
    potential = result.profile.column("potential")
    return Figure(
        "virtual-plating",
        [
            Panel([Series(hours, potential, style="line")], "Time", "Potential", "h", "V"),
            Panel([Series(hours, charge, style="line")], "Time", "Charge", "h", "mAh"),
        ],
        f"Simulated plating and stripping on copper with a Coulombic efficiency of "
        f"{result.coulombic_efficiency}.",
        "Good: a spike that the samples resolve, flat plateaus, strips that end steeply. Bad: "
        "samples too far apart for the spike.",
        "double",
    )


@method(
    "virtual.plating_efficiency",
    version=1,
    cites=[YAN_2016],
    figure=figure,
    origin="virtual",
    prose="{cycles} cycles of plating {plated} on copper at {current_density} and stripping to "
    "{cut_off} were simulated for the virtual sample {sample_name} with a Coulombic efficiency of "
    "{coulombic_efficiency} and a nucleation overpotential of {nucleation_overpotential} "
    "[Yan2016], and written as a BioLogic mpt file; they stand in for a measurement and prove the "
    "analysis, not the sample.",
)
def plating_efficiency(
    *,
    sample: Sample,
    plated: ArealCapacity = q("1 mAh/cm^2"),
    cycles: int = 30,
    current_density: CurrentDensity = q("0.5 mA/cm^2"),
    cut_off: CellVoltage = q("1 V"),
    nucleation: Voltage = q("60 mV"),
    trend: Ratio = q("0 %"),
    efficiency_scatter: Ratio = q("0.1 %"),
    short_from: int = 0,
    first_interval: Time = q("1 s"),
    interval: Time = q("120 s"),
    noise: Voltage = q("0.5 mV"),
    charge_error: Ratio = q("0 %"),
    charge_mismatch: Ratio = q("0 %"),
    potential_error: Voltage = q("0 mV"),
    temperature: Temperature = q("25 degC"),
    name: str = "{sample}_plating",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualPlating:
    """Cycles that each plate one charge on bare copper and strip it to a cut-off.

    CE_1 is the sample's ``conditioning_efficiency``; CE_n = CE + trend·(n - m) + scatter for
    n = 2 … N, m their mean number, and CE its ``coulombic_efficiency``. With x = q/q_n the share
    of the charge at which the spike is deepest, the potential of a plating is

        V = -η - η_n·x·exp(1 - x) + V_oc·exp(-q/q_dl)

    with η the ``plating_overpotential`` and η_n the nucleation overpotential, which falls to two
    thirds after the first plating. A strip runs at +η and rises exponentially to the cut-off.
    From cycle ``short_from`` on (0: never) a soft short carries part of the current: plateaus
    at a third, and efficiencies that jump about 100 %.

    ``charge_error`` is the common gain of the charge counter, ``charge_mismatch`` that of
    stripping alone, ``potential_error`` the voltmeter's zero; one draw each.

    Parameters:
        sample: the truth
        plated: charge of every plating
        cycles: N
        current_density: of every step
        cut_off: potential that ends a strip
        nucleation: η_n of the first plating
        trend: change of the efficiency per cycle
        efficiency_scatter: standard deviation of a cycle's efficiency
        short_from: cycle from which a soft short shows; 0 for never
        first_interval: between the first samples of a plating
        interval: between its later samples
        noise: standard deviation of the potential
        charge_error: standard deviation of the counter's gain
        charge_mismatch: standard deviation of the ratio of its gains for the two directions
        potential_error: standard deviation of the voltmeter's zero
        temperature: of the cell, for the file
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: impossible charges or intervals, or an efficiency beyond 0 to 1.
    """
    from polylyte.instruments.biologic_writer import write_gcpl

    rng = generator(seed, "virtual.plating_efficiency", sample.name)
    gain, mismatch, zero = rng.standard_normal(3)
    gain, mismatch = 1 + charge_error.si * gain, 1 + charge_mismatch.si * mismatch
    area, current = sample.area.si, current_density.si * sample.area.si
    _check(cycles, plated.si, current, first_interval.si, interval.si)
    efficiency = _efficiencies(sample, cycles, trend.si, efficiency_scatter.si, rng)
    if short_from:
        late = max(short_from - 1, 0)
        efficiency[late:] = 1 + 0.15 * rng.standard_normal(cycles - late)
    eta = sample.plating_overpotential.si
    halves = []
    for n, kept in enumerate(efficiency):
        shorted = bool(short_from) and n + 1 >= short_from
        plateau = eta / 3 if shorted else eta
        spike = 0.0 if shorted else nucleation.si * (1.0 if n == 0 else 2 / 3)
        # What the instrument counts as `plated` is gain · plated of lithium, and so back.
        counted = plated.si * area
        halves.append(_Half(True, counted, plateau, spike, shorted))
        halves.append(_Half(False, counted * max(kept, 0.05) * mismatch, plateau, 0.0, shorted))
    if 2 * cycles * (counted / current / interval.si + 120) > MOST_SAMPLES:
        raise InputError(f"more than {MOST_SAMPLES} samples", where="interval")
    time, flow, potential, charge, half = (
        np.concatenate(column)
        for column in zip(
            *_sampled(halves, current, first_interval.si, interval.si, cut_off.si), strict=True
        )
    )
    measured = potential + zero * potential_error.si + noise.si * rng.standard_normal(len(time))
    ends = np.flatnonzero(np.diff(half, append=half[-1] + 1))
    measured[ends[1::2]] = cut_off.si  # the sample that met the limit
    note = f"{sample.name or 'sample'}, Li-Cu cell, {degrees(temperature)} degC"
    raw = write_gcpl(
        time,
        flow,
        measured,
        charge=charge,
        half_cycle=half,
        header=biologic_header(sample, date, note),
        temperature=temperature.si - 273.15,
    )
    first = sample.conditioning_efficiency.si
    return VirtualPlating(
        coulombic_efficiency=truth(sample.coulombic_efficiency.si, "%"),
        first_efficiency=truth(first, "%"),
        first_loss=truth((1 - first) * plated.si * gain, "mAh/cm^2"),
        trend=truth(trend.si, "%/cycle"),
        nucleation_overpotential=truth(nucleation.si, "mV"),
        plateau_overpotential=truth(eta, "mV"),
        profile=Table.of(
            {
                "time": time.tolist(),
                "current": flow.tolist(),
                "potential": measured.tolist(),
                "charge": charge.tolist(),
            },
            {"time": "s", "current": "A", "potential": "V", "charge": "C"},
        ),
        files={file_name(name, sample, temperature, "mpt"): raw},
        text={"sample_name": sample.name or "of defaults"},
    )


def _efficiencies(
    sample: Sample, cycles: int, trend: float, scatter: float, rng: np.random.Generator
) -> Floats:
    n = np.arange(1, cycles + 1, dtype=float)
    middle = float(n[1:].mean()) if cycles > 1 else 1.0
    made = sample.coulombic_efficiency.si + trend * (n - middle)
    made = made + scatter * rng.standard_normal(cycles)
    made[0] = sample.conditioning_efficiency.si
    if made.min() <= 0:
        raise InputError("the efficiency falls below 0 in the last cycles", where="trend")
    return np.asarray(made)


def _sampled(
    halves: list[_Half], current: float, first: float, regular: float, cut_off: float
) -> Iterator[tuple[Floats, ...]]:
    yield tuple(np.array([value]) for value in (0.0, 0.0, OPEN_CIRCUIT, 0.0, 0.0))
    start = counted = 0.0
    whole = halves[0].charge
    for number, step in enumerate(halves):
        duration = step.charge / current
        # Nothing happens at the beginning of a strip that needs dense samples.
        own = sample_times(duration, first if step.plating else regular, regular)
        passed = own * current
        sign = -1.0 if step.plating else 1.0
        size = np.full_like(own, step.plateau)
        if step.plating:
            x = passed / (NUCLEATION_SHARE * whole)
            size = size + step.spike * x * np.exp(1 - x)
            size = size - OPEN_CIRCUIT * np.exp(-passed / (CHARGING_SHARE * whole))
        else:
            left = step.charge - passed
            size = size + (cut_off - step.plateau) * np.exp(-left / (EXHAUSTION * whole))
        yield (
            start + own,
            np.full_like(own, sign * current),
            sign * size,
            counted + sign * passed,
            np.full_like(own, number),
        )
        start += duration
        counted += sign * step.charge


def sample_times(duration: float, first: float, regular: float) -> Floats:
    """Times (s) of the samples of a half cycle: ever less dense, the last at its end."""
    times = [first]
    while times[-1] < duration:
        times.append(times[-1] + min(max(first, GROWTH * times[-1]), regular))
    return np.append(np.asarray([t for t in times if t < duration - 1e-9]), duration)


def _check(cycles: int, plated: float, current: float, first: float, regular: float) -> None:
    if cycles < 1 or min(plated, current) <= 0:
        raise InputError("charge, current and cycles must be positive", where="cycles")
    if not 0 < first <= regular:
        raise InputError("0 < first_interval <= interval is needed", where="first_interval")


EXPERIMENTS = (
    Experiment(
        "lithium.plating_efficiency",
        files={"data": "*"},
        settings={"cycles": 10, "interval": "20 min"},
        truths=(
            "coulombic_efficiency",
            "first_efficiency",
            "first_loss",
            "trend",
            "nucleation_overpotential",
            "plateau_overpotential",
        ),
        shared={"area": "sample.area"},
        errors={
            "charge_error": "charge_accuracy",
            "charge_mismatch": "charge_mismatch",
            "potential_error": "potential_accuracy",
        },
        changes={
            "cycles": 2,
            "plated": 2,
            "efficiency_scatter": 0.5,
            "charge_mismatch": 0.5,
            "noise": 0.5,
            "interval": 0.5,
        },
    ),
)
