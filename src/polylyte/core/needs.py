"""What a method declares of a machine: threads, memory, time. A site sees that it gets them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from polylyte.core import methods
from polylyte.core.errors import InputError

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")
_BYTES: dict[str, float] = {"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12} | {
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_SECONDS: dict[str, float] = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, order=True)
class Needs:
    """Threads, bytes and seconds."""

    threads: int
    memory: int
    walltime: int


def of_job(job: Any) -> Needs:
    """What the method of a job (or of a chunk of a sweep) declares."""
    declared = methods.get(getattr(job, "method", None) or job.step.method).declared
    where = f"method {declared.id}"
    return Needs(
        declared.threads,
        memory(declared.memory, where=where),
        walltime(declared.walltime, where=where),
    )


def memory(text: str, *, where: str) -> int:
    """Bytes of ``"4 GB"``.

    Raises:
        InputError: no amount of memory.
    """
    return _amount(text, _BYTES, "memory", "4 GB", where)


def walltime(text: str, *, where: str) -> int:
    """Seconds of ``"12 h"``.

    Raises:
        InputError: no time.
    """
    return _amount(text, _SECONDS, "time", "12 h", where)


def _amount(text: str, units: dict[str, float], what: str, example: str, where: str) -> int:
    match = _AMOUNT.fullmatch(str(text))
    if match is None or match[2] not in units or float(match[1]) <= 0:
        raise InputError(
            f"'{text}' is no {what}",
            where=where,
            remedy=f"write it as in '{example}' ({', '.join(units)})",
        )
    return round(float(match[1]) * units[match[2]])
