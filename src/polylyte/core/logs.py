"""One log per task, kept in the store: what long work said, and the trace of what failed."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from polylyte.core.store import Store

EVERY = 10.0
"""Seconds between two lines of progress."""


def path(store: Store, key: str) -> Path:
    """The log of the task that makes the result ``key``."""
    return store.root / "logs" / f"{key[:16]}.log"


class Log:
    """Lines are appended, so a task that continues elsewhere continues its log.

    Short work that succeeds writes none; a disk that fails does not stop the work.
    """

    def __init__(self, store: Store, step: str, key: str) -> None:
        self.path = path(store, key)
        self._step = step
        self._said = False
        self._progress = 0.0

    def line(self, text: str) -> None:
        self._said = True
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(f"{now} {self._step}: {text}\n")

    def progress(self, text: str) -> None:
        now = time.monotonic()
        if now - self._progress >= EVERY:
            self._progress = now
            self.line(text)

    def close(self, text: str) -> None:
        if self._said:
            self.line(text)

    def error(self, reason: str, trace: str) -> None:
        self.line(reason + (f"\n{trace}" if trace else ""))
