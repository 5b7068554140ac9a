"""A paper as data: what it prints, where, and of what; no conclusions.

The format is described in docs/audit.md. Every block may carry ``at`` (the locator) and ``quote``
or ``note``, which the engine does not read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from polylyte.core.errors import InputError, nearest
from polylyte.core.quantities import Quantity
from polylyte.core.study import read_toml
from polylyte.literature.audit import vocabulary
from polylyte.literature.audit.blocks import Block, counted, heading, one, placed, size
from polylyte.literature.audit.entries import (
    Box,
    ClassStatement,
    Declared,
    Equation,
    PaperRecipe,
    PaperTable,
    Record,
    Stack,
    Statement,
    Sum,
)
from polylyte.literature.audit.expressions import names, of_unit, parse
from polylyte.literature.audit.values import Size, Value, read
from polylyte.materials import formulas, substances

T = TypeVar("T")
NOTHING = ("", "-", "–", "—", "n/a", "not mentioned", "not reported", "not stated")
_DECIMAL_COMMA = re.compile(r"^\D{0,12}\d+,\d+\s*[A-Za-zµμΩ%°]")
"""``0,1 mA``; not ``1,3-dioxolane``."""
_TOTAL = re.compile(r"^\s*(total|sum|overall|Σ)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Paper:
    """A paper as data; :meth:`read` takes a file, :meth:`of` its content."""

    title: str
    tables: tuple[PaperTable, ...] = ()
    records: tuple[Record, ...] = ()
    sums: tuple[Sum, ...] = ()
    recipes: tuple[PaperRecipe, ...] = ()
    boxes: tuple[Box, ...] = ()
    stacks: tuple[Stack, ...] = ()
    equations: tuple[Equation, ...] = ()
    statements: tuple[Statement, ...] = ()
    classes: tuple[ClassStatement, ...] = ()
    declared: tuple[Declared, ...] = ()
    formulas: Mapping[str, str] = field(default_factory=dict)
    values: tuple[Value, ...] = ()
    """Every printed number, for the coverage."""
    file_record: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, path: Path, conditions: Mapping[str, Quantity] | None = None) -> Paper:
        """A paper from its TOML file.

        Raises:
            InputError: not TOML, an unknown key, a number without its unit, a decimal comma.
        """
        content = read_toml(path)
        raw = path.read_bytes()
        paper = cls.of(content, where=path.name)
        record = {
            "name": path.name, "path": str(path), "sha256": hashlib.sha256(raw).hexdigest(),
            "size": len(raw), "format": "polylyte.paper", "instrument": "",
            "rows_read": len(paper.values), "rows_dropped": 0, "findings": [],
        }  # fmt: skip
        return cls(**{**vars(paper), "file_record": record})

    @classmethod
    def of(cls, content: Mapping[str, Any], *, where: str) -> Paper:
        """A paper from the content of its file.

        Raises:
            InputError: as for :meth:`read`.
        """
        known = {"paper", "formulas", *_SECTIONS}
        for key in content:
            if key not in known:
                raise InputError(
                    f"unknown section '{key}'", where=where, remedy=nearest(key, known)
                )
        head = Block(content.get("paper", {}), f"{where} [paper]")
        title = head.text("title")
        for key in ("source", "doi", "covers"):
            head.get(key)
        head.close()
        made: dict[str, Any] = {
            name: _each(content, section, make, where)
            for section, (name, make) in _SECTIONS.items()
        }
        made["sums"] += made.pop("compositions")
        own = Block({"formula": content.get("formulas", {})}, f"{where} [formulas]").texts(
            "formula"
        )
        for name, formula in own.items():
            try:
                formulas.elements(formula)
            except InputError as error:
                raise error.at(f"{where} [formulas] {name}") from None
        paper = cls(title=title, formulas=own, **made)
        return cls(**{**vars(paper), "values": tuple(_all_values(made))})

    def every_record(self) -> Iterator[Record]:
        """Records, rows of tables, whole stacks and their layers."""
        yield from self.records
        for table in self.tables:
            yield from table.rows
        for stack in self.stacks:
            yield stack.whole
            yield from stack.layers

    def formula(self, name: str) -> str:
        """Formula of a substance: the paper's own, the package's, or the name itself if it is one.

        Raises:
            InputError: none is known.
        """
        if name in self.formulas:
            return self.formulas[name]
        try:
            found = substances.find(name).formula
        except InputError as error:
            try:
                formulas.elements(name)
            except InputError:
                raise InputError(
                    error.what, where="paper", remedy=f'add "{name}" = "its formula" to [formulas]'
                ) from None
            return name
        if not found:
            raise InputError(
                f"the formula of '{name}' is not known",
                where="paper",
                remedy="add it to [formulas]",
            )
        return found


def _each(
    content: Mapping[str, Any], section: str, make: Callable[[Any, str], T], where: str
) -> tuple[T, ...]:
    blocks = content.get(section, [])
    if not isinstance(blocks, list):
        raise InputError(f"[{section}] is one block", where=where, remedy=f"write [[{section}]]")
    made = []
    for i, raw in enumerate(blocks, 1):
        label = raw.get("of") or raw.get("about") or raw.get("at") if isinstance(raw, dict) else ""
        made.append(make(raw, f"{where} [[{section}]] {i}" + (f" '{label}'" if label else "")))
    return tuple(made)


def _all_values(found: object) -> Iterator[Value]:
    if isinstance(found, Value):
        yield found
    elif isinstance(found, Size):
        yield from found.lengths
    elif isinstance(found, Mapping):
        for item in found.values():
            yield from _all_values(item)
    elif isinstance(found, tuple):
        for item in found:
            yield from _all_values(item)
    elif isinstance(found, PaperTable):
        yield from _all_values(found.columns)
    elif hasattr(found, "__dataclass_fields__"):
        yield from _all_values(tuple(vars(found).values()))


def _fields(block: Block) -> tuple[dict[str, Value], dict[str, Size], dict[str, str]]:
    values, sizes, texts = {}, {}, {}
    for name, given in vocabulary.NUMBERS.items():
        found = block.value(name, given)
        if found is not None:
            values[name] = found
    for name in vocabulary.SIZES:
        raw = block.get(name)
        if raw is not None:
            sizes[name] = size(raw, f"{block.where} {name}", block.at)
    for name in vocabulary.TEXTS:
        if block.get(name) is not None:
            texts[name] = block.text(name)
    return values, sizes, texts


def _record(raw: object, where: str, at: str = "", kind: str = "record") -> Record:
    block = Block(raw, where, at)
    made = Record(block.text("of"), block.at, *_fields(block), kind)
    block.close()
    return made


def _stack(raw: object, where: str) -> Stack:
    block = Block(raw, where)
    layers = block.need("layers")
    if not isinstance(layers, list):
        raise InputError("'layers' is not a list", where=where)
    whole = Record(block.text("of"), block.at, *_fields(block), "stack")
    block.close()
    made = (_record(x, f"{where} layer {i}", block.at, "layer") for i, x in enumerate(layers, 1))
    return Stack(tuple(made), whole)


def _table(raw: object, where: str) -> PaperTable:
    block = Block(raw, where)
    columns_raw = block.need("columns")
    same = block.texts("same")
    material = block.text("material")
    key = block.get("key") or []
    block.get("headers")
    block.close()
    if not isinstance(columns_raw, Mapping) or not columns_raw:
        raise InputError("'columns' is not a table of lists", where=where)
    lengths = {str(k): len(v) if isinstance(v, list) else 0 for k, v in columns_raw.items()}
    if len(set(lengths.values())) != 1:
        shown = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise InputError(f"columns of unequal length ({shown})", where=where)
    columns = {}
    for label, cells in columns_raw.items():
        name, column_unit = heading(str(label), f"{where} column '{label}'")
        columns[name] = _cells(name, column_unit, cells, block.at, where)
    labels = [str(c) for c in next(iter(columns.values()))]
    total = next((i for i, text in enumerate(labels) if _TOTAL.match(text)), None)
    rows = tuple(
        _row(columns, i, labels[i], block.at, same) for i in range(len(labels)) if i != total
    )
    for name in key:
        if name not in columns:
            raise InputError(f"no column '{name}'", where=where, remedy=nearest(name, columns))
    return PaperTable(block.at, material, columns, rows, total, tuple(key))


def _cells(
    name: str, column_unit: str, cells: list[Any], at: str, where: str
) -> tuple[Value | str | None, ...]:
    given = vocabulary.NUMBERS.get(name)
    if given is None and not column_unit:
        return tuple(str(cell) for cell in cells)
    made: list[Value | str | None] = []
    for i, cell in enumerate(cells, 1):
        text, place = placed(cell, f"{where} {name}", f"{at}, row {i}")
        if str(text).strip().lower() in NOTHING:
            made.append(None)
            continue
        made.append(
            read(
                text, where=f"{where} row {i} {name}", at=place, unit=column_unit, given=given or ""
            )
        )
    return tuple(made)


def _row(
    columns: Mapping[str, tuple[Value | str | None, ...]],
    i: int,
    label: str,
    at: str,
    same: Mapping[str, str],
) -> Record:
    cells = {name: column[i] for name, column in columns.items()}
    values = {name: cell for name, cell in cells.items() if isinstance(cell, Value)}
    texts = {name: cell for name, cell in cells.items() if isinstance(cell, str)}
    return Record(label, f"{at}, row {i + 1}", values, {}, {**same, **texts}, "row")


def _sum(raw: object, where: str) -> Sum:
    block = Block(raw, where)
    parts, total = block.values("parts"), block.value("total", optional=False)
    made = Sum(block.text("of"), block.at, parts, total)  # type: ignore[arg-type]
    block.close()
    if len(parts) < 2:
        raise InputError("a sum of fewer than two parts", where=where)
    return made


def _composition(raw: object, where: str) -> Sum:
    """Parts of a whole: they add up to 100 %."""
    block = Block(raw, where)
    parts = block.values("parts", "wt%")
    if len(parts) < 2:
        raise InputError("a composition of fewer than two parts", where=where)
    first = next(iter(parts.values()))
    whole = Value(f"100 {first.unit}", 100.0, first.unit, 0.0, first.resolution, "", block.at, "")
    made = Sum(block.text("of"), block.at, parts, whole)
    block.close()
    return made


def _recipe(raw: object, where: str) -> PaperRecipe:
    block = Block(raw, where)
    made = PaperRecipe(
        block.text("of"), block.at, block.values("amounts", "g"), block.text("gives"),
        block.value("liquid_content", "wt%"), block.value("solid_content", "wt%"),
    )  # fmt: skip
    block.close()
    if not made.amounts:
        raise InputError("lacks 'amounts'", where=where)
    return made


def _box(raw: object, where: str) -> Box:
    block = Block(raw, where)
    atoms, molecules = block.get("atoms"), block.get("total_molecules")
    made = Box(
        block.text("of"), block.at, block.counts("molecules"),
        None if atoms is None else counted(atoms, f"{where} atoms", block.at),
        None if molecules is None else counted(molecules, f"{where} total_molecules", block.at),
        block.value("edge", "nm"), block.value("density", "g/cm^3"), block.text("ratio"),
        block.text("stands_for"),
    )  # fmt: skip
    block.close()
    return made


def _equation(raw: object, where: str) -> Equation:
    block = Block(raw, where)
    left, right = str(block.need("left")), str(block.need("right"))
    units, meaning = block.texts("symbols"), block.texts("meaning")
    of = block.text("of")
    block.close()
    symbols = {}
    for name, text in units.items():
        try:
            symbols[name] = of_unit(text)
        except InputError as error:
            raise error.at(f"{where} symbols {name}") from None
    used = names(parse(left, where=where)) | names(parse(right, where=where))
    missing = sorted(used - set(symbols))
    if missing:
        raise InputError(
            f"no unit of {', '.join(missing)}", where=where, remedy="add it to 'symbols'"
        )
    return Equation(of, block.at, left, right, symbols, units, meaning)


def _statement(raw: object, where: str) -> Statement:
    block = Block(raw, where)
    about, text = str(block.need("about")), str(block.need("value"))
    block.close()
    value = None
    if _DECIMAL_COMMA.match(text):
        read(text, where=where, at=block.at)  # raises, and says what to write
    if re.match(r"^\D{0,12}\d", text) and " x " not in text:
        try:
            value = read(text, where=where, at=block.at)
        except InputError:
            value = None  # words that hold a digit: compared as text
    return Statement(about, block.at, text, value)


def _class(raw: object, where: str) -> ClassStatement:
    block = Block(raw, where)
    says = block.value("says", optional=False)
    made = ClassStatement(block.text("of"), block.at, says, block.values("members"))  # type: ignore[arg-type]
    block.close()
    return made


def _declared(raw: object, where: str) -> Declared:
    block = Block(raw, where)
    equation, printed = (
        str(block.need("equation")),
        one(block.need("printed"), f"{where} printed", block.at),
    )
    values = block.values("values")
    made = Declared(block.text("of"), block.at, equation, printed, values)
    block.close()
    missing = names(parse(equation, where=where)) - set(values)
    if missing:
        raise InputError(f"no value of {', '.join(sorted(missing))}", where=where)
    return made


_SECTIONS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "table": ("tables", _table),
    "record": ("records", _record),
    "sum": ("sums", _sum),
    "composition": ("compositions", _composition),
    "recipe": ("recipes", _recipe),
    "box": ("boxes", _box),
    "stack": ("stacks", _stack),
    "equation": ("equations", _equation),
    "statement": ("statements", _statement),
    "class": ("classes", _class),
    "relation": ("declared", _declared),
}
