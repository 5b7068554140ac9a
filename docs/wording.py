"""Words, tables and defaults shared by the generated pages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from docstring import plain

from polylyte.core import discovery, units
from polylyte.core.kinds import Kind
from polylyte.core.methods import Method, Parameter
from polylyte.core.quantities import Quantity

REPOSITORY = Path(__file__).parents[1]
Rows = Iterable[Sequence[str]]


def table(header: Sequence[str], rows: Rows) -> str:
    """A Markdown table; an empty text without rows."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(header) + " |", "|" + " --- |" * len(header), *lines])


def room_of(id: str) -> str:
    """The room that declares a method; for a third party's, its package."""
    parts = discovery.module_of("method", id).split(".")
    return parts[1] if parts[0] == "polylyte" else parts[0]


def rooms() -> dict[str, list[str]]:
    """Ids of methods by room, in the order of the import contract, third parties last."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    order = [name for layer in reversed(layers) for name in re.findall(r"\w+", layer)]
    found: dict[str, list[str]] = {name: [] for name in order}
    for id in discovery.names("method"):
        found.setdefault(room_of(id), []).append(id)
    return {room: ids for room, ids in found.items() if ids}


def inputs_of(method: Method) -> list[Parameter]:
    """What a user gives: every parameter but the running task."""
    return [p for p in method.parameters.values() if p.type != "task"]


def type_text(p: Parameter) -> str:
    """What a parameter takes, in words."""
    match p.type:
        case "quantity":
            return f"{p.kind.name}" if p.kind else "quantity"
        case "choice":
            return " or ".join(f"`{choice}`" for choice in p.choices)
        case "data":
            what = camel_words(p.target.__name__)
            return (
                f"[files](../formats.md): {what}, one or more"
                if p.many
                else (f"[file](../formats.md): {what}")
            )
        case "section":
            kind = p.target.__polylyte__[1]
            return f"[{kind}](../sections.md#{kind})" + (", one or more" if p.many else "")
        case "list":
            of = p.kind.name if p.kind else getattr(p.target, "__name__", "value")
            return f"list of {of}"
        case "flag":
            return "true or false"
        case "integer":
            return "whole number"
        case "mapping":
            return "table of names and values"
        case "table":
            return "table of a step, or CSV file"
        case other:
            return other


def camel_words(name: str) -> str:
    """A class's name as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def unit_text(kind: Kind | None) -> str:
    """A kind's display unit for print."""
    return plain(units.pretty(kind.display)) if kind else ""


def default_text(p: Parameter) -> str:
    """A parameter's default for print; ``needed`` where it has none."""
    if p.required:
        return "**needed**"
    if p.default is None or p.default == "":
        return "–"
    if isinstance(p.default, Quantity):
        return quantity_text(p.default)
    if isinstance(p.default, bool):
        return f"`{str(p.default).lower()}`"
    if isinstance(p.default, list | tuple):
        return (
            ", ".join(quantity_text(v) if isinstance(v, Quantity) else f"`{v}`" for v in p.default)
            or "–"
        )
    return f"`{p.default}`"


def quantity_text(value: Quantity) -> str:
    """A quantity with all its digits and no rounding."""
    if value.value is None or value.std is not None:
        return plain(str(value))
    return plain(f"{value.value:g} {units.pretty(value.unit)}")


def fence(language: str, text: str) -> str:
    """A fenced code block."""
    return f"```{language}\n{text}\n```"


def indented(text: str) -> str:
    """Text set in by four spaces, as a tab or an admonition wants it."""
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
