"""How the circuits' kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from polylyte.core.compiling import kept

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile with the code kept on disk, or in memory alone where no folder can be written."""
    return kept(
        nogil=True,
        error_model="numpy",
        # sums may be reordered; infinities and NaN keep their meaning
        fastmath={"reassoc", "contract", "nsz", "arcp"},
        no_cfunc_wrapper=True,
        # only what Python calls needs the code that unpacks its arguments
        no_cpython_wrapper=function.__name__.startswith("_"),
    )(function)
