"""The tables as CSV, to read and edit, and back into the package's Parquet files.

``python -m polylyte.literature.packing unpack FOLDER`` writes one CSV per table;
``… pack FOLDER`` checks them against the descriptor and writes the Parquet files again. Nothing is
computed on the way, except how many decimals a source prints of the columns that say so.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polylyte.core.errors import FileError, PolylyteError
from polylyte.literature.data import FOLDER
from polylyte.literature.schema import (
    DESCRIPTOR,
    Field,
    Schema,
    frame,
    orphans,
    problems,
    schemas,
)

Rows = list[dict[str, Any]]


def read_csv(path: Path, wanted: Schema) -> Rows:
    """One table's CSV as typed rows.

    Raises:
        FileError: a column too many or missing, or a cell that is not of its type.
    """
    names = [f.name for f in wanted.printed]
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if list(reader.fieldnames or ()) != names:
            strange = set(reader.fieldnames or ()) ^ set(names)
            raise FileError(f"columns differ: {', '.join(sorted(strange))}", where=str(path))
        return [_typed(row, wanted, f"{path}:{reader.line_num}") for row in reader]


def _typed(row: Mapping[str, str], wanted: Schema, where: str) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for f in wanted.fields.values():
        text = row[f.decimals_of or f.name]
        if f.decimals_of:
            typed[f.name] = decimals(text) if text else None
            continue
        try:
            typed[f.name] = _value(text, f) if text else None
        except ValueError:
            raise FileError(f"{f.name}: '{text}' is not a {f.type}", where=where) from None
    return typed


def decimals(text: str) -> int:
    """How many digits stand after the point; negative where zeros end a number with exponent."""
    mantissa, _, exponent = text.lower().partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def _value(text: str, f: Field) -> Any:
    match f.type:
        case "number":
            return float(text)
        case "integer":
            return int(text)
        case "boolean":
            return {"1": True, "0": False, "true": True, "false": False}[text.lower()]
        case _:
            return text


def load(folder: Path) -> dict[str, Rows]:
    """Every table of a folder of CSVs, checked against the descriptor and one another.

    Raises:
        FileError: what does not fit; the first of the problems, and how many there are.
    """
    tables = {name: read_csv(folder / f"{name}.csv", wanted) for name, wanted in schemas().items()}
    known = {
        (name, column): {row[column] for row in rows}
        for name, rows in tables.items()
        for column in schemas()[name].fields
    }
    found = [
        text
        for name, rows in tables.items()
        for text in (
            *problems(rows, schemas()[name]),
            *orphans(rows, schemas()[name], known),
        )
    ]
    if found:
        raise FileError(f"{found[0]} ({len(found)} problems in all)", where=str(folder))
    return tables


def pack(folder: Path, target: Path = FOLDER) -> None:
    """Write ``FOLDER``'s CSVs as Parquet, and row counts and hashes into the descriptor."""
    tables = load(folder)
    content = json.loads(DESCRIPTOR.read_text("utf-8"))
    for resource in content["resources"]:
        name = resource["name"]
        path = target / resource["path"]
        frame(tables[name], schemas()[name]).write_parquet(path, compression="zstd")
        raw = path.read_bytes()
        resource["rows"] = len(tables[name])
        resource["hash"] = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (target / DESCRIPTOR.name).write_text(text + "\n", "utf-8")


def unpack(folder: Path) -> None:
    """Write every table as CSV, numbers with the decimals that the source prints."""
    import polars

    folder.mkdir(parents=True, exist_ok=True)
    for name, wanted in schemas().items():
        rows = polars.read_parquet(FOLDER / f"{name}.parquet").to_dicts()
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines, lineterminator="\n")
            writer.writerow([f.name for f in wanted.printed])
            for row in rows:
                writer.writerow([_text(row, f, wanted) for f in wanted.printed])


def _text(row: Mapping[str, Any], f: Field, wanted: Schema) -> str:
    value = row[f.name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        digits = row.get(f"{f.name}_decimals")
        return (
            f"{value:.{max(0, digits)}f}" if digits is not None else repr(value).removesuffix(".0")
        )
    return str(value)


def main(arguments: list[str]) -> int:
    """``pack FOLDER`` or ``unpack FOLDER``."""
    actions = {"pack": pack, "unpack": unpack}
    if len(arguments) != 2 or arguments[0] not in actions:
        print("usage: python -m polylyte.literature.packing pack|unpack FOLDER", file=sys.stderr)
        return 2
    try:
        actions[arguments[0]](Path(arguments[1]))
    except PolylyteError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
