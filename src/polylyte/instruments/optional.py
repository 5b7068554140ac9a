"""Libraries that only some formats need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from polylyte.core.errors import MachineError


def library(name: str, package: str, needed_for: str) -> Any:
    """Import a library of the extra ``cycler``.

    Raises:
        MachineError: it is not installed; says how to install it.
    """
    try:
        return import_module(name)
    except ImportError:
        raise MachineError(
            f"{needed_for} are read by '{package}', which is not installed",
            remedy='install it: pip install "polylyte[cycler]"',
        ) from None
