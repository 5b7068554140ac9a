"""Stacks: masses, thicknesses, and the energies that follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from polylyte.core.errors import InputError
from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import Record, Stack
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Value
from polylyte.materials import substances

FOIL = 0.01
"""Density of a metal from tables against that of the foil."""
LIQUID_DENSITY = (700.0, 2200.0)
"""kg/m^3: between light ethers and concentrated fluorinated electrolytes."""
CELL_DENSITY = (500.0, 5000.0)
"""kg/m^3 of a cell: Wh/L over Wh/kg."""


def checks(paper: Paper) -> Iterator[Check]:
    """Sums over layers; Wh/kg = q V/m; Wh/L = q V/d; foils; density from the two energies."""
    for stack in paper.stacks:
        yield from _totals(stack)
        for layer in stack.layers:
            yield from _layer(layer)
        yield from _listed(stack)
    for record in paper.every_record():
        yield from _energies(record)


def _totals(stack: Stack) -> Iterator[Check]:
    whole = stack.whole
    if whole.has("total_thickness"):
        parts = [layer["thickness"] for layer in stack.layers if layer.has("thickness")]
        yield closes(
            "stack thickness", lambda *d: sum(d), whole["total_thickness"], parts, of=whole.of,
            at=whole.at, says="layers add up to the total thickness (liquid in the pores)",
        )  # fmt: skip
    if whole.has("total_mass"):
        yield _mass(stack)


def _mass(stack: Stack) -> Check:
    """The cathode's coating is its active mass over the active fraction."""
    whole = stack.whole
    inputs, terms = _areal_masses(stack.layers)
    check = closes(
        "stack mass", lambda *x: _total(terms, x), whole["total_mass"], inputs, of=whole.of,
        at=whole.at, says="layers add up to the total mass",
    )  # fmt: skip
    if check.severity != "error" or not any(len(t) == 2 for t in terms):
        return check
    bare = closes(
        "stack mass", lambda *x: _total([t[:1] for t in terms], x), whole["total_mass"], inputs
    )
    if bare.severity == "passed":
        check = replace(check, cause="the active mass was added without the binder and carbon")
    return check


def _areal_masses(layers: Sequence[Record]) -> tuple[list[Value], list[tuple[int, ...]]]:
    """Printed masses, and per layer the index of its mass and of the fraction that divides it."""
    inputs: list[Value] = []
    terms: list[tuple[int, ...]] = []
    for layer in layers:
        name = next(
            (n for n in ("areal_mass", "coating_loading", "active_loading") if layer.has(n)), None
        )
        if name is None:
            continue
        inputs.append(layer[name])
        term = [len(inputs) - 1]
        if name == "active_loading" and layer.has("active_fraction"):
            inputs.append(layer["active_fraction"])
            term.append(len(inputs) - 1)
        terms.append(tuple(term))
    return inputs, terms


def _total(terms: Sequence[tuple[int, ...]], x: Sequence[float]) -> float:
    return sum(x[t[0]] / (x[t[1]] if len(t) == 2 else 1.0) for t in terms)


def _layer(layer: Record) -> Iterator[Check]:
    density = _density(layer.texts.get("material", ""))
    if density is not None and layer.has("thickness", "areal_mass"):
        yield closes(
            "foil mass", lambda d: d * density, layer["areal_mass"], [layer["thickness"]],
            of=layer.of, at=layer.at, says="areal mass = thickness x density of the metal",
            slack=FOIL, severity="warning",
        )  # fmt: skip
    if layer.has("areal_mass", "areal_volume") and layer["areal_volume"].si:
        found = layer["areal_mass"].si / layer["areal_volume"].si
        low, high = LIQUID_DENSITY
        yield verdict(
            "liquid density", low <= found <= high, of=layer.of, at=layer.at,
            says="mass over volume is the density of a liquid", printed=layer["areal_mass"].text,
            recomputed=f"{found / 1000:.3g} g/cm^3",
            uses=(layer["areal_mass"], layer["areal_volume"]), remedy="check mass and volume",
        )  # fmt: skip


def _density(material: str) -> float | None:
    """Of a foil, in kg/m^3; None for what is not a metal."""
    try:
        found = substances.find(material) if material else None
    except InputError:
        return None
    if found is None or found.density is None or "metal" not in found.roles:
        return None
    return found.density.si


def _listed(stack: Stack) -> Iterator[Check]:
    """What is listed may not weigh more than the printed specific energy allows."""
    whole = stack.whole
    names = ("areal_capacity", "average_voltage", "specific_energy")
    if whole.has("total_mass") or not whole.has(*names) or not whole["specific_energy"].si:
        return
    inputs, terms = _areal_masses(stack.layers)
    listed = _total(terms, [v.si for v in inputs])
    for layer in stack.layers:
        density = _density(layer.texts.get("material", ""))
        if density is not None and layer.has("thickness") and not layer.has("areal_mass"):
            shared = 0.5 if layer.texts.get("material") in ("Al", "Cu") else 1.0
            listed += shared * density * layer["thickness"].si
            inputs.append(layer["thickness"])
    capacity = whole["areal_capacity"].si
    if whole.has("ec_ratio") and whole["ec_ratio"].unit.startswith("g"):
        listed += whole["ec_ratio"].si * capacity
    allowed = capacity * whole["average_voltage"].si / whole["specific_energy"].si
    yield verdict(
        "specific energy", listed <= allowed * 1.02, of=whole.of, at=whole.at,
        says="the listed layers (foils shared) are lighter than the printed energy allows",
        printed=whole["specific_energy"].text,
        recomputed=f"{listed * 100:.2f} of {allowed * 100:.2f} mg/cm^2", severity="error",
        uses=(whole["specific_energy"], whole["areal_capacity"], whole["average_voltage"],
              *inputs), remedy="list all layers, or correct the energy",
    )  # fmt: skip


def _energies(record: Record) -> Iterator[Check]:
    if record.has("specific_energy", "areal_capacity", "average_voltage", "total_mass"):
        yield closes(
            "specific energy", lambda q, v, m: q * v / m, record["specific_energy"],
            [record[n] for n in ("areal_capacity", "average_voltage", "total_mass")],
            of=record.of, at=record.at, says="Wh/kg = areal capacity x voltage / mass",
        )  # fmt: skip
    if record.has("energy_density", "areal_capacity", "average_voltage", "total_thickness"):
        yield closes(
            "energy density", lambda q, v, d: q * v / d, record["energy_density"],
            [record[n] for n in ("areal_capacity", "average_voltage", "total_thickness")],
            of=record.of, at=record.at, says="Wh/L = areal capacity x voltage / thickness",
        )  # fmt: skip
    if record.has("specific_energy", "energy_density") and record["specific_energy"].si:
        found = record["energy_density"].si / record["specific_energy"].si
        low, high = CELL_DENSITY
        yield verdict(
            "cell density", low <= found <= high, of=record.of, at=record.at,
            says="Wh/L over Wh/kg is the density of a cell",
            printed=f"{record['energy_density'].text}, {record['specific_energy'].text}",
            recomputed=f"{found / 1000:.3g} kg/L", severity="error",
            uses=(record["energy_density"], record["specific_energy"]),
        )  # fmt: skip
