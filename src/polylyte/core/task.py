"""What a long method is handed: progress, a checkpoint, scratch space, a wish to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Stopped(Exception):
    """Raised by a method that saved its state because it was asked to stop."""


class Task(Protocol):
    """Injected where a parameter is annotated ``Task``; invisible to the CLI and the study."""

    @property
    def threads(self) -> int:
        """How many threads the method may use."""

    @property
    def scratch(self) -> Path | None:
        """A folder of this task alone, kept until the result is stored; None outside a run."""

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to stop: save a checkpoint and raise ``Stopped``."""

    def progress(self, fraction: float, message: str = "") -> None:
        """Report how far the work is, 0 to 1."""

    def save(self, state: bytes, name: str = "checkpoint") -> None:
        """Keep ``state`` durably (atomic, fsynced): a killed run continues from it."""

    def load(self, name: str = "checkpoint") -> bytes | None:
        """The last state saved, or None."""


class _NoTask:
    """A method called in a notebook: nothing to report to, nothing to resume."""

    threads = 1
    scratch: Path | None = None
    stopping = False

    def progress(self, fraction: float, message: str = "") -> None:
        pass

    def save(self, state: bytes, name: str = "checkpoint") -> None:
        pass

    def load(self, name: str = "checkpoint") -> bytes | None:
        return None


NO_TASK: Task = _NoTask()
