"""The parameter library: transport of electrolytes and electrode materials, with their origin."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from polylyte.core.errors import InputError, nearest
from polylyte.core.package_data import package_data

KINDS = ("electrolyte", "electrode")


@cache
def _read(content: bytes) -> Mapping[str, Any]:
    return tomllib.loads(content.decode())


def library() -> Mapping[str, Any]:
    """Everything: ``electrolyte``, ``electrode``, ``lithium`` and ``reference``."""
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


def rows() -> Iterator[dict[str, str]]:
    """One row for each function and constant with a reference: what it is of, where it holds,
    where it is from and the DOI of that, in words for a table."""
    references = library()["reference"]
    for kind in KINDS:
        for name, entry in library()[kind].items():
            low, high = entry["range"]
            celsius = entry.get("temperature", entry.get("reference_temperature", 0.0)) - 273.15
            of = "mol/m^3" if kind == "electrolyte" else "stoichiometry"
            for quantity, key in entry["references"].items():
                varies = isinstance(entry[quantity], Mapping)
                yield {
                    "material": name,
                    "quantity": quantity.replace("_", " "),
                    "holds": f"{low:g} to {high:g} {of}" if varies else "constant",
                    "temperature": f"{celsius:g} degC",
                    "reference": references[key]["text"],
                    "doi": references[key].get("doi", ""),
                }
