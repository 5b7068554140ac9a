"""PalmSens PSTrace ``.pssession``: JSON in UTF-16 with every measurement of a session.

Built from public files of versions 5.0 to 5.12, whose keys differ in upper and lower case.
Values stand in lists with a unit of their own; the imaginary part and the phase have the sign of
their labels, ``-Z''`` and ``-Phase``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording
from polylyte.instruments.text import decode

_UNITS = {
    "Volt": ("potential", "V", 1.0), "MicroAmpere": ("current", "A", 1e-6),
    "MicroCoulomb": ("charge", "C", 1e-6), "Time": ("time", "s", 1.0),
    "Hertz": ("frequency", "Hz", 1.0), "ZRe": ("z_real", "ohm", 1.0),
    "ZIm": ("z_imaginary", "ohm", -1.0), "Z": ("z_modulus", "ohm", 1.0),
    "Phase": ("z_phase", "deg", -1.0), "Y": ("y_modulus", "S", 1.0), "YRe": ("y_real", "S", 1.0),
    "YIm": ("y_imaginary", "S", 1.0), "Farad": ("series_capacitance", "F", 1.0),
}  # fmt: skip
_OTHER = {
    "iac": "current_amplitude", "eac": "potential_amplitude", "medc": "measured_potential",
    "midc": "measured_current", "measured we potential": "measured_potential",
}  # fmt: skip
_TECHNIQUES = (
    ("impedance", "impedance"), ("cyclic volt", "voltammetry"), ("linear sweep", "voltammetry"),
    ("chronoamp", "chronoamperometry"), ("amperometric", "chronoamperometry"),
    ("chronopot", "chronopotentiometry"), ("potentiometry", "chronopotentiometry"),
    ("open circuit", "open circuit"),
)  # fmt: skip
_SPECTRUM = {"frequency", "z_real", "z_imaginary"}
_WORD = "PalmSens.DataFiles.SessionFile"


def recognise(head: bytes) -> bool:
    """JSON whose first lines name a session of PSTrace."""
    if head[:2] not in (b"\xff\xfe", b"\xfe\xff", b'{"'):
        return False
    return _WORD in decode(head[:4000] if head[:1] == b"{" else head[: len(head[:4000]) // 2 * 2])


@reader("palmsens.pssession", recognise=recognise)
def read_pssession(raw: bytes) -> Recording:
    """Read every measurement of a PSTrace session.

    Raises:
        FileError: no JSON to its end, or no measurement with values.
    """
    session = _json(raw)
    tables: dict[str, Table] = {}
    findings: list[Finding] = []
    techniques: list[str] = []
    measurements = _list(session.get("measurements"))
    for number, measurement in enumerate(map(_low, measurements), 1):
        title = str(measurement.get("title") or f"measurement {number}")
        technique = _technique(title, str(measurement.get("method")))
        before = len(tables)
        for table in _tables(measurement, technique, title, findings):
            name = "impedance" if set(table.columns) >= _SPECTRUM else "series"
            if technique == "voltammetry":
                name = "CURVE"
            tables[_free(name, tables)] = Table(table.frame, table.units, name)
        spectra = [name.startswith("impedance") for name in list(tables)[before:]]
        techniques.append("impedance" if spectra and all(spectra) else technique)
    if not tables:
        raise FileError(
            f"holds no values in its {len(measurements)} measurements",
            where=f"offset {len(raw)}",
            remedy="save the session from PSTrace again",
        )
    if len(set(techniques)) > 1:
        findings.append(Finding(f"holds several techniques: {', '.join(techniques)}"))
    for name, table in tables.items():
        if name.startswith("impedance"):
            sign = sign_finding(np.asarray(table.column("z_imaginary"), dtype=float))
            findings += [sign] if sign else []
    first = _low(measurements[0])
    return Recording(
        format="palmsens.pssession",
        instrument=" ".join(("PalmSens", str(first.get("deviceserial") or ""))).strip(),
        technique=techniques[0],
        tables=tables,
        started=_moment(first.get("timestamp")),
        metadata={"method": str(first.get("method") or "")[:4000], "titles": "; ".join(
            str(_low(m).get("title")) for m in measurements)},
        rows_read=sum(map(len, tables.values())),
        findings=tuple(findings),
    )  # fmt: skip


def _json(raw: bytes) -> Mapping[str, Any]:
    text = decode(raw).lstrip("\ufeff \r\n\t").rstrip("\ufeff\x00 \r\n\t")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileError(
            f"is damaged or cut JSON ({error.msg})",
            where=f"line {error.lineno}, character {error.colno}",
            remedy="copy the file again",
        ) from None
    except (RecursionError, ValueError) as error:
        raise FileError(f"is no session that can be read ({error})", where="line 1") from None
    if not isinstance(found, dict):
        raise FileError("is JSON without measurements", where="line 1")
    return _low(found)


def _low(node: Any) -> dict[str, Any]:
    return {str(k).lower(): v for k, v in node.items()} if isinstance(node, dict) else {}


def _list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else []


def _technique(title: str, method: str) -> str:
    words = f"{title} {method[:200]}".lower()
    return next((ours for word, ours in _TECHNIQUES if word in words), title.lower())


def _tables(
    measurement: Mapping[str, Any], technique: str, title: str, findings: list[Finding]
) -> Iterator[Table]:
    """One table of each spectrum, scan or series of a measurement."""
    arrays = [_arrays(node) for node in _datasets(measurement)]
    if not any(arrays):
        arrays = [_curve(_low(curve)) for curve in _list(measurement.get("curves"))]
    for group in arrays:
        for scan in _scans(group):
            table = _table(scan, title, findings)
            if table is not None:
                yield table


def _datasets(measurement: Mapping[str, Any]) -> list[Any]:
    """The data sets of each spectrum where there are several channels, else the one there is."""
    found = []
    spectra = [_low(node) for node in _list(measurement.get("eisdatalist"))]
    if len(spectra) > 1:
        for node in spectra:
            parts = [_low(part) for part in _list(node.get("subscans"))]
            found += [n["dataset"] for n in (parts or [node]) if n.get("dataset")]
    return found or [measurement.get("dataset")]


Array = tuple[str, str, NDArray[np.float64]]
"""Description, kind of unit, values."""


def _arrays(dataset: Any) -> list[Array]:
    return [a for node in _list(_low(dataset).get("values")) if (a := _array(node)) is not None]


def _curve(curve: Mapping[str, Any]) -> list[Array]:
    nodes = (curve.get("xaxisdataarray"), curve.get("yaxisdataarray"))
    return [a for node in nodes if (a := _array(node)) is not None]


def _array(node: Any) -> Array | None:
    low = _low(node)
    unit = str(_low(low.get("unit")).get("type", "")).rpartition(".")[2]
    values = [_low(cell).get("v") for cell in _list(low.get("datavalues"))]
    if not values or unit not in _UNITS:
        return None
    numbers = [float(v) if isinstance(v, int | float) else np.nan for v in values]
    return str(low.get("description") or ""), unit, np.array(numbers, dtype=float)


def _scans(arrays: Sequence[Array]) -> list[list[Array]]:
    """Columns of each scan of a voltammogram; one group where there are no scans."""
    names = list(dict.fromkeys(d for d, _, _ in arrays if d.lower().startswith("scan")))
    if not names:
        return [list(arrays)]
    times = [a for a in arrays if a[1] == "Time"]
    scans = [[a for a in arrays if a[0] == name] for name in names]
    return [*([[*times, *scans[0]]] if times else [scans[0]]), *scans[1:]]


def _table(arrays: Sequence[Array], title: str, findings: list[Finding]) -> Table | None:
    if not arrays:
        return None
    # A scan's charge can have a value more than its points: the shortest list counts the points.
    essential = [len(v) for _, unit, v in arrays if unit in ("Volt", "MicroAmpere", "Hertz", "ZRe")]
    length = min(essential, default=len(arrays[0][2]))
    made: dict[str, Any] = {}
    units: dict[str, str] = {}
    for description, unit, values in arrays:
        name, si, factor = _UNITS[unit]
        name = _OTHER.get(description.lower(), name)
        if name in made or len(values) < length:
            continue
        if len(values) > length + 1:
            text = f"'{title}': {len(values) - length} values of '{description}' have no partner"
            findings.append(Finding(text, "warning"))
        made[name], units[name] = _nulls(values[:length] * factor), si
    return Table.of(made, units) if length and made else None


def _nulls(values: NDArray[np.float64]) -> Any:
    import polars

    if np.isfinite(values).all():
        return values
    values[~np.isfinite(values)] = np.nan
    return polars.Series("v", values, nan_to_null=True)


def _free(name: str, tables: Mapping[str, Table]) -> str:
    count = sum(key.split(" ")[0] == name for key in tables)
    return f"{name} {count + 1}" if count else name


def _moment(ticks: Any) -> str:
    """Ticks of 100 ns since the year 1."""
    if not isinstance(ticks, int) or not 6.2e17 < ticks < 6.7e17:
        return ""
    return (datetime(1, 1, 1) + timedelta(microseconds=ticks // 10)).isoformat(sep=" ")
