"""A paper started from CSV tables: one file, one table."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from polylyte.core.errors import InputError
from polylyte.core.units import unit
from polylyte.literature.audit import vocabulary
from polylyte.literature.audit.paper import NOTHING
from polylyte.literature.audit.values import dimension, read

_DECIMAL_COMMA = re.compile(r"^\s*[-+~<>≈]?\s*\d+,\d+\s*$")
_THOUSANDS = re.compile(r"^\s*\d{1,3}(,\d{3})+(\.\d+)?\s*$")
_BRACKETED = re.compile(r"^(?P<name>.*?)\s*[\(\[](?P<unit>[^()\[\]]+)[\)\]]\s*$")
_UNITLESS = {"1", ""}

_HEAD = """\
# A paper as data for `polylyte call literature.audit --in file={file}`.
# Started from CSV tables. What is left to do:
#   1. name the columns by the vocabulary (docs/audit.md), with their units: the others are only
#      added up where there is a total row, and "(as printed)" marks what could not be read;
#   2. give each block its locator in `at` (table, figure, section);
#   3. add what the text says: [[record]], [[statement]], [[recipe]], [[equation]],
#      [[box]], [[stack]].

[paper]
title = {title}
"""


def start_from_csv(folder: Path | str, *, title: str = "") -> str:
    """The TOML text of a paper whose tables are the folder's CSV files.

    A BOM and a line such as ``sep=;`` are dropped, a row of units below the heading becomes part
    of it. Comma, semicolon or tab separate the cells. Decimal commas become points
    where cells are separated by something else; the text then says so. Columns headed
    ``Capacity retention (%)`` or ``loading / mg/cm^2`` get the name of the vocabulary that they
    plainly mean, otherwise their own.

    Raises:
        InputError: no CSV file, one without rows, a row of another length, a cell such as
            "1,234" that could be either.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError("is not a folder", where=str(place), remedy="name the folder of CSV files")
    paths = sorted(p for p in place.iterdir() if p.suffix.lower() in (".csv", ".tsv"))
    if not paths:
        raise InputError("holds no CSV file", where=str(place), remedy="save each table as CSV")
    head = _HEAD.format(
        file="paper.toml", title=json.dumps(title or place.name, ensure_ascii=False)
    )
    return head + "".join(_table(path) for path in paths)


def _table(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            "is not text in UTF-8", where=str(path), remedy="save it as UTF-8"
        ) from None
    if not text.strip():
        raise InputError("is empty", where=str(path))
    delimiter = _delimiter(text)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    if rows[0][0].startswith("sep="):  # a line for a spreadsheet, not of the table
        rows = rows[1:]
    if len(rows) < 2:
        raise InputError("has no rows below its heading", where=str(path))
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise InputError(
                f"row {number} has {len(row)} cells, the heading {len(rows[0])}",
                where=str(path),
                remedy="put cells that hold the separator in quotes",
            )
    columns = [list(column) for column in zip(*_units_in_heading(rows), strict=True)]
    commas = False
    lines = ["", "[[table]]", f"at = {_quoted(path.stem)}"]
    headers, body = [], []
    used: set[str] = set()
    for heading, *cells in columns:
        cells, changed = _points(cells, path, heading, delimiter)
        commas = commas or changed
        key = _unique(_checked(_key(heading), heading, cells), used)
        body.append(f"{_bare(key)} = [{', '.join(_quoted(c.strip()) for c in cells)}]")
        headers.append(f"{_bare(key.partition(' / ')[0])} = {_quoted(heading.strip())}")
    lines.append(f"headers = {{ {', '.join(headers)} }}")
    if commas:
        lines.append("# decimal commas of the file were read as points")
    return "\n".join([*lines, "[table.columns]", *body, ""])


def _units_in_heading(rows: list[list[str]]) -> list[list[str]]:
    """A row of units below the heading becomes part of it."""
    if len(rows) < 3:
        return rows
    below, first = ([cell.strip().strip("()[]") for cell in row] for row in rows[1:3])
    if not _only_units(below) or _only_units(first):
        return rows
    named = [
        f"{name} ({unit})" if unit else name for name, unit in zip(rows[0], below, strict=True)
    ]
    return [named, *rows[2:]]


def _only_units(cells: list[str]) -> bool:
    return any(cells) and all(_is_unit(cell) for cell in cells if cell)


def _delimiter(text: str) -> str:
    first = text.splitlines()[0]
    return max(",;\t", key=first.count)


def _points(cells: list[str], path: Path, heading: str, delimiter: str) -> tuple[list[str], bool]:
    """Decimal commas as points. "1,234" alone could be a thousand and is refused, unless another
    cell of the column shows which it is."""
    commas = [c for c in cells if _DECIMAL_COMMA.match(c)]
    if not commas:
        return cells, False
    if any("." in c for c in cells) and all(_THOUSANDS.match(c) for c in commas):
        return [c.replace(",", "") if c in commas else c for c in cells], False
    if all(_THOUSANDS.match(c) for c in commas):
        raise InputError(
            f"column '{heading}': '{commas[0]}' is a thousand or a decimal comma",
            where=str(path),
            remedy="write it without the comma, or with a point",
        )
    return [c.replace(",", ".") if c in commas else c for c in cells], True


def _key(heading: str) -> str:
    """Name and unit of a heading, the name from the vocabulary where it plainly is one."""
    name, unit_text = heading.strip(), ""
    bracketed = _BRACKETED.match(name)
    slashed = name.partition(" / ")
    if bracketed and _is_unit(bracketed["unit"]):
        name, unit_text = bracketed["name"], bracketed["unit"].strip()
    elif slashed[1] and _is_unit(slashed[2]):
        name, unit_text = slashed[0].strip(), slashed[2].strip()
    known = _vocabulary(name)
    # A name of the vocabulary is only given where the unit measures the same.
    if known in vocabulary.NUMBERS and unit_text and vocabulary.NUMBERS[known]:
        expected = unit(vocabulary.NUMBERS[known]).dimension
        if unit(unit_text).dimension != expected and "%" not in unit_text:
            known = ""
    name = known or name or "column"
    return f"{name} / {unit_text}" if unit_text else name


def _checked(key: str, heading: str, cells: list[str]) -> str:
    """The key, if its cells can be read by it; else a name that claims nothing."""
    name, _, unit_text = key.partition(" / ")
    if name not in vocabulary.NUMBERS and not unit_text:
        return key
    given = vocabulary.NUMBERS.get(name, "")
    try:
        for cell in cells:
            if cell.strip().lower() in NOTHING:
                continue
            made = read(cell, where=heading, unit=unit_text, given=given)
            if given and dimension(made.unit) != dimension(given):  # a volume "40A" is no current
                raise InputError("another dimension")
    except InputError:
        return f"{heading.strip()} (as printed)".replace(" / ", "/")
    return key


_MEANINGS = {
    "capacity retention": "retention", "retention": "retention", "cycle number": "cycles",
    "cycling number": "cycles", "cycle": "cycles", "cycles": "cycles",
    "areal capacity": "areal_capacity", "specific capacity": "specific_capacity",
    "loading": "active_loading", "mass loading": "active_loading",
    "loading mass": "active_loading", "active loading": "active_loading",
    "ionic conductivity": "conductivity", "conductivity": "conductivity",
    "transference number": "transference_number", "t+": "transference_number",
    "li+ transference number": "transference_number", "dp": "degree_of_polymerization",
    "mn": "molar_mass", "m0": "repeat_unit_mass", "n/p": "np_ratio", "n/p ratio": "np_ratio",
    "e/c": "ec_ratio", "e/c ratio": "ec_ratio", "weight percentage": "weight_fraction",
    "atomic percentage": "atomic_fraction", "average capacity decay": "decay",
    "capacity decay": "decay", "element": "element", "cathode": "cathode", "anode": "anode",
    "electrolyte": "electrolyte", "sample": "sample", "reference": "reference", "ref.": "reference",
    "thickness": "thickness", "temperature": "temperature", "voltage": "average_voltage",
}  # fmt: skip


def _vocabulary(name: str) -> str:
    plain = re.sub(r"\s+", " ", name.replace("_", " ")).strip().casefold()
    if plain in _MEANINGS:
        return _MEANINGS[plain]
    if plain.replace(" ", "_") in (*vocabulary.NUMBERS, *vocabulary.TEXTS):
        return plain.replace(" ", "_")
    return ""


def _is_unit(text: str) -> bool:
    try:
        return bool(text.strip()) and unit(text.strip()).text not in _UNITLESS
    except InputError:
        return False


def _unique(key: str, used: set[str]) -> str:
    name, slash, unit_text = key.partition(" / ")
    made, number = name, 2
    while made in used:
        made, number = f"{name} {number}", number + 1
    used.add(made)
    return f"{made}{slash}{unit_text}"


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
