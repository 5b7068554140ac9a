"""Cycles of a cell of known capacity, fade, efficiency and polarisation, as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    Charge,
    CRate,
    Mass,
    Percentage,
    Potential,
    Ratio,
    Temperature,
    Time,
    Voltage,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.virtual.files import biologic_header, degrees, file_name, truth
from polylyte.virtual.foreseeing import Experiment
from polylyte.virtual.noise import generator
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

XIAO_2020 = Citation(
    "Xiao2020",
    "Xiao, J.; Li, Q.; Bi, Y.; Cai, M.; Dunn, B.; Glossmann, T.; Liu, J.; Osaka, T.; Sugiura, R.; "
    "Wu, B.; Yang, J.; Zhang, J.-G.; Whittingham, M. S.",
    "Understanding and applying coulombic efficiency in lithium metal batteries",
    "Nat. Energy",
    2020,
    "5",
    "561–568",
    "10.1038/s41560-020-0648-z",
)
MOST_SAMPLES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class VirtualCycling(Result):
    """``files`` holds the record; the rest is the truth behind it."""

    initial_capacity: Charge = out("true discharge capacity of cycle 1")
    retention: Percentage = out("true capacity of the last cycle over that of the first")
    decay_per_cycle: Percentage = out("true loss per cycle over the first capacity")
    coulombic_efficiency: Percentage = out("true discharge over charge capacity")
    polarisation: Voltage = out("charge less discharge potential at half capacity")
    rate_retention: Percentage = out("true capacity at the fastest over that at the slowest rate")
    cycles: Table = out("true capacities and rate of each cycle")


class _Potential(NamedTuple):
    """Open-circuit potential over the state of charge, 0 to 1."""

    charge: Floats
    volts: Floats

    def at(self, state: Floats) -> Floats:
        return np.interp(state, self.charge, self.volts)


def figure(result: VirtualCycling) -> Figure:
    """True capacities over cycles."""
    frame = result.cycles.frame
    x = frame["cycle"].to_list()
    series = [Series(x, frame[n].to_list(), n, "line+points") for n in ("charge", "discharge")]
    return Figure(
        "virtual-cycling",
        [Panel(series, "Cycle", "Capacity", "", "mAh")],
        f"Simulated cycling with a retention of {result.retention}.",
        "Good: enough cycles to tell the fade from the scatter. Bad: a fade within the scatter.",
    )


@method(
    "virtual.cycling",
    version=1,
    cites=[XIAO_2020],
    figure=figure,
    origin="virtual",
    prose="Cycling [Xiao2020] of a cell of {capacity} was simulated over {cycles} cycles with a "
    "fade of {fade} of the first capacity per cycle and a Coulombic efficiency of "
    "{coulombic_efficiency} for the virtual sample {sample_name}, and written as a BioLogic mpt "
    "file; it stands in for a measurement and proves the analysis, not the sample.",
)
def cycling(
    *,
    sample: Sample,
    capacity: Charge = q("2 mAh"),
    cycles: int = 100,
    fade: Ratio = q("0.05 %"),
    efficiency: Ratio = q("99.7 %"),
    rates: list[CRate] | None = None,
    rate_loss: Ratio = q("20 %"),
    plateaus: list[Potential] | None = None,
    widths: list[Voltage] | None = None,
    shares: list[float] | None = None,
    polarisation: Voltage = q("80 mV"),
    lower_potential: Potential = q("3 V vs Li/Li+"),
    upper_potential: Potential = q("4.2 V vs Li/Li+"),
    samples: int = 100,
    rest: Time = q("10 min"),
    noise: Voltage = q("0.5 mV"),
    scatter: Ratio = q("0.1 %"),
    efficiency_scatter: Ratio = q("0.02 %"),
    charge_error: Ratio = q("0 %"),
    missing: Ratio = q("0 %"),
    active_mass: Mass | None = None,
    temperature: Temperature = q("25 degC"),
    name: str = "{sample}_cycling",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualCycling:
    """Charges and discharges with a fade, an efficiency and plateaus that are known.

    C_n = C_1 [1 - fade (n - 1)] [1 - rate_loss log₁₀(rate/slowest)],  charge C_n/CE

    The potential is that of plateaus, Q(E) = Σ a_i/(1 + exp[-(E - E_i)/w_i]), plus half of the
    polarisation on charge, less half of it on discharge, so that dQ/dE peaks at
    E_i ± polarisation/2. ``rates`` splits the cycles evenly over a staircase. Each half cycle
    ends with a sample and a rest; the counter of charges and that of discharges have a gain
    each, one draw of ``charge_error``.

    Parameters:
        sample: area, and name of the file
        capacity: C_1, discharged in cycle 1
        cycles: number of cycles, each a charge and a discharge
        fade: of the first capacity, per cycle
        efficiency: Coulombic efficiency of each cycle
        rates: staircase of rates; by default C/2 throughout
        rate_loss: of the capacity per decade of rate
        plateaus: E_i, by default 3.45 and 3.7 V
        widths: w_i, by default 15 and 25 mV
        shares: a_i, by default 0.6 and 0.4
        polarisation: charge less discharge potential
        lower_potential: where the state of charge is 0
        upper_potential: where it is 1
        samples: of each half cycle
        rest: after each half cycle
        noise: standard deviation of the potential
        scatter: relative standard deviation of a cycle's capacity
        efficiency_scatter: relative standard deviation of a cycle's efficiency
        charge_error: standard deviation of the two gains of the charge counter
        missing: share of the samples that the file lacks; never the last of a half cycle
        active_mass: written into the header where given
        temperature: of the cell, for the file
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: nothing is left of the capacity, or impossible numbers.
    """
    from polylyte.instruments.biologic_writer import write_gcpl

    if cycles < 1 or not samples >= 4 or 2 * cycles * (samples + 2) > MOST_SAMPLES:
        raise InputError("cycles and samples are too few or too many", where="cycles")
    rng = generator(seed, "virtual.cycling", sample.name)
    gains = 1 + charge_error.si * rng.standard_normal(2)
    rate = _staircase(rates, cycles)
    n = np.arange(cycles)
    true = capacity.si * (1 - fade.si * n) * (1 - rate_loss.si * np.log10(rate / rate.min()))
    if true.min() <= 0:
        raise InputError("nothing is left of the capacity", where="fade")
    out_ = true * (1 + scatter.si * rng.standard_normal(cycles))
    into = out_ / efficiency.si * (1 + efficiency_scatter.si * rng.standard_normal(cycles))
    curve = _curve(plateaus, widths, shares, lower_potential.si, upper_potential.si)
    record = _record(
        into * gains[0], out_ * gains[1], rate * capacity.si / 3600, curve, polarisation.si / 2,
        samples, rest.si,
    )  # fmt: skip
    kept = (rng.random(len(record.time)) >= missing.si) | record.ends
    potential = record.potential + noise.si * rng.standard_normal(len(record.time))
    header = biologic_header(
        sample, date, f"{sample.name or 'sample'}, cycling, {degrees(temperature)} degC"
    )
    if active_mass is not None:
        header["Characteristic mass"] = f"{1e3 * active_mass.si:.6g} g"
    raw = write_gcpl(
        record.time[kept],
        record.current[kept],
        potential[kept],
        charge=record.charge[kept],
        half_cycle=record.half[kept],
        header=header,
        temperature=temperature.si - 273.15,
    )
    fastest, slowest = (float(1 - rate_loss.si * np.log10(r / rate.min())) for r in
                        (rate.max(), rate.min()))  # fmt: skip
    return VirtualCycling(
        initial_capacity=truth(float(true[0]), "mAh"),
        retention=truth(float(true[-1] / true[0]), "%"),
        decay_per_cycle=truth(fade.si, "%/cycle"),
        coulombic_efficiency=truth(efficiency.si, "%"),
        polarisation=truth(polarisation.si, "mV"),
        rate_retention=truth(fastest / slowest, "%"),
        cycles=Table.of(
            {
                "cycle": (n + 1).tolist(),
                "rate": rate.tolist(),
                "charge": (true / efficiency.si / 3.6).tolist(),
                "discharge": (true / 3.6).tolist(),
            },
            {"rate": "C-rate", "charge": "mAh", "discharge": "mAh"},
        ),
        files={file_name(name, sample, temperature, "mpt"): raw},
        text={"sample_name": sample.name or "of defaults"},
    )


def _staircase(rates: list[Quantity] | None, cycles: int) -> Floats:
    steps = np.array([r.si for r in rates] if rates else [0.5])
    if steps.min() <= 0 or len(steps) > cycles:
        raise InputError("rates must be positive, and no more than cycles", where="rates")
    return steps[np.arange(cycles) * len(steps) // cycles]


def _curve(
    plateaus: list[Quantity] | None,
    widths: list[Quantity] | None,
    shares: list[float] | None,
    low: float,
    high: float,
) -> _Potential:
    centres = [p.si for p in plateaus] if plateaus else [3.45, 3.7]
    spread = [w.si for w in widths] if widths else [0.015, 0.025][: len(centres)]
    parts = list(shares) if shares else [0.6, 0.4][: len(centres)]
    if not len(centres) == len(spread) == len(parts) or min(*spread, *parts) <= 0 or high <= low:
        raise InputError("plateaus, widths and shares do not fit together", where="plateaus")
    volts = np.linspace(low, high, 20_001)
    shapes = [
        a / (1 + np.exp(-(volts - c) / w)) for a, c, w in zip(parts, centres, spread, strict=True)
    ]
    charge = np.sum(shapes, axis=0)
    return _Potential((charge - charge[0]) / (charge[-1] - charge[0]), volts)


class _Record(NamedTuple):
    time: Floats
    current: Floats
    potential: Floats
    charge: Floats
    half: Floats
    ends: NDArray[np.bool_]


def _record(
    into: Floats,
    out_: Floats,
    current: Floats,
    curve: _Potential,
    half_polarisation: float,
    samples: int,
    rest: float,
) -> _Record:
    """Every half cycle: its samples at even charge, and a rest of two samples after it."""
    share = np.linspace(0, 1, samples + 1)[1:]
    columns: list[list[Floats]] = [[] for _ in range(6)]
    clock = counted = 0.0
    for k in range(2 * len(into)):
        sign = 1.0 if k % 2 == 0 else -1.0
        passed, flow = (into if sign > 0 else out_)[k // 2], float(current[k // 2])
        state = share if sign > 0 else 1 - share
        time = clock + np.append(share * passed / flow, passed / flow + rest * np.array([0.5, 1.0]))
        volts = curve.at(state) + sign * half_polarisation
        after = np.full(2, float(curve.at(state[-1:])[0]))
        ends = np.zeros(samples + 2, dtype=bool)
        ends[samples - 1] = True
        counter = counted + sign * passed * np.append(share, [1.0, 1.0])
        for column, values in zip(
            columns,
            (
                time,
                np.append(np.full(samples, sign * flow), [0.0, 0.0]),
                np.append(volts, after),
                counter,
                np.full(samples + 2, float(k)),
                ends,
            ),
            strict=True,
        ):
            column.append(values)
        clock, counted = float(time[-1]), float(counter[-1])
    return _Record(*(np.concatenate(column) for column in columns))  # type: ignore[arg-type]


def _capacity(made: Result, arguments: Mapping[str, Any]) -> dict[str, Quantity]:
    """Truths of a summary; capacities are divided by the area that the file states."""
    names = ("retention", "decay_per_cycle", "coulombic_efficiency")
    found = {name: made.quantities[name] for name in names}
    found["fitted_decay"] = found["decay_per_cycle"]
    found["reference_capacity"] = made.quantities["initial_capacity"] / arguments["sample"].area
    return found


_NOISE = {"noise": 0.5, "scatter": 0.5, "charge_error": 0.5}
EXPERIMENTS = (
    Experiment(
        "cycling.summary",
        files={"data": "*"},
        truths=_capacity,
        settings={"cycles": 40, "samples": 8},
        errors={"charge_error": "charge_accuracy"},
        changes={"cycles": 2} | _NOISE,
    ),
    Experiment(
        "cycling.rate",
        files={"data": "*"},
        truths=("rate_retention",),
        settings={"cycles": 20, "samples": 6, "fade": "0 %", "rates": ["0.1 C-rate", "0.5 C-rate",
                  "1 C-rate", "5 C-rate"], "fast": "5 C-rate", "slow": "0.1 C-rate"},
        shared={"nominal_capacity": "capacity"},
        errors={"charge_error": "charge_accuracy"},
        changes={"cycles": 2} | _NOISE,
    ),
    Experiment(
        "cycling.profile",
        files={"data": "*"},
        truths={"polarisation": "polarisation", "peak_separation": "polarisation"},
        settings={"cycles": 1, "samples": 400, "plateaus": ["3.45 V"], "noise": "1 mV",
                  "widths": ["20 mV"], "shares": [1.0], "potential_accuracy": "0 mV"},
        changes={"noise": 0.5, "samples": 2, "smoothing": 2},
    ),
)  # fmt: skip
