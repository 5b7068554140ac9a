"""The parameter library: transport of electrolytes and electrode materials, with their origin."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from polylyte.core.errors import InputError, nearest
from polylyte.core.package_data import package_data


@cache
def _read(content: bytes) -> Mapping[str, Any]:
    return tomllib.loads(content.decode())


def library() -> Mapping[str, Any]:
    """Everything: ``electrolyte``, ``electrode`` and ``lithium``."""
    return _read(package_data("simulation/cell/library.toml"))


def find(kind: str, name: str) -> tuple[str, Mapping[str, Any]] | None:
    """The entry of ``electrolyte`` or ``electrode`` that ``name`` or an alias of it means."""
    wanted = name.strip().lower()
    for key, entry in library()[kind].items():
        if wanted in (key.lower(), *(alias.lower() for alias in entry.get("aliases", ()))):
            return key, entry
    return None


def electrode(name: str, *, where: str) -> tuple[str, Mapping[str, Any]]:
    """The electrode material ``name``.

    Raises:
        InputError: not in the library.
    """
    found = find("electrode", name)
    if found is None:
        raise InputError(
            f"the electrode material '{name}' is not in the parameter library"
            if name
            else "the cathode's material is not stated",
            where=where,
            remedy=nearest(name, library()["electrode"]) + " or give like= and an ocp table",
        )
    return found
