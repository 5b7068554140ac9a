"""How a method is asked for: as a step, on the command line and from a notebook."""

from __future__ import annotations

from dataclasses import MISSING

from wording import fence, indented, inputs_of

from polylyte.core import discovery
from polylyte.core.methods import Method, Parameter
from polylyte.core.quantities import Quantity


def use(method: Method) -> str:
    """The three ways side by side."""
    return (
        f'=== "Study"\n\n{indented(fence("toml", snippet(method)))}\n\n'
        f'=== "Command line"\n\n{indented(fence("sh", command(method)))}\n\n'
        f'=== "Notebook"\n\n{indented(fence("python", notebook(method)))}'
    )


def example(p: Parameter) -> str:
    """A value of a parameter as it is written in TOML."""
    default = None if p.default is MISSING else p.default
    if isinstance(default, Quantity):
        return (
            f'"{default.value:g} {default.unit}"' if default.unit != "1" else f"{default.value:g}"
        )
    if default and isinstance(default, list | tuple):
        texts = (f'"{v.value:g} {v.unit}"' if isinstance(v, Quantity) else repr(v) for v in default)
        return f"[{', '.join(texts)}]"
    match p.type:
        case "quantity":
            plain_number = p.kind is not None and p.kind.display in ("", "1")
            return "0.5" if plain_number or p.kind is None else f'"1 {p.kind.display}"'
        case "data":
            return '"raw/*"' if p.many else '"raw/FILE"'
        case "section":
            return '["NAME"]' if p.many else '"NAME"'
        case "table":
            return '{ step = "STEP", table = "TABLE" }'
        case "number" | "integer":
            return str(default if default is not None else 1)
        case "flag":
            return str(bool(default)).lower()
        case "list":
            unit = p.kind.display if p.kind else ""
            return f'["1 {unit}", "2 {unit}"]' if unit not in ("", "1") else "[1, 2]"
        case "mapping":
            return "{ name = 1 }"
        case "choice":
            return f'"{default or p.choices[0]}"'
        case _:
            return f'"{default or "…"}"'


def snippet(method: Method) -> str:
    """The step in a study file: what is needed, and the rest commented out."""
    shown = inputs_of(method)
    asked = _asked(method)
    lines = [f"[step.{method.id.rpartition('.')[2]}]", f'method = "{method.id}"']
    lines += [f"{p.name} = {example(p)}" for p in shown if p in asked]
    lines += [f"# {p.name} = {example(p)}" for p in shown if p not in asked]
    return "\n".join(lines)


def _asked(method: Method) -> list[Parameter]:
    """What a first call gives: all that is needed, or else the files, or else the quantities."""
    shown = inputs_of(method)
    for first in (
        [p for p in shown if p.required],
        [p for p in shown if p.type == "data"],
        [p for p in shown if p.type in ("section", "table")],
        [p for p in shown if p.type == "quantity" and p.default is None],
    ):
        if first:
            return first
    return []


def command(method: Method) -> str:
    """The line that runs the method on its own."""
    words = [f"polylyte call {method.id}"]
    for p in _asked(method):
        value = example(p).strip('"')
        if p.type == "data":
            words.append(f"--in {p.name}='{value}'")
        elif p.type == "section":
            words.append(f"--in {p.name}='{p.target.__polylyte__[1]}s.toml#NAME'")
        elif p.type == "table":
            words.append(f"--in {p.name}='{p.name}.csv'")
        else:
            words.append(f"--set {p.name}='{value}'")
    return " \\\n    ".join(words)


def notebook(method: Method) -> str:
    """The import and the call in Python."""
    module, name = discovery.module_of("method", method.id), method.function.__name__
    asked = _asked(method)
    imports = {f"from {module} import {name}"}
    if any(p.type == "quantity" for p in asked):
        imports.add("from polylyte.core.quantities import q")
    made = []
    for p in asked:
        if p.type not in ("data", "section"):
            continue
        cls = p.target.__name__
        imports.add(f"from {p.target.__module__} import {cls}")
        if p.type == "section":
            made.append(f'{p.name} = {cls}.from_toml({{…}}, where="notebook", name="NAME")')
        elif p.many:
            imports.add("from pathlib import Path")
            made.append(f'{p.name} = [{cls}.read(path) for path in sorted(Path("raw").iterdir())]')
        else:
            imports.add("from pathlib import Path")
            made.append(f'{p.name} = {cls}.read(Path("raw/FILE"))')
    given = ", ".join(f"{p.name}={_python(p)}" for p in asked)
    order = sorted(imports, key=lambda line: ("polylyte" in line, line))
    return "\n".join([*order, "", *made, f"result = {name}({given})"])


def _python(p: Parameter) -> str:
    if p.type == "quantity":
        text = example(p)
        return f"q({text})" if text.startswith('"') else f'q("{text}")'
    return p.name if p.type in ("data", "section", "table", "list", "mapping") else example(p)
