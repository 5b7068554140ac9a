"""Floating test of an electrolyte whose leakage is known, as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    Current,
    Potential,
    Ratio,
    Temperature,
    Time,
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
from polylyte.virtual.stability import LITHIUM, MERY_2021, MOST_SAMPLES, softplus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class VirtualFloat(Result):
    """``files`` holds the record; ``leakage@4.4V`` of each step is in ``more``."""

    number_of_steps: Ratio = out("steps of potential")
    steps: Table = out("potential and true leakage of each step")
    transient: Table = out("the record as written")


def figure(result: VirtualFloat) -> Figure:
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
    figure=figure,
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
    potential = np.asarray(first_step.si + step_height.si * np.arange(count), dtype=float)
    true = base + k * s * softplus((potential - onset.si) / s)
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


EXPERIMENTS = (
    Experiment(
        "stability.float",
        files={"data": "*"},
        truths={"leakage": "leakage"},
        settings={"first_step": "4.2 V", "last_step": "4.8 V", "step_height": "0.6 V",
                  "interval": "3 min"},
        shared={"area": "sample.area"},
        errors={"gain_error": "current_accuracy"},
        changes={"hold": 2, "noise": 0.5, "interval": 0.5, "gain_error": 0.5},
    ),
)  # fmt: skip
