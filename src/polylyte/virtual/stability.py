"""Sweeps and floating tests of an electrolyte whose decomposition is known, as files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Current, Potential, Ratio, Resistance
from polylyte.core.kinds import Temperature, Time, Voltage
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q, require
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.virtual.files import (
    SUFFIX,
    VENDOR,
    Instrument,
    biologic_header,
    day,
    degrees,
    file_name,
    truth,
)
from polylyte.virtual.noise import generator, noisy
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MERY_2021 = Citation(
    "Mery2021",
    "Méry, A.; Rousselot, S.; Lepage, D.; Dollé, M.",
    "A Critical Review for an Accurate Electrochemical Stability Window Measurement of Solid "
    "Polymer and Composite Electrolytes",
    "Materials",
    2021,
    "14",
    "3840",
    "10.3390/ma14143840",
)
LITHIUM = "V vs Li/Li+"
MOST_SAMPLES = 200_000


@dataclass(frozen=True, kw_only=True)
class VirtualSweep(Result):
    """``files`` holds the sweep; the rest is the truth behind it."""

    onset: Potential = out("true onset: where the limiting tangent meets the background")
    onset_threshold: Potential = out("true potential at which the current passes the threshold")
    onset_derivative: Potential = out("true potential at which the slope passes its threshold")
    sweep: Table = out("the sweep as written and the faradaic current behind it")


@dataclass(frozen=True, kw_only=True)
class VirtualFloat(Result):
    """``files`` holds the record; ``leakage@4.4V`` of each step is in ``more``."""

    number_of_steps: Ratio = out("steps of potential")
    steps: Table = out("potential and true leakage of each step")
    transient: Table = out("the record as written")


def _softplus(x: Floats) -> Floats:
    """ln(1 + exp(x))."""
    return np.asarray(np.logaddexp(0.0, x))


def figure(result: VirtualSweep) -> Figure:
    """The sweep as written and the faradaic current behind it."""
    frame = result.sweep.frame
    x = frame["potential"].to_list()
    return Figure(
        "virtual-sweep",
        [
            Panel(
                [
                    Series(x, frame["current"].to_list(), "as written", "points"),
                    Series(x, frame["faradaic"].to_list(), "faradaic", "line"),
                ],
                "Potential",
                "Current",
                LITHIUM,
                "uA",
                marks=[Mark(float(result.onset.value or 0.0), "onset")],
            )
        ],
        f"Simulated sweep with an onset at {result.onset}.",
        "Good: a stretch of flat background before the onset. Bad: a sweep that ends before its "
        "current is steep.",
    )


@method(
    "virtual.sweep",
    version=1,
    cites=[MERY_2021],
    figure=figure,
    origin="virtual",
    prose="A linear sweep [Mery2021] at {scan_rate} on the virtual sample {sample_name}, which "
    "decomposes from {onset} on, was simulated with its double layer, leakage and iR and written "
    "as a {format} file; it stands in for a measurement and proves the analysis, not the sample.",
)
def sweep(
    *,
    sample: Sample,
    onset: Potential = q("4.6 V vs Li/Li+"),
    softness: Voltage = q("25 mV"),
    slope: AnyQuantity = q("2 mA/cm^2/V"),
    leakage: AnyQuantity = q("0.2 uA/cm^2/V"),
    resistance: Resistance = q("50 ohm"),
    start: Potential = q("2.5 V vs Li/Li+"),
    stop: Potential = q("5 V vs Li/Li+"),
    scan_rate: AnyQuantity = q("1 mV/s"),
    sample_every: Voltage = q("1 mV"),
    threshold: AnyQuantity = q("10 uA/cm^2"),
    slope_threshold: AnyQuantity = q("0.1 mA/cm^2/V"),
    noise: Current = q("0.2 uA"),
    potential_noise: Voltage = q("0.1 mV"),
    potential_error: Voltage = q("0 mV"),
    temperature: Temperature = q("25 degC"),
    instrument: Instrument = "biologic",
    name: str = "{sample}_lsv",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualSweep:
    """Linear sweep of an electrolyte that decomposes beyond a known potential.

    j = k s ln(1 + exp[(E - E_on)/s]) + C v + g (E - E_start),  E = E_applied - I R

    far beyond E_on the current is k (E - E_on), whose tangent meets the background at E_on; it
    passes j₀ at E_on + s ln[exp(j₀/(k s)) - 1], and its slope passes k₀ at
    E_on + s ln[k₀/(k - k₀)]. A sweep to lower potentials reduces, with mirrored signs.

    Parameters:
        sample: area and double layer (``blocking_capacitance``)
        onset: E_on
        softness: s, how gradually the current sets in
        slope: k, per area
        leakage: g, per area
        resistance: R, uncompensated
        start: first potential
        stop: last potential
        scan_rate: v
        sample_every: potential between samples
        threshold: j₀ of the truth
        slope_threshold: k₀ of the truth
        noise: standard deviation of the current
        potential_noise: standard deviation of the potential
        potential_error: standard deviation of the voltmeter's zero, one draw
        temperature: of the cell, for the file
        instrument: whose file format is written
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: an impossible range, or a threshold that the current never passes.
    """
    k, g = require(slope, "S/m^2", where="slope").si, require(leakage, "S/m^2", where="leakage").si
    v = require(scan_rate, "V/s", where="scan_rate").si
    level = require(threshold, "A/m^2", where="threshold").si
    steep = require(slope_threshold, "S/m^2", where="slope_threshold").si
    sign = 1.0 if stop.si > start.si else -1.0
    _check(start, stop, sample_every, v, steep < k)
    area, s, begin, at = sample.area.si, softness.si, start.si, onset.si

    # From the true potential to the applied one, which the instrument steps through evenly.
    true = begin + sign * np.linspace(-0.1, abs(stop.si - begin) + 0.1, 20_001)
    faradaic = sign * area * k * s * _softplus(sign * (true - at) / s)
    current = faradaic + sign * area * sample.blocking_capacitance.si * v
    current = current + area * g * (true - begin)
    applied = begin + sign * np.arange(0.0, abs(stop.si - begin), sample_every.si)
    ohmic = sign * (true + current * resistance.si)
    there = np.interp(sign * applied, ohmic, np.arange(len(true)))
    current = np.interp(there, np.arange(len(true)), current)
    faradaic = np.interp(there, np.arange(len(true)), faradaic)

    rng = generator(seed, "virtual.sweep", sample.name)
    zero = potential_error.si * rng.standard_normal()
    time = np.abs(applied - begin) / v
    measured = noisy(current, noise.si, rng)
    potential = noisy(applied + zero, potential_noise.si, rng)
    note = f"{sample.name or 'sample'}, linear sweep, {degrees(temperature)} degC"
    return VirtualSweep(
        onset=truth(at, LITHIUM),
        onset_threshold=truth(at + sign * s * float(np.log(np.expm1(level / (k * s)))), LITHIUM),
        onset_derivative=truth(at + sign * s * float(np.log(steep / (k - steep))), LITHIUM),
        sweep=Table.of(
            {
                "potential": potential.tolist(),
                "current": (1e6 * measured).tolist(),
                "faradaic": (1e6 * faradaic).tolist(),
            },
            {"potential": LITHIUM, "current": "uA", "faradaic": "uA"},
        ),
        files={
            file_name(name, sample, temperature, SUFFIX[instrument]): _sweep_file(
                time, potential, measured, applied, instrument, sample, temperature, note, date, v
            )
        },
        text={"sample_name": sample.name or "of defaults", "format": VENDOR[instrument]},
    )


def _sweep_file(
    time: Floats,
    potential: Floats,
    current: Floats,
    applied: Floats,
    instrument: Instrument,
    sample: Sample,
    temperature: Quantity,
    note: str,
    date: str,
    rate: float,
) -> bytes:
    from polylyte.instruments.voltammetry_writer import write_biologic_sweep, write_gamry_lsv

    celsius = temperature.si - 273.15
    if instrument == "gamry":
        on = day(date)
        header: dict[str, str | float] = {
            "DATE": f"{on.month}/{on.day}/{on.year}",
            "AREA": 1e4 * sample.area.si,
            "SCANRATE": 1e3 * rate,
        }
        return write_gamry_lsv(
            time, potential, current, applied=applied, header=header, temperature=celsius,
            notes=note,
        )  # fmt: skip
    return write_biologic_sweep(
        time, potential, current, applied=applied, header=biologic_header(sample, date, note),
        temperature=celsius,
    )  # fmt: skip


def float_figure(result: VirtualFloat) -> Figure:
    """Current and potential over time."""
    frame = result.transient.frame
    hours = (frame["time"] / 3600).to_list()
    return Figure(
        "virtual-float",
        [
            Panel([Series(hours, frame["current"].to_list(), style="line")], "Time", "Current",
                  "h", "uA"),
            Panel([Series(hours, frame["potential"].to_list(), style="line")], "Time",
                  "Potential", "h", LITHIUM),
        ],
        "Simulated floating test.",
        "Good: steps long against their relaxation. Bad: steps that still fall when the next one "
        "begins.",
        "double",
    )  # fmt: skip


@method(
    "virtual.float",
    version=1,
    cites=[MERY_2021],
    figure=float_figure,
    origin="virtual",
    prose="A floating test [Mery2021] of {number_of_steps} steps of {hold} on the virtual sample "
    "{sample_name}, which decomposes from {onset} on, was simulated and written as a {format} "
    "file; it stands in for a measurement and proves the analysis, not the sample.",
)
def floating(
    *,
    sample: Sample,
    onset: Potential = q("4.6 V vs Li/Li+"),
    softness: Voltage = q("25 mV"),
    slope: AnyQuantity = q("0.2 mA/cm^2/V"),
    leakage: AnyQuantity = q("0.5 uA/cm^2"),
    first_step: Potential = q("4 V vs Li/Li+"),
    last_step: Potential = q("5 V vs Li/Li+"),
    step_height: Voltage = q("0.1 V"),
    hold: Time = q("10 h"),
    interval: Time = q("60 s"),
    charging: AnyQuantity = q("20 uA/cm^2"),
    relaxation: Time = q("30 min"),
    noise: Current = q("0.2 uA"),
    gain_error: Ratio = q("0 %"),
    temperature: Temperature = q("25 degC"),
    instrument: Instrument = "biologic",
    name: str = "{sample}_float",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualFloat:
    """Constant potentials one after the other, each with a leakage that is known.

    j(t) = j_leak + k s ln(1 + exp[(E - E_on)/s]) + j_c exp(-t/τ)

    Parameters:
        sample: its area
        onset: E_on
        softness: s, how gradually the current sets in
        slope: k, per area
        leakage: j_leak at every potential
        first_step: first potential
        last_step: last potential
        step_height: between two potentials
        hold: time at each
        interval: between samples
        charging: j_c, the current just after a step
        relaxation: τ
        noise: standard deviation of the current
        gain_error: standard deviation of the ammeter's gain, one draw
        temperature: of the cell, for the file
        instrument: whose file format is written
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: an impossible range of potentials, or too many samples.
    """
    k = require(slope, "S/m^2", where="slope").si
    base = require(leakage, "A/m^2", where="leakage").si
    peak = require(charging, "A/m^2", where="charging").si
    area, s = sample.area.si, softness.si
    if not (first_step.si <= last_step.si and step_height.si > 0 and 0 < interval.si < hold.si):
        raise InputError("first_step to last_step in steps that hold several samples are needed")
    count = round((last_step.si - first_step.si) / step_height.si) + 1
    potential = first_step.si + step_height.si * np.arange(count)
    true = base + k * s * _softplus((potential - onset.si) / s)
    own = np.arange(interval.si, hold.si + 1e-9, interval.si)
    if count * len(own) > MOST_SAMPLES:
        raise InputError(f"more than {MOST_SAMPLES} samples", where="interval")
    rng = generator(seed, "virtual.float", sample.name)
    gain = 1 + gain_error.si * rng.standard_normal()
    time = (np.arange(count)[:, None] * hold.si + own).ravel()
    exact = area * (true[:, None] + peak * np.exp(-own / relaxation.si)).ravel()
    applied = np.repeat(potential, len(own))
    current = noisy(gain * exact, noise.si, rng)
    measured = noisy(applied, 1e-4, rng)
    note = f"{sample.name or 'sample'}, floating test, {degrees(temperature)} degC"
    raw = _float_file(time, measured, current, applied, instrument, sample, temperature, note, date)
    return VirtualFloat(
        number_of_steps=Quantity(float(count), "1", how="virtual"),
        steps=Table.of(
            {"potential": potential.tolist(), "leakage": (100 * true).tolist()},
            {"potential": LITHIUM, "leakage": "uA/cm^2"},
        ),
        transient=Table.of(
            {"time": time.tolist(), "potential": measured.tolist(),
             "current": (1e6 * current).tolist()},
            {"time": "s", "potential": LITHIUM, "current": "uA"},
        ),
        more={f"leakage@{e:.4g}V": truth(j, "uA/cm^2")
              for e, j in zip(potential.tolist(), true.tolist(), strict=True)},
        files={file_name(name, sample, temperature, SUFFIX[instrument]): raw},
        text={"sample_name": sample.name or "of defaults", "format": VENDOR[instrument]},
    )  # fmt: skip


def _float_file(
    time: Floats,
    potential: Floats,
    current: Floats,
    applied: Floats,
    instrument: Instrument,
    sample: Sample,
    temperature: Quantity,
    note: str,
    date: str,
) -> bytes:
    if instrument == "gamry":
        from polylyte.instruments.gamry_writer import write_chronoa

        on = day(date)
        header: dict[str, str | float] = {
            "DATE": f"{on.month}/{on.day}/{on.year}",
            "AREA": 1e4 * sample.area.si,
            "VSTEP1": float(applied[0]),
        }
        celsius = temperature.si - 273.15
        return write_chronoa(
            time, potential, current, applied=applied, header=header, temperature=celsius,
            notes=note,
        )  # fmt: skip
    from polylyte.instruments.biologic_writer import write_ca

    return write_ca(
        time, potential, current, applied=applied, header=biologic_header(sample, date, note),
        temperature=temperature.si - 273.15,
    )  # fmt: skip


def _check(
    start: Quantity, stop: Quantity, every: Quantity, rate: float, passes: bool
) -> None:
    if start.si == stop.si or every.si <= 0 or rate <= 0:
        raise InputError("start, stop, scan_rate and sample_every leave no sweep", where="start")
    if abs(stop.si - start.si) / every.si > MOST_SAMPLES:
        raise InputError(f"more than {MOST_SAMPLES} samples", where="sample_every")
    if not passes:
        raise InputError("the slope never passes slope_threshold", where="slope_threshold")
