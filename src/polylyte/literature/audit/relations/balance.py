"""Anode against cathode, electrolyte against capacity."""

from __future__ import annotations

import math
from collections.abc import Iterator

from polylyte.core.errors import InputError
from polylyte.core.units import unit
from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import Record, Stack
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.relations.capacities import FARADAY
from polylyte.materials import formulas, substances

NOMINAL = 0.05
"""A foil's thickness is nominal."""
LIGHTEST = 700.0
"""kg/m^3, where the electrolyte's solvents are not known."""


def checks(paper: Paper) -> Iterator[Check]:
    """N/P = anode/cathode; capacity of a lithium foil; E/C from volume, disc and capacity."""
    for record in [*paper.every_record(), *map(_merged, paper.stacks)]:
        if record.has("np_ratio", "anode_areal_capacity", "areal_capacity"):
            yield closes(
                "N/P", lambda n, p: n / p, record["np_ratio"],
                [record["anode_areal_capacity"], record["areal_capacity"]], of=record.of,
                at=record.at, says="N/P = anode / cathode capacity",
            )  # fmt: skip
        if record.has("anode_thickness", "anode_areal_capacity") and _is_lithium(record):
            yield _foil(record)
        if record.has("np_ratio") and _is_lithium(record) and not record["np_ratio"].bound:
            yield verdict(
                "N/P", record["np_ratio"].si >= 1 - record["np_ratio"].si_half, of=record.of,
                at=record["np_ratio"].at or record.at,
                says="N/P of a lithium anode is at least 1", printed=record["np_ratio"].text,
                recomputed="at least 1", cause="it counts the excess alone, or is inverted",
                remedy="state what N and P count", uses=(record["np_ratio"],),
            )  # fmt: skip
        yield from _electrolyte(paper, record)


def _merged(stack: Stack) -> Record:
    """A stack as one record, for relations between its layers and the whole."""
    values = {}
    for layer in stack.layers:
        if layer.texts.get("material") == "Li":
            if layer.has("areal_capacity"):
                values["anode_areal_capacity"] = layer["areal_capacity"]
            if layer.has("thickness"):
                values["anode_thickness"] = layer["thickness"]
    if not values:
        return Record("", "")
    for name in ("np_ratio", "areal_capacity"):
        if name in stack.whole.values:
            values[name] = stack.whole.values[name]
    return Record(stack.whole.of, stack.whole.at, values, {}, {"anode": "Li"})


def _is_lithium(record: Record) -> bool:
    return record.texts.get("anode") == "Li"


def _foil(record: Record) -> Check:
    metal = substances.find("Li").density
    assert metal is not None
    per_volume = metal.si * FARADAY / formulas.molar_mass("Li")
    return closes(
        "lithium foil", lambda d: d * per_volume, record["anode_areal_capacity"],
        [record["anode_thickness"]], of=record.of, at=record.at,
        says="capacity = thickness x density x F/M", slack=NOMINAL, severity="warning",
    )  # fmt: skip


def _electrolyte(paper: Paper, record: Record) -> Iterator[Check]:
    """Volume per capacity, and the density that a printed mass per capacity implies."""
    if not record.has("ec_ratio", "electrolyte_volume", "areal_capacity"):
        return
    if "cathode_size" not in record.sizes or not record["areal_capacity"].si:
        return
    ratio = record["ec_ratio"]
    sides = record.sizes["cathode_size"].lengths
    area = math.pi * sides[0].si ** 2 / 4 if len(sides) == 1 else sides[0].si * sides[1].si
    uses = [record["electrolyte_volume"], record["areal_capacity"]]
    per_volume = unit("mL/Ah").dimension
    if unit(ratio.unit).dimension == per_volume:
        yield closes(
            "E/C", lambda v, q: v / (area * q), ratio, uses, of=record.of, at=record.at,
            says="E/C = volume / (area x areal capacity)", severity="warning",
        )  # fmt: skip
        return
    if unit(ratio.unit).dimension != unit("g/Ah").dimension:
        return
    volume = uses[0].si / (area * uses[1].si) if area else 0.0
    if not volume:
        return
    implied = ratio.si / volume
    most = (ratio.si + ratio.si_half) / volume
    floor = _lightest(paper, record)
    yield verdict(
        "E/C", most >= floor, of=record.of, at=record.at,
        says="the electrolyte is at least as dense as its lightest component",
        printed=f"{ratio.text}; {uses[0].text} on the disc",
        recomputed=f"{volume * 3.6e9:.3g} mL/Ah, so {implied / 1000:.2g} g/cm^3 against at least "
        f"{floor / 1000:.3g}", cause="E/C counts part of the electrolyte, or another cell",
        remedy="print E/C with the volume and the area it is of", uses=(ratio, *uses),
    )  # fmt: skip


def _lightest(paper: Paper, record: Record) -> float:
    recipe = next((r for r in paper.recipes if r.of == record.texts.get("electrolyte")), None)
    found = []
    for name in recipe.amounts if recipe else ():
        try:
            density = substances.find(name).density
        except InputError:
            continue
        if density is not None:
            found.append(density.si)
    return min(found, default=LIGHTEST)
