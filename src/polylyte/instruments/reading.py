"""One way in: ``read(path)`` finds the reader that knows the bytes.

A reader is a function of the file's bytes, declared by ``@reader("vendor.format",
recognise=...)`` and found by a scan like methods; a new format is one new file. ``recognise``
decides from the first bytes, never from the name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from polylyte.core import discovery
from polylyte.core.errors import FileError, InputError, PolylyteError
from polylyte.instruments.consistency import with_findings
from polylyte.instruments.describing import looks_like, remedy
from polylyte.instruments.recordings import Recording
from polylyte.instruments.text import HEAD

R = TypeVar("R", bound=Callable[[bytes], Recording])


def reader(id: str, *, recognise: Callable[[bytes], bool]) -> Callable[[R], R]:
    """Declare a function of a file's bytes to be the reader of the format ``id``.

    ``recognise`` is shown the first 64 KiB and answers cheaply. The reader raises
    :class:`FileError` with the line or offset as ``where``; :func:`read` puts the path before it.
    """

    def mark(function: R) -> R:
        function.__polylyte__ = ("reader", id)  # type: ignore[attr-defined]
        function.recognise = recognise  # type: ignore[attr-defined]
        return function

    return mark


def formats() -> list[str]:
    """Ids of all formats that can be read."""
    return discovery.names("reader")


def recognised(raw: bytes) -> str | None:
    """The id of the format of these bytes, or None."""
    head = raw[:HEAD]
    for id in formats():
        if discovery.load("reader", id).recognise(head):
            return id
    return None


def read(path: Path | str) -> Recording:
    """Read a raw file of any known format.

    Raises:
        InputError: no such file, a folder, no permission.
        FileError: not a known format, or damaged beyond reading; one line says what it looks
            like, or where the damage is and what was expected there.
        MachineError: a library that this format needs is not installed.
    """
    path = Path(path)
    return read_bytes(_bytes(path), path)


def read_bytes(raw: bytes, path: Path | str) -> Recording:
    """The same for bytes at hand (an upload); ``path`` only names them.

    Raises:
        FileError: as for :func:`read`.
    """
    id = recognised(raw)
    if id is None:
        instead = remedy(raw) or f"known formats: {', '.join(formats())}"
        raise FileError(looks_like(raw), where=str(path), remedy=instead)
    try:
        recording: Recording = discovery.load("reader", id)(raw)
    except PolylyteError as error:
        raise error.at(str(path)) from None
    digest = sha256(raw).hexdigest()
    return replace(
        recording,
        path=Path(path),
        sha256=digest,
        size=len(raw),
        findings=with_findings(recording),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        what, remedy = "there is no such file", "check the path"
    except IsADirectoryError:
        what, remedy = "is a folder, not a file", "name a file in it"
    except PermissionError:
        what, remedy = "may not be read", "give yourself permission to read it"
    except (OSError, ValueError) as error:
        what, remedy = f"cannot be read: {error}", "check the path"
    raise InputError(what, where=str(path), remedy=remedy)
