"""Finding methods, sections and readers without importing them.

A byte scan of the rooms for ``@method("``, ``@section("`` and ``@reader("`` gives every name and
the module that holds it. No list is kept by hand. Third parties add folders through the
entry-point group ``polylyte.rooms``, asked only when a name is not found here.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from polylyte.core.errors import InputError, nearest

PACKAGE = Path(__file__).parents[1]
_DECORATORS = re.compile(rb'^@(method|section|reader)\(\s*"([^"\n]+)"', re.MULTILINE)


def _scan(folder: Path, package: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for path in sorted(folder.rglob("*.py")):
        source = path.read_bytes()
        if b"@method(" not in source and b"@section(" not in source and b"@reader(" not in source:
            continue
        parts = path.relative_to(folder).with_suffix("").parts
        module = ".".join((package, *(part for part in parts if part != "__init__")))
        for kind, name in _DECORATORS.findall(source):
            found[(kind.decode(), name.decode())] = module
    return found


@cache
def _here() -> dict[tuple[str, str], str]:
    return _scan(PACKAGE, "polylyte")


@cache
def _third_parties() -> dict[tuple[str, str], str]:
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found: dict[tuple[str, str], str] = {}
    for point in entry_points(group="polylyte.rooms"):
        spec = find_spec(point.value)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            folder = origin.parent if origin.name == "__init__.py" else origin
            found |= _scan(folder, point.value)
    return found


def forget() -> None:
    """Look again at the next question (after a file was added)."""
    _here.cache_clear()
    _third_parties.cache_clear()
    _names.cache_clear()


def names(kind: str) -> list[str]:
    """Every known name of one kind: "method", "section" or "reader"."""
    return list(_names(kind))


@cache
def _names(kind: str) -> tuple[str, ...]:
    everything = {**_third_parties(), **_here()}
    return tuple(sorted(name for k, name in everything if k == kind))


def module_of(kind: str, name: str) -> str:
    """The module that declares ``name``.

    Raises:
        InputError: there is none; names the nearest.
    """
    module = _here().get((kind, name)) or _third_parties().get((kind, name))
    if module is None:
        raise InputError(f"there is no {kind} '{name}'", remedy=nearest(name, names(kind)))
    return module


def load(kind: str, name: str) -> Any:
    """Import the one module that declares ``name`` and return what it registered."""
    module = import_module(module_of(kind, name))
    for value in vars(module).values():
        if getattr(value, "__polylyte__", None) == (kind, name):
            return value
    raise InputError(f"module {module.__name__} declares no {kind} '{name}' at its top level")


def source_file(module: str) -> Path:
    """Where a module's source lies."""
    file = getattr(sys.modules.get(module) or import_module(module), "__file__", None)
    return Path(str(file))
