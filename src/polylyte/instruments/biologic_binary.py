"""BioLogic ``.mpr``: EC-Lab's and BT-Lab's own binary files.

A file is a magic text and then modules, each with a header of 57 bytes (65 since EC-Lab 11.50):
settings, data, log, loops. The data module lists its columns by number, and after a fixed
distance follow the records. Written from real files beside their text exports; data modules of
versions 0 and 2 (before EC-Lab 10) from descriptions alone.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.biologic_columns import COLUMNS, FLAGS, Layout, layout
from polylyte.instruments.biologic_names import column
from polylyte.instruments.biologic_ranges import control_range
from polylyte.instruments.biologic_settings import settings_of
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.conditions import steady_temperature
from polylyte.instruments.grids import Column, named_apart
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording

MAGIC = b"BIO-LOGIC MODULAR FILE\x1a"
FIRST = 52
"""Where the first module begins."""
_BEGIN = {0: 100, 2: 405, 3: 406, 10: 1007, 11: 1007}
"""Where the records begin in a data module of each version."""
_MOST_COLUMNS = 300
_SPECTRUM = {"frequency", "z_real", "z_imaginary"}
_TECHNIQUES = {
    0x04: ("cycling", "Galvanostatic Cycling with Potential Limitation"),
    0x06: ("voltammetry", "Cyclic Voltammetry"),
    0x0B: ("open circuit", "Open Circuit Voltage"),
    0x18: ("chronoamperometry", "Chronoamperometry"),
    0x19: ("chronopotentiometry", "Chronopotentiometry"),
    0x1D: ("impedance", "Potentio Electrochemical Impedance Spectroscopy"),
    0x1E: ("impedance", "Galvano Electrochemical Impedance Spectroscopy"),
    0x33: ("voltammetry", "Cyclic Voltammetry Advanced"),
    0x6C: ("voltammetry", "Linear Sweep Voltammetry"),
    0x7F: ("cycling", "Modulo Bat"),
}
_EPOCH = datetime(1899, 12, 30)


@dataclass(frozen=True)
class Module:
    """One module: its name, version, what is stored and where it begins in the file."""

    name: str
    version: int
    data: memoryview
    offset: int
    stated: int

    @property
    def missing(self) -> int:
        """Bytes that its header states and the file does not hold."""
        return max(0, self.stated - len(self.data))


def recognise(head: bytes) -> bool:
    """EC-Lab's magic text."""
    return head.startswith(MAGIC)


@reader("biologic.mpr", recognise=recognise)
def read_mpr(raw: bytes) -> Recording:
    """Read a BioLogic binary file of any technique.

    Raises:
        FileError: no data module, no whole record, or columns that do not fill the record.
    """
    modules = list(_modules(raw))
    data = next((m for m in modules if m.name == "VMP data"), None)
    if data is None:
        raise FileError(
            "ends before its data module",
            where=f"offset {len(raw)}",
            remedy=f"{len(modules)} other modules were found: copy the file again from EC-Lab",
        )
    records, shape, numbers, lost = _records(data)
    table, unknown = _table(records, shape)
    known = set(table.columns)
    technique, vendor = _technique(modules, known)
    name = "impedance" if technique == "impedance" else "series"
    table = _whole(_with_loops(Table(table.frame, table.units, name), modules))
    odd = len(records) - len(table)
    tables = {name: table, **_embedded(table)}
    temperature = steady_temperature({name: table})
    findings = [*_lost(data, lost, len(records), odd), *_unread(shape, unknown)]
    if "impedance" in tables:
        imaginary = tables["impedance"].frame["z_imaginary"].to_numpy()
        sign = sign_finding(imaginary)
        findings += [sign] if sign else []
    return Recording(
        format="biologic.mpr",
        instrument="BioLogic",
        technique=technique,
        tables=tables,
        conditions={**_conditions(modules), **temperature.conditions},
        started=_started(modules),
        metadata={
            "technique": vendor,
            "columns": ", ".join(map(str, numbers)),
            **_notes(modules),
            **_set(modules),
            **_limits(modules),
        },
        rows_read=len(table),
        rows_dropped=lost + odd,
        unknown_columns=unknown,
        findings=(*findings, *temperature.findings),
    )


def _modules(raw: bytes) -> Iterator[Module]:
    """All modules; the last may be cut."""
    here = FIRST
    view = memoryview(raw)
    while here + 57 <= len(raw):
        if raw[here : here + 6] != b"MODULE":
            raise FileError(
                "no module where one was expected",
                where=f"offset {here}",
                remedy="the file is damaged: copy it again from EC-Lab",
            )
        name = raw[here + 16 : here + 41].decode("latin-1").strip()
        length, version = struct.unpack_from("<II", raw, here + 41)
        begin = here + 57
        if length == 0xFFFFFFFF and here + 65 <= len(raw):
            length, old, version = struct.unpack_from("<III", raw, here + 45)
            version = version or old
            begin = here + 65
        yield Module(name, version, view[begin : begin + length], begin, length)
        here = begin + length


def _records(data: Module) -> tuple[NDArray[Any], Layout, tuple[int, ...], int]:
    """The records, their layout, the column numbers and how many records are cut off."""
    count, numbers, begin = _header(data)
    if not count:
        raise FileError("holds no points", where=f"offset {data.offset}", remedy="measure again")
    size, rest = divmod(data.stated - begin, count)
    shape = layout(numbers, size) if size > 0 and not rest else None
    if shape is None:
        odd = sorted({n for n in numbers if n not in COLUMNS and n not in FLAGS})
        raise FileError(
            f"{count} records of {len(numbers)} columns do not fill {data.stated - begin} bytes",
            where=f"offset {data.offset + begin}",
            remedy=f"columns not known here: {odd}" if odd else "the file is damaged",
        )
    if not shape.fields:
        raise FileError(
            f"none of its columns {', '.join(map(str, numbers[:12]))} is known here",
            where=f"offset {data.offset}",
            remedy="export it from EC-Lab as text (.mpt)",
        )
    whole = max(0, len(data.data) - begin) // size
    if not whole:
        raise FileError(
            f"ends before the first of its {count} records",
            where=f"offset {data.offset + len(data.data)}",
            remedy="copy the file again from EC-Lab",
        )
    flags = [("flags", "|u1", shape.flags_offset)] if shape.flags else []
    names, codes, offsets = zip(
        *((str(i), f.dtype, f.offset) for i, f in enumerate(shape.fields)), *flags, strict=True
    )
    record = np.dtype({"names": names, "formats": codes, "offsets": offsets, "itemsize": size})
    whole = min(whole, count)
    return (
        np.frombuffer(data.data, record, whole, begin),
        shape,
        numbers,
        count - whole,
    )


def _header(data: Module) -> tuple[int, tuple[int, ...], int]:
    """How many records, which columns, and where the records begin."""
    begin = _BEGIN.get(data.version)
    if begin is None:
        raise FileError(
            f"a data module of version {data.version}, which is not known here",
            where=f"offset {data.offset}",
            remedy="export it from EC-Lab as text (.mpt)",
        )
    wide = data.version >= 10
    code = "<IH" if wide else "<IB"
    if len(data.data) < struct.calcsize(code):
        raise FileError("ends within the list of columns", where=f"offset {data.offset}")
    count, columns = struct.unpack_from(code, data.data)
    each = "B" if data.version < 2 else "H"
    listed = f"<{columns}{each}"
    start = struct.calcsize(code)
    if columns > _MOST_COLUMNS or start + struct.calcsize(listed) > min(begin, len(data.data)):
        raise FileError(
            f"a list of {columns} columns, which does not fit before the records",
            where=f"offset {data.offset + start}",
            remedy="the file is damaged: copy it again from EC-Lab",
        )
    return count, struct.unpack_from(listed, data.data, start), begin


def _table(records: NDArray[Any], shape: Layout) -> tuple[Table, tuple[str, ...]]:
    """Tidy columns, and those whose meaning is not known."""
    headed = [
        column(f.heading) if f.known else Column(f.heading, known=False) for f in shape.fields
    ]
    marks = [Column(column(FLAGS[n][0]).name) for n in shape.flags]
    columns = named_apart([*_two_electrode(headed), *marks])
    made: dict[str, Any] = {}
    for index, tidy in enumerate(columns[: len(headed)]):
        with np.errstate(over="ignore", invalid="ignore"):
            values = records[str(index)].astype(float)
            if tidy.factor != 1.0:
                values *= tidy.factor
        made[tidy.name] = values
    flags = np.ascontiguousarray(records["flags"]) if shape.flags else np.empty(0, np.uint8)
    for number, tidy in zip(shape.flags, columns[len(headed) :], strict=True):
        mask = FLAGS[number][1]
        lowest = (mask & -mask).bit_length() - 1
        made[tidy.name] = np.asarray((flags & mask) >> lowest, dtype=float)
    units = {c.name: c.unit for c in columns if c.unit}
    unknown = tuple(c.name for c in columns if not c.known)
    return Table.of(made, units), (*unknown, *(f"column {n}" for n in shape.hidden))


def _whole(table: Table) -> Table:
    """Rows whose essential numbers are numbers; others that are none become null.

    Raises:
        FileError: there is no such row.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        # A sum is finite only where every number is; one that overflows costs time alone.
        if all(np.isfinite(table.frame[name].to_numpy().sum()) for name in table.columns):
            return table
    import polars

    frame = table.frame.with_columns(polars.col(polars.Float64).replace([np.inf, -np.inf], np.nan))
    frame = frame.fill_nan(None)
    known = set(frame.columns)
    essential = _SPECTRUM if table.note == "impedance" else known & {"time", "potential", "current"}
    kept = frame.drop_nulls(sorted(essential)) if essential else frame
    if not len(kept):
        raise FileError("holds no record of numbers", remedy="copy the file again from EC-Lab")
    return Table(kept, table.units, table.note)


def _embedded(table: Table) -> dict[str, Table]:
    """The rows of a spectrum within a technique that records other things too."""
    if table.note == "impedance" or not set(table.columns) >= _SPECTRUM:
        return {}
    frame = table.frame.drop_nulls(sorted(_SPECTRUM))
    frame = frame.filter(frame["frequency"] > 0)
    return {"impedance": Table(frame, table.units, "impedance")} if len(frame) else {}


def _two_electrode(columns: list[Column]) -> list[Column]:
    """Where the cell's voltage alone was recorded, it is the potential."""
    if any(c.name == "potential" for c in columns):
        return columns
    return [Column("potential", c.unit, c.factor) if c.name == "cell_potential" else c
            for c in columns]  # fmt: skip


def _technique(modules: list[Module], known: set[str]) -> tuple[str, str]:
    settings = next((m for m in modules if m.name == "VMP settings"), None)
    number = settings.data[0] if settings is not None and len(settings.data) else -1
    ours, vendor = _TECHNIQUES.get(number, ("", f"technique {number}" if number >= 0 else ""))
    if known >= _SPECTRUM and ours in ("impedance", ""):
        return "impedance", vendor
    if not ours or ours == "impedance":
        ours = "cycling" if {"charge", "half_cycle"} & known else "time series"
    return ours, vendor


def _with_loops(table: Table, modules: list[Module]) -> Table:
    """A column of loops where the file says that it has several."""
    module = next((m for m in modules if m.name == "VMP expt. loop indexes"), None)
    if module is None or len(module.data) < 4:
        return table
    (count,) = struct.unpack_from("<I", module.data)
    if not 2 < count <= (len(module.data) - 4) // 4:
        return table
    starts = np.array(struct.unpack_from(f"<{count}I", module.data, 4))
    if starts[0] or (np.diff(starts.astype(float)) <= 0).any():
        return table
    import polars

    loops = np.searchsorted(starts[1:-1], np.arange(len(table)), side="right").astype(float)
    frame = table.frame.with_columns(polars.Series("loop", loops))
    return Table(frame, table.units, table.note)


def _conditions(modules: list[Module]) -> dict[str, Quantity]:
    """Area and characteristic mass, where somebody wrote them into EC-Lab's form."""
    settings = next((m for m in modules if m.name == "VMP settings"), None)
    if settings is None or len(settings.data) < 0x252:
        return {}
    found = {}
    for name, offset, code, units in (
        ("area", 0x211, 0x250, {2: "cm^2", 3: "mm^2"}),
        ("mass", 0x24C, 0x251, {1: "g", 2: "mg"}),
    ):
        (value,) = struct.unpack_from("<f", settings.data, offset)
        unit = units.get(settings.data[code])
        # 0.001 is what the form offers; only another number was written by somebody.
        if (
            unit is not None
            and math.isfinite(value)
            and 1e-6 < value < 1e6
            and abs(value - 0.001) > 1e-9
        ):
            found[name] = Quantity(float(f"{value:.7g}"), unit)
    return found


def _notes(modules: list[Module]) -> dict[str, str]:
    """What somebody wrote into EC-Lab's form: texts with their length before them."""
    settings = next((m for m in modules if m.name == "VMP settings"), None)
    if settings is None or len(settings.data) < 0x300:
        return {}
    found = {}
    for name, offset in (("comments", 0x07), ("material", 0x11E), ("electrolyte", 0x1C0)):
        text = bytes(settings.data[offset + 1 : offset + 1 + settings.data[offset]])
        clean = text.decode("latin-1").strip()
        if clean and all(c.isprintable() or c in "\r\n\t" for c in clean):
            found[name] = clean
    return found


def _set(modules: list[Module]) -> dict[str, str]:
    """What was set for the technique."""
    settings = next((m for m in modules if m.name == "VMP settings"), None)
    found = {} if settings is None else settings_of(bytes(settings.data))
    return {f"set: {name}": value for name, value in found.items()}


def _limits(modules: list[Module]) -> dict[str, str]:
    """The potential's range, from the log."""
    log = next((m for m in modules if m.name == "VMP LOG"), None)
    return {} if log is None else control_range(log.data)


def _started(modules: list[Module]) -> str:
    """The log's time of the first point, in days since 1899-12-30."""
    log = next((m for m in modules if m.name == "VMP LOG"), None)
    if log is None or len(log.data) < 0x251:
        return ""
    (days,) = struct.unpack_from("<d", log.data, 0x249)
    if not 30_000 < days < 80_000:
        return ""
    moment = _EPOCH + timedelta(milliseconds=round(days * 86_400_000))
    return moment.isoformat(sep=" ", timespec="milliseconds")


def _lost(data: Module, lost: int, kept: int, odd: int) -> list[Finding]:
    found = []
    if lost:
        where = f"offset {data.offset + len(data.data)}"
        text = f"the file is cut: {lost} of {lost + kept} records are missing or incomplete"
        found.append(Finding(text, "warning", where=where))
    if odd:
        found.append(Finding(f"{odd} records were left out: not all numbers", "warning"))
    return found


def _unread(shape: Layout, unknown: tuple[str, ...]) -> list[Finding]:
    found = []
    if unknown:
        text = f"columns not known here: {', '.join(unknown)}"
        found.append(Finding(text, "note", remedy="EC-Lab's text export (.mpt) names them"))
    if shape.hidden:
        named = ", ".join(map(str, shape.hidden))
        text = f"columns {named} were left out: their bytes cannot be told apart"
        found.append(Finding(text, "warning"))
    return found
