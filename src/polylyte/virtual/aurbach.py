"""A modified Aurbach protocol on a Li|Cu cell of known Coulombic efficiency, as a file."""

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

ADAMS_2018 = Citation(
    "Adams2018",
    "Adams, B. D.; Zheng, J.; Ren, X.; Xu, W.; Zhang, J.-G.",
    "Accurate Determination of Coulombic Efficiency for Lithium Metal Anodes and Lithium Metal "
    "Batteries",
    "Adv. Energy Mater.",
    2018,
    "8",
    "1702097",
    "10.1002/aenm.201702097",
)
NUCLEATION = 1.5
"""Overpotential of the first nuclei on bare copper over that of the plateau …"""
NUCLEATION_CHARGE = 0.02
"""… and the share of a plating in which it fades."""
OPEN_CIRCUIT = 2.5
"""V against lithium, of copper before the first plating (assumed; nothing depends on it)."""
EXHAUSTION = 0.004
"""Share of the reservoir whose stripping takes the potential from the plateau to the cut-off."""
MOST_SAMPLES = 200_000


@dataclass(frozen=True, kw_only=True)
class VirtualAurbach(Result):
    """``files`` holds the record; the rest is the truth behind it, per area of copper."""

    coulombic_efficiency: Percentage = out("true average Coulombic efficiency")
    reservoir: ArealCapacity = out("charge of the reservoir, Q1")
    cycled_plating: ArealCapacity = out("charge plated in all cycles, Q2")
    cycled_stripping: ArealCapacity = out("charge stripped in all cycles, Q3")
    final_stripping: ArealCapacity = out("charge of the final strip, Q4")
    profile: Table = out("the record as written")


class _Step(NamedTuple):
    """A half cycle; ``charge`` as the instrument counts it, C. ``empties``: to the cut-off."""

    plating: bool
    charge: float
    bare: bool = False
    empties: bool = False


def figure(result: VirtualAurbach) -> Figure:
    """Potential and charge counter over time."""
    hours = [t / 3600 for t in result.profile.column("time")]
    return Figure(
        "virtual-aurbach",
        [
            Panel(
                [Series(hours, result.profile.column("potential"), style="line")],
                "Time",
                "Potential",
                "h",
                "V",
            ),
            Panel(
                [Series(hours, [c / 3.6 for c in result.profile.column("charge")], style="line")],
                "Time",
                "Charge",
                "h",
                "mAh",
            ),
        ],
        f"Simulated modified Aurbach protocol with a Coulombic efficiency of "
        f"{result.coulombic_efficiency}.",
        "Good: a final strip long enough to be counted precisely. Bad: a reservoir that is nearly "
        "used up by the cycles.",
        "double",
    )


@method(
    "virtual.aurbach",
    version=1,
    cites=[ADAMS_2018],
    figure=figure,
    origin="virtual",
    prose="A modified Aurbach protocol [Adams2018] ({reservoir} reservoir, {cycles} cycles of "
    "{cycled}, {current_density}) on a Li|Cu cell of the virtual sample {sample_name} was "
    "simulated with a Coulombic efficiency of {coulombic_efficiency} and written as a BioLogic "
    "mpt file; it stands in for a measurement and proves the analysis, not the sample.",
)
def aurbach(
    *,
    sample: Sample,
    reservoir: ArealCapacity = q("5 mAh/cm^2"),
    cycled: ArealCapacity = q("1 mAh/cm^2"),
    cycles: int = 10,
    current_density: CurrentDensity = q("0.5 mA/cm^2"),
    cut_off: CellVoltage = q("1 V"),
    conditioning: bool = True,
    interval: Time = q("60 s"),
    temperature: Temperature = q("25 degC"),
    noise: Voltage = q("0.5 mV"),
    charge_error: Ratio = q("0 %"),
    name: str = "{sample}_aurbach",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualAurbach:
    """Plating and stripping of lithium on copper with a known Coulombic efficiency.

    Each plating keeps the fraction CE of its lithium, so that the final strip finds
    Q4 = CE (Q1 + n·Qc) - n·Qc, and (Q3 + Q4)/(Q1 + Q2) = CE. A conditioning cycle with its own
    efficiency comes first. The potential is a plateau of ``plating_overpotential``, deeper while
    lithium nucleates on bare copper, and rises exponentially to the cut-off when the last lithium
    goes; positive current strips.

    ``charge_error`` draws one gain for platings and one for strips: the instrument ends its steps
    by its own count, and the lithium differs from it.

    Parameters:
        sample: the truth
        reservoir: Q1, plated first
        cycled: charge of each strip and plating of a cycle
        cycles: n
        current_density: of every step
        cut_off: potential that ends the conditioning and the final strip
        conditioning: plate the reservoir and strip it to the cut-off first
        interval: between samples
        temperature: of the cell, for the file
        noise: standard deviation of the potential
        charge_error: standard deviation of the two gains of the charge counter
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: the reservoir does not last for the cycles, or too many samples.
    """
    from polylyte.instruments.biologic_writer import write_gcpl

    rng = generator(seed, "virtual.aurbach", sample.name)
    plating_gain, stripping_gain = 1 + charge_error.si * rng.standard_normal(2)
    area, efficiency = sample.area.si, sample.coulombic_efficiency.si
    whole, part = reservoir.si * area, cycled.si * area
    # What the instrument counts as `whole` is whole · gain of lithium.
    plated = (whole + cycles * part) * plating_gain
    left = (efficiency * plated - cycles * part * stripping_gain) / stripping_gain
    _check(whole, part, cycles, left, interval.si * current_density.si * area)
    steps = [_Step(True, whole, bare=True)]
    if conditioning:
        kept = sample.conditioning_efficiency.si * plating_gain / stripping_gain
        steps = [steps[0], _Step(False, kept * whole, empties=True), *steps]
    steps += [_Step(False, part), _Step(True, part)] * cycles
    steps.append(_Step(False, left, empties=True))

    current = current_density.si * area
    time, flow, potential, charge, half = _record(
        steps, current, interval.si, sample.plating_overpotential.si, cut_off.si, whole
    )
    potential = potential + noise.si * rng.standard_normal(potential.size)
    ends = np.flatnonzero(np.diff(half, append=half[-1] + 1))
    for k, step in enumerate(steps):
        if step.empties:  # the sample that met the limit
            potential[ends[k]] = cut_off.si
    note = f"{sample.name or 'sample'}, Li-Cu cell, {degrees(temperature)} degC"
    raw = write_gcpl(
        time,
        flow,
        potential,
        charge=charge,
        half_cycle=half,
        header=biologic_header(sample, date, note),
        temperature=temperature.si - 273.15,
    )
    return VirtualAurbach(
        coulombic_efficiency=truth(efficiency, "%"),
        reservoir=truth(whole * plating_gain / area, "mAh/cm^2"),
        cycled_plating=truth(cycles * part * plating_gain / area, "mAh/cm^2"),
        cycled_stripping=truth(cycles * part * stripping_gain / area, "mAh/cm^2"),
        final_stripping=truth(left * stripping_gain / area, "mAh/cm^2"),
        profile=Table.of(
            {
                "time": time.tolist(),
                "current": flow.tolist(),
                "potential": potential.tolist(),
                "charge": charge.tolist(),
            },
            {"time": "s", "current": "A", "potential": "V", "charge": "C"},
        ),
        files={file_name(name, sample, temperature, "mpt"): raw},
        text={"sample_name": sample.name or "of defaults"},
    )


def _record(
    steps: list[_Step],
    current: float,
    interval: float,
    plateau: float,
    cut_off: float,
    whole: float,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Time, current, potential, charge and half cycle of every sample."""
    parts = list(_sampled(steps, current, interval, plateau, cut_off, whole))
    time, flow, potential, charge, half = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return time, flow, potential, charge, half


def _sampled(
    steps: list[_Step],
    current: float,
    interval: float,
    plateau: float,
    cut_off: float,
    whole: float,
) -> Iterator[tuple[Floats, ...]]:
    start, counted = 0.0, 0.0
    yield tuple(np.array([value]) for value in (0.0, 0.0, OPEN_CIRCUIT, 0.0, 0.0))
    for number, step in enumerate(steps):
        duration = step.charge / current
        # The last sample is the one at which the step ends.
        own = np.append(np.arange(interval, duration - 1e-9, interval), duration)
        passed = own * current
        sign = -1.0 if step.plating else 1.0
        size = np.full_like(own, plateau)
        if step.bare:
            size *= 1 + NUCLEATION * np.exp(-passed / (NUCLEATION_CHARGE * step.charge))
        if step.empties:
            size += (cut_off - plateau) * np.exp(-(step.charge - passed) / (EXHAUSTION * whole))
        yield (
            start + own,
            np.full_like(own, sign * current),
            sign * size,
            counted + sign * passed,
            np.full_like(own, number),
        )
        start += duration
        counted += sign * step.charge


def _check(whole: float, part: float, cycles: int, left: float, per_sample: float) -> None:
    if cycles < 1 or min(whole, part, per_sample) <= 0:
        raise InputError("charges, current and cycles must be positive", where="cycles")
    if left <= 0:
        raise InputError(
            f"the reservoir does not last for {cycles} cycles at this efficiency",
            where="cycles",
            remedy="plate a larger reservoir or cycle less often",
        )
    if (2 * whole + 2 * cycles * part + left) / per_sample > MOST_SAMPLES:
        raise InputError(f"more than {MOST_SAMPLES} samples", where="interval")


EXPERIMENTS = (
    Experiment(
        "lithium.aurbach",
        files={"data": "*"},
        truths=("coulombic_efficiency",),
        settings={"interval": "30 min"},
        errors={"charge_error": "charge_accuracy"},
        changes={"charge_error": 0.5, "cycles": 2, "reservoir": 2, "interval": 0.5},
    ),
)
