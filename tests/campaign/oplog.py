"""A machine that loses power: the log of what reached the disk, replayed up to every point.

What a disk keeps is modelled strictly: the bytes of a file as of its last ``fsync``, the names
in a folder as of the folder's last ``fsync``. A second, milder disk keeps every name in order (a
journal) but not the bytes that were not synced. Whatever ``put`` returned for must be whole on
both; whatever it did not return for must be whole or not there.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from polylyte.core.errors import InputError
from polylyte.core.store import Store
from tests.campaign.writes import content, key

Operation = tuple[str, Any, Any]


@dataclass
class Node:
    """A file or a folder: what the process sees, and what the disk has."""

    is_folder: bool
    names: dict[str, Node] = field(default_factory=dict)
    names_on_disk: dict[str, Node] = field(default_factory=dict)
    bytes_on_disk: bytes | None = None


class Recorder:
    """Logs what changes below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = str(folder), list[Operation]()

    @contextmanager
    def installed(self) -> Iterator[None]:
        real = {name: getattr(os, name) for name in ("mkdir", "rename", "replace", "link", "fsync")}
        real |= {name: getattr(os, name) for name in ("unlink", "rmdir")}
        opened = io.open

        def one(name: str) -> Any:
            def call(path: Any, *args: Any, **kwargs: Any) -> Any:
                full = self.full(path, kwargs.get("dir_fd"))
                result = real[name](path, *args, **kwargs)
                self.add(name, full, None)
                return result

            return call

        def two(name: str) -> Any:
            def call(a: Any, b: Any, **kwargs: Any) -> Any:
                result = real[name](a, b, **kwargs)
                self.add("link" if name == "link" else "rename", os.fspath(a), os.fspath(b))
                return result

            return call

        def fsync(descriptor: int) -> None:
            real["fsync"](descriptor)
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            content = None if os.path.isdir(path) else Path(path).read_bytes()
            self.add("fsync", path, content)

        def open_(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            result = opened(path, mode, *args, **kwargs)
            if isinstance(path, str | os.PathLike) and set(mode) & set("wax"):
                self.add("create", os.fspath(path), None)
            return result

        with ExitStack() as stack:
            for name in ("mkdir", "unlink", "rmdir"):
                stack.enter_context(mock.patch.object(os, name, one(name)))
            for name in ("rename", "replace", "link"):
                stack.enter_context(mock.patch.object(os, name, two(name)))
            stack.enter_context(mock.patch.object(os, "fsync", fsync))
            stack.enter_context(mock.patch.object(io, "open", open_))
            stack.enter_context(mock.patch("builtins.open", open_))
            yield

    def full(self, path: Any, folder: int | None) -> str:
        name = os.fspath(path)
        return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name) if folder else name

    def add(self, what: str, a: Any, b: Any) -> None:
        if str(a).startswith(self.folder):
            self.log.append((what, a, b))


class Disk:
    """What a log of operations makes of an empty disk."""

    def __init__(self, folder: str) -> None:
        self.folder, self.root = folder, Node(True)

    def apply(self, operation: Operation) -> None:
        what, a, b = operation
        parent, name = self.parent(a)
        if what in ("mkdir", "create"):
            parent.names.setdefault(name, Node(what == "mkdir"))
        elif what in ("rename", "link"):
            target, new = self.parent(b)
            target.names[new] = parent.names[name] if what == "link" else parent.names.pop(name)
        elif what in ("unlink", "rmdir"):
            parent.names.pop(name, None)
        elif what == "fsync":
            node = self.root if a == self.folder else parent.names[name]
            if node.is_folder:
                node.names_on_disk = dict(node.names)
            else:
                node.bytes_on_disk = b

    def parent(self, path: str) -> tuple[Node, str]:
        parts = os.path.relpath(path, self.folder).split(os.sep)
        node = self.root
        for part in parts[:-1]:
            node = node.names[part]
        return node, parts[-1]

    def write(self, folder: Path, *, journal: bool) -> None:
        """The disk after the power went."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._write(self.root, folder, journal)

    def _write(self, node: Node, folder: Path, journal: bool) -> None:
        for name, child in (node.names if journal else node.names_on_disk).items():
            path = folder / name
            if child.is_folder:
                path.mkdir()
                self._write(child, path, journal)
            else:
                path.write_bytes(child.bytes_on_disk or b"")


def lost_power(folder: Path, results: int = 6) -> dict[str, float]:
    """Record a store being made and filled; lose power after every operation."""
    base = folder / "disk"
    base.mkdir(parents=True)
    recorder = Recorder(base)
    acknowledged: dict[str, int] = {}
    with recorder.installed():
        store = Store(base / "store").open()
        for i in range(results):
            store.put(key(i % 4 + (i // 4) * 256), content(i), {})
            acknowledged[key(i % 4 + (i // 4) * 256)] = len(recorder.log)
            store.write_file(base / "store" / "scratch" / "state", b"%08d" % i * 50)
    disk, after = Disk(str(base)), folder / "after"
    lost = torn = states = 0
    for at, operation in enumerate(recorder.log, start=1):
        disk.apply(operation)
        for journal in (False, True):
            disk.write(after, journal=journal)
            states += 1
            if not (after / "store" / "FORMAT").exists():
                lost += any(done <= at for done in acknowledged.values())
                continue
            try:
                found = Store(after / "store", durable=False).open()
            except InputError:  # a mark of its format that was torn
                torn += 1
                lost += any(done <= at for done in acknowledged.values())
                continue
            for name, done in acknowledged.items():
                kept = found.get(name)
                lost += done <= at and kept is None
                torn += kept is not None and name not in found.stored_keys()
            state = after / "store" / "scratch" / "state"
            if state.exists():
                text = state.read_bytes()
                torn += not text or text != text[:8] * 50
    return {
        "operations": len(recorder.log),
        "disks after a power failure": states,
        "acknowledged results lost": lost,
        "torn files": torn,
    }
