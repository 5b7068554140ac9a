"""What each table holds: the Frictionless descriptor, read, and tables checked against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from polylyte.core.errors import InputError, nearest
from polylyte.literature.data import FOLDER

if TYPE_CHECKING:
    import polars

DESCRIPTOR = FOLDER / "datapackage.json"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One column. ``quantity`` is the short name under which a paper may state it with a unit."""

    name: str
    type: Literal["string", "number", "integer", "boolean"]
    description: str
    unit: str = ""
    quantity: str = ""
    unit_field: str = ""
    """The column that holds the unit, where it varies from row to row."""
    qualifier_field: str = ""
    """The column that holds =, ~, > or < for this one."""
    decimals_of: str = ""
    """This column counts the decimals that the source prints of that one."""
    constraints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        return bool(self.constraints.get("required"))


@dataclass(frozen=True)
class Schema:
    """One table. ``units`` gives the unit of each property in tables of many properties."""

    name: str
    description: str
    fields: Mapping[str, Field]
    primary_key: str
    foreign_keys: Sequence[tuple[str, str, str]]
    """Column, table, column there."""
    property_field: str = ""
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def printed(self) -> list[Field]:
        """The columns that a source prints (not the counts of decimals)."""
        return [f for f in self.fields.values() if not f.decimals_of]


@cache
def descriptor() -> Mapping[str, Any]:
    """The data package's descriptor as it is shipped."""
    content: Mapping[str, Any] = json.loads(DESCRIPTOR.read_text("utf-8"))
    return content


@cache
def schemas() -> Mapping[str, Schema]:
    """Every table's schema by its name."""
    return {resource["name"]: _schema(resource) for resource in descriptor()["resources"]}


def schema(name: str) -> Schema:
    """One table's schema.

    Raises:
        InputError: no such table; names the nearest.
    """
    known = schemas()
    if name not in known:
        raise InputError(f"there is no table '{name}'", remedy=nearest(name, known))
    return known[name]


def _schema(resource: Mapping[str, Any]) -> Schema:
    content = resource["schema"]
    keys = [
        (key["fields"][0], key["reference"]["resource"], key["reference"]["fields"][0])
        for key in content.get("foreignKeys", ())
    ]
    return Schema(
        name=resource["name"],
        description=resource["description"],
        fields={f["name"]: _field(f) for f in content["fields"]},
        primary_key=content["primaryKey"][0],
        foreign_keys=keys,
        property_field=resource.get("propertyField", ""),
        units=resource.get("units", {}),
    )


def _field(content: Mapping[str, Any]) -> Field:
    # Frictionless reads Parquet through pandas, where a missing number is not a number: it cannot
    # tell a whole one, nor its limits. So these two stand beside what the standard checks.
    return Field(
        name=content["name"],
        type="integer" if content.get("wholeNumber") else content["type"],
        description=content["description"],
        unit=content.get("unit", ""),
        quantity=content.get("quantity", ""),
        unit_field=content.get("unitField", ""),
        qualifier_field=content.get("qualifierField", ""),
        decimals_of=content.get("decimalsOf", ""),
        constraints={**content.get("constraints", {}), **content.get("limits", {})},
    )


def frame(rows: Iterable[Row], wanted: Schema) -> polars.DataFrame:
    """Rows as a typed table; a column that a row lacks is null there."""
    import polars

    listed = list(rows)
    kinds: dict[str, Any] = {
        "string": polars.String,
        "number": polars.Float64,
        "integer": polars.Int64,
        "boolean": polars.Boolean,
    }
    columns = {
        name: polars.Series(name, [row.get(name) for row in listed], dtype=kinds[f.type])
        for name, f in wanted.fields.items()
    }
    return polars.DataFrame(columns)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (float, int),
    "integer": (int,),
    "boolean": (bool,),
}


def problems(rows: Sequence[Row], wanted: Schema) -> list[str]:
    """Every way in which rows do not fit their schema, each naming row and column."""
    found = []
    seen: set[Any] = set()
    for number, row in enumerate(rows, 1):
        place = f"{wanted.name} row {row.get(wanted.primary_key) or number}"
        unknown = [name for name in row if name not in wanted.fields]
        found += [f"{place}: there is no column '{name}'" for name in unknown]
        for name, f in wanted.fields.items():
            found += [f"{place}, {name}: {text}" for text in _wrong(row.get(name), f)]
        key = row.get(wanted.primary_key)
        if key is not None and key in seen:
            found.append(f"{place}: {wanted.primary_key} occurs twice")
        seen.add(key)
    return found


def _wrong(value: Any, f: Field) -> list[str]:
    if value is None:
        return ["is missing"] if f.required else []
    fits = isinstance(value, _TYPES[f.type]) and (f.type == "boolean") == isinstance(value, bool)
    if not fits:
        return [f"{value!r} is not a {f.type}"]
    limits = f.constraints
    wrong = []
    if "enum" in limits and value not in limits["enum"]:
        wrong.append(f"{value!r} is none of {', '.join(map(str, limits['enum']))}")
    if "minimum" in limits and value < limits["minimum"]:
        wrong.append(f"{value:g} is below {limits['minimum']}")
    if "maximum" in limits and value > limits["maximum"]:
        wrong.append(f"{value:g} is above {limits['maximum']}")
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        wrong.append(f"{value!r} does not fit {limits['pattern']}")
    return wrong


def orphans(
    rows: Sequence[Row], wanted: Schema, known: Mapping[tuple[str, str], set[Any]]
) -> list[str]:
    """Rows that refer to a row which is not there; ``known`` maps (table, column) to values."""
    return [
        f"{wanted.name} row {row[wanted.primary_key]}: there is no {there} '{row[column]}'"
        for column, there, name in wanted.foreign_keys
        for row in rows
        if row.get(column) is not None and row[column] not in known[there, name]
    ]
