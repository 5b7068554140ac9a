"""Impedance of an equivalent circuit of known parameters, as an instrument's file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polylyte.analysis.impedance.circuits import Circuit, parse
from polylyte.core.citations import Citation
from polylyte.core.coercion import quantity
from polylyte.core.errors import InputError, nearest
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Frequency, Kind, Ratio, Resistance, Temperature
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.virtual.files import SUFFIX, VENDOR, Instrument, file_name, spectrum_file, truth
from polylyte.virtual.foresee_fisher import of_circuit
from polylyte.virtual.foreseeing import Experiment
from polylyte.virtual.noise import generator, noisy_impedance
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LASIA_2014 = Citation(
    "Lasia2014",
    "Lasia, A.",
    "Electrochemical Impedance Spectroscopy and its Applications",
    "Springer, New York",
    2014,
    doi="10.1007/978-1-4614-8933-7",
)
MOST_POINTS = 2000
USUAL = {
    "ohm": 100.0,
    "ohm/s^0.5": 50.0,
    "F": 1e-7,
    "H": 1e-6,
    "S": 1e-7,
    "s": 1.0,
    "1": 0.9,
}
"""Value of a parameter that is not stated, by its unit …"""
STEP = 100.0
"""… each further capacitance or time constant is this many times the one before."""


@dataclass(frozen=True, kw_only=True)
class VirtualCircuit(Result):
    """``files`` holds the spectrum; the parameters of the circuit are in ``more``."""

    R_total: Resistance = out("resistances in series, without blocking parts")
    spectrum: Table = out("the spectrum as written and the impedance behind it")


def figure(result: VirtualCircuit) -> Figure:
    """Nyquist plot as written."""
    table = result.spectrum
    columns = {name: table.column(name) for name in table.columns}
    points = Series(columns["z_real"], [-z for z in columns["z_imaginary"]], "as written")
    line = Series(columns["true_real"], [-z for z in columns["true_imaginary"]], "truth", "line")
    return Figure(
        "virtual-circuit",
        [Panel([points, line], "Z′", "−Z″", "ohm", "ohm", equal=True)],
        f"Simulated impedance of {result.text['circuit_text']}.",
        "Good: every arc lies within the frequency range. Bad: an arc that the range cuts off.",
    )


@method(
    "virtual.circuit",
    version=1,
    cites=[LASIA_2014],
    figure=figure,
    origin="virtual",
    prose="The impedance [Lasia2014] of the circuit {circuit_text} with {value_text} was simulated "
    "with {noise} noise and written as a {format} file; it stands in for a measurement and proves "
    "the analysis, not the sample.",
)
def circuit(
    *,
    sample: Sample,
    circuit: str = "R0-p(R1,CPE1)-CPE2",
    values: dict[str, Any] | None = None,
    first_frequency: Frequency = q("1 MHz"),
    last_frequency: Frequency = q("1 Hz"),
    points_per_decade: int = 10,
    noise: Ratio = q("0.5 %"),
    temperature: Temperature = q("25 degC"),
    instrument: Instrument = "gamry",
    name: str = "{sample}_circuit",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualCircuit:
    """Spectrum of a circuit with known parameters.

    Z(ω) of the circuit, both parts with independent Gaussian noise of ``noise``·|Z|. What
    ``values`` does not name has a usual value: 100 ohm, 0.1 µF (each further capacitance a
    hundred times the one before), exponents 0.9, 1 s, 50 ohm s^-0.5, 1 µH.

    Parameters:
        sample: names the file; its area is written into it
        circuit: as impedance.fit takes it
        values: parameter -> value with unit (or a number in SI)
        first_frequency: highest frequency
        last_frequency: lowest frequency
        points_per_decade: spaced evenly in log f
        noise: standard deviation of each part over |Z|
        temperature: written into the file
        instrument: whose file format is written
        name: of the file; {sample} and {temperature} are filled in
        date: written into the file, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: a circuit that cannot be read, a value of no parameter, an impossible range.
    """
    compiled = parse(circuit)
    truths = parameters(compiled, values or {})
    high, low = first_frequency.si, last_frequency.si
    if not 0 < low < high or points_per_decade < 1:
        raise InputError(
            f"{first_frequency} to {last_frequency} is no range from high to low",
            where="first_frequency",
        )
    count = round(math.log10(high / low) * points_per_decade) + 1
    if count > MOST_POINTS:
        raise InputError(f"{count} points are too many", where="points_per_decade")
    frequency = np.geomspace(high, low, count)
    exact = compiled.impedance(truths, frequency)
    z = noisy_impedance(exact, noise.si, generator(seed, "virtual.circuit", sample.name))
    raw = spectrum_file(
        frequency,
        z,
        instrument,
        sample=sample,
        temperature=temperature,
        amplitude=q("10 mV"),
        note=f"circuit {compiled}",
        date=date,
    )
    named = dict(zip(compiled.names, truths.tolist(), strict=True))
    return VirtualCircuit(
        R_total=truth(compiled.series_resistance(truths), "ohm"),
        spectrum=Table.of(
            {
                "frequency": frequency.tolist(),
                "z_real": z.real.tolist(),
                "z_imaginary": z.imag.tolist(),
                "true_real": exact.real.tolist(),
                "true_imaginary": exact.imag.tolist(),
            },
            {"frequency": "Hz"}
            | dict.fromkeys(("z_real", "z_imaginary", "true_real", "true_imaginary"), "ohm"),
        ),
        files={file_name(name, sample, temperature, SUFFIX[instrument]): raw},
        more={
            n: truth(v, unit) for (n, v), unit in zip(named.items(), compiled.units, strict=True)
        },
        text={
            "circuit_text": str(compiled),
            "value_text": ", ".join(f"{n} = {v:.4g}" for n, v in named.items()),
            "format": VENDOR[instrument],
        },
    )


def parameters(circuit: Circuit, given: Mapping[str, Any]) -> Floats:
    """Values in the circuit's order, equal sub-circuits sorted by time constant as a fit's are.

    Raises:
        InputError: a value of no parameter, or one of another kind.
    """
    for name in given:
        if name not in circuit.names:
            raise InputError(
                f"{circuit} has no parameter '{name}'",
                where="values",
                remedy=nearest(name, circuit.names),
            )
    found, seen = [], {"F": 0, "S": 0, "s": 0}
    for name, unit in zip(circuit.names, circuit.units, strict=True):
        usual = USUAL[unit]
        if unit in seen:
            # Capacitances and pseudo-capacitances are one row of ever slower processes.
            rank = seen["s"] if unit == "s" else seen["F"] + seen["S"]
            usual *= STEP**rank
            seen[unit] += 1
        found.append(_value(given.get(name, usual), name, unit))
    values = np.array(found)
    (ranks,) = circuit.order(values[None])
    return np.asarray(values[ranks])


def _value(raw: Any, name: str, unit: str) -> float:
    if isinstance(raw, str) and unit == "S":
        raw = float(Quantity(q(raw).value, "1").si) if q(raw).unit == "1" else raw
    if isinstance(raw, str):
        raw = quantity(raw, Kind(name, unit, unit, True), where=f"values.{name}", source=name).si
    if not isinstance(raw, int | float) or isinstance(raw, bool) or not raw > 0:
        raise InputError(
            f"{raw!r} is no value", where=f"values.{name}", remedy=f"give it in {unit}"
        )
    return float(raw)


def _fisher(made: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, float]:
    from polylyte.core.methods import get
    from polylyte.virtual.foresee_fisher import frequencies

    defaults = {n: p.default for n, p in get("virtual.circuit").parameters.items()}
    if told.get("weighting", "modulus") != "modulus":
        return {}
    compiled = parse(made.get("circuit", defaults["circuit"]))
    noise = made.get("noise", defaults["noise"]).si
    values = parameters(compiled, made.get("values") or {})
    return of_circuit(compiled, values, frequencies(made, told, defaults), noise)


def _truths(made: Result, arguments: Mapping[str, Any]) -> dict[str, Quantity]:
    return made.quantities


EXPERIMENTS = (
    Experiment(
        "impedance.fit",
        files={"spectrum": "*"},
        truths=_truths,
        changes={
            "noise": 0.5,
            "points_per_decade": 2,
            "last_frequency": 0.1,
            "first_frequency": 10,
        },
        fisher=_fisher,
    ),
)
