"""The cells of a study in the words of the battery domain of EMMO (BattINFO), as JSON-LD.

The published context is named and never fetched; every term that is used is spelled out beside
it, so the document can be read without a network and when the published one has moved on.
<https://w3id.org/emmo/domain/battery>
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from polylyte.core import units
from polylyte.core.package_data import package_data
from polylyte.core.quantities import Quantity
from polylyte.core.runs import Run, StepOutcome
from polylyte.materials import substances
from polylyte.materials.cells import Cell
from polylyte.materials.recipes import Component, Recipe
from polylyte.report.export.entities import fragment
from polylyte.report.quantities import origin_of
from polylyte.report.text import split_condition, words

CONTEXT = "https://w3id.org/emmo/domain/battery/context"
_ACTIVE = ("active_fraction", "specific_capacity", "particle_radius")
"""Entries of an electrode that say something of its active material, not of the coating."""
_ELECTROLYTE = ("conductivity", "transference_number")
_CELL = ("specific_energy", "energy_density", "np_ratio")
_POLYMER = {"polymer", "monomer", "crosslinker"}
_INTO = {"salt": "hasSolute", "solvent": "hasSolvent", "additive": "hasAdditive"}

Node = dict[str, Any]


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    import tomli

    return tomli.loads(package_data("report/export/battinfo.toml").decode())


@cache
def _named_units() -> Mapping[tuple[str, str], tuple[str, str]]:
    """(Dimension, factor and offset) to our spelling and the term's identifier."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for text, iri in _words()["units"].items():
        unit = units.unit(text)
        found.setdefault((unit.dimension, _scale(unit)), (text, _address(iri)))
    return found


def _scale(unit: units.Unit) -> str:
    return f"{unit.factor.normalize()} {unit.offset.normalize()}"


def _address(short: str) -> str:
    prefix, _, rest = short.partition(":")
    return f"{_words()['prefixes'][prefix]}{rest}"


def unit_of(address: str) -> str:
    """Our spelling of a unit of the ontology; KeyError for one that no export uses."""
    return {iri: text for text, iri in _named_units().values()}[address]


@dataclass
class Described:
    """``left_out`` names what the ontology has no unit for."""

    document: dict[str, Any]
    left_out: list[str]


def describe(run: Run) -> Described | None:
    """Every cell that the study declares, with what the run found of it; None without a cell."""
    writer = _Writer(run.sections.get("recipe", {}))
    cells = [
        writer.cell(cell, [s for s in run.steps if _of_cell(s, name)])
        for name, cell in run.sections.get("cell", {}).items()
        if isinstance(cell, Cell)
    ]
    if not cells:
        return None
    return Described({"@context": [CONTEXT, writer.context()], "@graph": cells}, writer.left_out)


def _of_cell(step: StepOutcome, name: str) -> bool:
    stored = step.result
    return stored is not None and stored.provenance.get("parameters", {}).get("cell") == name


@dataclass
class _Writer:
    recipes: Mapping[str, Any]
    used: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def context(self) -> dict[str, Any]:
        """The terms that were used, in order of their names."""
        prefixes = {
            "schema": "https://schema.org/",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        }
        return {**prefixes, **dict(sorted(self.used.items()))}

    def term(self, label: str) -> str:
        table = _words()
        if label in table["relations"]:
            self.used[label] = {"@id": _address(table["relations"][label]), "@type": "@id"}
        else:
            self.used[label] = _address({**table["classes"], **table["values"]}[label])
        return label

    def put(self, node: Node, relation: str, value: Node | None) -> None:
        if value:
            node.setdefault(self.term(relation), []).append(value)

    # -- numbers --------------------------------------------------------------------------------

    def number(self, value: float) -> Node:
        return {"@type": self.term("RealData"), self.term("hasNumericalValue"): value}

    def quantity(
        self, quantity: Quantity, term: str, label: str, *, kind: str, note: str = ""
    ) -> Node | None:
        """A value with unit and standard uncertainty; None where its unit has no name there."""
        written = in_named_unit(quantity)
        if written is None or written[0].value is None:
            return None
        given, unit = written
        assert given.value is not None
        types = [self.term(term)] if term else []
        node: Node = {
            "@type": [*types, self.term(kind)],
            "rdfs:label": label,
            self.term("hasNumericalPart"): self.number(given.value),
            self.term("hasMeasurementUnit"): {"@id": unit},
        }
        if given.std:
            node[self.term("hasMetrologicalUncertainty")] = {
                "@type": self.term("MetrologicalUncertainty"),
                "rdfs:label": "standard uncertainty",
                self.term("hasNumericalPart"): self.number(given.std),
                self.term("hasMeasurementUnit"): {"@id": unit},
            }
        conditions = [f"{words(name)} {text}" for name, text in quantity.conditions.items()]
        if said := "; ".join([*conditions, *quantity.flags, *([note] if note else [])]):
            node["rdfs:comment"] = said
        return node

    def own(self, node: Node, thing: Any, where: str, names: Iterable[str], **terms: str) -> None:
        """The quantities of a card's part that are called so, as properties of ``node``."""
        for name in names:
            value = getattr(thing, name, None)
            if isinstance(value, Quantity):
                term = _words()["properties"].get(terms.get(name, name), "")
                kind = "ConventionalProperty"
                made = self.quantity(value, term, words(name), kind=kind)
                self.put(node, "hasProperty", made)
                if made is None:
                    self.left_out.append(f"{where}.{name}")

    # -- things ---------------------------------------------------------------------------------

    def cell(self, cell: Cell, steps: list[StepOutcome]) -> Node:
        kind = _words()["formats"].get(cell.format, "BatteryCell")
        if cell.cathode is None and cell.anode is None:
            kind = "ElectrochemicalCell"  # blocking or symmetric: no battery
        node: Node = {
            "@id": fragment("cell", cell.name),
            "@type": self.term(kind),
            "schema:name": cell.name,
        }
        if cell.note:
            node["rdfs:comment"] = cell.note
        named = [n for n in _quantities(cell) if n != "thickness"]
        self.own(node, cell, cell.name, named)
        self._electrodes(node, cell)
        self._between(node, cell)
        for step in steps:
            self._found(node, step)
        return node

    def _electrodes(self, node: Node, cell: Cell) -> None:
        sides = (("cathode", "Positive", "Al"), ("anode", "Negative", "Cu"))
        foils = list(cell.foils)
        for side, sign, collector in sides:
            part = getattr(cell, side)
            if part is None:
                continue
            # Aluminium carries the positive and copper the negative electrode.
            own = [foil for foil in foils if foil.material == collector]
            foils = [foil for foil in foils if foil.material != collector]
            made = self._electrode(part, f"{cell.name}.{side}", f"{sign}Electrode")
            for foil in own:
                self.put(made, "hasCurrentCollector", self._foil(foil, cell.name))
            self.put(node, f"has{sign}Electrode", made)
        for foil in foils:
            self.put(node, "hasConstituent", self._foil(foil, cell.name))
        if cell.cathode is None and cell.anode is None and len(cell.stack) > 2:
            for material in (cell.stack[0], cell.stack[-1]):
                made = {"@type": self.term("Electrode")}
                self.put(made, "hasConstituent", self.material(material))
                self.put(node, "hasElectrode", made)

    def _electrode(self, part: Any, where: str, kind: str) -> Node:
        active: Node = self.material(part.material, "ActiveMaterial")
        self.own(active, part, where, _ACTIVE)
        coating: Node = {"@type": self.term("ElectrodeCoating")}
        rest = [n for n in _quantities(part) if n not in (*_ACTIVE, "diameter", "area", "cost")]
        made: Node = {"@type": self.term(kind)}
        # A metal foil is no coating: it is the electrode.
        body = coating if part.loading is not None or part.active_fraction is not None else made
        self.own(body, part, where, rest, loading=f"loading_{part.loading_of}",
                 conductivity="electronic_conductivity")  # fmt: skip
        self.own(made, part, where, ("diameter", "area"))
        self.put(made, "hasActiveMaterial", active)
        if body is coating:
            self.put(made, "hasCoating", coating)
        return made

    def _foil(self, foil: Any, where: str) -> Node:
        node = self.material(foil.material, "CurrentCollector", "Foil")
        self.own(node, foil, f"{where}.foils", ("thickness", "areal_mass", "density"))
        return node

    def _between(self, node: Node, cell: Cell) -> None:
        """Electrolyte film, liquid and separator; the middle of a stack where none is named."""
        for side, kind, relation in (
            ("electrolyte", "Electrolyte", "hasElectrolyte"),
            ("liquid", "LiquidElectrolyte", "hasElectrolyte"),
            ("separator", "Separator", "hasSeparator"),
        ):
            part = getattr(cell, side)
            if part is not None:
                made = self._filling(part.material, kind)
                named = [n for n in _quantities(part) if n != "cost"]
                self.own(made, part, f"{cell.name}.{side}", named)
                self.put(node, relation, made)
        if cell.electrolyte is None and cell.liquid is None and len(cell.stack) > 2:
            for material in cell.stack[1:-1]:
                made = self._filling(material, "Electrolyte")
                if len(cell.stack) == 3:
                    self.own(made, cell, cell.name, ("thickness",))
                self.put(node, "hasElectrolyte", made)
        elif cell.thickness is not None:
            self.own(node, cell, cell.name, ("thickness",))

    def _filling(self, material: str, kind: str) -> Node:
        recipe = self.recipes.get(material)
        if not isinstance(recipe, Recipe) or kind == "Separator":
            return self.material(material, kind)
        # What cures from monomers is a polymer in the cell, however it went in.
        roles = {component.role for component in recipe.components}
        kind = "PolymerElectrolyte" if recipe.cure and roles & _POLYMER else kind
        node: Node = {"@type": self.term(kind), "schema:name": recipe.name}
        said = [recipe.note] if recipe.note else []
        if recipe.molarity_per:
            said.append(f"molarities are per litre of {recipe.molarity_per}")
        if said:
            node["rdfs:comment"] = "; ".join(said)
        self.own(node, recipe, recipe.name, ("density",))
        for component in recipe.components:
            relation = _INTO.get(component.role, "hasConstituent")
            self.put(node, relation, self._component(component, recipe.name))
        return node

    def _component(self, component: Component, where: str) -> Node:
        node = self.material(component.label)
        role = "the rest of the mixture" if component.measure == "rest" else component.role
        node["rdfs:comment"] = role
        if component.amount is not None:
            term = _words()["measures"][component.measure]
            made = self.quantity(
                component.amount, term, component.measure, kind="ConventionalProperty"
            )
            self.put(node, "hasProperty", made)
            if made is None:
                self.left_out.append(f"{where}.{component.label}")
        self.own(node, component, f"{where}.{component.label}", ("molar_mass", "purity", "excess"))
        if component.absorbs is not None:
            inner = component.absorbs
            for absorbed in inner.components:
                self.put(node, "hasConstituent", self._component(absorbed, inner.name))
        return node

    def material(self, name: str, *kinds: str) -> Node:
        """A substance by its class, else by what it does; formula and SMILES where known."""
        node: Node = {"schema:name": name} if name else {}
        types = [self.term(kind) for kind in kinds]
        known = _words()["materials"].get(name)
        if known is not None:
            self.used[known["class"]] = _address(known["iri"])
            types.append(known["class"])
        elif not kinds:
            substance = substances.table().get(name)
            roles = substance.roles if substance else ()
            kind = "Salt" if "salt" in roles else "Solvent" if "solvent" in roles else "Material"
            types.append(self.term("PolymericMaterial" if "polymer" in roles else kind))
        packaged = substances.table().get(name)
        if packaged is not None:
            node |= {"schema:molecularFormula": packaged.formula} if packaged.formula else {}
            node |= {"schema:smiles": packaged.smiles} if packaged.smiles else {}
        return {"@type": types if len(types) != 1 else types[0], **node}

    def _found(self, node: Node, step: StepOutcome) -> None:
        """What a step that was given this cell found of it or of its electrolyte."""
        assert step.result is not None
        for name, quantity in step.result.quantities.items():
            base, condition = split_condition(name)
            if base not in (*_ELECTROLYTE, *_CELL):
                continue
            modelled = bool(origin_of(step, quantity)) or base in _CELL
            said = f"{condition}; " if condition and not quantity.conditions else ""
            made = self.quantity(
                quantity,
                _words()["properties"][base],
                f"{words(base)}{f' at {condition}' if condition else ''}",
                kind="ModelledProperty" if modelled else "MeasuredProperty",
                note=f"{said}step {step.name}, {step.method}",
            )
            inside = node.get("hasElectrolyte", [node]) if base in _ELECTROLYTE else [node]
            self.put(inside[0], "hasProperty", made)


def in_named_unit(quantity: Quantity) -> tuple[Quantity, str] | None:
    """In its own unit where the ontology names it, else in SI; None where it names neither."""
    unit = units.unit(quantity.unit)
    table = _named_units()
    own = table.get((unit.dimension, _scale(unit)))
    if own is not None:
        return quantity, own[1]
    for (dimension, scale), (text, iri) in table.items():
        if dimension == unit.dimension and scale == "1 0":
            return quantity.to(text), iri
    return _share(quantity) if unit.dimension.endswith("fraction]") else None


def _share(quantity: Quantity) -> tuple[Quantity, str]:
    """A fraction whose percent has no name, as a plain number."""
    factor = float(units.unit(quantity.unit).factor)
    parts = {source: part * factor for source, part in quantity.components.items()}
    value = None if quantity.value is None else quantity.si
    return Quantity(value, "1", parts, quantity.how, quantity.conditions), _address(
        _words()["units"]["1"]
    )


def _quantities(thing: Any) -> list[str]:
    return [f.name for f in fields(thing) if isinstance(getattr(thing, f.name), Quantity)]
