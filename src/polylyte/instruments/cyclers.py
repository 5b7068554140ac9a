"""Text exports of battery cyclers: Arbin, Maccor, Neware, LAND, Basytec, Novonix, and tables
like theirs.

All are a line of column names after some lines of header. Tabs, semicolons, commas or blanks
between the cells; decimal points or commas; UTF-8, UTF-16 or the Chinese GB 18030. Whose file it
is is told by the names of its columns or a word of its header. The layouts of Maccor's ``.txt``,
LAND and the Chinese exports were taken from their documentation, without a real file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.instruments import biologic_text, chinstruments, gamry
from polylyte.instruments.conditions import steady_temperature
from polylyte.instruments.cycler_headings import Heading, headings, is_cycler
from polylyte.instruments.cycler_tables import Cells, Tidy, tidy
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import SIMULATED, Recording
from polylyte.instruments.text import (
    decode,
    ends_cut,
    has_decimal_comma,
    header_number,
    is_text,
    line_list,
    split_lines,
)

_FIRST_LINES = 300
_CHINESE = ("电压", "电流")
_POTENTIAL = re.compile(r"vol|u\s?[\[(]|potential|ecell|电压", re.IGNORECASE)
"""Without one of these a line names no potential: most lines are passed over by it."""
_NEWARE = re.compile(
    r"d?chg\. ?cap|capacitance_|datapoint|record (index|id)|cur\(|capacity\(|电[压流]\(|cycle index"
    r"|cycle id|step type|total time|工步"
)
VENDORS = {
    "novonix": "Novonix", "basytec": "Basytec", "maccor": "Maccor", "arbin": "Arbin",
    "neware": "Neware", "land": "LAND", "pec": "PEC", "cycler": "",
}  # fmt: skip
EACH_STEP = ("neware",)
"""Vendors whose counters start again at every step."""


@dataclass(frozen=True)
class Head:
    """Where the line of names is, what parts its cells, and whose file it is."""

    line: int
    mark: str | None
    headings: tuple[Heading, ...]
    vendor: str


def decoded(raw: bytes) -> str:
    """Text; GB 18030 where the usual encodings show no Chinese heading and it does."""
    text = decode(raw)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or any(word in text[:4000] for word in _CHINESE):
        return text
    if any(word.encode("gb18030") in raw[:4000] for word in _CHINESE):
        return raw.decode("gb18030", errors="replace")
    return text


def _cells(line: str, mark: str | None) -> list[str]:
    if mark is None:
        return line.split()
    if '"' in line:
        cells = next(csv.reader([line], delimiter=mark), [])
        # Some programs put a whole row between quotation marks when they save it again.
        return cells[0].split(mark) if len(cells) == 1 else cells
    return line.split(mark)


def _named(line: str) -> tuple[str | None, tuple[Heading, ...]] | None:
    if _POTENTIAL.search(line) is None:
        return None
    for mark in ("\t", ";", ",", None):
        if mark is not None and mark not in line:
            continue
        cells = _cells(line, mark)
        while cells and not cells[-1].strip():
            cells.pop()
        if 3 <= len(cells) <= 200 and is_cycler(made := headings(cells)):
            return mark, tuple(made)
    return None


def vendor_of(made: Sequence[Heading], preamble: str) -> str:
    """Whose names these are; ``cycler`` where nobody's in particular."""
    texts = " | ".join(h.text.lower() for h in made)
    if "novonix" in preamble.lower():
        return "novonix"
    if "basytec" in preamble.lower() or re.search(r"\bu\[m?v\]", texts):
        return "basytec"
    if "test_time_second" in texts or "test time / " in texts:
        # The battery data format: nobody's own.
        return "cycler"
    if preamble.startswith("Request Year") or "load on time" in texts:
        return "pec"
    if "Date of Test" in preamble or re.search(
        r"\b(cyc#|rec#|cycle c( \||$)|m?amp-hr|dpt time)", texts
    ):
        return "maccor"
    if re.search(r"data[_ ]point\b", texts) or re.search(r"\b(test|step)_time\(s\)", texts):
        return "arbin"
    if re.search(r"/sec|current/m?a\b|电流/|电压/|sys_?time|test_time_s", texts):
        return "land"
    if _NEWARE.search(texts):
        return "neware"
    return "cycler"


@lru_cache(maxsize=4)
def find_head(raw: bytes) -> Head | None:
    """The line of names in the first bytes of a file, or None where it is no cycler's."""
    if not is_text(raw):
        return None
    lines = split_lines(decoded(raw))[:_FIRST_LINES]
    for index, line in enumerate(lines):
        if len(line) < 20_000 and (named := _named(line)) is not None:
            vendor = vendor_of(named[1], "\n".join(lines[:index])[:4000])
            if vendor == "cycler" and not all(h.stated for h in named[1] if h.known):
                return None
            return Head(index, named[0], named[1], vendor)
    return None


def _is(vendor: str) -> Callable[[bytes], bool]:
    def recognise(head: bytes) -> bool:
        found = find_head(head)
        return found is not None and found.vendor == vendor

    return recognise


@reader("arbin.csv", recognise=_is("arbin"))
def read_arbin(raw: bytes) -> Recording:
    """Read an Arbin text export. Raises FileError: no row that can be read."""
    return read_text(raw, "arbin.csv")


@reader("basytec.txt", recognise=_is("basytec"))
def read_basytec(raw: bytes) -> Recording:
    """Read a Basytec text export. Raises FileError: no row that can be read."""
    return read_text(raw, "basytec.txt")


@reader("land.csv", recognise=_is("land"))
def read_land(raw: bytes) -> Recording:
    """Read a LAND (LANHE, LANDT) text export. Raises FileError: no row that can be read."""
    return read_text(raw, "land.csv")


@reader("maccor.csv", recognise=_is("maccor"))
def read_maccor(raw: bytes) -> Recording:
    """Read a Maccor text export. Raises FileError: no row that can be read."""
    return read_text(raw, "maccor.csv")


@reader("neware.csv", recognise=_is("neware"))
def read_neware(raw: bytes) -> Recording:
    """Read a Neware text export. Raises FileError: no row that can be read."""
    return read_text(raw, "neware.csv")


@reader("pec.csv", recognise=_is("pec"))
def read_pec(raw: bytes) -> Recording:
    """Read a PEC LifeTest text export. Raises FileError: no row that can be read."""
    return read_text(raw, "pec.csv")


@reader("novonix.csv", recognise=_is("novonix"))
def read_novonix(raw: bytes) -> Recording:
    """Read a Novonix text export. Raises FileError: no row that can be read."""
    return read_text(raw, "novonix.csv")


def _is_nobodys(head: bytes) -> bool:
    """A table of time, voltage and current that no potentiostat's own reader knows."""
    others = (biologic_text.recognise, chinstruments.recognise, gamry.recognise)
    return _is("cycler")(head) and not any(recognise(head) for recognise in others)


@reader("timeseries.csv", recognise=_is_nobodys)
def read_cycler(raw: bytes) -> Recording:
    """Read a table of time, voltage and current, each named with its unit.

    Raises:
        FileError: no row that can be read.
    """
    return read_text(raw, "timeseries.csv")


def read_text(raw: bytes, format: str) -> Recording:
    """A cycler's text export as a recording."""
    text = decoded(raw)
    head = find_head(raw[:65_536]) or find_head(raw)
    if head is None:
        raise FileError("has no line of column names", where="line 1")
    lines = split_lines(text)
    made = tidy(_table(lines, head), each_step=head.vendor in EACH_STEP)
    findings = list(made.findings)
    if ends_cut(text) and len(lines) > head.line + 1:
        findings.append(Finding("the file stops without a line end: its last number may be cut"))
    early = _early(lines, head)
    if early:
        text = f"rows stand before the column names and were left out ({line_list(early)})"
        findings.append(Finding(text, "warning", where=line_list(early)))
        made = replace(made, rows_dropped=made.rows_dropped + len(early))
    header = _header(lines[: head.line])
    simulated = any(SIMULATED in line for line in lines[: head.line])
    return recording_of(made, format, head.vendor, header, findings, simulated=simulated)


def _early(lines: Sequence[str], head: Head) -> list[int]:
    """Numbers of lines before the names that look like rows of the table."""
    found = []
    for number, line in enumerate(lines[: head.line], 1):
        cells = _cells(line, head.mark)
        written = [cell for cell in cells if cell.strip()]
        numeric = sum(header_number(cell) is not None for cell in written)
        if len(cells) == len(head.headings) and 2 * numeric > len(written) > 2:
            found.append(number)
    return found


def recording_of(
    made: Tidy,
    format: str,
    vendor: str,
    header: dict[str, str],
    findings: Sequence[Finding],
    *,
    simulated: bool = False,
) -> Recording:
    """The recording of a tidied table."""
    temperature = steady_temperature({"series": made.table})
    return Recording(
        format=format,
        instrument=VENDORS[vendor],
        technique="cycling" if vendor != "cycler" else "time series",
        tables={"series": made.table},
        conditions={**_conditions(header), **temperature.conditions},
        started=header.get("Start of Test", header.get("Started", "")) or made.started,
        metadata=header,
        rows_read=len(made.table),
        rows_dropped=made.rows_dropped,
        unknown_columns=made.unknown_columns,
        findings=(*findings, *temperature.findings),
        simulated=simulated,
    )


def _header(lines: Sequence[str]) -> dict[str, str]:
    """``Key: value`` lines before the table."""
    found = {}
    for line in lines:
        match = re.match(r"[~\s]*([A-Za-z][^:,;\t{]{0,60})[:\t,]", line)
        if match is not None and (value := line[match.end() :].strip(" \t:,;")):
            found[match[1].strip()] = value.strip('"')
    return found


def _conditions(header: dict[str, str]) -> dict[str, Quantity]:
    found = {}
    for name, key, unit in (("mass", "Mass (g)", "g"), ("area", "Area (cm2)", "cm^2")):
        value = header_number(header.get(key))
        # 1 is what the form offers; only another number was written by somebody.
        if value is not None and value > 0 and value != 1.0:
            found[name] = Quantity(value, unit)
    return found


def _table(lines: Sequence[str], head: Head) -> Cells:
    """The rows as columns of text; those of another width are left out and named."""
    import polars

    width = len(head.headings)
    first = head.line + 1
    rows: list[str] = []
    numbers: list[int] = []
    short: list[int] = []
    body = lines[first:]
    comma = head.mark != "," and has_decimal_comma(body[:200])
    for number, line in enumerate(body, first + 1):
        if not line.strip():
            continue
        whole = _row(line, head, width)
        if whole is None:
            short.append(number)
            continue
        rows.append(whole.replace(",", ".") if comma else whole)
        numbers.append(number)
    if not rows:
        raise FileError(
            "ends before the first row of its table",
            where=f"line {len(lines)}",
            remedy=f"rows of {width} cells were expected after line {first}",
        )
    frame = polars.read_csv(
        BytesIO("\n".join(rows).encode("utf-8", errors="replace")),
        has_header=False,
        separator="\x1f",
        infer_schema=False,
        quote_char=None,
        truncate_ragged_lines=True,
        new_columns=[str(i) for i in range(width)],
    )
    if len(frame) != len(rows):
        raise FileError(f"{len(rows)} rows were found and {len(frame)} could be parted into cells")
    columns = [frame[str(i)] for i in range(width)]
    return Cells(head.headings, columns, np.array(numbers), short)


def _row(line: str, head: Head, width: int) -> str | None:
    """One row with its cells parted by a mark that no text holds; None where it does not fit."""
    cells = _cells(line.replace("\x1f", " "), head.mark)
    if len(cells) == width + 1 and head.mark is None:
        # A date and its time of day are parted by a blank too.
        at = next((i for i, h in enumerate(head.headings) if h.name == "date"), None)
        if at is not None:
            cells[at : at + 2] = [f"{cells[at]} {cells[at + 1]}"]
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return "\x1f".join(cells) if len(cells) == width else None
