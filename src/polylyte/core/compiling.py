"""Compiling with numba: where the machine code is kept, and who compiles it first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., object])


def kept(**options: Any) -> Callable[[F], F]:
    """``numba.njit`` with these options, the code kept on disk, or in memory alone where no folder
    can be written."""
    import numba

    jit: Any = numba.njit

    def compile(function: F) -> F:
        try:
            made: F = jit(cache=True, **options)(function)
        except RuntimeError:
            made = jit(**options)(function)
        return made

    return compile


def ready(function: Any, arguments: tuple[object, ...]) -> None:
    """Compile a function for arguments like these, or read what was compiled before. One process
    at a time: workers that start together on a fresh installation wait for the first instead of
    all compiling."""
    if not getattr(function, "overloads", True):
        import numba

        type_of: Any = numba.typeof
        with alone(function.stats):
            function.compile(tuple(type_of(each) for each in arguments))


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
