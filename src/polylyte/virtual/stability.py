"""Potential sweep of an electrolyte whose decomposition is known, as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    Current,
    Potential,
    Resistance,
    Temperature,
    Voltage,
)
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
from polylyte.virtual.foreseeing import Experiment
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


def softplus(x: Floats) -> Floats:
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
    faradaic = sign * area * k * s * softplus(sign * (true - at) / s)
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


def _check(start: Quantity, stop: Quantity, every: Quantity, rate: float, passes: bool) -> None:
    if start.si == stop.si or every.si <= 0 or rate <= 0:
        raise InputError("start, stop, scan_rate and sample_every leave no sweep", where="start")
    if abs(stop.si - start.si) / every.si > MOST_SAMPLES:
        raise InputError(f"more than {MOST_SAMPLES} samples", where="sample_every")
    if not passes:
        raise InputError("the slope never passes slope_threshold", where="slope_threshold")


EXPERIMENTS = (
    Experiment(
        "stability.sweep",
        files={"data": "*"},
        truths={
            "onset_threshold": "onset_threshold",
            "onset_tangent": "onset",
            "onset_derivative": "onset_derivative",
        },
        settings={
            "noise": "0.1 uA",
            "smoothing": "15 mV",
            "start": "3 V vs Li/Li+",
            "sample_every": "2 mV",
        },
        shared={"area": "sample.area", "resistance": "resistance"},
        errors={"potential_error": "potential_accuracy"},
        changes={"noise": 0.5, "sample_every": 0.5, "potential_error": 0.5, "smoothing": 2},
    ),
)
