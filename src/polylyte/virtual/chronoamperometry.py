"""Polarisation of a symmetric lithium cell of known truth, written as an instrument's files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import Current, Frequency, Ratio, Resistance, Temperature, Time, Voltage
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.virtual.files import (
    SUFFIX,
    VENDOR,
    Instrument,
    degrees,
    file_name,
    spectrum_file,
    transient_file,
    truth,
)
from polylyte.virtual.foreseeing import Experiment
from polylyte.virtual.noise import current_resolution, generator, noisy, noisy_impedance
from polylyte.virtual.samples import Sample
from polylyte.virtual.symmetric_cell import Cell, lithium

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BRUCE_1987 = Citation(
    "Bruce1987",
    "Bruce, P. G.; Vincent, C. A.",
    "Steady state current flow in solid binary electrolyte cells",
    "J. Electroanal. Chem. Interfacial Electrochem.",
    1987,
    "225",
    "1–17",
    "10.1016/0022-0728(87)80001-3",
)
WEIDEMAN_2007 = Citation(
    "Weideman2007",
    "Weideman, J. A. C.; Trefethen, L. N.",
    "Parabolic and hyperbolic contours for computing the Bromwich integral",
    "Math. Comput.",
    2007,
    "76",
    "1341–1356",
    "10.1090/S0025-5718-07-01945-X",
)
GROWTH = 0.02
"""Sampling intervals grow from the first one in proportion to time until the regular one."""
DRIFT_TIMES = 10
"""An interface that drifts settles within a tenth of the polarisation."""


@dataclass(frozen=True, kw_only=True)
class VirtualPolarization(Result):
    """``files`` holds the transient and the spectra before and after; the rest is the truth."""

    transference_number: Ratio = out("true transference number")
    initial_current: Current = out("true ohmic current before salt diffusion")
    steady_current: Current = out("true steady current")
    initial_resistance: Resistance = out("true interface resistance before")
    steady_resistance: Resistance = out("true interface resistance after")
    bulk_resistance: Resistance = out("true resistance of the electrolyte")
    diffusion_time: Time = out("relaxation time of the salt, (L/2)²/D")
    transient: Table = out("the transient as written, and the current behind it")


def figure(result: VirtualPolarization) -> Figure:
    """The transient as written on the current behind it."""
    table = result.transient
    time = table.column("time")
    panel = Panel(
        [
            Series(time, [1e6 * x for x in table.column("current")], "as written", "points"),
            Series(time, [1e6 * x for x in table.column("true_current")], "truth", "line"),
        ],
        "Time",
        "Current",
        "s",
        "uA",
        x_scale="log",
        marks=[
            Mark(1e6 * result.initial_current.si, "initial", "y"),
            Mark(1e6 * result.steady_current.si, "steady", "y"),
        ],
    )
    return Figure(
        "virtual-transient",
        [panel],
        f"Simulated polarisation of a cell with transference number "
        f"{result.transference_number}: double-layer charging, then diffusion of the salt.",
        "Good: samples before the fall begins and a plateau at its end. Bad: a first sample that "
        "is already low, or a record that stops while the current falls.",
    )


@method(
    "virtual.chronoamperometry",
    version=1,
    cites=[BRUCE_1987, WEIDEMAN_2007],
    figure=figure,
    origin="virtual",
    prose="The polarisation of a symmetric lithium cell of the virtual sample {sample_name} by "
    "{bias} for {duration} was simulated from the diffusion of an ideal dilute binary electrolyte "
    "[Bruce1987; Weideman2007] with spectra before and after, and written as {format} files; they "
    "stand in for a measurement and prove the analysis, not the sample.",
)
def chronoamperometry(
    *,
    sample: Sample,
    bias: Voltage = q("10 mV"),
    temperature: Temperature = q("25 degC"),
    duration: Time = q("6000 s"),
    first_interval: Time = q("10 ms"),
    interval: Time = q("2 s"),
    noise: Ratio = q("0.1 %"),
    impedance_noise: Ratio = q("0.1 %"),
    gain_error: Ratio = q("0 %"),
    impedance_gain_error: Ratio = q("0 %"),
    bias_error: Voltage = q("0 mV"),
    converter_bits: int = 0,
    first_frequency: Frequency = q("1 MHz"),
    last_frequency: Frequency = q("0.1 Hz"),
    points_per_decade: int = 10,
    instrument: Instrument = "gamry",
    name: str = "",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualPolarization:
    """Current of Li|electrolyte|Li after a step of potential, and spectra before and after.

    Dilute ideal binary electrolyte, ΔV ≪ RT/F, in series with its interfaces: the current is the
    inverse Laplace transform of ΔV/(s Z(s)) with

        Z(s) = R_b + R_i/(1 + (s τ_i)^α) + R_d·tanh(√(s τ_d))/√(s τ_d),
        R_d = R_b (1 - t₊)/t₊,  τ_d = (L/2)²/D

    It begins, once the double layers are charged, at ΔV/(R_b + R_i), falls by
    Σ exp(-b² t/τ_d) with tan b = -b (R_b + R_i)/R_d, and ends at ΔV/(R_b/t₊ + R_i), so that the
    equation of Bruce and Vincent returns t₊ exactly. Where the interface drifts, the current
    passes from the one to the other constant interface while the drift settles.

    Parameters:
        sample: the truth
        bias: potential step
        temperature: of the cell
        duration: of the polarisation
        first_interval: between the first samples; grows with time to ``interval``
        interval: between later samples
        noise: standard deviation of the current over the initial current
        impedance_noise: standard deviation of each part of Z over |Z|
        gain_error: standard deviation of the ammeter's gain, one draw
        impedance_gain_error: standard deviation of the gain of both spectra, one draw
        bias_error: standard deviation of the step applied, one draw; not seen in the file
        converter_bits: of the ammeter on its decade range; 0 leaves the current unrounded
        first_frequency: highest frequency of the spectra
        last_frequency: lowest frequency of the spectra
        points_per_decade: of the spectra
        instrument: whose file format is written
        name: put before ``transient``, ``before`` and ``after`` in the files' names
        date: written into the files, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: an impossible duration, interval or frequency range.
    """
    _check(duration, first_interval, interval, first_frequency, last_frequency)
    kelvin, drift = temperature.si, sample.interface_drift.si
    before, after = lithium(sample, kelvin), lithium(sample, kelvin, drift=drift)
    rng = generator(seed, "virtual.chronoamperometry", sample.name)
    gain, impedance_gain, offset = rng.standard_normal(3)
    gain = 1 + gain_error.si * gain
    impedance_gain = 1 + impedance_gain_error.si * impedance_gain
    applied = bias.si + bias_error.si * offset

    time = sampling(duration.si, first_interval.si, interval.si)
    exact = _current(before, after, time, applied)
    initial = applied / (before.bulk_resistance + before.interface_resistance)
    step = current_resolution(exact, converter_bits) if converter_bits else 0.0
    current = noisy(gain * exact, noise.si * abs(initial), rng, resolution=step)
    potential = noisy(np.full_like(time, bias.si), 1e-3 * abs(bias.si), rng)

    frequency = _frequencies(first_frequency.si, last_frequency.si, points_per_decade)
    spectra = {
        part: impedance_gain * noisy_impedance(cell.spectrum(frequency), impedance_noise.si, rng)
        for part, cell in (("before", before), ("after", after))
    }
    note = f"{sample.name or 'sample'}, symmetric lithium cell, {degrees(temperature)} degC"
    suffix = SUFFIX[instrument]
    files = {
        file_name(f"{name}transient", sample, temperature, suffix): transient_file(
            time,
            potential,
            current,
            instrument,
            sample=sample,
            temperature=temperature,
            bias=bias,
            note=note,
            date=date,
        )
    }
    for part, z in spectra.items():
        files[file_name(f"{name}{part}", sample, temperature, suffix)] = spectrum_file(
            frequency,
            z,
            instrument,
            sample=sample,
            temperature=temperature,
            amplitude=bias,
            note=f"{note}, {part} polarisation",
            date=date,
        )
    return VirtualPolarization(
        transference_number=truth(sample.transference_number.si, "1"),
        initial_current=truth(initial, "uA"),
        steady_current=truth(applied / after.direct_resistance, "uA"),
        initial_resistance=truth(before.interface_resistance, "ohm"),
        steady_resistance=truth(after.interface_resistance, "ohm"),
        bulk_resistance=truth(before.bulk_resistance, "ohm"),
        diffusion_time=truth(before.diffusion_time, "s"),
        transient=Table.of(
            {"time": time.tolist(), "current": current.tolist(), "true_current": exact.tolist()},
            {"time": "s", "current": "A", "true_current": "A"},
        ),
        files=files,
        text={"sample_name": sample.name or "of defaults", "format": VENDOR[instrument]},
    )


def sampling(duration: float, first: float, regular: float) -> Floats:
    """Sample times (s): from ``first`` on, each interval a fiftieth of the time, at least
    ``first`` and at most ``regular``."""
    times = [first]
    while times[-1] < duration:
        times.append(times[-1] + min(max(first, GROWTH * times[-1]), regular))
    return np.asarray(times[:-1])


def _current(before: Cell, after: Cell, time: Floats, bias: float) -> Floats:
    current = before.step_current(time, bias)
    if after == before:
        return current
    settled = 1 - np.exp(-DRIFT_TIMES * time / time[-1])
    return np.asarray((1 - settled) * current + settled * after.step_current(time, bias))


def _frequencies(high: float, low: float, per_decade: int) -> Floats:
    return np.geomspace(high, low, round(math.log10(high / low) * per_decade) + 1)


def _check(
    duration: Quantity, first: Quantity, interval: Quantity, high: Quantity, low: Quantity
) -> None:
    if not 0 < first.si <= interval.si < duration.si:
        raise InputError(
            f"samples every {first} to {interval} do not fit into {duration}",
            where="interval",
            remedy="first_interval <= interval < duration",
        )
    if duration.si / interval.si > 200_000:
        raise InputError(f"more than 200 000 samples in {duration}", where="interval")
    if not 0 < low.si < high.si:
        raise InputError(f"{high} to {low} is no range from high to low", where="first_frequency")


EXPERIMENTS = (
    Experiment(
        "transference.bruce_vincent",
        files={"polarization": "*transient*", "before": "*before*", "after": "*after*"},
        truths=("transference_number", "initial_resistance", "steady_resistance"),
        settings={"interval": "10 s", "circuit": "R0-p(R1,CPE1)-Ws1"},
        shared={"bias": "bias", "temperature": "temperature"},
        errors={"gain_error": "current_accuracy", "impedance_gain_error": "impedance_accuracy"},
        changes={
            "impedance_gain_error": 0.5,
            "gain_error": 0.5,
            "duration": 2,
            "noise": 0.5,
            "impedance_noise": 0.5,
            "last_frequency": 0.1,
        },
    ),
)
