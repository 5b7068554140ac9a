"""Pages over all methods, units, sections, formats, commands and example studies."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from inspect import getdoc
from pathlib import Path
from typing import Any, get_args, get_origin

from docstring import plain, prose, summary_of
from wording import camel_words, fence, indented, quantity_text, rooms, table, unit_text

from polylyte.core import discovery, kinds, methods, units
from polylyte.core.kinds import Kind
from polylyte.core.quantities import Quantity


def index() -> str:
    """Every method by room."""
    count = sum(map(len, rooms().values()))
    blocks = [
        "# Methods",
        f"{count} methods, each one file. Each has the same three doors: a step of a "
        "[study](../study-file.md), `polylyte call` and a plain function for notebooks. "
        "`polylyte methods` prints this list; `polylyte methods --json` gives it to a program.",
    ]
    for room, ids in rooms().items():
        rows = ((f"[{id}]({id}.md)", plain(methods.get(id).summary)) for id in ids)
        blocks.append(f"## {room}\n\n" + table(("method", "what it gives"), rows))
    return "\n\n".join(blocks) + "\n"


def kinds_page() -> str:
    """Units by kind of quantity."""
    named: dict[str, Kind] = {}
    for name, hint in vars(kinds).items():
        for extra in get_args(hint)[1:] if get_origin(hint) is not None else ():
            if isinstance(extra, Kind):
                named[name] = extra
    rows = (
        (
            kind.name,
            unit_text(kind) or "–",
            plain(units.pretty(kind.si)) or "–",
            f"`{name}`",
            "yes" if kind.plain_number else "",
        )
        for name, kind in sorted(named.items(), key=lambda item: item[1].name)
    )
    return (
        "\n\n".join(
            (
                "# Units",
                "What a parameter or a result can measure. Any unit of its dimension is accepted; "
                "results are shown in the unit of the second column. "
                "[Quantities](quantities.md) has the notation.",
                table(("measures", "shown in", "SI inside", "annotation", "plain number"), rows),
            )
        )
        + "\n"
    )


def sections_page() -> str:
    """What the sections of a study hold."""
    blocks = [
        "# Sections of a study",
        "Each section is a type that claims its name; a new one is found like a method. "
        "[The study file](study-file.md) shows them at work.",
    ]
    for name in discovery.names("section"):
        cls = discovery.load("section", name)
        used = [
            f"[{id}](methods/{id}.md)"
            for id in discovery.names("method")
            if any(p.target is cls for p in methods.get(id).parameters.values())
        ]
        blocks += [f"## {name}", f"`[{name}.NAME]`", prose(getdoc(cls) or "")]
        blocks += [f"### {title}\n\n{rows}" for title, rows in _entries(cls)]
        if used:
            blocks.append("Taken by " + ", ".join(used) + ".")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _entries(cls: Any) -> Iterator[tuple[str, str]]:
    """Tables of a card's entries, those of the cards inside it after its own."""
    # A type that must have an entry is written in its own way, not as a table of entries.
    if not is_dataclass(cls) or any(_must(f) for f in fields(cls) if f.name != "name"):
        return
    cards: list[Any] = [cls]
    for card in cards:
        shown = [f for f in fields(card) if f.name not in ("name", "where")]
        rows = [(f"`{f.name}`", _annotation(str(f.type)), _entry_default(f.default)) for f in shown]
        yield camel_words(card.__name__), table(("entry", "holds", "default"), rows)
        inner = [each for f in shown for each in _inner(card, str(f.type))]
        cards += [each for each in dict.fromkeys(inner) if each not in cards]


def _must(f: Field[Any]) -> bool:
    return f.default is MISSING and f.default_factory is MISSING


def _entry_default(value: Any) -> str:
    if isinstance(value, Quantity):
        return quantity_text(value)
    return "" if value in (MISSING, None, "", ()) else plain(str(value))


def _annotation(text: str) -> str:
    choices = re.search(r"Literal\[(.*)\]", text)
    if choices:
        return " or ".join(f"`{c}`" for c in re.findall(r"[\"']([^\"']+)", choices[1]) if c != ", ")
    text = re.sub(r"ClassVar|\s*\|\s*None|'|\"", "", text)
    text = re.sub(r"tuple\[(\w+), \.\.\.\]", r"list of \1", text)
    text = re.sub(r"Mapping\[str, (\w+)\]", r"named \1", text)
    for name, word in (("str", "text"), ("int", "whole number"), ("bool", "true or false"),
                       ("Quantity", "quantity"), ("float", "number")):  # fmt: skip
        text = re.sub(rf"\b{name}\b", word, text)
    return plain(camel_words(text))


def _inner(card: Any, text: str) -> list[Any]:
    module = __import__(card.__module__, fromlist=["x"])
    found = (getattr(module, name, None) for name in re.findall(r"[A-Z]\w+", text))
    return [each for each in found if is_dataclass(each) and each is not Quantity]


def formats_page() -> str:
    """Every raw format that can be read."""
    rows = []
    for name in discovery.names("reader"):
        function = discovery.load("reader", name)
        rows.append((f"`{name}`", plain(summary_of(getdoc(function) or ""))))
    return (
        "\n\n".join(
            (
                "# File formats",
                "A file is recognised by its bytes, never by its name. Every reader says which "
                "rows it dropped and why; the report lists them with the file's hash.",
                table(("format", "what it is"), rows),
            )
        )
        + "\n"
    )


def command_page() -> str:
    """Every command with its options, from the parser itself."""
    from polylyte import cli

    parser = cli._parser()
    commands: Mapping[str, Any] = next(
        action.choices for action in parser._actions if isinstance(action.choices, dict)
    )
    blocks = [
        "# Command line",
        "Exit codes: **0** answered; **2** bad input (one line on stderr: what, where, what to "
        "do); **3** not answerable from this input; **4** internal, or the machine's fault.",
    ]
    for name, each in commands.items():
        each.prog = f"polylyte {name}"
        help = each.format_help().removeprefix("usage: ")
        blocks.append(f"## {name}\n\n" + fence("text", help.strip()))
    return "\n\n".join(blocks) + "\n"


def studies_page(folder: Path) -> str:
    """Every example study: what it says of itself, and its file."""
    blocks = [
        "# Example studies",
        "Each folder of `examples/` with a `study.toml` is a study; `polylyte run examples/NAME` "
        "runs it.",
    ]
    for path in sorted(folder.glob("*/study.toml")):
        text = path.read_text("utf-8")
        content = tomllib.loads(text)
        about = content.get("study", {})
        used = sorted({step["method"] for step in content.get("step", {}).values()})
        links = ", ".join(f"[{id}](methods/{id}.md)" for id in used)
        blocks += [
            f"## {about.get('title', path.parent.name)}",
            plain(about.get("description", "")),
            f"`polylyte run examples/{path.parent.name}`: {links}",
            f'??? example "examples/{path.parent.name}/study.toml"\n\n'
            + indented(fence("toml", text.rstrip())),
        ]
    return "\n\n".join(block for block in blocks if block) + "\n"
