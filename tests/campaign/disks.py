"""Disks that fail, fill, or lose what was not synced."""

from __future__ import annotations

import errno
import io
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

from polylyte.core.errors import MachineError
from polylyte.core.execution import InProcess
from polylyte.core.session import exit_code, run_study
from tests.campaign import room as rooms

FAILURES = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EACCES, errno.EROFS)
_CALLS = (
    "mkdir", "rename", "replace", "link", "unlink", "rmdir", "open", "fsync", "write", "close",
    "listdir", "scandir", "stat", "utime",
)  # fmt: skip


class Failing:
    """The ``at``-th operating-system call below ``folder`` fails once."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.at = self.count = self.number = 0
        self.failed = False
        self._lock = threading.Lock()  # the disk is waited for in threads

    @contextmanager
    def installed(self) -> Iterator[None]:
        with ExitStack() as stack:
            for name in _CALLS:
                stack.enter_context(mock.patch.object(os, name, self._wrap(getattr(os, name))))
            stack.enter_context(mock.patch.object(io, "open", self._wrap(io.open)))
            stack.enter_context(mock.patch("builtins.open", self._wrap(io.open)))
            yield

    def _wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if self._is_below(args[0] if args else None):
                with self._lock:
                    self.count += 1
                    is_this = self.count == self.at
                if is_this:
                    self.failed = True
                    raise OSError(self.number, os.strerror(self.number), self.folder)
            return function(*args, **kwargs)

        return wrapped

    def _is_below(self, what: Any) -> bool:
        if isinstance(what, int) and not isinstance(what, bool):
            try:
                what = os.readlink(f"/proc/self/fd/{what}")
            except OSError:
                return False
        return isinstance(what, str | os.PathLike) and os.fspath(what).startswith(self.folder)


def here(folder: Path) -> Path:
    """The campaign's methods in this process, and a study of a few quick steps."""
    rooms.enter()
    path = rooms.study(folder / "study", seed=1, chains=1, length=2, steps=3)
    path.write_text(path.read_text().replace('b = "1.0(1)"', 'b = "1.0(1)"\npause = 0.0'))
    return path


def attempt(path: Path, store: Path, *, durable: bool = False) -> tuple[int, str]:
    """Exit code and reasons of a run, as the command line would give them."""
    try:
        _, ended = run_study(
            path, store=store, pool=lambda: nullcontext(InProcess()), durable=durable
        )
    except MachineError as error:
        return error.exit_code, str(error)
    except OSError as error:  # what the command line makes of it
        return MachineError.exit_code, f"{error.filename}: {error.strerror}"
    return exit_code(ended), " ".join(e.reason for e in ended.values() if e.ending == "failed")


def failing_calls(folder: Path, stride: int = 1) -> dict[str, float]:
    """Each ``stride``-th operating-system call of a run fails, with each of five errors."""
    path = here(folder)
    reference, store = folder / "reference", folder / "store"
    assert attempt(path, reference) == (0, "")
    expected = rooms.numbers(reference)
    disk = Failing(store)
    tried = reported = unclear = wrong = 0
    for number in FAILURES:
        for at in itertools.count(1, stride):
            shutil.rmtree(store, ignore_errors=True)
            disk.at, disk.count, disk.failed, disk.number = at, 0, False, number
            with disk.installed():
                code, reason = attempt(path, store, durable=True)
            if not disk.failed:
                break
            tried += 1
            reported += code == 4
            is_clear = os.strerror(number) in reason and "\n" not in reason
            unclear += code not in (0, 4) or (code == 4 and not is_clear)
            kept = rooms.numbers(store)
            wrong += any(expected.get(key) != value for key, value in kept.items())
            wrong += attempt(path, store) != (0, "") or rooms.numbers(store) != expected
    return {
        "calls that failed": tried,
        "ended with one line and code 4": reported,
        "went on and gave the right result": tried - reported,
        "unclear": unclear,
        "wrong or lost": wrong,
    }


def full_disks(folder: Path, sizes: int = 64) -> dict[str, float] | None:
    """A run on disks (tmpfs) of many sizes, then again with room; None where none can be mounted.

    Sizes go from nothing to what the run needs.
    """
    path = here(folder)
    reference, disk = folder / "reference", folder / "disk"
    assert attempt(path, reference) == (0, "")
    expected = rooms.numbers(reference)
    # A file takes whole pages, and a folder none, so this is a little more than is needed.
    needed = sum(-(-p.stat().st_size // 4096) * 4 for p in reference.rglob("*") if p.is_file())
    disk.mkdir()
    full = unclear = wrong = 0
    for i in range(sizes):
        size = 4 + round(needed * 1.1 * i / sizes)
        if not mount("-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk)):
            return None
        try:
            code, reason = attempt(path, disk / "store", durable=True)
            full += code == 4
            unclear += code not in (0, 4) or (code == 4 and os.strerror(errno.ENOSPC) not in reason)
            kept = rooms.numbers(disk / "store")
            wrong += any(expected.get(key) != value for key, value in kept.items())
            assert mount("-o", f"remount,size={needed * 2}k", str(disk))
            wrong += attempt(path, disk / "store") != (0, "")
            wrong += rooms.numbers(disk / "store") != expected
            wrong += bool(list((disk / "store" / "tmp").iterdir()))
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
    return {
        "sizes": sizes,
        "runs that found the disk full": full,
        "unclear": unclear,
        "wrong or lost": wrong,
    }


def mount(*line: str) -> bool:
    try:
        return subprocess.run(["mount", *line], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
