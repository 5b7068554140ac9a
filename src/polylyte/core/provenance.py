"""Where a result comes from, down to file bytes: what the store keeps beside its numbers."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from polylyte.core import methods
from polylyte.core.binding import Argument, Files, Reference, Value
from polylyte.core.keys import code
from polylyte.core.methods import Method
from polylyte.core.quantities import Quantity
from polylyte.core.runs import Stored


def describe(
    method: Method,
    arguments: Mapping[str, Argument],
    made: Mapping[str, Any],
    upstream: Mapping[str, Stored],
    seconds: float,
) -> dict[str, Any]:
    """The provenance of a result, down to file bytes."""
    made_by = code(method.id)
    inputs = [(name, record) for name, value in made.items() for record in _records(value)]
    # Some readers (of tables) keep no record of their file.
    known = {record.get("name") for _, record in inputs}
    plain = [
        (n, record) for n, a in arguments.items() if isinstance(a, Files) for record in a.records
    ]
    inputs += [(name, record) for name, record in plain if record["name"] not in known]
    origins = {
        method.declared.origin,
        *(str(record.get("origin", "")) for _, record in inputs),
        *(s.provenance.get("origin", "") for s in upstream.values()),
    }
    return {
        "method": method.id,
        "version": method.declared.version,
        "code": made_by.digest,
        "definitions": list(made_by.definitions),
        "origin": next((o for o in ("virtual", "simulated") if o in origins), ""),
        "parameters": {n: _text(made[n]) for n, a in arguments.items() if isinstance(a, Value)},
        "defaults": {
            n: _text(p.default)
            for n, p in method.parameters.items()
            if n not in arguments and p.type != "task" and p.default is not None
        },
        "inputs": [{"name": name, **_plain_record(record)} for name, record in inputs],
        "upstream": [
            {
                "name": name,
                "step": a.step,
                "part": f"{a.part}: {a.name}",
                "key": upstream[a.step].key,
                "digest": upstream[a.step].digest,
            }
            for name, a in arguments.items()
            if isinstance(a, Reference)
        ],
        "packages": dict(made_by.packages),
        "data": dict(made_by.data),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "seconds": round(seconds, 3),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def describe_sweep(
    method_id: str, arguments: Mapping[str, Argument], base: str, seconds: float
) -> dict[str, Any]:
    """The provenance of a sweep; what varied is in its table, ``base`` names its rows."""
    method = methods.get(method_id)
    values = {n: a for n, a in arguments.items() if isinstance(a, Value) and n in method.parameters}
    made = {name: argument.value for name, argument in values.items()}
    swept = {
        n: f"{len(a.value)} values"
        for n, a in arguments.items()
        if n.startswith("map ") and isinstance(a, Value)
    }
    provenance = describe(method, values, made, {}, seconds)
    return {**provenance, "parameters": {**provenance["parameters"], **swept}, "sweep": base}


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    name = getattr(value, "name", None)
    is_plain = isinstance(value, Quantity | str | int | float)
    return str(value) if is_plain or not name else str(name)


def _records(value: Any) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item.file_record for item in items if hasattr(item, "file_record")]


def _plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, int | float | str | list | None) else str(value)
        for key, value in record.items()
        if key != "name"
    } | {"file": str(record.get("name", ""))}
