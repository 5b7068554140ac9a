"""Impedance spectra of a sample of known truth, written as an instrument's files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import AnyQuantity, Frequency, Ratio, Temperature, Voltage
from polylyte.core.methods import get, method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.virtual.files import (
    SUFFIX,
    VENDOR,
    Electrodes,
    Instrument,
    degrees,
    file_name,
    spectrum_file,
    truth,
)
from polylyte.virtual.foresee_fisher import conductivity as conductivity_bound
from polylyte.virtual.foreseeing import Experiment
from polylyte.virtual.noise import generator, noisy_impedance
from polylyte.virtual.samples import Sample
from polylyte.virtual.symmetric_cell import Cell, blocking, lithium

LASIA_2014 = Citation(
    "Lasia2014",
    "Lasia, A.",
    "Electrochemical Impedance Spectroscopy and its Applications",
    "Springer, New York",
    2014,
    doi="10.1007/978-1-4614-8933-7",
)
MOST_POINTS = 2000
_COLUMNS = {
    "temperature": "degC",
    "frequency": "Hz",
    "z_real": "ohm",
    "z_imaginary": "ohm",
    "true_real": "ohm",
    "true_imaginary": "ohm",
}


@dataclass(frozen=True, kw_only=True)
class VirtualSpectra(Result):
    """``files`` holds the spectra; the rest is the truth behind them."""

    number_of_spectra: Ratio = out("spectra written")
    points_per_spectrum: Ratio = out("points of each")
    truth: Table = out("true conductivity and resistances at each temperature")
    spectra: Table = out("the spectra as written, noise included")


def figure(result: VirtualSpectra) -> Figure:
    """Nyquist plots as written, and Arrhenius lines of the truth."""
    table = result.spectra
    rows = list(zip(*(table.column(n) for n in _COLUMNS if n != "frequency"), strict=True))
    nyquist: list[Series] = []
    for index, temperature in enumerate(dict.fromkeys(row[0] for row in rows)):
        own = [row for row in rows if row[0] == temperature]
        label = f"{temperature:.4g} °C"
        nyquist.append(
            Series([r[1] for r in own], [-r[2] for r in own], label, "points", color=index)
        )
        nyquist.append(Series([r[3] for r in own], [-r[4] for r in own], "", "line", color=index))
    kelvin = [t + 273.15 for t in result.truth.column("temperature")]
    conductivity = result.truth.column("conductivity")
    arrhenius = Series([1000 / t for t in kelvin], conductivity, "truth", "line+points")
    return Figure(
        "virtual-spectra",
        [
            Panel(nyquist, "Z′", "−Z″", "ohm", "ohm", equal=True, title="As written"),
            Panel([arrhenius], "1000/T", "Conductivity", "1/K", "S/m", y_scale="log"),
        ],
        "Simulated spectra (points) on the impedance behind them (lines), and the conductivity "
        "that an analysis has to recover.",
        "Good: points on their lines, and a bulk intercept within the frequency range. Bad: noise "
        "that hides the arc, or a range that misses it: plan another one.",
        "double",
    )


@method(
    "virtual.impedance",
    version=1,
    cites=[LASIA_2014],
    figure=figure,
    origin="virtual",
    prose="Impedance spectra of a {electrodes} cell of the virtual sample {sample_name} were "
    "simulated with {noise} noise and written as {format} files at {temperature_list}; they stand "
    "in for a measurement and prove the analysis, not the sample [Lasia2014].",
)
def impedance(
    *,
    sample: Sample,
    electrodes: Electrodes = "blocking",
    temperatures: list[Temperature] = [q("25 degC")],  # noqa: B006
    first_frequency: Frequency = q("1 MHz"),
    last_frequency: Frequency = q("0.1 Hz"),
    points_per_decade: int = 10,
    amplitude: Voltage = q("10 mV"),
    noise: Ratio = q("0.1 %"),
    gain_error: Ratio = q("0 %"),
    inductance: AnyQuantity = q("0 H"),
    instrument: Instrument = "gamry",
    name: str = "{sample}_{temperature}C",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualSpectra:
    """Spectra of a sample between blocking or lithium electrodes, one file per temperature.

    Z(s) = s·L + R_b/(1 + s R_b C_b) + Z_electrodes with s = iω and R_b = L/(σ(T) A); between
    blocking electrodes Z_electrodes = 1/(Q s^β), between lithium electrodes it is
    R_i/(1 + (s τ_i)^α) + R_d·tanh(√(s τ_d))/√(s τ_d), the interfaces and the diffusion of the
    salt. Both parts get independent Gaussian noise of standard deviation ``noise``·|Z|, and one
    gain drawn from ``gain_error`` is common to all spectra.

    Valid for a linear response; ``amplitude`` is written into the file and nothing else.

    Parameters:
        sample: the truth
        electrodes: blocking (steel) or lithium
        temperatures: one file each
        first_frequency: highest frequency
        last_frequency: lowest frequency
        points_per_decade: spaced evenly in log f
        amplitude: of the excitation
        noise: standard deviation of each part over |Z|
        gain_error: standard deviation of the gain of the whole series
        inductance: of the leads
        instrument: whose file format is written
        name: of the files; {sample} and {temperature} are filled in
        date: written into the files, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: an impossible range, or two temperatures with one file name.
    """
    high, low = first_frequency.si, last_frequency.si
    if not 0 < low < high or points_per_decade < 1:
        raise InputError(
            f"{first_frequency} to {last_frequency} is no range from high to low",
            where="first_frequency",
        )
    count = round(math.log10(high / low) * points_per_decade) + 1
    if count > MOST_POINTS or not temperatures:
        raise InputError(
            f"{count} points at {len(temperatures)} temperatures", where="points_per_decade"
        )
    frequency = np.geomspace(high, low, count)
    rng = generator(seed, "virtual.impedance", sample.name)
    gain = 1 + gain_error.si * rng.standard_normal()
    files: dict[str, bytes] = {}
    columns: dict[str, list[float]] = {key: [] for key in _COLUMNS}
    for temperature in temperatures:
        cell = _cell(sample, electrodes, temperature.si, inductance.si)
        exact = cell.spectrum(frequency)
        z = gain * noisy_impedance(exact, noise.si, rng)
        path = file_name(name, sample, temperature, SUFFIX[instrument])
        if path in files:
            raise InputError(
                f"two files are called {path}", where="name", remedy="put {temperature} into it"
            )
        files[path] = spectrum_file(
            frequency,
            z,
            instrument,
            sample=sample,
            temperature=temperature,
            amplitude=amplitude,
            note=_note(sample, electrodes, temperature),
            date=date,
        )
        columns["temperature"] += [temperature.to("degC").value or 0.0] * count
        columns["frequency"] += frequency.tolist()
        columns["z_real"] += z.real.tolist()
        columns["z_imaginary"] += z.imag.tolist()
        columns["true_real"] += exact.real.tolist()
        columns["true_imaginary"] += exact.imag.tolist()
    kelvins = [temperature.si for temperature in temperatures]
    return VirtualSpectra(
        number_of_spectra=Quantity(len(temperatures), "1", how="virtual"),
        points_per_spectrum=Quantity(count, "1", how="virtual"),
        truth=_truth(sample, kelvins),
        spectra=Table.of(columns, _COLUMNS),
        files=files,
        more=_more(sample, electrodes, temperatures),
        text={
            "sample_name": sample.name or "of defaults",
            "format": VENDOR[instrument],
            "temperature_list": ", ".join(f"{degrees(t)} °C" for t in temperatures),
        },
    )


def _cell(sample: Sample, electrodes: Electrodes, kelvin: float, inductance: float) -> Cell:
    build = blocking if electrodes == "blocking" else lithium
    return build(sample, kelvin).with_leads(inductance)


def _note(sample: Sample, electrodes: Electrodes, temperature: Quantity) -> str:
    return f"{sample.name or 'sample'}, {electrodes} electrodes, {degrees(temperature)} degC"


def _truth(sample: Sample, kelvins: Sequence[float]) -> Table:
    return Table.of(
        {
            "temperature": [k - 273.15 for k in kelvins],
            "conductivity": [sample.conductivity_at(k) for k in kelvins],
            "bulk_resistance": [sample.bulk_resistance_at(k) for k in kelvins],
            "interface_resistance": [sample.interface_resistance_at(k) for k in kelvins],
        },
        {"temperature": "degC", "conductivity": "S/m"}
        | {"bulk_resistance": "ohm", "interface_resistance": "ohm"},
    )


def _more(
    sample: Sample, electrodes: Electrodes, temperatures: Sequence[Quantity]
) -> dict[str, Quantity]:
    """The truth by name and temperature."""
    found = {}
    for temperature in temperatures:
        at, kelvin = f"@{degrees(temperature)}degC", temperature.si
        found[f"conductivity{at}"] = truth(sample.conductivity_at(kelvin), "mS/cm")
        found[f"bulk_resistance{at}"] = truth(sample.bulk_resistance_at(kelvin), "ohm")
        if electrodes == "lithium":
            found[f"interface_resistance{at}"] = truth(
                sample.interface_resistance_at(kelvin), "ohm"
            )
    if sample.vtf_energy is None:
        found["activation_energy"] = truth(sample.activation_energy.si, "kJ/mol")
    if electrodes == "lithium":
        found["interface_activation_energy"] = truth(
            sample.interface_activation_energy.si, "kJ/mol"
        )
    return found


def _fisher(made: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, float]:
    defaults = {name: p.default for name, p in get("virtual.impedance").parameters.items()}
    return conductivity_bound(made, told, defaults)


_SPECTRUM_CHANGES = {
    "noise": 0.5,
    "points_per_decade": 2,
    "last_frequency": 0.1,
    "first_frequency": 10,
}
EXPERIMENTS = (
    Experiment(
        "transport.conductivity",
        files={"spectra": "*"},
        truths={"conductivity": "conductivity", "resistance": "bulk_resistance"},
        settings={"noise": "0.5 %"},
        shared={"thickness": "sample.thickness", "area": "sample.area"},
        changes=_SPECTRUM_CHANGES | {"sample.thickness": 2},
        fisher=_fisher,
    ),
    Experiment(
        "transport.activation",
        files={"spectra": "*"},
        truths=("activation_energy",),
        settings={
            "noise": "0.5 %",
            "temperatures": ["25 degC", "35 degC", "45 degC", "55 degC", "65 degC"],
        },
        # The circuit of a film whose own arc lies above the range; not to try others saves time.
        tables={"conductivity": ("transport.conductivity", "conductivity", {"circuit": "R0-CPE1"})},
        changes={"temperatures": 2, "noise": 0.5, "points_per_decade": 2},
    ),
    Experiment(
        "lithium.interface",
        files={"spectra": "*"},
        truths={"resistance": "interface_resistance"},
        settings={"electrodes": "lithium", "circuit": "R0-p(R1,CPE1)-Ws1"},
        errors={"gain_error": "impedance_accuracy"},
        changes=_SPECTRUM_CHANGES | {"gain_error": 0.5},
    ),
)
