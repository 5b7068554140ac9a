"""The chain behind a number, down to file bytes and constants; and what changed between runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polylyte.core.errors import InputError, nearest
from polylyte.core.runs import Stored
from polylyte.core.store import Store


def why(quantity: str, record: Mapping[str, Any], store: Store) -> list[str]:
    """Lines that say where ``step.quantity`` comes from.

    Raises:
        InputError: no such step or quantity in the last run.
    """
    step, _, name = quantity.partition(".")
    stored = _stored(step, record, store)
    names = [*stored.quantities, *stored.tables]
    if name and name not in names:
        raise InputError(f"step '{step}' has no quantity '{name}'", remedy=nearest(name, names))
    lines = []
    if name in stored.quantities:
        value = stored.quantities[name]
        lines.append(f"{quantity} = {value}")
        lines += [f"  {text}" for text in budget(value.components)]
    return [*lines, *_chain(step, stored, record, store, "")]


def _stored(step: str, record: Mapping[str, Any], store: Store) -> Stored:
    steps = record["steps"]
    if step not in steps:
        raise InputError(f"there is no step '{step}'", remedy=nearest(step, steps))
    key = steps[step]["key"]
    stored = store.get(key) if key else None
    if stored is None:
        reason = steps[step]["reason"] or "its result is not in the store; run again"
        raise InputError(f"step '{step}' has no result", remedy=reason)
    return stored


def budget(components: Mapping[str, float]) -> list[str]:
    """Shares of the variance by source, largest first."""
    total = sum(part * part for part in components.values())
    ranked = sorted(components.items(), key=lambda item: -abs(item[1]))
    return [f"{100 * part * part / total:5.1f} %  {source}" for source, part in ranked if total]


def _chain(
    step: str, stored: Stored, record: Mapping[str, Any], store: Store, indent: str
) -> Iterator[str]:
    p = stored.provenance
    origin = f", {p['origin']}" if p.get("origin") else ""
    yield (
        f"{indent}{step}: {stored.method} version {stored.version}{origin}, "
        f"code {str(p.get('code', ''))[:12]}"
    )
    for name, text in {**p.get("parameters", {})}.items():
        yield f"{indent}  {name} = {text}"
    for name, text in p.get("defaults", {}).items():
        yield f"{indent}  {name} = {text} (default)"
    for item in p.get("inputs", ()):
        yield (
            f"{indent}  {item['name']}: {item.get('file') or item.get('path')} "
            f"sha256 {str(item.get('sha256', ''))[:16]}, {item.get('format', '')}"
        )
    for package, version in p.get("packages", {}).items():
        yield f"{indent}  with {package} {version}"
    for file, digest in p.get("data", {}).items():
        yield f"{indent}  constants {file} sha256 {digest[:16]}"
    for item in p.get("upstream", ()):
        yield f"{indent}  {item['name']} from {item['step']}, {item['part']}"
        upstream = store.get(item["key"])
        if upstream is not None:
            yield from _chain(item["step"], upstream, record, store, indent + "    ")


def diff(old: Mapping[str, Any], new: Mapping[str, Any], store: Store) -> list[str]:
    """Quantities that differ between two runs, each with what caused it."""
    lines: list[str] = []
    for step in dict.fromkeys([*old["steps"], *new["steps"]]):
        a, b = old["steps"].get(step), new["steps"].get(step)
        if a is None or b is None:
            lines.append(f"{step}: {'new step' if a is None else 'no longer a step'}")
            continue
        if a["key"] == b["key"]:
            continue
        before = store.get(a["key"]) if a["key"] else None
        after = store.get(b["key"]) if b["key"] else None
        if before is None or after is None:
            lines.append(f"{step}: {a['ending']} before, {b['ending']} now {b['reason']}".rstrip())
            continue
        lines += _changes(step, before, after)
    return lines


def _changes(step: str, before: Stored, after: Stored) -> Iterator[str]:
    changed = list(_quantities(before, after))
    reason = ", ".join(causes(before.provenance, after.provenance)) or "inputs"
    verdict = "numbers unchanged" if before.digest == after.digest else "changed"
    yield f"{step}: {verdict} ({reason})"
    yield from (f"  {line}" for line in changed)


def _quantities(before: Stored, after: Stored) -> Iterator[str]:
    for name in dict.fromkeys([*before.quantities, *after.quantities]):
        x, y = before.quantities.get(name), after.quantities.get(name)
        if x is None or y is None:
            yield f"{name}: {'new' if x is None else 'gone'}: {y or x}"
        elif (x.value, x.unit, x.components) != (y.value, y.unit, y.components):
            yield f"{name}: {x} -> {y}"


def causes(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    """What differs between the provenance of two results of one step."""
    if a.get("method") != b.get("method"):
        yield f"method {a.get('method')} -> {b.get('method')}"
    elif a.get("code") != b.get("code"):
        yield "code"
    for part in ("parameters", "packages", "data"):
        old, new = a.get(part, {}), b.get(part, {})
        for name in dict.fromkeys([*old, *new]):
            if old.get(name) != new.get(name):
                yield f"{name} {old.get(name, 'not set')} -> {new.get(name, 'not set')}"
    files_a = {(i["name"], i.get("sha256")) for i in a.get("inputs", ())}
    files_b = {(i["name"], i.get("sha256")): i for i in b.get("inputs", ())}
    for key in files_b:
        if key not in files_a:
            yield f"file {files_b[key].get('file', key[0])}"
    steps_a = {(u["name"], u["step"]): u["digest"] for u in a.get("upstream", ())}
    for u in b.get("upstream", ()):
        if steps_a.get((u["name"], u["step"])) not in (None, u["digest"]):
            yield f"step {u['step']}"
