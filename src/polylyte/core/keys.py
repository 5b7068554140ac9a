"""The key of a step: everything that its numbers depend on, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Any

from polylyte.core import discovery, sources
from polylyte.core.binding import Argument, Files, Reference, Value
from polylyte.core.canonical import digest
from polylyte.core.errors import InputError, nearest
from polylyte.core.files import as_glob
from polylyte.core.fingerprint import CORE_FORMAT, Fingerprint, fingerprint
from polylyte.core.methods import Method

Head = Mapping[str, Any]


def code(method_id: str) -> Fingerprint:
    """The fingerprint of a method's code, made once per process."""
    module = discovery.module_of("method", method_id)
    found = sources.find(module)
    name = _function(found, method_id) if found is not None else None
    return fingerprint(module, name or discovery.load("method", method_id).__name__)


@cache
def _function(found: sources.Module, method_id: str) -> str | None:
    """Name of the function that declares a method, looked up once per parsed module."""
    return found.declaring("method", method_id)


@dataclass(frozen=True)
class Key:
    """``result`` names the result in the store; ``scratch`` the work in flight, which does not
    depend on how long the run is; ``name`` marks the run's own sources of uncertainty."""

    result: str
    scratch: str
    name: str


def key_of(
    method: Method, arguments: Mapping[str, Argument], head_of: Callable[[str], Head | None]
) -> Key | None:
    """The key of a step, or None while a step it depends on has no result yet.

    Raises:
        InputError: a reference to something the other step's result does not hold.
    """
    content: dict[str, Any] = {}
    for name, argument in sorted(arguments.items()):
        key = argument_key(argument, head_of)
        if key is None:
            return None
        content[name] = key
    made = code(method.id)
    by_version = method.declared.cache == "version"
    base = {
        "format": CORE_FORMAT,
        "method": method.id,
        "version": method.declared.version,
        "code": "" if by_version else made.digest,
        "packages": {} if by_version else dict(made.packages),
        "data": {} if by_version else dict(made.data),
    }
    without_length = {k: v for k, v in content.items() if k != method.declared.length}
    return Key(
        result=digest({**base, "arguments": content}),
        scratch=digest({**base, "arguments": without_length}),
        name=f"{method.id}[{digest(content)[:8]}]",
    )


def argument_key(argument: Argument, head_of: Callable[[str], Head | None]) -> Any:
    """Canonical content of one argument; None while it is not known."""
    match argument:
        case Value():
            return {"value": argument.key}
        case Files():
            return {"files": argument.key}
        case Reference():
            head = head_of(argument.step)
            if head is None:
                return None
            parts = head["parts"][argument.part]
            return {"from": {name: parts[name] for name in chosen(argument, parts)}}


def chosen(reference: Reference, parts: Mapping[str, Any]) -> list[str]:
    """The names in another step's result that a reference means.

    Raises:
        InputError: there is none; names the nearest.
    """
    if reference.part == "files":
        names = sorted(n for n in parts if fnmatch(n, as_glob(reference.name)))
    else:
        names = [reference.name] if reference.name in parts else []
    if not names:
        kind = {"quantities": "quantity", "tables": "table", "files": "file"}[reference.part]
        raise InputError(
            f"step '{reference.step}' has no {kind} '{reference.name}'",
            where=reference.where,
            remedy=nearest(reference.name, parts),
        )
    return names
