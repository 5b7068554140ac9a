"""The tables of a crate as a Frictionless data package: types, units and digests of each CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polylyte.core.tables import Table
from polylyte.report.export.bdf import Series
from polylyte.report.text import unused

Field = dict[str, Any]
_UNSAFE = re.compile(r"[^a-z0-9._-]+")


def fields(table: Table) -> list[Field]:
    """Schema of a table's CSV: a column of standard uncertainties follows each that has them."""
    text = table.to_csv()
    labels = iter(next(csv.reader(io.StringIO(text)), ()))
    found = []
    for name in table.columns:
        unit = table.units.get(name, "")
        field = _field(next(labels), table.frame[name].dtype, unit)
        found.append(field)
        if any(column.startswith(f"{name}|") for column in table.frame.columns):
            about = {"description": f"standard uncertainty of {name}"}
            found.append({**_typed(next(labels), "number", unit), **about})
    return found


def guessed(text: str) -> list[Field]:
    """Schema of a CSV of ours that is no table of a result; types as all its rows allow."""
    import polars

    frame = polars.read_csv(text.encode(), infer_schema_length=None)
    return [_field(column.name, column.dtype, "") for column in frame.get_columns()]


def bdf_fields(series: Series) -> list[Field]:
    """Schema of a table in the Battery Data Format; each column names its term."""
    return [
        {**_field(term.heading, series.frame[term.heading].dtype, term.unit), "rdfType": term.iri}
        for term in series.terms
    ]


def _field(name: str, dtype: Any, unit: str) -> Field:
    import polars

    if dtype == polars.Boolean:
        return _typed(name, "boolean", unit)
    if dtype.is_integer():
        return _typed(name, "integer", unit)
    if dtype.is_numeric():
        return _typed(name, "number", unit)
    if dtype == polars.Date:
        return _typed(name, "date", unit)
    if dtype == polars.Datetime:
        return _typed(name, "datetime", unit) | {"format": "any"}
    return _typed(name, "string", unit)


def _typed(name: str, kind: str, unit: str) -> Field:
    return {"name": name, "type": kind} | ({"unit": unit} if unit not in ("", "1") else {})


def resource(
    path: str, content: bytes, schema: Sequence[Field], taken: Sequence[str], about: str = ""
) -> dict[str, Any]:
    """One CSV file; ``taken`` are the names of the resources before it."""
    stem = path.rpartition("/")[2].removesuffix(".csv")
    return {
        "name": unused(_UNSAFE.sub("-", stem.lower()), taken),
        "path": path,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        **({"description": about} if about else {}),
        "schema": {"fields": list(schema)},
    }


def descriptor(
    about: Mapping[str, Any], licence: Mapping[str, str], resources: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """``datapackage.json``: ``about`` holds name, title, description, created and authors."""
    name = _UNSAFE.sub("-", str(about["name"]).lower()).strip("-") or "study"
    return {
        "profile": "tabular-data-package",
        "name": name,
        "title": about["title"],
        **dict(_said(about)),
        "created": about["created"],
        **({"licenses": [dict(licence)]} if licence else {}),
        **({"contributors": [{"title": a, "role": "author"} for a in about["authors"]]}
           if about["authors"] else {}),
        "resources": list(resources),
    }  # fmt: skip


def _said(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if about["description"]:
        yield "description", " ".join(str(about["description"]).split())
