"""Capacity over rate, loading, thickness, conductivity and transference number, in one call."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from polylyte.core.errors import InputError, MachineError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    ArealCapacity,
    ArealMass,
    CellVoltage,
    Conductivity,
    CRate,
    Length,
    Ratio,
    Temperature,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.task import NO_TASK, Task
from polylyte.materials.cells import Cell, Layer
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.answer import energy as joule
from polylyte.simulation.cell.cathode import Cathode, cathode_of, scaled
from polylyte.simulation.cell.discharge import DOYLE_1993
from polylyte.simulation.cell.model import Model, Outcome

UNITS = {
    "rate": "C-rate",
    "loading": "mg/cm^2",
    "thickness": "um",
    "conductivity": "mS/cm",
    "transference_number": "1",
    "current_density": "mA/cm^2",
    "areal_capacity": "mAh/cm^2",
    "specific_capacity": "mAh/g",
    "capacity_fraction": "1",
    "average_voltage": "V",
    "areal_energy": "mWh/cm^2",
    "lowest_salt": "mol/L",
    "conservation_error": "1",
}
AXES = ("loading", "thickness", "conductivity", "transference_number")


@dataclass(frozen=True, kw_only=True)
class RateMap(Result):
    """One row per design in ``designs``; every row has its ``event``."""

    best_capacity: ArealCapacity = out("highest areal capacity delivered by a design of the map")
    lowest_fraction: Ratio = out("lowest share of its capacity that a design delivered")
    designs: Table = out("one row per design")


def figure(result: RateMap) -> Figure:
    """Delivered capacity over rate, one line per design."""
    table = result.designs
    varied = [name for name in AXES if len(set(table.column(name))) > 1]
    rows = list(zip(*(table.column(name) for name in varied), strict=True)) or [()] * len(table)
    rate, capacity = table.column("rate"), table.column("areal_capacity")
    lines = []
    for key in dict.fromkeys(rows):
        picked = [i for i, row in enumerate(rows) if row == key]
        label = ", ".join(
            f"{value:.3g} {UNITS[name] if UNITS[name] != '1' else name.replace('_', ' ')}"
            for name, value in zip(varied, key, strict=True)
        )
        lines.append(
            Series([rate[i] for i in picked], [capacity[i] for i in picked], label, "line+points")
        )
    return Figure(
        "rate_map",
        [Panel(lines, "C-rate", "delivered capacity", "", "mAh/cm^2", x_scale="log")],
        "Simulated capacity to the cut-off voltage.",
        "A line that falls early is limited by transport through the electrolyte: a thinner film, "
        "a higher conductivity or a higher transference number moves the fall to the right.",
    )


@method(
    "cell.rate_map",
    version=1,
    cites=[DOYLE_1993],
    figure=figure,
    origin="simulated",
    prose="{count} designs were discharged with the porous-electrode model of Doyle, Fuller and "
    "Newman [Doyle1993] to the cut-off voltage; the highest capacity was {best_capacity}.",
)
def rate_map(
    *,
    cell: Cell,
    rates: list[CRate],
    loadings: list[ArealMass] | None = None,
    thicknesses: list[Length] | None = None,
    conductivities: list[Conductivity] | None = None,
    transference_numbers: list[Ratio] | None = None,
    temperature: Temperature | None = None,
    lower_cutoff: CellVoltage | None = None,
    upper_cutoff: CellVoltage | None = None,
    grid: int = 40,
    task: Task = NO_TASK,
) -> RateMap:
    """Every combination of the given rates and properties, discharged to the cut-off voltage.

    The model is that of ``cell.discharge``. A loading scales the thickness of the card's coating
    at the same composition and porosity; thickness, conductivity and transference number are
    those of the electrolyte. Valid as ``cell.discharge`` is.

    Parameters:
        cell: the card from which the designs differ
        rates: C-rates; 1C is each design's own capacity in an hour
        loadings: of active material per area
        thicknesses: of the electrolyte film
        conductivities: of the electrolyte, in film and pores
        transference_numbers: of the electrolyte
        temperature: of the cell; default the card's, else 25 degC
        lower_cutoff: voltage that ends a discharge; default that of the material
        upper_cutoff: open-circuit voltage at which each starts; default that of the material
        grid: cells in the cathode

    Raises:
        InputError: a card that lacks something, or no rate.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597
    """
    where = cell.where or f"cell.{cell.name}"
    if not rates or any(rate.si <= 0 for rate in rates):
        raise InputError("a map needs rates above zero", remedy='set rates = ["0.1 C-rate", …]')
    if cell.cathode is None:
        raise InputError("the card has no cathode", where=where, remedy="add cathode = { … }")
    given = temperature or cell.temperature
    kelvin = given.si if given else 298.15
    cathode = cathode_of(
        cell.cathode, temperature=kelvin, lower=lower_cutoff, upper=upper_cutoff, ocp=None,
        like="", where=f"{where} cathode",
    )  # fmt: skip
    electrolytes = list(_electrolytes(cell, thicknesses, conductivities, transference_numbers))
    masses = [loading.si for loading in loadings] if loadings else [cathode.loading]
    designs: list[tuple[Model, float]] = []
    for mass in masses:
        coating = scaled(cathode, mass)
        for layer in electrolytes:
            model = models.model_of(
                replace(cell, electrolyte=layer), temperature=kelvin, cathode=coating, cells=grid
            )
            designs += [(model, rate.si) for rate in rates]
    jobs = [
        (
            models.fitted(model, _amps(model, rate)),
            {"current": _amps(model, rate), "lower": cathode.lower},
        )
        for model, rate in designs
    ]
    outcomes = models.many(jobs, threads=task.threads)
    return _collected(designs, outcomes, cathode)


def _electrolytes(
    cell: Cell,
    thicknesses: Sequence[Quantity] | None,
    conductivities: Sequence[Quantity] | None,
    transference_numbers: Sequence[Quantity] | None,
) -> Iterator[Layer]:
    layer = cell.electrolyte
    if layer is None:
        raise InputError(
            "the card has no electrolyte",
            where=cell.where or f"cell.{cell.name}",
            remedy="add electrolyte = { thickness, conductivity, transference_number }",
        )
    axes: list[list[Quantity | None]] = [
        list(given) if given else [stated]
        for given, stated in (
            (thicknesses, layer.thickness),
            (conductivities, layer.conductivity),
            (transference_numbers, layer.transference_number),
        )
    ]
    for thickness, kappa, t in itertools.product(*axes):
        if t is not None and t.si > 1:
            raise InputError(f"a transference number of {t} is above 1", remedy="give 0 to 1")
        yield replace(layer, thickness=thickness, conductivity=kappa, transference_number=t)


def _amps(model: Model, rate: float) -> float:
    assert model.cathode is not None
    return rate * model.cathode.nominal / 3600


def _collected(
    designs: Sequence[tuple[Model, float]],
    outcomes: Sequence[Outcome | MachineError],
    cathode: Cathode,
) -> RateMap:
    columns: dict[str, list[float | None]] = {name: [] for name in UNITS}
    events = []
    for (model, rate), outcome in zip(designs, outcomes, strict=True):
        assert model.cathode is not None
        film = model.layers[0]
        row = {
            "rate": rate,
            "loading": model.cathode.loading * 100,
            "thickness": film.thickness * 1e6,
            "conductivity": film.conductivity * 10,
            "transference_number": film.transference_number,
            "current_density": _amps(model, rate) / 10,
            **_answers(model.cathode, outcome),
        }
        for name, column in columns.items():
            column.append(row.get(name))
        events.append(str(outcome) if isinstance(outcome, MachineError) else outcome.event)
    frame = Table.of({**columns, "event": events}, UNITS)
    made = [value for value in columns["areal_capacity"] if value is not None]
    fractions = [value for value in columns["capacity_fraction"] if value is not None]
    unfinished = sum(event != "cut-off voltage" for event in events)
    said = [text for layer in designs[0][0].layers for text in layer.assumptions]
    ranges = {text for o in outcomes if not isinstance(o, MachineError) for text in o.ranges}
    return RateMap(
        best_capacity=from_si(max(made, default=np.nan) * 36_000, "mAh/cm^2", how="simulated"),
        lowest_fraction=from_si(min(fractions, default=np.nan), "1", how="simulated"),
        designs=frame,
        verdicts=(
            Verdict(
                "every design reached the cut-off voltage",
                unfinished == 0,
                f"{len(events) - unfinished} of {len(events)}",
            ),
        ),
        findings=tuple(Finding(text) for text in (*said, *cathode.assumptions)),
        warnings=tuple(sorted(ranges)[:3]),
        text={"count": str(len(events))},
    )


def _answers(cathode: Cathode, outcome: Outcome | MachineError) -> dict[str, float]:
    if isinstance(outcome, MachineError) or not len(outcome.series):
        return {}
    energy = joule(outcome)
    passed = float(outcome.series[-1, 3])
    return {
        "areal_capacity": passed / 36_000,
        "specific_capacity": passed / cathode.loading / 3600,
        "capacity_fraction": passed / cathode.nominal,
        "average_voltage": energy / passed,
        "areal_energy": energy / 36_000,
        "lowest_salt": outcome.lowest / 1000,
        "conservation_error": max(outcome.salt_error, outcome.lithium_error, outcome.charge_error),
    }
