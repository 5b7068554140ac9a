"""Gamry ``.DTA``: header entries ``KEY<tab>TYPE<tab>VALUE`` and tables of tab-led rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding, unfinished_sweep
from polylyte.instruments.conditions import steady_temperature
from polylyte.instruments.grids import Column, Grid, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import SIMULATED, Recording
from polylyte.instruments.text import decode, ends_cut, header_number, line_list, split_lines

_ENTRY = re.compile(r"([A-Z][A-Z0-9_]*)\t([A-Z][A-Z0-9]*)(?:\t|$)")
_TECHNIQUES = {
    "EISPOT": "impedance", "GALVEIS": "impedance", "HYBRIDEIS": "impedance", "EISMON": "impedance",
    "CHRONOA": "chronoamperometry", "CHRONOP": "chronopotentiometry", "CV": "voltammetry",
    "LSV": "voltammetry", "LV": "voltammetry", "CORPOT": "open circuit",
    "PWR800_CHARGE": "cycling", "PWR800_DISCHARGE": "cycling", "PWR800": "cycling",
}  # fmt: skip
_COLUMNS = {
    "Pt": "point", "T": "time", "Time": "time", "Vf": "potential", "Im": "current",
    "Vu": "uncompensated_potential", "Vm": "measured_potential", "Sig": "control",
    "Ach": "auxiliary_potential", "IERange": "current_range", "Over": "overload",
    "Temp": "temperature", "Freq": "frequency", "Zreal": "z_real", "Zimag": "z_imaginary",
    "Zsig": "signal", "Zmod": "z_modulus", "Zphz": "z_phase", "Idc": "current",
    "Vdc": "potential", "Q": "charge",
}  # fmt: skip
_UNITS = {"V vs. Ref.": "V", "deg C": "degC", "°": "deg", "\ufffd": "deg", "#": "", "bits": ""}
PREAMBLE = "OCVCURVE"
"""The open-circuit record that precedes a measurement."""
NO_THERMOCOUPLE = -327.67
"""Gamry's 16-bit floor in hundredths of a degree: nothing is connected."""


@dataclass
class _Block:
    """A table of the file: its vendor's name, our name, where it is, and its lines."""

    kind: str
    name: str
    line: int
    declared: int | None
    lines: list[str] = field(default_factory=list)


def recognise(head: bytes) -> bool:
    """An ``EXPLAIN`` line and a ``TAG`` entry."""
    lines = split_lines(decode(head[:4096]))
    return bool(lines) and lines[0].strip() == "EXPLAIN" and _tag_line(lines) is not None


def _tag_line(lines: list[str]) -> str | None:
    return next((line for line in lines[1:20] if line.startswith("TAG\t")), None)


@reader("gamry.dta", recognise=recognise)
def read_gamry(raw: bytes) -> Recording:
    """Read a ``.DTA`` file: every table, decimal point or comma, finished or aborted.

    Raises:
        FileError: the file ends before its measurement's table, or the table has no rows.
    """
    text = decode(raw)
    lines = split_lines(text)
    cut = ends_cut(text)
    header, blocks, orphans = _walk(lines)
    tag = header.get("TAG", "")
    spectral = any(block.kind == "ZCURVE" for block in blocks)
    technique = _TECHNIQUES.get(tag, "impedance" if spectral else tag.lower())
    # The open-circuit record before the measurement may be empty; the measurement may not.
    held = [b for b in blocks if _is_main(b.kind, technique) or len(b.lines) > 2]
    grids = {block.name: _grid(block, cut and block is blocks[-1]) for block in held}
    if not any(_is_main(block.kind, technique) for block in held):
        wanted = "ZCURVE" if technique == "impedance" else "CURVE"
        raise FileError(
            f"ends before the table {wanted} that a {tag or 'Gamry'} file holds",
            where=f"line {len(lines)}",
            remedy="export it again or take the unbroken copy",
        )
    tables = {name: grid.table for name, grid in grids.items()}
    findings = _findings(header, blocks, grids, tables, cut)
    if orphans:
        where = line_list(orphans)
        text = f"{len(orphans)} rows stand outside any table and were left out ({where})"
        findings.append(Finding(text, "warning", where=where))
    temperature = steady_temperature(tables)
    return Recording(
        format="gamry.dta",
        instrument=" ".join(("Gamry", header.get("PSTAT", ""))).strip(),
        technique=technique,
        tables=tables,
        conditions={**_conditions(header, technique), **temperature.conditions},
        started=" ".join((header.get("DATE", ""), header.get("TIME", ""))).strip(),
        metadata=header,
        rows_read=sum(map(len, grids.values())),
        rows_dropped=sum(grid.rows_dropped for grid in grids.values()) + len(orphans),
        unknown_columns=tuple(dict.fromkeys(n for g in grids.values() for n in g.unknown_columns)),
        findings=(*findings, *temperature.findings),
        simulated=SIMULATED in header.get("NOTES", "") or SIMULATED in header.get("TITLE", ""),
    )


def _walk(lines: list[str]) -> tuple[dict[str, str], list[_Block], list[int]]:
    """Header entries, tables, and numbers of lines that belong to neither.

    Inside a table, a line that is no entry belongs to the table, whatever it looks like.
    """
    orphans: list[int] = []
    header: dict[str, str] = {}
    blocks: list[_Block] = []
    block: _Block | None = None
    last_key = kind = ""
    for number, line in enumerate(lines, 1):
        entry = _ENTRY.match(line)
        if entry is None:
            if block is not None:
                block.lines.append(line)
            elif kind == "NOTES":
                header[last_key] = f"{header[last_key]}\n{line.strip()}".strip()
            elif line.strip() and number > 1:
                orphans.append(number)
            continue
        last_key, kind = entry.groups()
        cells = line.split("\t")
        if kind == "TABLE":
            count = header_number(cells[2]) if len(cells) > 2 else None
            name = _free_name("impedance" if last_key == "ZCURVE" else last_key, blocks)
            block = _Block(last_key, name, number, None if count is None else int(count))
            blocks.append(block)
            continue
        block = None
        # NOTES gives its number of lines; the lines themselves follow. A potential's second
        # cell says what it is against: T the open circuit, F the reference electrode.
        header[last_key] = "" if kind == "NOTES" else (cells[2].strip() if len(cells) > 2 else "")
        if kind in ("POTEN", "TWOPARAM") and len(cells) > 3:
            header[f"{last_key} against"] = cells[3].strip()
    tag = next((line for line in lines[1:20] if line.startswith("TAG\t")), "TAG\t")
    header["TAG"] = tag.split("\t")[1].strip()
    return header, blocks, orphans


def _free_name(name: str, blocks: list[_Block]) -> str:
    """A second table of one name is called ``impedance 2``."""
    count = sum(block.name.split(" ")[0] == name for block in blocks)
    return f"{name} {count + 1}" if count else name


def _is_main(kind: str, technique: str) -> bool:
    if technique == "impedance":
        return kind == "ZCURVE"
    return "CURVE" in kind and (kind != PREAMBLE or technique == "open circuit")


def _grid(block: _Block, cut: bool) -> Grid:
    if len(block.lines) < 2 or not block.lines[0].startswith("\t"):
        raise FileError(
            f"the table {block.kind} ends before its column names and units",
            where=f"line {block.line + len(block.lines)}",
            remedy="a line of names, a line of units and the rows were expected",
        )
    names, units = (line.removeprefix("\t").split("\t") for line in block.lines[:2])
    units += [""] * (len(names) - len(units))
    columns = [_column(n.strip(), u.strip()) for n, u in zip(names, units, strict=False)]
    known = {column.name for column in columns}
    essential = {"frequency", "z_real", "z_imaginary"} if block.kind == "ZCURVE" else {"time"}
    essential |= {"potential", "current"} & known if block.kind != "ZCURVE" else set()
    rows = [line.removeprefix("\t") for line in block.lines[2:]]
    return read_grid(rows, block.line + 3, columns, essential, name=block.kind, cut=cut)


def _column(name: str, unit: str) -> Column:
    tidy = _COLUMNS.get(name)
    missing = NO_THERMOCOUPLE if tidy == "temperature" else None
    return Column(tidy or name, _UNITS.get(unit, unit), 1.0, tidy is not None, missing)


def _conditions(header: Mapping[str, str], technique: str) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for key in ("VSTEP1",) if technique == "chronoamperometry" else ("VDC",):
        value = header_number(header.get(key))
        if value is not None:
            against = "open circuit" if header.get(f"{key} against") == "T" else "reference"
            found["bias"] = Quantity(value, "V", conditions={"against": against})
    open_circuit = header_number(header.get("EOC"))
    if open_circuit is not None:
        found["open_circuit_potential"] = Quantity(open_circuit, "V", how="measured")
    amplitude = header_number(header.get("VAC"))
    if amplitude is not None and technique == "impedance":
        found["amplitude"] = Quantity(amplitude, "mV", conditions={"as": "root mean square"})
    area = header_number(header.get("AREA"))
    # 1 cm^2 is what the form offers; only another number was written by somebody.
    if area is not None and area > 0 and area != 1.0:
        found["area"] = Quantity(area, "cm^2")
    return found


def _findings(
    header: Mapping[str, str],
    blocks: list[_Block],
    grids: Mapping[str, Grid],
    tables: Mapping[str, Table],
    cut: bool,
) -> list[Finding]:
    found = [finding for grid in grids.values() for finding in grid.findings]
    for block in blocks:
        grid = grids.get(block.name)
        rows = 0 if grid is None else len(grid) + grid.rows_dropped
        if grid is None or (block.declared is not None and rows < block.declared):
            text = f"the table {block.kind} declares {block.declared} rows and holds {rows}"
            found.append(Finding(text, "warning", where=f"line {block.line}"))
    if header.get("EXPERIMENTABORTED", "F").upper().startswith("T"):
        found.append(Finding("the experiment was aborted by its operator", "warning"))
    if cut:
        found.append(Finding("the file stops within a line: it may be cut short", "warning"))
    for name, table in tables.items():
        if name.startswith("impedance"):
            found.extend(_impedance_findings(header, table))
    return found


def _impedance_findings(header: Mapping[str, str], table: Table) -> list[Finding]:
    frequency = np.asarray(table.column("frequency"), dtype=float)
    last = header_number(header.get("FREQFINAL"))
    per_decade = header_number(header.get("PTSPERDEC"))
    found = [
        sign_finding(np.asarray(table.column("z_imaginary"), dtype=float)),
        unfinished_sweep(frequency, last, per_decade),
    ]
    return [finding for finding in found if finding is not None]
