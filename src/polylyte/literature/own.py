"""Papers of your own: facts in TOML or CSV, checked on entry, kept in your own folder."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polylyte.core.errors import FileError, nearest
from polylyte.core.quantities import Quantity
from polylyte.literature.checks import findings, refuse
from polylyte.literature.conditions import cathode
from polylyte.literature.derived import derived
from polylyte.literature.intake import fill
from polylyte.literature.schema import Schema, orphans, problems, schemas

VARIABLE = "POLYLYTE_LITERATURE"
_KEY = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{2,40}$")
_ABOUT = ("key", "citation", "doi", "first_author", "journal", "year", "volume", "page")
_NOT_ENTERED = ("cells_derived", "errata", "consistency")
_COMMENT = re.compile(r"^#\s*(\w+)\s*[:=]\s*(.*?)\s*$")
_LARGEST = 20_000_000
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Paper:
    """The facts of one paper as rows of the package's tables."""

    key: str
    citation: str
    rows: Rows
    findings: tuple[str, ...]
    file_record: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, conditions: Mapping[str, Quantity] | None = None) -> Paper:
        """Read and check one file (``.toml``, or ``KEY.TABLE.csv``).

        Raises:
            FileError: what does not fit, with the line or row and what to write instead.
        """
        raw = _bytes(path)
        text = _decoded(raw, path)
        entered = _toml(text, path) if path.suffix == ".toml" else _csv(text, path)
        about, tables, noted = entered
        paper = _checked(about, tables, path)
        said = [*noted, *paper.findings]
        record = {
            "name": path.name,
            "path": str(path),
            "sha256": hashlib.sha256(raw).hexdigest(),
            "size": len(raw),
            "format": "paper in TOML" if path.suffix == ".toml" else "paper in CSV",
            "instrument": "",
            "rows_read": sum(len(rows) for rows in tables.values()),
            "rows_dropped": 0,
            "findings": said,
        }
        return cls(paper.key, paper.citation, paper.rows, tuple(said), record)


def own_folder() -> Path:
    """Where papers of your own are kept: ``$POLYLYTE_LITERATURE``, else the user's data folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    share = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(share).expanduser() / "polylyte" / "literature"


def own_papers(folder: Path | None = None) -> list[Paper]:
    """Every paper in a folder, :func:`own_folder` by default; none where there is no folder.

    Raises:
        FileError: a file that does not fit; nothing is left out in silence.
    """
    place = folder or own_folder()
    if not place.is_dir():
        return []
    files = [p for p in sorted(place.iterdir()) if p.suffix in (".toml", ".csv")]
    papers = [Paper.read(path) for path in files]
    _distinct(papers)
    return papers


def add(path: Path, folder: Path | None = None) -> Paper:
    """Check a paper and keep a copy in a folder, :func:`own_folder` by default.

    Raises:
        FileError: it does not fit, or the folder holds another file of that name.
    """
    paper = Paper.read(path)
    place = folder or own_folder()
    target = place / path.name
    raw = path.read_bytes()
    if target.exists():
        if target.read_bytes() == raw:
            return paper
        raise FileError(
            "another file of this name is kept already",
            where=str(target),
            remedy="remove that one first, or rename this one",
        )
    _distinct([*own_papers(place), paper])
    place.mkdir(parents=True, exist_ok=True)
    temporary = place / f".{path.name}.{os.getpid()}"
    temporary.write_bytes(raw)
    os.replace(temporary, target)
    return paper


def _distinct(papers: Sequence[Paper]) -> None:
    seen: dict[tuple[str, Any], str] = {}
    for paper in papers:
        for name, rows in paper.rows.items():
            for row in rows:
                id = (name, row[schemas()[name].primary_key])
                if id in seen:
                    raise FileError(
                        f"row {id[1]} of {name} is also in {seen[id]}",
                        where=str(paper.file_record["name"]),
                        remedy="give it another row_id, or remove one of the files",
                    )
                seen[id] = str(paper.file_record["name"])


def _bytes(path: Path) -> bytes:
    if path.suffix not in (".toml", ".csv"):
        raise FileError(
            "is neither .toml nor .csv", where=str(path), remedy="write the paper as one of them"
        )
    try:
        if path.stat().st_size > _LARGEST:
            raise FileError("is larger than any paper's tables", where=str(path))
        return path.read_bytes()
    except FileNotFoundError:
        raise FileError("there is no such file", where=str(path)) from None
    except OSError as error:
        raise FileError(f"cannot be read ({error.strerror})", where=str(path)) from None


def _decoded(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FileError(
            "is not text in UTF-8", where=f"{path}:{line}", remedy="save it as UTF-8"
        ) from None


Entered = tuple[dict[str, Any], dict[str, list[dict[str, Any]]], list[str]]


def _toml(text: str, path: Path) -> Entered:
    import tomli

    try:
        content = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise FileError(f"is not valid TOML: {error}", where=str(path)) from None
    about = content.pop("paper", None)
    if not isinstance(about, dict):
        raise FileError(
            "has no [paper]",
            where=str(path),
            remedy='begin with [paper], key = "…", citation = "…"',
        )
    tables: dict[str, list[dict[str, Any]]] = {}
    for name, rows in content.items():
        wanted = _enterable(name, str(path))
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise FileError(f"'{name}' is no list of rows", where=str(path), remedy=f"[[{name}]]")
        tables[name] = [
            _row(wanted, {key: (value, "") for key, value in row.items()}, f"{path} [[{name}]] {n}")
            for n, row in enumerate(rows, 1)
        ]
    return about, tables, []


def _enterable(name: str, where: str) -> Schema:
    open_to = [known for known in schemas() if known not in _NOT_ENTERED]
    if name not in open_to:
        raise FileError(f"'{name}' is no table", where=where, remedy=nearest(name, open_to))
    return schemas()[name]


def _csv(text: str, path: Path) -> Entered:
    about, first = _heading(text)
    parts = path.stem.split(".")
    table = str(about.pop("table", parts[-1]))
    wanted = _enterable(table, f"{path} (the table's name, from the file's or '# table: …')")
    if len(parts) > 1:
        about.setdefault("key", parts[0])
    body = "\n".join(text.splitlines()[first:])
    separator = max(",;\t", key=body.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(body), delimiter=separator, strict=True)
    try:
        header = [_split_header(cell) for cell in next(reader, [])]
        rows = []
        for cells in reader:
            where = f"{path}:{first + reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise FileError(
                    f"has {len(cells)} cells, the heading {len(header)}",
                    where=where,
                    remedy="put cells with commas into quotes",
                )
            pairs = zip(header, cells, strict=True)
            stated = {n: (cell.strip(), u) for (n, u), cell in pairs if cell.strip()}
            rows.append(_row(wanted, stated, where))
    except csv.Error as error:
        raise FileError(f"is not CSV ({error})", where=str(path)) from None
    noted = [f"cells are separated by {separator!r}"] if separator != "," else []
    return about, {table: rows}, noted


def _heading(text: str) -> tuple[dict[str, Any], int]:
    """``# key: value`` lines before the table, and the number of lines that they take."""
    about: dict[str, Any] = {}
    lines = text.splitlines()
    first = 0
    while first < len(lines) and (lines[first].startswith("#") or not lines[first].strip()):
        match = _COMMENT.match(lines[first])
        if match:
            about[match[1]] = match[2]
        first += 1
    return about, first


def _split_header(cell: str) -> tuple[str, str]:
    """``areal_capacity / mAh cm-2`` is a name and a unit."""
    name, _, unit = cell.partition(" / ")
    return name.strip(), unit.strip()


def _row(wanted: Schema, stated: Mapping[str, tuple[Any, str]], where: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    # Words first: units of a number may depend on the property that its row names.
    for name, (raw, unit) in sorted(stated.items(), key=lambda item: _late(wanted, item[0])):
        filled = fill(wanted, name, raw, f"{where}, {name}", row, unit)
        for column, value in filled.items():
            if row.get(column) not in (None, value):
                raise FileError(
                    f"{column} is stated twice: {row[column]} and {value}",
                    where=f"{where}, {name}",
                    remedy="keep one of them",
                )
        row |= filled
    return row


def _late(wanted: Schema, name: str) -> bool:
    found = wanted.fields.get(name)
    return found is None or found.type != "string" or bool(found.unit_field)


def _checked(
    about: Mapping[str, Any], tables: dict[str, list[dict[str, Any]]], path: Path
) -> Paper:
    where = str(path)
    for name in about:
        if name not in _ABOUT:
            raise FileError(
                f"unknown key '{name}'", where=f"{where} [paper]", remedy=nearest(name, _ABOUT)
            )
    key, citation = str(about.get("key", "")), str(about.get("citation", ""))
    if not _KEY.match(key):
        raise FileError(
            f"'{key}' cannot be a paper's key" if key else "the paper has no key",
            where=where,
            remedy="give one of 3 to 41 letters and digits, such as Smith2026",
        )
    if not citation:
        raise FileError(
            "the paper has no citation", where=where, remedy='say which: citation = "…"'
        )
    if not any(tables.values()):
        raise FileError("holds no rows", where=where, remedy="add a [[cells]] or [[transport]]")
    reference = _reference(key, citation, about, path)
    tables = {**tables, "references": [reference, *tables.get("references", [])]}
    for name, rows in tables.items():
        wanted = schemas()[name]
        for number, row in enumerate(rows, 1):
            _defaults(row, wanted, key, number)
        refuse(problems(rows, wanted), where)
    _known_references(tables, where)
    said = findings(tables, where)
    if "cells" in tables:
        full = [{**dict.fromkeys(schemas()["cells"].fields), **row} for row in tables["cells"]]
        tables["cells_derived"] = [derived(row) for row in full]
    return Paper(key, citation, {n: tuple(rows) for n, rows in tables.items()}, tuple(said))


def _reference(key: str, citation: str, about: Mapping[str, Any], path: Path) -> dict[str, Any]:
    try:
        year = int(about["year"]) if about.get("year") else None
    except (TypeError, ValueError):
        raise FileError(f"{about['year']!r} is not a year", where=f"{path} [paper]") from None
    doi = str(about.get("doi") or "") or None
    named = ("first_author", "journal", "volume", "page")
    words = {n: str(about[n]) if about.get(n) else None for n in named}
    return {
        "ref_key": f"{key}:self",
        "seed": key,
        "seed_file": path.name,
        "ref_number": "self",
        "canonical_key": doi or key,
        "citation": citation,
        **words,
        "year": year,
        "doi": doi,
    }


def _defaults(row: dict[str, Any], wanted: Schema, key: str, number: int) -> None:
    if wanted.name == "references":
        row.setdefault("seed", key)
        return
    if row.get("cathode"):
        row.setdefault("cathode_raw", row["cathode"])
        row["cathode"] = cathode(row["cathode"])
    row.setdefault("row_id", f"{key}-{wanted.name}-{number:03d}")
    row.setdefault("seed", key)
    row.setdefault("ref_key", f"{key}:self")
    if not str(row["row_id"]).startswith(key):
        row["row_id"] = f"{key}-{row['row_id']}"


def _known_references(tables: Mapping[str, list[dict[str, Any]]], where: str) -> None:
    from polylyte.literature.tables import shipped

    known = {
        (there, column): {*shipped(there)[column].to_list(), *(r.get(column) for r in rows)}
        for name in tables
        for _, there, column in schemas()[name].foreign_keys
        for rows in [tables.get(there, [])]
    }
    found = [t for name, rows in tables.items() for t in orphans(rows, schemas()[name], known)]
    if found:
        raise FileError(found[0], where=where, remedy="add it as [[references]]")
