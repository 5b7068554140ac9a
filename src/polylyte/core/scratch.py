"""Scratch space of long work: leased to one process at a time, kept until the result is stored."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from polylyte.core import processes
from polylyte.core.store import Store, machine_errors

HEARTBEAT = 10.0
PATIENCE = 120.0
"""Seconds without a heartbeat after which a lease held on another machine is taken over."""


@contextmanager
def lease(store: Store, key: str, stopping: Callable[[], bool]) -> Iterator[Path | None]:
    """Hold ``scratch/<key>``; wait while another live process does.

    Yields None where the wait was cut short by ``stopping``.
    """
    folder = store.root / "scratch" / key
    owner = folder / "owner"
    with machine_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    while not _acquire(folder, owner):
        if stopping():
            yield None
            return
        time.sleep(0.2)
    ended = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(owner, ended), daemon=True)
    beat.start()
    try:
        yield folder
    finally:
        ended.set()
        if _is_mine(owner):
            owner.unlink(missing_ok=True)


def _acquire(folder: Path, owner: Path) -> bool:
    mine = folder / f"owner.{processes.me()}.{threading.get_ident()}"
    with machine_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        mine.write_text(processes.me())
        try:
            os.link(mine, owner)
            return True
        except FileExistsError:
            _break_if_dead(folder, owner)
            return False
        finally:
            mine.unlink(missing_ok=True)


def _break_if_dead(folder: Path, owner: Path) -> None:
    try:
        name = owner.read_text()
        silent = time.time() - owner.stat().st_mtime
    except FileNotFoundError:
        return
    if not (processes.is_dead(name) or silent > PATIENCE):
        return
    grave = folder / f"dead.{processes.me()}.{threading.get_ident()}"
    try:
        os.rename(owner, grave)
        # Between reading and renaming, another process may have taken the lease over.
        if grave.read_text() != name:
            os.link(grave, owner)
    except (FileNotFoundError, FileExistsError):
        return
    finally:
        grave.unlink(missing_ok=True)


def _heartbeat(owner: Path, ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT) and _is_mine(owner):
        with suppress(OSError):
            os.utime(owner)


def _is_mine(owner: Path) -> bool:
    """Whether nobody took the lease over while this process was held up."""
    try:
        return owner.read_text() == processes.me()
    except OSError:
        return False
