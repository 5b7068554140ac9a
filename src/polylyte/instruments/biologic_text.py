"""BioLogic ``.mpt``: EC-Lab and BT-Lab text exports, with or without their header."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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
from polylyte.instruments.text import decode, ends_cut, header_number, split_lines

_MAGIC = re.compile(r"(EC|BT)-Lab ASCII FILE", re.IGNORECASE)
_COUNT = re.compile(r"Nb header lines\s*:\s*(\d+)")
_LOOP = re.compile(r"Loop (\d{1,9}) from point number (\d{1,9}) to (\d{1,9})")
_SETTING = re.compile(r"(\S.{0,18}?)\s{2,}(\S.*)")
_TECHNIQUES = (
    ("Impedance Spectroscopy", "impedance"),
    ("Chronoamperometry", "chronoamperometry"),
    ("Chronopotentiometry", "chronopotentiometry"),
    ("Galvanostatic Cycling", "cycling"),
    ("Potentiodynamic Cycling", "cycling"),
    ("Modulo Bat", "cycling"),
    ("Battery Capacity", "cycling"),
    ("Constant Current", "cycling"),
    ("Voltammetry", "voltammetry"),
    ("Open Circuit Voltage", "open circuit"),
)
NAMES = {
    "freq": "frequency", "Re(Z)": "z_real", "-Im(Z)": "z_imaginary", "|Z|": "z_modulus",
    "Phase(Z)": "z_phase", "time": "time", "Ewe": "potential", "<Ewe>": "potential",
    "Ecell": "cell_potential", "<Ecell>": "cell_potential", "Ewe-Ece": "cell_potential",
    "<Ewe-Ece>": "cell_potential", "Ece": "counter_potential", "<Ece>": "counter_potential",
    "I": "current", "<I>": "current", "control": "control", "dq": "charge_increment",
    "dQ": "charge_increment", "(Q-Qo)": "charge", "Q charge/discharge": "half_cycle_charge",
    "half cycle": "half_cycle", "cycle number": "cycle", "Ns": "step",
    "Temperature": "temperature", "|Energy|": "energy", "P": "power", "R": "resistance",
    "Q charge": "charge_capacity", "Q discharge": "discharge_capacity", "Capacity": "capacity",
    "Energy charge": "charge_energy", "Energy discharge": "discharge_energy",
    "Capacitance charge": "charge_capacitance", "Capacitance discharge": "discharge_capacitance",
    "Efficiency": "efficiency", "Cs": "series_capacitance", "Cp": "parallel_capacitance",
    "|Ewe|": "potential_amplitude", "|I|": "current_amplitude", "I Range": "current_range",
    "mode": "mode", "ox/red": "oxidation", "error": "error", "control changes": "control_changes",
    "Ns changes": "step_changes", "counter inc.": "counter_increments", "flags": "flags",
    "x": "insertion", "step time": "step_time", "<Ecv>": "potential", "|Ece|": "counter_amplitude",
    "Re(Zce)": "counter_z_real", "-Im(Zce)": "counter_z_imaginary", "|Zce|": "counter_z_modulus",
    "Phase(Zce)": "counter_z_phase", "Re(Zwe-ce)": "cell_z_real", "-Im(Zwe-ce)": "cell_z_imaginary",
    "|Zwe-ce|": "cell_z_modulus", "Phase(Zwe-ce)": "cell_z_phase", "Rcmp": "compensated_resistance",
    "Rapp": "apparent_resistance", "Analog IN 1": "analog_1", "Analog IN 2": "analog_2",
    "Analog IN 3": "analog_3", "z cycle": "z_cycle", "Re(Y)": "y_real", "Im(Y)": "y_imaginary",
    "|Y|": "y_modulus", "Phase(Y)": "y_phase",
}  # fmt: skip
"""EC-Lab's quantities by their tidy names; the binary format uses the same words."""
UNITS: Mapping[str, tuple[str, float]] = {
    "Hz": ("Hz", 1.0), "Ohm": ("ohm", 1.0), "Ohm-1": ("S", 1.0), "deg": ("deg", 1.0),
    "s": ("s", 1.0), "V": ("V", 1.0), "mV": ("V", 1e-3), "A": ("A", 1.0), "mA": ("A", 1e-3),
    "µA": ("A", 1e-6), "C": ("C", 1.0), "mC": ("C", 1e-3), "mA.h": ("C", 3.6), "A.h": ("C", 3600.0),
    "W": ("W", 1.0), "W.h": ("J", 3600.0), "°C": ("degC", 1.0), "F": ("F", 1.0), "µF": ("F", 1e-6),
    "%": ("%", 1.0),
}  # fmt: skip
_CONTROLS = {"V": "control_potential", "A": "control_current"}


def column(raw: str) -> Column:
    """An EC-Lab column heading: ``-Im(Z)/Ohm``, ``Q charge/discharge/mA.h``, ``ox/red``."""
    heading = raw.strip()
    for cut in _cuts(heading):
        name, unit = heading[:cut], heading[cut + 1 :]
        if name in NAMES:
            # A unit not known here ("V/mA" of a column that changes its meaning) is left out.
            tidy, factor = UNITS.get(_mended(unit), ("", 1.0))
            own = _CONTROLS.get(tidy, NAMES[name]) if name == "control" else NAMES[name]
            return Column(own, tidy, -factor if name.startswith("-Im(") else factor)
    return Column(heading, known=False)


def _cuts(heading: str) -> list[int]:
    """Where a name may end, the longest first."""
    return [len(heading), *sorted((m.start() for m in re.finditer("/", heading)), reverse=True)][:4]


def _mended(unit: str) -> str:
    """Units whose one letter beyond ASCII was lost in a re-save, or is the other micro sign."""
    unit = unit.replace("μ", "µ")
    return {"\ufffdC": "°C", "\ufffdF": "µF", "\ufffdA": "µA"}.get(unit, unit)


def recognise(head: bytes) -> bool:
    """EC-Lab's first line, or a first line of three or more of its headings."""
    lines = split_lines(decode(head))
    return bool(lines) and (bool(_MAGIC.match(lines[0].strip())) or _is_heading(lines[0]))


def _is_heading(line: str) -> bool:
    cells = [cell for cell in line.split("\t") if cell.strip()]
    return len(cells) >= 3 and sum(column(cell).known and "/" in cell for cell in cells) >= 2


@reader("biologic.mpt", recognise=recognise)
def read_mpt(raw: bytes) -> Recording:
    """Read an EC-Lab text export of any technique.

    Raises:
        FileError: the file ends before its table, or the table has no rows.
    """
    text = decode(raw)
    lines = split_lines(text)
    heading = _heading_line(lines)
    columns = _columns(lines[heading])
    known = {c.name for c in columns}
    technique, vendor = _technique(lines[:heading], known)
    rows = lines[heading + 1 :]
    name = "impedance" if technique == "impedance" else "series"
    grid = read_grid(
        rows, heading + 2, columns, _essential(technique, known), name=name, cut=ends_cut(text)
    )
    header = _header(lines[:heading]) | ({"technique": vendor} if vendor else {})
    table = _with_loops(grid, lines[:heading])
    temperature = steady_temperature({name: table})
    return Recording(
        format="biologic.mpt",
        instrument=" ".join(("BioLogic", header.get("Device", ""))).strip(),
        technique=technique,
        tables={name: table},
        conditions={**_conditions(header), **temperature.conditions},
        started=header.get("Acquisition started on", header.get("Technique started on", "")),
        metadata=header,
        rows_read=len(grid),
        rows_dropped=grid.rows_dropped,
        unknown_columns=grid.unknown_columns,
        findings=(*grid.findings, *temperature.findings, *_findings(table, header)),
        simulated=SIMULATED in header.get("Comments", ""),
    )


def _heading_line(lines: list[str]) -> int:
    """Index of the line of column headings."""
    count = next((m for line in lines[:5] if (m := _COUNT.match(line.strip()))), None)
    if count is not None and 0 < int(count[1][:9]) <= len(lines):
        stated = int(count[1][:9]) - 1
        if _is_heading(lines[stated]):
            return stated
    for index, line in enumerate(lines):
        if _is_heading(line):
            return index
    expected = f"line {count[1]}" if count else "after the header"
    raise FileError(
        "ends before its table",
        where=f"line {len(lines)}",
        remedy=f"column headings such as 'freq/Hz' or 'time/s' were expected {expected}",
    )


def _columns(line: str) -> list[Column]:
    cells = line.split("\t")
    while cells and not cells[-1].strip():
        cells.pop()
    columns = [column(cell) for cell in cells]
    if "potential" not in {c.name for c in columns}:
        # A two-electrode channel has the cell's voltage alone.
        columns = [_as_potential(c) if c.name == "cell_potential" else c for c in columns]
    return columns


def _as_potential(c: Column) -> Column:
    return Column("potential", c.unit, c.factor)


def _technique(header: Sequence[str], known: set[str]) -> tuple[str, str]:
    """Ours and the vendor's name of the technique; without a header, from the columns."""
    if {"frequency", "z_real", "z_imaginary"} <= known:
        ours = "impedance"
    elif {"charge", "half_cycle"} & known:
        ours = "cycling"
    else:
        ours = "time series"
    titles = [line.strip() for line in header[1:12] if line.strip() and ":" not in line]
    for title in titles:
        for word, technique in _TECHNIQUES:
            if word in title:
                return technique, title
    return ours, titles[0] if titles else ""


def _essential(technique: str, known: set[str]) -> set[str]:
    if technique == "impedance":
        return {"frequency", "z_real", "z_imaginary"}
    return {"time"} | ({"potential", "current"} & known)


def _header(lines: Sequence[str]) -> dict[str, str]:
    """``Key : value`` lines and settings in 20-character columns (``Va (mV)      20.0``)."""
    header: dict[str, str] = {}
    for line in lines[2:]:
        setting = None if " : " in line else _SETTING.fullmatch(line.strip())
        key, colon, value = line.strip().partition(" :")
        if setting is not None:
            header[setting[1]] = "; ".join(re.split(r"\s{2,}", setting[2].strip()))
        elif colon:
            key = key.strip()
            value = value.strip()
            header[key] = f"{header[key]}\n{value}" if header.get(key) else value
    return header


def _with_loops(grid: Grid, header: Sequence[str]) -> Table:
    """Loops are told in the header by point numbers; a column of them when there are several."""
    loops = [tuple(map(int, m.groups())) for line in header if (m := _LOOP.match(line.strip()))]
    if len(loops) < 2 or grid.rows_dropped:
        return grid.table
    import polars

    values = np.zeros(len(grid), dtype=float)
    for loop, start, stop in loops:
        values[start : stop + 1] = loop
    frame = grid.table.frame.with_columns(polars.Series("loop", values))
    return Table(frame, grid.table.units, grid.table.note)


def _conditions(header: Mapping[str, str]) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for key in ("E (V)", "Ei (V)"):
        value = header_number(header.get(key))
        if value is not None:
            against = "open circuit" if header.get("vs.", "").startswith("Eoc") else "reference"
            found["bias"] = Quantity(value, "V", conditions={"against": against})
    amplitude = header_number(header.get("Va (mV)"))
    if amplitude is not None:
        found["amplitude"] = Quantity(amplitude, "mV", conditions={"as": "peak"})
    for name, key, unit in (
        ("area", "Electrode surface area", "cm^2"),
        ("mass", "Characteristic mass", "g"),
        ("mass", "Mass of active material", "mg"),
    ):
        value = header_number(header.get(key, "").split(" ")[0])
        # 0.001 is what the form offers; only another number was written by somebody.
        if value is not None and value > 0 and value != 0.001:
            found[name] = Quantity(value, unit)
    return found


_HERTZ = {"MHz": 1e6, "kHz": 1e3, "Hz": 1.0, "mHz": 1e-3, "µHz": 1e-6}


def _findings(table: Table, header: Mapping[str, str]) -> list[Finding]:
    if "z_imaginary" not in table.columns:
        return []
    frequency = np.asarray(table.column("frequency"), dtype=float)
    last, unit = header_number(header.get("ff")), _HERTZ.get(header.get("unit ff", ""))
    per_decade = header_number(header.get("Nd"))
    found = [
        sign_finding(np.asarray(table.column("z_imaginary"), dtype=float)),
        unfinished_sweep(frequency, last * unit if last and unit else None, per_decade),
    ]
    return [finding for finding in found if finding is not None]
