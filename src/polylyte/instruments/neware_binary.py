"""Neware ``.nda`` and ``.ndax``, alone or one ``.nda`` in a ZIP, through the library fastnda."""

from __future__ import annotations

import logging
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from logging.handlers import BufferingHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.conditions import steady_temperature
from polylyte.instruments.cycler_tables import increments
from polylyte.instruments.neware_blocks import block_findings, cut_off
from polylyte.instruments.optional import library
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording

if TYPE_CHECKING:
    import polars

LARGEST = 2**32
"""Bytes that the parts of an archive may have together when unpacked."""
_COLUMNS = {
    "index": ("point", "", 1.0), "voltage_V": ("potential", "V", 1.0),
    "current_mA": ("current", "A", 1e-3), "unix_time_s": ("unix_time", "s", 1.0),
    "step_time_s": ("step_time", "s", 1.0), "total_time_s": ("time", "s", 1.0),
    "cycle_count": ("cycle", "", 1.0), "step_count": ("step", "", 1.0),
    "step_index": ("step_index", "", 1.0), "capacity_mAh": ("capacity", "C", 3.6),
    "energy_mWh": ("energy", "J", 3.6),
}  # fmt: skip


def _is_nda(head: bytes) -> bool:
    return head.startswith(b"NEWARE") or (
        head.startswith(b"PK\x03\x04") and head[30:290].split(b"\x00")[0][:250].find(b".nda") > 0
        and not _is_ndax(head)
    )  # fmt: skip


@reader("neware.nda", recognise=_is_nda)
def read_nda(raw: bytes) -> Recording:
    """Read a ``.nda``, also where it is the one such file of a ZIP archive.

    Raises:
        FileError: damaged, or of a version that fastnda does not know.
        MachineError: fastnda is not installed.
    """
    if raw.startswith(b"PK"):
        raw = _unpacked(raw)
    return _recording(raw, "nda")


def _is_ndax(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04") and (b".ndc" in head or b"VersionInfo.xml" in head)


@reader("neware.ndax", recognise=_is_ndax)
def read_ndax(raw: bytes) -> Recording:
    """Read a ``.ndax``.

    Raises:
        FileError: damaged, or of a version that fastnda does not know.
        MachineError: fastnda is not installed.
    """
    archive(raw)
    return _recording(raw, "ndax")


def archive(raw: bytes) -> zipfile.ZipFile:
    """A ZIP archive whose parts are not larger than a machine can hold.

    Raises:
        FileError: it is damaged or too large.
    """
    try:
        found = zipfile.ZipFile(BytesIO(raw))
        size = sum(part.file_size for part in found.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileError(
            f"is a damaged archive ({error})",
            where=f"offset {len(raw)}",
            remedy="copy the file again",
        ) from None
    if size > LARGEST:
        raise FileError(f"is an archive of {size} bytes when unpacked", remedy="split it")
    return found


def _unpacked(raw: bytes) -> bytes:
    found = archive(raw)
    names = [name for name in found.namelist() if name.lower().endswith(".nda")]
    if len(names) != 1:
        raise FileError(f"is an archive of {len(names)} .nda files", remedy="unpack it")
    try:
        return found.read(names[0])
    except Exception as error:
        raise FileError(f"is a damaged archive ({error})", remedy="copy the file again") from None


def _recording(raw: bytes, suffix: str) -> Recording:
    frame, metadata, said = _read(raw, suffix)
    made: dict[str, Any] = {}
    units: dict[str, str] = {}
    unknown = []
    for name in frame.columns:
        tidy, unit, factor = _COLUMNS.get(name) or _other(name)
        if tidy == name and name not in _COLUMNS and name != "step_type":
            unknown.append(name)
        if not frame[name].dtype.is_numeric():
            made[tidy] = frame[name].cast(str)
            continue
        values = np.asarray(frame[name].cast(float).fill_null(float("nan")).to_numpy(), dtype=float)
        made[tidy] = values * factor if factor != 1.0 else values
        if unit:
            units[tidy] = unit
    cut = cut_off(raw, len(frame)) if suffix == "nda" else 0
    blocks = block_findings(raw, len(frame)) if suffix == "nda" else ()
    findings = [*said, *blocks, *_keep_whole(made), *_gaps(made)]
    if cut:
        text = f"the file is cut: about {cut} of {cut + len(frame)} records are missing"
        findings.append(Finding(text, "warning", where=f"offset {len(raw)}"))
    _with_charge(made, units)
    table = Table.of(_nulls(made), units, "series")
    if not len(table):
        raise FileError("holds no record that can be read", where=f"offset {len(raw)}")
    temperature = steady_temperature({"series": table})
    return Recording(
        format=f"neware.{suffix}",
        instrument="Neware",
        technique="cycling",
        tables={"series": table},
        conditions=temperature.conditions,
        started=str(metadata.get("start_time", metadata.get("StartTime", ""))),
        metadata={key: str(value) for key, value in metadata.items()},
        rows_read=len(table),
        rows_dropped=len(frame) - len(table) + _missing(made) + cut,
        unknown_columns=tuple(unknown),
        findings=(*findings, *temperature.findings),
    )


def _read(raw: bytes, suffix: str) -> tuple[polars.DataFrame, dict[str, Any], list[Finding]]:
    """fastnda's frame and metadata; it reads from a path alone."""
    fastnda = _fastnda()
    with TemporaryDirectory(prefix="polylyte-") as folder:
        path = Path(folder) / f"file.{suffix}"
        path.write_bytes(raw)
        with warnings.catch_warnings(record=True) as said, _heard() as logged:
            warnings.simplefilter("always")
            frame = _tried(fastnda.read, path)
        with warnings.catch_warnings(), _heard():
            # What it says of the header is nothing that a user of the data could act on.
            warnings.simplefilter("ignore")
            metadata = _metadata(fastnda, path)
    told = [*(str(one.message) for one in said), *(r.getMessage() for r in logged)]
    texts = dict.fromkeys(" ".join(text.split()) for text in told)
    return frame, metadata, [Finding(f"fastnda: {text}", "warning") for text in texts]


def _fastnda() -> Any:
    """The library, without what it does to the standard library's zlib when it is imported."""
    kept = {name: vars(zlib)[name] for name in ("decompress", "decompressobj")}
    try:
        library("fastnda.ndax", "fastnda", "Neware's .nda and .ndax")
        return library("fastnda", "fastnda", "Neware's .nda and .ndax")
    finally:
        vars(zlib).update(kept)


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """What fastnda logs meanwhile; it goes into the findings instead of to the terminal."""
    logger = logging.getLogger("fastnda")
    handler = BufferingHandler(10_000)
    handler.setLevel(logging.WARNING)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield handler.buffer
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def _metadata(fastnda: Any, path: Path) -> dict[str, Any]:
    """The header, which may be damaged where the records are not."""
    try:
        return dict(_tried(fastnda.read_metadata, path))
    except FileError:
        return {}


def _tried(read: Any, path: Path) -> Any:
    """Whatever fastnda makes of a damaged file becomes one clear line."""
    try:
        return read(path)
    except MemoryError:
        raise
    except BaseException as error:
        # polars' own panics are no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        words = " ".join(str(error).split())[:160].replace(str(path), "the file")
        raise FileError(
            f"cannot be read by fastnda ({type(error).__name__}: {words})",
            remedy="export it from Neware's BTSDA as .csv or .xlsx if it opens there",
        ) from None


def _other(name: str) -> tuple[str, str, float]:
    if name.startswith("aux") and name.endswith("temperature_degC"):
        return ("temperature" if name == "aux_temperature_degC" else name[:-5], "degC", 1.0)
    return name, "", 1.0


def _keep_whole(made: dict[str, Any]) -> list[Finding]:
    """Leave out rows without a number for time, potential or current."""
    wanted = [made[n] for n in ("time", "potential", "current") if n in made]
    if len(wanted) < 3:
        raise FileError("has no time, potential and current in what fastnda reads")
    keep = np.logical_and.reduce([np.isfinite(column) for column in wanted])
    if keep.all():
        return []
    for name, column in made.items():
        made[name] = column[keep] if isinstance(column, np.ndarray) else column.filter(keep)
    text = f"{int((~keep).sum())} records without time, potential or current were left out"
    return [Finding(text, "warning")]


def _missing(made: dict[str, Any]) -> int:
    """Records that the file's own numbering counts and that are not there."""
    point = made.get("point")
    if not isinstance(point, np.ndarray) or len(point) < 2 or (np.diff(point) <= 0).any():
        return 0
    return int(min(point[-1] - point[0] + 1 - len(point), 10**9))


def _gaps(made: dict[str, Any]) -> list[Finding]:
    missing = _missing(made)
    if not missing:
        return []
    return [Finding(f"{missing} records of its own numbering are missing", "warning")]


def _with_charge(made: dict[str, Any], units: dict[str, str]) -> None:
    """Its capacity is signed and starts again with every step."""
    capacity, step = made.get("capacity"), made.get("step")
    if not isinstance(capacity, np.ndarray) or not isinstance(step, np.ndarray):
        return
    change = np.concatenate([[True], np.diff(step) != 0])
    counted = increments(np.nan_to_num(capacity), change, each_step=True)
    made["charge"] = np.cumsum(counted)
    units["charge"] = "C"


def _nulls(made: dict[str, Any]) -> dict[str, Any]:
    import polars

    return {
        name: polars.Series(name, values, nan_to_null=True)
        if isinstance(values, np.ndarray) and not np.isfinite(values).all()
        else values
        for name, values in made.items()
    }
