"""Results on disk, one folder per key: write temporary, fsync, rename.

The first writer of a key wins; a second adopts its result. A reader sees a whole result or none.

    FORMAT                      the layout's number
    results/ab/<key>/           record.json, tables/*.parquet, files/*
    sweeps/<base>/*.parquet     rows of sweeps
    scratch/<key>/              checkpoints of work in flight, leased
    runs/<study>/*.json         what each run saw
    logs/*.log                  what long tasks said, traces of those that failed
    tmp/<host.pid.start>.<n>/   being written; reaped when its process is dead
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from polylyte.core import processes
from polylyte.core.encoding import (
    Encoded,
    Tables,
    quantity_from_json,
    quantity_json,
    table_bytes,
    words_from_json,
)
from polylyte.core.errors import InputError, MachineError
from polylyte.core.runs import Stored

FORMAT = "1"
_counter = itertools.count()
_REMEDIES = {
    errno.ENOSPC: "free some space or give another folder with --store DIR",
    errno.EDQUOT: "free some space or give another folder with --store DIR",
    errno.EROFS: "give a folder that can be written with --store DIR",
    errno.EACCES: "give a folder that can be written with --store DIR",
    errno.EPERM: "give a folder that can be written with --store DIR",
}


@contextmanager
def machine_errors(where: Path) -> Iterator[None]:
    """Turn a failing disk into one clear line."""
    try:
        yield
    except OSError as error:
        raise MachineError(
            f"cannot be used ({error.strerror or error})",
            where=str(where),
            remedy=_REMEDIES.get(error.errno or 0, "nothing was lost; run it again"),
        ) from error


class Store:
    """A folder of results. Safe for any number of processes at once."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self.durable = durable
        """Whether each write waits for the disk."""

    def open(self) -> Store:
        """Make the folder, check its format, reap what dead processes left.

        Raises:
            InputError: the folder is of another format.
            MachineError: it cannot be written.
        """
        with machine_errors(self.root):
            for name in ("results", "sweeps", "scratch", "runs", "tmp"):
                self._make_folder(self.root / name)
            marker = self.root / "FORMAT"
            if not marker.exists():
                self.write_file(marker, FORMAT.encode())
                self.write_file(self.root / ".gitignore", b"*\n")
            found = marker.read_text().strip()
        if found != FORMAT:
            raise InputError(
                f"is a store of format {found}, not {FORMAT}",
                where=str(self.root),
                remedy="give another folder with --store DIR",
            )
        with machine_errors(self.root):
            self.reap()
        return self

    def reap(self) -> int:
        """Remove temporary folders whose process is dead; their number."""
        reaped = 0
        for entry in _entries(self.root / "tmp"):
            if processes.is_dead(entry.name):
                _remove(entry)
                reaped += 1
        return reaped

    # -- plain files --------------------------------------------------------------------

    def _temporary(self) -> Path:
        return self.root / "tmp" / f"{processes.me()}.{next(_counter)}"

    def write_file(self, path: Path, content: bytes) -> None:
        """Replace a file at once: readers see the old content or the new."""
        with machine_errors(path):
            temporary = self._temporary()
            temporary.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write(temporary, content)
                self._sync(temporary)
                self._make_folder(path.parent)
                os.replace(temporary, path)
                self._sync(path.parent)
            finally:
                temporary.unlink(missing_ok=True)

    def _sync(self, *paths: Path | str) -> None:
        """Wait until the disk has these files and folders; it takes all of them in one go."""
        if not self.durable:
            return
        if len(paths) == 1:
            _fsync(paths[0])
            return
        futures = [_waiting(os.getpid()).submit(_fsync, path) for path in paths]
        wait(futures)
        for future in futures:
            future.result()

    def _make_folder(self, path: Path) -> None:
        """Make a folder and the missing ones above it, each entered on the disk."""
        if path.is_dir():
            return
        self._make_folder(path.parent)
        path.mkdir(exist_ok=True)
        self._sync(path.parent)

    # -- results ------------------------------------------------------------------------

    def folder(self, key: str) -> Path:
        return self.root / "results" / key[:2] / key

    def put(self, key: str, encoded: Encoded, provenance: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a result; if another process was first, its result stands.

        Returns the head of what the store now holds.

        Raises:
            MachineError: the disk is full, read-only, or failing. Nothing is left half written.
        """
        tables = {name: table_bytes(table) for name, table in encoded.tables.items()}
        head = {
            "digest": encoded.digest,
            "parts": encoded.parts,
            "method": provenance.get("method", ""),
            "version": provenance.get("version", 0),
            "origin": provenance.get("origin", ""),
            "code": provenance.get("code", ""),
            "sweep": provenance.get("sweep", ""),
        }
        body = {
            "quantities": {name: quantity_json(q) for name, q in encoded.quantities.items()},
            "tables": {
                name: {"units": dict(t.units), "note": t.note, "sha256": _sha256(tables[name])}
                for name, t in encoded.tables.items()
            },
            "files": {name: _sha256(data) for name, data in encoded.files.items()},
            "words": encoded.words,
            "provenance": dict(provenance),
        }
        record = f"{json.dumps(head)}\n{json.dumps(body, ensure_ascii=False)}\n".encode()
        record += _sha256(record).encode()
        folder = self.folder(key)
        with machine_errors(folder):
            first = self._commit(key, record, tables, encoded.files)
        return head if first else self.head(key) or head

    def _commit(
        self, key: str, record: bytes, tables: Mapping[str, bytes], files: Mapping[str, bytes]
    ) -> bool:
        """Whether what is kept is ours."""
        folder, temporary = self.folder(key), self._temporary()
        try:
            written = _fill(str(temporary), record, tables, files)
            self._sync(*written)
            self._make_folder(folder.parent)
            # Another was first: its result stands, unless it is corrupt and so set aside.
            first = _moved(temporary, folder)
            if not first and self.get(key) is None:
                first = _moved(temporary, folder)
            self._sync(folder.parent)
        except BaseException:
            _remove(temporary)
            raise
        if not first:
            _remove(temporary)
        return first

    def table_file(self, key: str, name: str) -> Path:
        """Where a result's table lies as Parquet."""
        return self.folder(key) / "tables" / f"{_safe(name)}.parquet"

    def head(self, key: str) -> dict[str, Any] | None:
        """Digests and origin of a result, or None where the store has none (or a broken one)."""
        try:
            with open(f"{self.root}/results/{key[:2]}/{key}/record.json", "rb") as stream:
                line = stream.readline()
            head: dict[str, Any] = json.loads(line)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except OSError as error:
            raise _unreadable(self.folder(key), error) from error
        return head

    def get(self, key: str) -> Stored | None:
        """A whole result, its bytes checked; None where there is none or it is corrupt.

        A corrupt result is set aside, so that the next run makes it anew.

        Raises:
            MachineError: the disk does not give the bytes.
        """
        folder = self.folder(key)
        at = str(folder)
        try:
            record, _, checksum = _read(f"{at}/record.json").rpartition(b"\n")
            if _sha256(record + b"\n") != checksum.decode():
                raise ValueError("cut short or changed")
            head, body = map(json.loads, record.split(b"\n"))
            tables = {
                name: (
                    _checked(f"{at}/tables/{_safe(name)}.parquet", entry["sha256"]),
                    entry["units"],
                    entry["note"],
                )
                for name, entry in body["tables"].items()
            }
            for name, sha256 in body["files"].items():
                _checked(f"{at}/files/{_safe(name)}", sha256)
        except FileNotFoundError:
            if not (folder / "record.json").exists() and not folder.exists():
                return None
            self._set_aside(folder)
            return None
        except (ValueError, KeyError):
            self._set_aside(folder)
            return None
        except OSError as error:
            raise _unreadable(folder, error) from error
        return Stored(
            key=key,
            digest=head["digest"],
            method=head["method"],
            version=head["version"],
            quantities={name: quantity_from_json(q) for name, q in body["quantities"].items()},
            tables=Tables(tables),
            files={name: folder / "files" / _safe(name) for name in body["files"]},
            provenance=body["provenance"],
            **words_from_json(body["words"]),
        )

    def _set_aside(self, folder: Path) -> None:
        with machine_errors(folder):
            aside = self._temporary()
            aside.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.rename(folder, aside)
            except FileNotFoundError:
                return
            _remove(aside)

    def stored_keys(self) -> list[str]:
        """Every key the store holds."""
        return sorted(
            entry.name for group in _entries(self.root / "results") for entry in _entries(group)
        )

    def remove(self, key: str) -> None:
        self._set_aside(self.folder(key))


def _fill(
    folder: str, record: bytes, tables: Mapping[str, bytes], files: Mapping[str, bytes]
) -> list[str]:
    """Write a result's folder; everything in it that the disk must have before it is moved."""
    _make_anew(folder)
    written = []
    for sub, contents, suffix in (("tables", tables, ".parquet"), ("files", files, "")):
        if contents:
            os.mkdir(f"{folder}/{sub}")
            written.append(f"{folder}/{sub}")
        for name, content in contents.items():
            path = f"{folder}/{sub}/{_safe(name)}{suffix}"
            _write(path, content)
            written.append(path)
    _write(f"{folder}/record.json", record)
    return [*written, f"{folder}/record.json", folder]


def _make_anew(folder: str) -> None:
    try:
        os.mkdir(folder)
    except FileNotFoundError:  # somebody removed tmp
        os.makedirs(folder)


def _write(path: Path | str, content: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(content)


def _fsync(path: Path | str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@lru_cache(maxsize=1)
def _waiting(process: int) -> ThreadPoolExecutor:
    """Threads that wait for the disk, of this process (those of a parent do not survive a fork)."""
    return ThreadPoolExecutor(8, thread_name_prefix="sync")


def _unreadable(where: Path, error: OSError) -> MachineError:
    return MachineError(
        f"cannot be read ({error.strerror or error})",
        where=str(where),
        remedy="check the disk and the folder's permissions, or give another with --store DIR",
    )


def _moved(source: Path, target: Path) -> bool:
    """Move a folder to a place where there is none; False if there is one."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return False
    return True


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _checked(path: str, sha256: str) -> bytes:
    content = _read(path)
    if _sha256(content) != sha256:
        raise ValueError(f"{path} is corrupt")
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _safe(name: str) -> str:
    """A file name for any result name; the name itself where it is plain."""
    if name and all(c.isalnum() or c in "._-+@ " for c in name) and not name.startswith("."):
        return name
    return "".join(c if c.isalnum() else f"%{ord(c):x}" for c in name)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
