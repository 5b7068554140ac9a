"""Docstrings as Markdown: equations set apart, parameters left to the table, DOIs linked."""

from __future__ import annotations

import re

_SECTION = re.compile(r"^([A-Z][A-Za-z ]{2,20}):$")
_EQUATION = re.compile(r"^(?!\w+ \w+ \w+ \w+ )[^.:]{1,48}?\s[=≈≤]\s\S")
_RUNS_ON = re.compile(
    r"(\b(a|an|and|are|at|between|by|for|from|in|is|it|of|on|or|the|to|where|with)|,)$"
)
_DOI = re.compile(r"(?:https?://doi\.org/|doi:\s?)(10\.\d{4,9}/[^\s;,]*[^\s;,.)\]])")
_CODE = re.compile(r":\w+:`~?([^`]+)`|``([^`]+)``")


def plain(text: str) -> str:
    """One line of text in which nothing is markup, except ``code``."""
    pieces = re.split(r"(:\w+:`[^`]+`|``[^`]+``)", " ".join(str(text).split()))
    return "".join(_code(piece) if _CODE.fullmatch(piece) else _escaped(piece) for piece in pieces)


def _code(piece: str) -> str:
    match = _CODE.fullmatch(piece)
    assert match is not None
    return f"`{(match[1] or match[2]).rpartition('~')[2]}`"


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"(?<![\w*])\*(\w[^*\s]*)\*(?![\w*])", "<em>\\1</em>", text)
    text = re.sub(r"([\\`*_\[\]#])", r"\\\1", text)
    return text.replace("{", "&#123;").replace("}", "&#125;")


def linked(text: str) -> str:
    """Like :func:`plain`, with each DOI as a link."""
    made, last = [], 0
    for match in _DOI.finditer(text):
        made.append(plain_piece(text[last : match.start()]))
        made.append(f"[doi:{_escaped(match[1])}](https://doi.org/{match[1]})")
        last = match.end()
    return "".join(made) + plain_piece(text[last:])


def plain_piece(text: str) -> str:
    """:func:`plain` that keeps the blanks at both ends."""
    if not text.strip():
        return " " if text else ""
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return before + plain(text) + after


def dois(text: str) -> set[str]:
    """Every DOI of a text."""
    return {match[1] for match in _DOI.finditer(text)}


def summary_of(doc: str) -> str:
    """The first paragraph as one line."""
    return " ".join(doc.split("\n\n")[0].split())


def sections_of(doc: str) -> dict[str, str]:
    """``{"": text before, "Raises": …}``: sections by title, dedented; the summary left out."""
    _, _, rest = doc.partition("\n\n")
    found: dict[str, list[str]] = {"": []}
    title = ""
    for line in rest.splitlines():
        match = _SECTION.match(line)
        if match:
            title = match[1]
            found[title] = []
        elif title and line and not line.startswith(" "):
            title = ""
            found[""] += ["", line]
        else:
            found[title].append(line[4:] if title else line)
    return {name: "\n".join(lines).strip("\n") for name, lines in found.items()}


def prose(text: str) -> str:
    """Paragraphs of a docstring. Lines that are equations, indented or doctests stay lines."""
    return "\n\n".join(_paragraph(p) for p in re.split(r"\n\s*\n", text) if p.strip())


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if lines[0].startswith((">>>", "    ")):
        return "```python\n" + "\n".join(line.removeprefix("    ") for line in lines) + "\n```"
    if lines[0].startswith("- "):
        return "\n".join(f"- {linked(item)}" for item in re.split(r"^- ", text, flags=re.M) if item)
    count = _equations(lines)
    made = []
    if count:
        body = "\n".join(_escaped_html(line) for line in lines[:count])
        made.append(f'<div class="equation">{body}</div>')
    if lines[count:]:
        made.append(linked(" ".join(line.strip() for line in lines[count:])))
    return "\n\n".join(made)


def _equations(lines: list[str]) -> int:
    """How many lines at the start are equations: not a sentence that runs on."""
    count = 0
    for line in lines:
        if not (_EQUATION.match(line) or (count and line.startswith(" "))):
            break
        count += 1
    after = lines[count].strip() if count < len(lines) else ""
    runs_on = count and _RUNS_ON.search(lines[count - 1])
    return 0 if runs_on or after[:1].islower() else count


def _escaped_html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
