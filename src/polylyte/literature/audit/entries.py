"""What a paper can print: records, tables, sums, recipes, boxes, stacks, equations, statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polylyte.literature.audit import vocabulary
from polylyte.literature.audit.expressions import Dimension
from polylyte.literature.audit.values import Size, Value, dimension


@dataclass(frozen=True)
class Record:
    """What is printed of one thing: a cell, a sample, a row of a table."""

    of: str
    at: str
    values: Mapping[str, Value] = field(default_factory=dict)
    sizes: Mapping[str, Size] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    kind: str = "record"

    def has(self, *names: str) -> bool:
        """Whether all are printed, each in a unit that measures what its name says."""
        return all(
            name in self.values and _measures(self.values[name], vocabulary.NUMBERS.get(name, ""))
            for name in names
        )

    def __getitem__(self, name: str) -> Value:
        return self.values[name]


def _measures(value: Value, unit_text: str) -> bool:
    return not unit_text or dimension(value.unit) == dimension(unit_text)


@dataclass(frozen=True)
class PaperTable:
    """A printed table. ``rows`` are its records, the total row (if any) apart."""

    at: str
    material: str
    columns: Mapping[str, tuple[Value | str | None, ...]]
    rows: tuple[Record, ...]
    total: int | None
    key: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    of: str
    at: str
    parts: Mapping[str, Value]
    total: Value


@dataclass(frozen=True)
class PaperRecipe:
    """Amounts as printed, and the formula that they are said to give."""

    of: str
    at: str
    amounts: Mapping[str, Value]
    gives: str
    liquid_content: Value | None
    solid_content: Value | None


@dataclass(frozen=True)
class Box:
    """A simulation box. ``stands_for`` names the recipe or sample that it models."""

    of: str
    at: str
    molecules: Mapping[str, Value]
    atoms: Value | None
    total_molecules: Value | None
    edge: Value | None
    density: Value | None
    ratio: str
    stands_for: str


@dataclass(frozen=True)
class Stack:
    """Layers of a cell, and what is printed of the whole."""

    layers: tuple[Record, ...]
    whole: Record


@dataclass(frozen=True)
class Equation:
    of: str
    at: str
    left: str
    right: str
    symbols: Mapping[str, Dimension]
    units: Mapping[str, str]
    meaning: Mapping[str, str]


@dataclass(frozen=True)
class Statement:
    about: str
    at: str
    text: str
    value: Value | None


@dataclass(frozen=True)
class ClassStatement:
    """What is said of all of a class, and what is printed of its members."""

    of: str
    at: str
    says: Value
    members: Mapping[str, Value]


@dataclass(frozen=True)
class Declared:
    """A relation that the encoder states: ``printed = equation``."""

    of: str
    at: str
    equation: str
    printed: Value
    values: Mapping[str, Value]
