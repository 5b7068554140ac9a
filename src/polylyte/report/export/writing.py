"""A folder or an archive that appears whole or not at all, and never over another."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polylyte.core import processes
from polylyte.core.errors import InputError
from polylyte.core.store import machine_errors

ARCHIVE = ".zip"
_SUFFIX = ".export"
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: an archive of equal files has equal bytes."""


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A folder to write into; it becomes ``target`` (or is packed into it) when all went well.

    What an export left that was killed is removed by the next one to the same place.

    Raises:
        InputError: there is something of that name.
        MachineError: it cannot be written; nothing is left.
    """
    refuse_existing(target)
    prefix = f".{target.name}."
    working = target.with_name(f"{prefix}{processes.me()}{_SUFFIX}")
    with machine_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(target.parent, prefix)
    packed = working.with_suffix(f"{_SUFFIX}{ARCHIVE}")
    try:
        with machine_errors(target):
            shutil.rmtree(working, ignore_errors=True)
            working.mkdir()
            yield working
            done = working
            if target.suffix.lower() == ARCHIVE:
                _pack(working, packed)
                done = packed
            refuse_existing(target)
            os.rename(done, target)
    finally:
        shutil.rmtree(working, ignore_errors=True)
        packed.unlink(missing_ok=True)


def refuse_existing(target: Path) -> None:
    """Raise InputError where something of that name lies already."""
    if os.path.lexists(target):
        raise InputError(
            "exists already and is not overwritten",
            where=str(target),
            remedy="give --to another name, or move it away",
        )


def _clear(folder: Path, prefix: str) -> None:
    for entry in folder.iterdir():
        if entry.name.startswith(prefix) and _SUFFIX in entry.suffixes[-2:]:
            owner = entry.name.removeprefix(prefix).partition(_SUFFIX)[0]
            if processes.is_dead(owner):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _pack(folder: Path, archive: Path) -> None:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED) as packed:
        for name in files:
            if not (folder / name).is_file():
                continue
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with (
                (folder / name).open("rb") as source,
                packed.open(entry, "w", force_zip64=True) as stream,
            ):
                shutil.copyfileobj(source, stream, 1 << 20)
