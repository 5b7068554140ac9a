"""Compiling with numba: where the machine code is kept, and who compiles it first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile with the code kept on disk, or in memory alone where no folder can be written."""
    options = {
        "nogil": True,
        "error_model": "numpy",
        # sums may be reordered; infinities and NaN keep their meaning
        "fastmath": {"reassoc", "contract", "nsz", "arcp"},
        "no_cfunc_wrapper": True,
        # only what Python calls needs the code that unpacks its arguments
        "no_cpython_wrapper": function.__name__.startswith("_"),
    }
    import numba

    jit: Any = numba.njit
    try:
        made: F = jit(cache=True, **options)(function)
    except RuntimeError:
        made = jit(**options)(function)
    return made


@contextmanager
def alone(stats: Any) -> Iterator[None]:
    """Alone in the folder of compiled code, where there is one and the system can lock files."""
    folder = getattr(stats, "cache_path", None)
    try:
        import fcntl

        if folder is None:
            raise OSError
        lock = open(Path(str(folder)) / "polylyte-kernels.lock", "ab")  # noqa: SIM115
    except (ImportError, OSError):
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
