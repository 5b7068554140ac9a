"""Princeton Applied Research (AMETEK): VersaStudio ``.par`` and the text export of a PARSTAT.

A ``.par`` holds sections ``<Name> … </Name>``: settings as ``Key=Value``, and the data in
``<Segment1>`` and so on, whose line ``Definition=`` names the columns. The text export has a
line of names and rows. Both mix direct-current rows (frequency 0) with those of a spectrum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.grids import Column, Grid, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import SIMULATED, Recording
from polylyte.instruments.text import decode, ends_cut, header_number, is_text, split_lines

_COLUMNS = {
    "segment #": ("step", ""), "point #": ("point", ""), "e(v)": ("potential", "V"),
    "potential (v)": ("potential", "V"), "i(a)": ("current", "A"), "current (a)": ("current", "A"),
    "elapsed time(s)": ("time", "s"), "elapsed time (s)": ("time", "s"),
    "frequency(hz)": ("frequency", "Hz"), "frequency (hz)": ("frequency", "Hz"),
    "z real": ("z_real", "ohm"), "z imag": ("z_imaginary", "ohm"),
    "zre (ohms)": ("z_real", "ohm"), "zim (ohms)": ("z_imaginary", "ohm"),
    "e applied(v)": ("control_potential", "V"), "adc sync input(v)": ("auxiliary_potential", "V"),
    "current range": ("current_range", ""), "status": ("status", ""),
    "actionid": ("action", ""), "ac amplitude": ("amplitude", ""),
    "|vac| (v)": ("potential_amplitude", "V"), "|iac| (a)": ("current_amplitude", "A"),
    "e real": ("e_real", "V"), "e imag": ("e_imaginary", "V"), "i real": ("i_real", "A"),
    "i imag": ("i_imaginary", "A"), "e2 status": ("status_2", ""), "e2(v)": ("potential_2", "V"),
    "e2 real": ("e2_real", "V"), "e2 imag": ("e2_imaginary", "V"), "z2 real": ("z2_real", "ohm"),
    "z2 imag": ("z2_imaginary", "ohm"), "0": ("spare", ""),
}  # fmt: skip
_SPECTRUM = {"frequency", "z_real", "z_imaginary"}
_TECHNIQUES = (
    ("impedance", "impedance"), ("eis", "impedance"), ("voltammetry", "voltammetry"),
    ("chronoamperometry", "chronoamperometry"), ("constant potential", "chronoamperometry"),
    ("chronopotentiometry", "chronopotentiometry"), ("constant current", "chronopotentiometry"),
    ("galvanostatic", "chronopotentiometry"), ("open circuit", "open circuit"),
)  # fmt: skip


@dataclass
class _Sections:
    settings: dict[str, str] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    segments: list[tuple[int, str, list[str]]] = field(default_factory=list)
    """Line number of the first row, the line ``Definition=``, the rows."""
    open: str = ""
    """A section that is not ended."""


def _is_par(head: bytes) -> bool:
    if not is_text(head):
        return False
    text = decode(head)
    versa = text.lstrip()[:200].startswith("<Application>") and "VersaStudio" in text[:2000]
    lines = split_lines(text)
    starts = (i for i, line in enumerate(lines) if re.fullmatch(r"<Segment\d+>", line.strip()))
    first = next(starts, len(lines))
    return versa or any(x.startswith("Definition=Segment #") for x in lines[first : first + 9])


@reader("ametek.versastudio", recognise=_is_par)
def read_par(raw: bytes) -> Recording:
    """Read a VersaStudio ``.par`` with its data as text.

    Raises:
        FileError: no segment (or stored as binary), or no row that can be read.
    """
    text = decode(raw)
    lines = split_lines(text)
    sections = _sections(lines)
    if not sections.segments:
        binary = sections.settings.get("DataFormat", "").lower() == "binary"
        raise FileError(
            "holds its data as binary" if binary else "ends before its first segment",
            where=f"line {len(lines)}",
            remedy="save it from VersaStudio with 'Save New Data to Binary File' off",
        )
    grids = [
        _grid(definition.partition("=")[2].split(","), rows, first, ",", ends_cut(text))
        for first, definition, rows in sections.segments
    ]
    recording = _recording("ametek.versastudio", grids, sections.actions)
    settings = sections.settings
    return Recording(
        **recording,  # type: ignore[arg-type]
        instrument=" ".join(("AMETEK", settings.get("Type", ""))).strip(),
        started=" ".join((settings.get("DateAcquired", ""), settings.get("TimeAcquired", ""))),
        metadata=settings | {"technique": "; ".join(sections.actions)},
        conditions=_conditions(settings),
        simulated=any(SIMULATED in value for value in settings.values()),
    )


def _is_parstat(head: bytes) -> bool:
    if not is_text(head):
        return False
    lines = split_lines(decode(head))
    return bool(lines) and {"Potential (V)", "Zre (ohms)", "|Vac| (V)"} <= {
        cell.strip() for cell in lines[0].split("\t")
    }


@reader("ametek.parstat", recognise=_is_parstat)
def read_parstat(raw: bytes) -> Recording:
    """Read the text export of a PARSTAT (PowerSuite).

    Raises:
        FileError: no row that can be read.
    """
    text = decode(raw)
    lines = split_lines(text)
    grid = _grid(lines[0].rstrip().split("\t"), lines[1:], 2, "\t", ends_cut(text))
    return Recording(
        **_recording("ametek.parstat", [grid], []),  # type: ignore[arg-type]
        instrument="AMETEK PARSTAT",
    )


def _sections(lines: Sequence[str]) -> _Sections:
    found = _Sections()
    rows: list[str] | None = None
    for number, line in enumerate(lines, 1):
        tag = re.fullmatch(r"<(/?)([A-Za-z]+)(\d*)>", line.strip())
        if tag is not None:
            found.open = "" if tag[1] else tag[2]
            rows = None
        elif found.open == "Segment" and line.startswith("Definition="):
            rows = []
            found.segments.append((number + 1, line, rows))
        elif rows is not None:
            rows.append(line)
        elif "=" in line and found.open in ("Application", "Instrument", "Experiment", "Action"):
            key, _, value = line.partition("=")
            if found.open == "Action" and key == "Name" and value.strip() != "Common":
                found.actions.append(value.strip())
            elif key not in found.settings:
                found.settings[key.strip()] = value.strip()
    return found


def _grid(names: Sequence[str], rows: Sequence[str], first: int, mark: str, cut: bool) -> Grid:
    columns = []
    if names[-1].strip() == "0" and rows and rows[0].count(mark) == len(names) - 2:
        # Some versions end the line of names with a "0" that is no column.
        names = names[:-1]
    for name in names:
        tidy, unit = _COLUMNS.get(name.strip().lower(), (name.strip(), ""))
        columns.append(Column(tidy, unit, 1.0, name.strip().lower() in _COLUMNS))
    known = {c.name for c in columns}
    essential = known & {"time", "potential", "current", *_SPECTRUM}
    return read_grid(rows, first, columns, essential, name="data", separator=mark, cut=cut)


def _recording(format: str, grids: Sequence[Grid], actions: Sequence[str]) -> dict[str, object]:
    import polars

    frame = polars.concat([grid.table.frame for grid in grids], how="diagonal_relaxed")
    units = {name: unit for grid in grids for name, unit in grid.table.units.items()}
    tables = {}
    if set(frame.columns) >= _SPECTRUM:
        spectrum = frame.filter(frame["frequency"] > 0)
        frame = frame.filter(frame["frequency"] <= 0)
        if len(spectrum):
            tables["impedance"] = Table(spectrum, units, "impedance")
    if len(frame) or not tables:
        tables["series"] = Table(frame, units, "series")
    findings: list[Finding] = [finding for grid in grids for finding in grid.findings]
    if "impedance" in tables:
        imaginary = tables["impedance"].frame["z_imaginary"].to_numpy()
        sign = sign_finding(np.asarray(imaginary, dtype=float))
        findings += [sign] if sign else []
    return {
        "format": format,
        "technique": "impedance" if "impedance" in tables else _technique(actions),
        "tables": tables,
        "rows_read": sum(len(grid) for grid in grids),
        "rows_dropped": sum(grid.rows_dropped for grid in grids),
        "unknown_columns": tuple(dict.fromkeys(n for g in grids for n in g.unknown_columns)),
        "findings": tuple(findings),
    }


def _technique(actions: Sequence[str]) -> str:
    for action in actions:
        for word, technique in _TECHNIQUES:
            if word in action.lower():
                return technique
    return "time series"


def _conditions(settings: dict[str, str]) -> dict[str, Quantity]:
    amplitude = header_number(settings.get("Amplitude (mV RMS)"))
    if amplitude is None:
        return {}
    return {"amplitude": Quantity(amplitude, "mV", conditions={"as": "rms"})}
