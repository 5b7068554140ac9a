"""Cyclic voltammogram of a thin film whose redox couple is known, as a file."""

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
    Ratio,
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
from polylyte.virtual.samples import GAS_CONSTANT, Sample
from polylyte.virtual.voltammetry_model import FARADAY, LARGEST_EXPONENT, Film, Trace, simulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LAVIRON_1979 = Citation(
    "Laviron1979",
    "Laviron, E.",
    "General Expression of the Linear Potential Sweep Voltammogram in the Case of Diffusionless "
    "Electrochemical Systems",
    "J. Electroanal. Chem. Interfacial Electrochem.",
    1979,
    "101",
    "19–28",
    "10.1016/S0022-0728(79)80075-3",
)
LITHIUM = "V vs Li/Li+"
MOST_SAMPLES = 200_000


@dataclass(frozen=True, kw_only=True)
class VirtualVoltammogram(Result):
    """``files`` holds the voltammogram; the rest is the truth behind its last cycle."""

    formal_potential: Potential = out("true formal potential of the couple")
    anodic_peak_potential: Potential = out("true potential of the oxidation peak, iR removed")
    cathodic_peak_potential: Potential = out("true potential of the reduction peak, iR removed")
    midpoint: Potential = out("true mean of the two peak potentials")
    peak_separation: Voltage = out("true anodic less cathodic peak potential")
    anodic_peak_current: AnyQuantity = out("true faradaic current density of the oxidation peak")
    cathodic_peak_current: AnyQuantity = out("true faradaic current density of the reduction peak")
    peak_ratio: Ratio = out("true size of the anodic over that of the cathodic peak current")
    coverage_charge: AnyQuantity = out("true charge density of the whole film, n F Γ")
    voltammogram: Table = out("the voltammogram as written and the faradaic current behind it")


def figure(result: VirtualVoltammogram) -> Figure:
    """The voltammogram as written and the faradaic current behind it."""
    frame = result.voltammogram.frame
    x = frame["potential"].to_list()
    marks = [
        Mark(float(value.value or 0.0), name)
        for name, value in (
            ("anodic", result.anodic_peak_potential),
            ("cathodic", result.cathodic_peak_potential),
        )
    ]
    return Figure(
        "virtual-voltammogram",
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
                marks=marks,
            )
        ],
        f"Simulated voltammogram with peaks {result.peak_separation} apart.",
        "Good: cycles that lie on one another and a flat capacitive stretch on either side of the "
        "peaks. Bad: a peak at the turn.",
    )


@method(
    "virtual.voltammetry",
    version=1,
    cites=[LAVIRON_1979],
    figure=figure,
    origin="virtual",
    prose="Cyclic voltammetry at {scan_rate} on the virtual thin film {sample_name}, whose couple "
    "[Laviron1979] at {formal_potential} peaks {peak_separation} apart, was simulated with its "
    "double layer and iR and written as a {format} file; it stands in for a measurement and proves "
    "the analysis, not the sample.",
)
def voltammetry(
    *,
    sample: Sample,
    formal_potential: Potential = q("3.45 V vs Li/Li+"),
    electrons: int = 1,
    coverage: AnyQuantity = q("2e-7 mol/cm^2"),
    rate_constant: AnyQuantity = q("0.02 s^-1"),
    transfer_coefficient: Ratio = q("0.5"),
    resistance: Resistance = q("20 ohm"),
    start: Potential = q("2.9 V vs Li/Li+"),
    stop: Potential = q("4 V vs Li/Li+"),
    scan_rate: AnyQuantity = q("1 mV/s"),
    cycles: int = 3,
    sample_every: Voltage = q("1 mV"),
    missing: Ratio = q("0 %"),
    noise: Current = q("0.2 uA"),
    potential_noise: Voltage = q("0.1 mV"),
    potential_error: Voltage = q("0 mV"),
    gain_error: Ratio = q("0 %"),
    temperature: Temperature = q("25 degC"),
    instrument: Instrument = "biologic",
    name: str = "{sample}_cv",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualVoltammogram:
    """Cyclic voltammogram of a surface-confined couple with kinetics of Butler and Volmer.

    I = n F A Γ dθ/dt + C dE/dt,  E = E_applied - I R

    dθ/dt = k [(1 - θ) exp((1 - α) n F (E - E⁰)/(RT)) - θ exp(-α n F (E - E⁰)/(RT))]

    solved to 1e-9 of θ; θ is the oxidised share, at equilibrium at the start. Where
    k ≫ n F v/(RT) both peaks are n² F² v A Γ/(4RT) sech²(n F (E - E⁰)/(2RT)), 90.6/n mV wide at
    half height at 25 °C; where k ≪ n F v/(RT) they move apart to
    E⁰ + RT/((1 - α) n F) ln[(1 - α) n F v/(RT k)] and E⁰ - RT/(α n F) ln[α n F v/(RT k)], with
    the current (1 - α) n² F² v A Γ/(e RT), or α instead of 1 - α. Valid for a film so thin that
    it has no gradients, and sites that do not interact.

    Parameters:
        sample: area and double layer (``blocking_capacitance``)
        formal_potential: E⁰
        electrons: n
        coverage: Γ, electroactive sites per area
        rate_constant: k, at E⁰
        transfer_coefficient: α, of the reduction
        resistance: R, uncompensated
        start: potential at which each cycle begins and ends
        stop: potential at which it turns
        scan_rate: v
        cycles: how many
        sample_every: potential between samples
        missing: share of the samples that the file lacks; never a turn
        noise: standard deviation of the current
        potential_noise: standard deviation of the potential
        potential_error: standard deviation of the voltmeter's zero, one draw
        gain_error: standard deviation of the ammeter's gain, one draw
        temperature: of the cell
        instrument: whose file format is written
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: an impossible range or film, or a peak outside the range.
    """
    v = require(scan_rate, "V/s", where="scan_rate").si
    sites = require(coverage, "mol/m^2", where="coverage").si
    k = require(rate_constant, "1/s", where="rate_constant").si
    _check(start, stop, sample_every, v, cycles, missing)
    area, sign = sample.area.si, 1.0 if stop.si > start.si else -1.0
    film = Film(
        potential=formal_potential.si,
        slope=electrons * FARADAY / (GAS_CONSTANT * temperature.si),
        charge=electrons * FARADAY * area * sites,
        rate=k,
        transfer=transfer_coefficient.si,
        capacitance=area * sample.blocking_capacitance.si,
        resistance=resistance.si,
    )
    _check_film(film, electrons, start, stop)
    steps = max(round(abs(stop.si - start.si) / sample_every.si), 2)
    trace = simulate(film, start.si, stop.si, v, cycles, steps)
    upper, lower = trace.peak(1), trace.peak(-1)

    rng = generator(seed, "virtual.voltammetry", sample.name)
    zero = potential_error.si * rng.standard_normal()
    gain = 1 + gain_error.si * rng.standard_normal()
    measured = noisy(gain * trace.current, noise.si, rng)
    potential = noisy(trace.applied + zero, potential_noise.si, rng)
    kept = (rng.random(len(measured)) >= missing.si) | trace.ends
    note = f"{sample.name or 'sample'}, cyclic voltammetry, {degrees(temperature)} degC"
    written = _file(
        trace, kept, potential, measured, instrument, sample, temperature, note, date, v, sign
    )
    return VirtualVoltammogram(
        formal_potential=truth(formal_potential.si, LITHIUM),
        anodic_peak_potential=truth(upper.potential, LITHIUM),
        cathodic_peak_potential=truth(lower.potential, LITHIUM),
        midpoint=truth((upper.potential + lower.potential) / 2, LITHIUM),
        peak_separation=truth(upper.potential - lower.potential, "mV"),
        anodic_peak_current=truth(upper.current / area, "mA/cm^2"),
        cathodic_peak_current=truth(lower.current / area, "mA/cm^2"),
        peak_ratio=truth(abs(upper.current / lower.current), "1"),
        coverage_charge=truth(film.charge / area, "mC/cm^2"),
        voltammogram=Table.of(
            {
                "cycle": trace.cycle[kept].tolist(),
                "potential": potential[kept].tolist(),
                "current": (1e6 * measured[kept]).tolist(),
                "faradaic": (1e6 * trace.faradaic[kept]).tolist(),
            },
            {"potential": LITHIUM, "current": "uA", "faradaic": "uA"},
        ),
        files={file_name(name, sample, temperature, SUFFIX[instrument]): written},
        text={"sample_name": sample.name or "of defaults", "format": VENDOR[instrument]},
    )


def _file(
    trace: Trace,
    kept: NDArray[np.bool_],
    potential: Floats,
    current: Floats,
    instrument: Instrument,
    sample: Sample,
    temperature: Quantity,
    note: str,
    date: str,
    rate: float,
    sign: float,
) -> bytes:
    from polylyte.instruments.voltammetry_writer import write_biologic_sweep, write_gamry_cv

    celsius, on = temperature.si - 273.15, day(date)
    time, applied, cycle = trace.time[kept], trace.applied[kept], trace.cycle[kept]
    if instrument == "gamry":
        ends = (float(applied.max()), float(applied.min()))[:: int(sign)]
        header: dict[str, str | float] = {
            "DATE": f"{on.month}/{on.day}/{on.year}",
            "AREA": 1e4 * sample.area.si,
            "SCANRATE": 1e3 * rate,
            "VLIMIT1": ends[0],
            "VLIMIT2": ends[1],
        }
        return write_gamry_cv(
            time, potential[kept], current[kept], cycle, applied=applied, header=header,
            temperature=celsius, notes=note,
        )  # fmt: skip
    return write_biologic_sweep(
        time, potential[kept], current[kept], applied=applied, cyclic=True, cycle=cycle,
        header=biologic_header(sample, date, note), temperature=celsius,
    )  # fmt: skip


def _check(
    start: Quantity, stop: Quantity, every: Quantity, rate: float, cycles: int, missing: Quantity
) -> None:
    if start.si == stop.si or every.si <= 0 or rate <= 0 or cycles < 1:
        raise InputError(
            "start, stop, scan_rate, cycles and sample_every leave no cycle", where="start"
        )
    if 2 * cycles * abs(stop.si - start.si) / every.si > MOST_SAMPLES:
        raise InputError(f"more than {MOST_SAMPLES} samples", where="sample_every")
    if not 0 <= missing.si < 1:
        raise InputError("lies outside 0 to 100 %", where="missing")


def _check_film(film: Film, electrons: int, start: Quantity, stop: Quantity) -> None:
    if electrons < 1 or film.charge <= 0 or film.rate <= 0:
        raise InputError("electrons, coverage and rate_constant must be positive", where="coverage")
    if not 0 < film.transfer < 1:
        raise InputError("lies outside 0 to 1", where="transfer_coefficient")
    if film.resistance < 0 or film.capacitance < 0:
        raise InputError(
            "resistance and blocking_capacitance must not be negative", where="resistance"
        )
    farthest = max(abs(end.si - film.potential) for end in (start, stop))
    if film.slope * farthest > LARGEST_EXPONENT:
        limit = LARGEST_EXPONENT / film.slope
        raise InputError(
            "start or stop lies too far from the formal potential",
            where="start",
            remedy=f"stay within {limit:.3g} V of it",
        )


EXPERIMENTS = (
    Experiment(
        "cycling.voltammetry",
        files={"data": "*"},
        # The separation is left out: its interval is too wide (984 of 1000) where the potential is
        # noisy, because the error of a peak takes that noise as even over its window.
        truths={
            "anodic_peak": "anodic_peak_potential",
            "cathodic_peak": "cathodic_peak_potential",
            "midpoint": "midpoint",
            "anodic_current": "anodic_peak_current",
            "cathodic_current": "cathodic_peak_current",
            "peak_ratio": "peak_ratio",
        },
        settings={"baseline": "line", "cycles": 2},
        shared={"area": "sample.area", "resistance": "resistance"},
        errors={"potential_error": "potential_accuracy", "gain_error": "current_accuracy"},
        changes={"noise": 0.5, "sample_every": 0.5, "potential_error": 0.5, "gain_error": 0.5,
                 "smoothing": 2},
    ),
)  # fmt: skip
