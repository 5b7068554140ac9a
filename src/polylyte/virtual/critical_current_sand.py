"""Galvanostatic polarisation of Li|electrolyte|Li until salt depletes, as files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    CellVoltage,
    CurrentDensity,
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
from polylyte.virtual.lithium_symmetric_files import WORDS, Recorder, galvanostatic_file
from polylyte.virtual.lithium_symmetric_profile import Salt, SymmetricCell, symmetric_cell
from polylyte.virtual.noise import generator
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SAND_1901 = Citation(
    "Sand1901",
    "Sand, H. J. S.",
    "On the concentration at the electrodes in a solution, with special reference to the "
    "liberation of hydrogen by electrolysis of a mixture of copper sulphate and sulphuric acid",
    "Philos. Mag.",
    1901,
    "1",
    "45–79",
    "10.1080/14786440109462590",
)
MOST_SAMPLES = 200_000
LONGEST = 3.0
"""A polarisation below the limiting current lasts this many L²/D."""
SHORTED = 0.05
"""Share of the potential that a short leaves."""


@dataclass(frozen=True, kw_only=True)
class VirtualSand(Result):
    """``files`` holds one record per current; ``sand_time@0.8mA/cm2`` of each is in ``more``."""

    sand_constant: AnyQuantity = out("true τ J² of Sand's law")
    salt_diffusivity: AnyQuantity = out("true diffusivity of the salt")
    limiting_current_density: CurrentDensity = out("true 2 F c D/((1 - t+) L)")
    times: Table = out("true Sand time of each current")
    profile: Table = out("the records as written")


def figure(result: VirtualSand) -> Figure:
    """Potential over time of each current."""
    frame = result.profile.frame
    series = []
    for color, density in enumerate(frame["current_density"].unique(maintain_order=True)):
        own = frame.filter(frame["current_density"] == density)
        series.append(
            Series(own["time"].to_list(), own["potential"].to_list(), f"{density:.3g} mA cm⁻²",
                   "line", color=color)
        )  # fmt: skip
    return Figure(
        "virtual-sand",
        [Panel(series, "Time", "Potential", "h", "V")],
        f"Simulated galvanostatic polarisations, τ J² = {result.sand_constant}.",
        "Good: currents well above the limiting one, each with a sharp rise. Bad: currents near "
        "it, which deplete late or never.",
    )


@method(
    "virtual.sand_time",
    version=1,
    cites=[SAND_1901],
    figure=figure,
    origin="virtual",
    prose="Galvanostatic polarisations [Sand1901] of Li|Li cells of the virtual sample "
    "{sample_name} with {salt} were simulated at {count} current densities to {cut_off} and "
    "written as {format} files (τ J² = {sand_constant}); they stand in for a measurement and "
    "prove the analysis, not the sample.",
)
def sand_time(
    *,
    sample: Sample,
    currents: list[CurrentDensity] | None = None,
    salt: AnyQuantity = q("1 mol/L"),
    cut_off: CellVoltage = q("2 V"),
    short_after: list[Time] | None = None,
    samples: int = 400,
    noise: Voltage = q("0.5 mV"),
    scatter: Ratio = q("0 %"),
    current_error: Ratio = q("0 %"),
    temperature: Temperature = q("25 degC"),
    recorder: Recorder = "biologic",
    name: str = "{sample}_sand",
    date: str = "2024-01-01",
    seed: int = 0,
) -> VirtualSand:
    """One cell per current, polarised until the salt at one electrode is used up.

    The salt at the electrodes departs by u = (J/J_lim) f(D t/L²) of its mean (finite-length
    closed form); the Sand time is where u = 1. While the diffusion layers have not met it is
    τ = π D [F c/(2 (1 - t₊) J)]². V = J (R_film + R_int) + R_d J_lim artanh u.

    Parameters:
        sample: the truth: film, interfaces, diffusion, thickness, area
        currents: current densities; by default 2, 3, 4, 6 and 8 times the limiting one
        salt: c, its concentration
        cut_off: potential that ends a polarisation
        short_after: time after which each cell is shorted, one per current
        samples: of each polarisation up to its Sand time
        noise: standard deviation of the potential
        scatter: relative standard deviation of D c² from cell to cell
        current_error: standard deviation of the ammeter's gain, one draw
        temperature: of the cell
        recorder: whose file format is written
        name: of the files; {sample} and {temperature} are filled in, a number is added
        date: written into the files, so that the same call gives the same bytes
        seed: of all random numbers

    Raises:
        InputError: no gradient (transference number 1), or impossible numbers.
    """
    concentration = require(salt, "mol/m^3", where="salt").si
    cell = symmetric_cell(sample, temperature.si, concentration)
    if not math.isfinite(cell.limiting_current):
        raise InputError(
            "a transference number of 1 leaves no gradient of salt", where="sample",
            remedy="give a sample with transference_number below 1",
        )  # fmt: skip
    densities = [j.si for j in currents] if currents else [
        k * cell.limiting_current for k in (2.0, 3.0, 4.0, 6.0, 8.0)
    ]  # fmt: skip
    shorts = [t.si for t in short_after] if short_after else [math.inf] * len(densities)
    if min(densities) <= 0 or len(shorts) != len(densities) or not 20 <= samples <= MOST_SAMPLES:
        raise InputError("currents, short_after and samples do not fit", where="currents")
    rng = generator(seed, "virtual.sand_time", sample.name)
    gain = 1 + current_error.si * rng.standard_normal()
    files: dict[str, bytes] = {}
    rows: list[tuple[float, Floats, Floats]] = []
    times: list[float | None] = []
    for k, (density, short) in enumerate(zip(densities, shorts, strict=True), 1):
        own = _scattered(cell, 1 + scatter.si * rng.standard_normal())
        times.append(true_sand_time(cell, density))
        # The recorder's clock knows nothing of the cell's Sand time.
        phase = float(rng.uniform())
        time, size = _polarised(own, density, samples, phase, cut_off.si)
        size = np.where(time >= short, SHORTED * size, size)
        potential = size + noise.si * rng.standard_normal(len(time))
        potential[0] -= size[0]  # the sample before the current
        rows.append((density, time, potential))
        flow = np.full(len(time), density * sample.area.si * gain)
        flow[0] = 0.0
        files |= galvanostatic_file(
            recorder, time, flow, potential, density * sample.area.si * gain * time,
            np.minimum(np.arange(len(time)), 1), sample=sample, temperature=temperature,
            name=f"{name}_{k}", kind="one-way polarisation", date=date,
        )  # fmt: skip
    return _result(sample, cell, densities, times, rows, files, recorder)


def _result(
    sample: Sample,
    cell: SymmetricCell,
    densities: Sequence[float],
    times: Sequence[float | None],
    rows: Sequence[tuple[float, Floats, Floats]],
    files: dict[str, bytes],
    recorder: Recorder,
) -> VirtualSand:
    diffusivity = sample.thickness.si**2 / cell.diffusion_time
    constant = math.pi * diffusivity * (
        cell.limiting_current * sample.thickness.si / (4 * diffusivity)
    ) ** 2  # fmt: skip
    return VirtualSand(
        sand_constant=truth(constant, "s mA^2/cm^4"),
        salt_diffusivity=truth(diffusivity, "cm^2/s"),
        limiting_current_density=truth(cell.limiting_current, "mA/cm^2"),
        times=Table.of(
            {"current_density": [j / 10 for j in densities], "sand_time": list(times)},
            {"current_density": "mA/cm^2", "sand_time": "s"},
        ),
        profile=Table.of(
            {
                "current_density": [j / 10 for j, t, _ in rows for _ in t],
                "time": [x / 3600 for _, t, _ in rows for x in t.tolist()],
                "potential": [x for _, _, v in rows for x in v.tolist()],
            },
            {"current_density": "mA/cm^2", "time": "h", "potential": "V"},
        ),
        more={
            f"sand_time@{j / 10:.4g}mA/cm2": Quantity(None, "s", flags=("no divergence",))
            if t is None
            else truth(t, "s")
            for j, t in zip(densities, times, strict=True)
        },
        files=files,
        text={
            "sample_name": sample.name or "of defaults",
            "format": WORDS[recorder],
            "count": str(len(densities)),
        },
    )


def _scattered(cell: SymmetricCell, factor: float) -> SymmetricCell:
    """The same cell whose Sand constant (D c², c here) differs by ``factor``."""
    return replace(cell, limiting_current=cell.limiting_current * math.sqrt(max(factor, 1e-6)))


def true_sand_time(cell: SymmetricCell, density: float) -> float | None:
    """When the salt at one electrode is used up, s; None at or below the limiting current."""
    from scipy.optimize import brentq

    if density <= cell.limiting_current:
        return None

    def left(time: float) -> float:
        return 1 - float(Salt(cell).advance(density, np.array([time]))[0])

    sand = math.pi * cell.diffusion_time * (cell.limiting_current / (4 * density)) ** 2
    low, high = 0.5 * sand, 2 * sand
    while left(high) > 0:
        low, high = high, 2 * high
    found: float = brentq(left, low, high, xtol=1e-9 * sand)
    return found


def _polarised(
    cell: SymmetricCell, density: float, samples: int, phase: float, cut_off: float
) -> tuple[Floats, Floats]:
    sand = true_sand_time(cell, density)
    whole = LONGEST * cell.diffusion_time if sand is None else sand
    step = whole / (samples + phase)
    # Two samples more, at which no salt is left: the current drives the potential to its limit.
    count = samples + (1 if sand is None else 3)
    time: Floats = np.linspace(0.0, step * (count - 1), count)
    depletion = Salt(cell).advance(density, time)
    ohmic = density * (cell.film + cell.interface)
    size = np.where(
        depletion >= 1, cut_off, ohmic + Salt(cell).overpotential(np.minimum(depletion, 1.0))
    )
    beyond = np.flatnonzero(size >= cut_off)
    stop = int(beyond[0]) + 1 if beyond.size else len(time)
    return time[:stop], np.minimum(size[:stop], cut_off)


EXPERIMENTS = (
    Experiment(
        "lithium.sand_time",
        files={"data": "*"},
        truths=("sand_constant", "salt_diffusivity", "limiting_current_density"),
        settings={
            "currents": ["2 mA/cm^2", "3 mA/cm^2", "4 mA/cm^2", "6 mA/cm^2"],
            "samples": 100,
            "scatter": "2 %",
            "recorder": "land",
            "sample.thickness": "500 um",
        },
        shared={
            "area": "sample.area",
            "thickness": "sample.thickness",
            "transference_number": "sample.transference_number",
            "salt_concentration": "salt",
        },
        errors={"current_error": "current_accuracy"},
        changes={"scatter": 0.5, "currents": 2, "samples": 2, "current_error": 0.5},
    ),
)
