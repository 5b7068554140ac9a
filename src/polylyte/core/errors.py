"""Errors that a user can act on: what is wrong, where, and what to do.

The exit codes are a contract: 2 bad input, 3 not answerable from this input,
4 internal or the machine's fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PolylyteError(Exception):
    """One clear line: ``where: what; remedy``."""

    exit_code = 4

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return " ".join((f"{text}; {self.remedy}" if self.remedy else text).split())

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.remedy)

    def at(self, where: str) -> PolylyteError:
        """The same error, its place prefixed."""
        place = f"{where}: {self.where}" if self.where else where
        return type(self)(self.what, where=place, remedy=self.remedy)


def _rebuild(
    kind: type[PolylyteError], what: str, where: str | None, remedy: str | None
) -> PolylyteError:
    return kind(what, where=where, remedy=remedy)


class InputError(PolylyteError):
    """The user's input is wrong or missing."""

    exit_code = 2


class FileError(InputError):
    """A raw file that cannot be read as what it should be."""


class NotAnswerable(PolylyteError):
    """The input is fine, but this question cannot be answered from it."""

    exit_code = 3


class MachineError(PolylyteError):
    """A full disk, a dead worker, a missing program."""

    exit_code = 4


def nearest(name: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` or the list of known names."""
    names = sorted(known)
    if not names:
        return "none is known here"
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(names)}"
