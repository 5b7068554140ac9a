"""Plating and stripping of Li|electrolyte|Li of known overpotential and shorts, as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    ArealResistance,
    CurrentDensity,
    Percentage,
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

WOOD_2016 = Citation(
    "Wood2016",
    "Wood, K. N.; Kazyak, E.; Chadwick, A. F.; Chen, K.-H.; Zhang, J.-G.; Thornton, K.; "
    "Dasgupta, N. P.",
    "Dendrites and Pits: Untangling the Complex Behavior of Lithium Metal Anodes through Operando "
    "Video Microscopy",
    "ACS Cent. Sci.",
    2016,
    "2",
    "790–801",
    "10.1021/acscentsci.6b00260",
)
MOST_SAMPLES = 500_000
MIDDLE = (0.25, 0.75)
"""Shares of a half cycle's charge between which its plateau is averaged …"""
RISING = 0.2
"""… and from which on a straight line tells its rise."""


EDGE = 1e-6
"""Rounding of shares of charge."""


@dataclass(frozen=True, kw_only=True)
class VirtualSymmetric(Result):
    """``files`` holds the record; the rest is the truth behind it."""

    current_density: CurrentDensity = out("true current density")
    areal_capacity: ArealCapacity = out("charge of a half cycle per area")
    initial_overpotential: Voltage = out("true plateau of the second cycle, both directions")
    overpotential: Voltage = out("true plateau, mean from the second cycle on, without shorts")
    growth: AnyQuantity = out("true growth of the plateau")
    nucleation_overpotential: Voltage = out("true spike above the plateau")
    asymmetry: Percentage = out("true difference of the two directions over their mean")
    rise: Percentage = out("true rise over the last 80 % of a half cycle over the plateau")
    short_circuit_time: Time = out("time of the hard short")
    soft_short_time: Time = out("time of the first soft short")
    half_cycles: Table = out("true plateau of each half cycle, scatter and shorts left out")
    profile: Table = out("the record as written")


class _Half(NamedTuple):
    """One half cycle: times from its begin, share of its charge, |V| without noise, or a rest."""

    begin: float
    time: Floats
    sign: float
    share: Floats
    size: Floats


def figure(result: VirtualSymmetric) -> Figure:
    """Potential over time with the true shorts."""
    hours = [t / 3600 for t in result.profile.column("time")]
    marks = [
        Mark(at.to("h").value or 0.0, words)
        for at, words in (
            (result.soft_short_time, "soft short"),
            (result.short_circuit_time, "hard short"),
        )
        if at.value is not None
    ]
    return Figure(
        "virtual-symmetric",
        [
            Panel(
                [Series(hours, result.profile.column("potential"), style="line")],
                "Time", "Potential", "h", "V", marks=marks,
            )
        ],
        f"Simulated plating and stripping at {result.current_density}.",
        "Good: enough half cycles before a short to know the noise. Bad: a short in the first "
        "cycles.",
        "double",
    )  # fmt: skip


@method(
    "virtual.lithium_symmetric",
    version=1,
    cites=[WOOD_2016],
    figure=figure,
    origin="virtual",
    prose="Plating and stripping [Wood2016] of a Li|Li cell of the virtual sample {sample_name} "
    "was simulated over {cycles} cycles of {areal_capacity} per half cycle at {current_density} "
    "and written as a {format} file; it stands in for a measurement and proves the analysis, not "
    "the sample.",
)
def lithium_symmetric(
    *,
    sample: Sample,
    current_density: CurrentDensity = q("0.5 mA/cm^2"),
    half_cycle: Time = q("1 h"),
    cycles: int = 20,
    rest: Time = q("0 s"),
    salt: AnyQuantity = q("1 mol/L"),
    growth: AnyQuantity = q("0 %/h"),
    nucleation: Voltage = q("30 mV"),
    first_nucleation: Voltage = q("80 mV"),
    nucleation_capacity: ArealCapacity = q("20 uAh/cm^2"),
    asymmetry: Ratio = q("0 %"),
    soft_shorts: list[Time] | None = None,
    soft_fall: Ratio = q("30 %"),
    soft_duration: Time = q("3 h"),
    erratic: Voltage = q("0 mV"),
    hard_short: Time | None = None,
    short_resistance: ArealResistance = q("2 ohm cm^2"),
    interval: Time = q("60 s"),
    noise: Voltage = q("0.2 mV"),
    scatter: Ratio = q("0.5 %"),
    missing: Ratio = q("0 %"),
    potential_error: Voltage = q("0 mV"),
    current_error: Ratio = q("0 %"),
    temperature: Temperature = q("25 degC"),
    recorder: Recorder = "biologic",
    name: str = "{sample}_symmetric",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualSymmetric:
    """Galvanostatic cycling of a symmetric lithium cell whose shorts are known.

    |V| = J [R_film + R_int (1 + g t)] + V_gradient + V_nucleation

    V_gradient is that of a binary electrolyte between two electrodes (finite-length closed form
    with its memory over half cycles); V_nucleation rises to its height at
    ``nucleation_capacity`` and fades. A soft short takes the share ``soft_fall`` off the potential
    for a while (and adds erratic noise), a hard one leaves ``short_resistance`` alone.

    Parameters:
        sample: the truth: film, interfaces, diffusion, area
        current_density: of every half cycle
        half_cycle: its duration
        cycles: of two half cycles each
        rest: after every half cycle
        salt: concentration, for the limiting current
        growth: g, relative growth of the interface resistance
        nucleation: height of the spike
        first_nucleation: that of the first half cycle, on fresh lithium
        nucleation_capacity: charge at which the spike is highest
        asymmetry: difference of the two directions over their mean
        soft_shorts: times at which soft shorts begin
        soft_fall: share of the potential that a soft short takes
        soft_duration: how long it lasts
        erratic: standard deviation of the noise that a soft short adds
        hard_short: time from which the cell is shorted
        short_resistance: what is left of its resistance then
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
        InputError: impossible numbers, a current above the limiting one, or too many samples.
    """
    rate = require(growth, "1/s", where="growth").si
    cell = symmetric_cell(sample, temperature.si, require(salt, "mol/m^3", where="salt").si)
    density, length = current_density.si, half_cycle.si
    _check(density, length, cycles, interval.si, cell)
    rng = generator(seed, "virtual.lithium_symmetric", sample.name)
    zero = potential_error.si * rng.standard_normal()
    gain = 1 + current_error.si * rng.standard_normal()
    halves = _halves(
        cell, density, length, cycles, rest.si, interval.si, rate, asymmetry.si,
        (first_nucleation.si, nucleation.si, nucleation_capacity.si),
    )  # fmt: skip
    starts = [t.si for t in soft_shorts or []]
    hard = None if hard_short is None else hard_short.si
    made = [
        _measured(
            h, rng, 1 + scatter.si * rng.standard_normal(), noise.si, starts, soft_fall.si,
            soft_duration.si, erratic.si, hard, density * short_resistance.si,
        )
        for h in halves
    ]  # fmt: skip
    time = np.concatenate([h.begin + h.time for h in halves])
    flow = np.concatenate([np.full(len(h.time), h.sign) for h in halves])
    step = np.concatenate([np.full(len(h.time), float(k)) for k, h in enumerate(halves)])
    ends = np.append(np.diff(step) != 0, True)
    sums = np.cumsum([0.0, *(h.sign for h in halves)])[:-1]
    passed = np.concatenate([s + h.sign * h.share for s, h in zip(sums, halves, strict=True)])
    kept = (rng.random(len(time)) >= missing.si) | ends
    kept[0] = True
    area = sample.area.si
    # What the instrument calls the current is gain times the true one; so is its charge.
    true_current = density * area
    columns = (
        time,
        flow * true_current * gain,
        np.concatenate(made) + zero,
        passed * true_current * length * gain,
        step,
    )
    written = tuple(c[kept] for c in columns)
    table, known = _truth(halves, density, hard, starts)
    return VirtualSymmetric(
        current_density=truth(density, "mA/cm^2"),
        areal_capacity=truth(density * length, "mAh/cm^2"),
        **known,  # type: ignore[arg-type]
        growth=truth(density * cell.interface * rate, "mV/h"),
        asymmetry=truth(asymmetry.si, "%"),
        half_cycles=table,
        profile=record_table(*written[:4]),
        files=galvanostatic_file(
            recorder, *written, sample=sample, temperature=temperature, name=name,
            kind="Li-Li cell", date=date,
        ),
        text={"sample_name": sample.name or "of defaults", "format": WORDS[recorder]},
    )  # fmt: skip


def _halves(
    cell: SymmetricCell,
    density: float,
    length: float,
    cycles: int,
    rest: float,
    interval: float,
    rate: float,
    asymmetry: float,
    nucleation: tuple[float, float, float],
) -> list[_Half]:
    salt, clock, own = Salt(cell), 0.0, sampled(length, interval)
    resting = sampled(rest, min(interval, rest)) if rest > 0 else None
    first, later, tip = nucleation
    made = [_Half(0.0, np.zeros(1), 0.0, np.zeros(1), np.zeros(1))]
    for k in range(2 * cycles):
        sign = 1.0 if k % 2 == 0 else -1.0
        gradient = sign * salt.overpotential(salt.advance(sign * density, own))
        ohmic = density * (cell.film + cell.interface * (1 + rate * (clock + own)))
        size = (ohmic + gradient) * (1 + sign * asymmetry / 2)
        size = size + spike(density * own, later if k else first, tip)
        made.append(_Half(clock, own, sign, own / length, size))
        clock += length
        if resting is not None:
            after = sign * salt.overpotential(salt.advance(0.0, resting))
            made.append(_Half(clock, resting, 0.0, np.zeros(len(resting)), after * sign))
            clock += rest
    return made


def _measured(
    half: _Half,
    rng: np.random.Generator,
    factor: float,
    noise: float,
    soft: list[float],
    fall: float,
    duration: float,
    erratic: float,
    hard: float | None,
    shorted: float,
) -> Floats:
    """The potential of a half cycle with scatter, shorts and noise."""
    time = half.begin + half.time
    size = half.size * factor
    within = np.zeros(len(time), dtype=bool)
    for start in soft:
        within |= (time >= start) & (time < start + duration)
    size = np.where(within, (1 - fall) * size, size)
    draws = rng.standard_normal((2, len(time)))
    size = size + np.where(within & (half.sign != 0), erratic * draws[1], 0.0)
    if hard is not None:
        size = np.where(time >= hard, shorted if half.sign else 0.0, size)
    return np.asarray((half.sign or 1.0) * size + noise * draws[0])


def _truth(
    halves: list[_Half], density: float, hard: float | None, soft: list[float]
) -> tuple[Table, dict[str, Quantity]]:
    active = [h for h in halves if h.sign]
    plateau = [
        float(h.size[(h.share > MIDDLE[0] - EDGE) & (h.share < MIDDLE[1] + EDGE)].mean())
        for h in active
    ]
    rises = []
    for h, level in zip(active, plateau, strict=True):
        late = h.share > RISING - EDGE
        slope = float(np.polyfit(h.share[late], h.size[late], 1)[0])
        rises.append(slope * (1 - RISING) / level)
    tips = [float(h.size[h.share < 0.25].max()) - level
            for h, level in zip(active, plateau, strict=True)]  # fmt: skip
    later = slice(2, None)
    first = min(t for t in (hard, *soft) if t is not None) if hard is not None or soft else None
    safe = [
        k for k, h in enumerate(active)
        if k >= 2 and (first is None or h.begin + h.time[-1] < first)
    ] or list(range(len(active)))[later]  # fmt: skip
    whole = safe[: len(safe) // 2 * 2]
    table = Table.of(
        {
            "begin": [h.begin for h in active],
            "direction": [int(h.sign) for h in active],
            "plateau": plateau,
            "rise": rises,
            "spike": tips,
        },
        {"begin": "s", "plateau": "V", "spike": "V"},
    )

    def at(value: float | None) -> Quantity:
        return Quantity(None, "h", flags=("none",)) if value is None else truth(value, "h")

    return table, {
        "initial_overpotential": truth(float(np.mean(plateau[2:4])), "mV"),
        "overpotential": truth(float(np.mean([plateau[k] for k in whole])), "mV"),
        "nucleation_overpotential": truth(float(np.mean([tips[k] for k in whole])), "mV"),
        "rise": truth(float(np.mean([rises[k] for k in whole])), "%"),
        "short_circuit_time": at(hard),
        "soft_short_time": at(min(soft) if soft else None),
    }


def _check(
    density: float, length: float, cycles: int, interval: float, cell: SymmetricCell
) -> None:
    if cycles < 2 or min(density, length, interval) <= 0 or interval > length / 4:
        raise InputError(
            "at least two cycles of half cycles with four samples are needed", where="cycles"
        )
    if 2 * cycles * length / interval > MOST_SAMPLES:
        raise InputError(f"more than {MOST_SAMPLES} samples", where="interval")
    if density >= cell.limiting_current:
        raise InputError(
            f"exceeds the limiting current density of {cell.limiting_current / 10:.3g} mA cm⁻²",
            where="current_density",
            remedy="lower it, or use virtual.sand_time",
        )


EXPERIMENTS = (
    Experiment(
        "lithium.symmetric",
        files={"data": "*"},
        truths=("overpotential", "growth", "asymmetry", "rise"),
        settings={"cycles": 12, "interval": "2 min", "growth": "0.3 %/h", "recorder": "land"},
        shared={"area": "sample.area"},
        errors={"potential_error": "potential_accuracy", "current_error": "current_accuracy"},
        changes={"cycles": 2, "scatter": 0.5, "noise": 0.5, "potential_error": 0.5},
    ),
)
