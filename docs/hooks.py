"""MkDocs hooks: reference pages from the declarations, and a place for each page's examples.

A fence with ``title="study.toml"`` is written into the page's own folder under that name, and
every executed fence of the page runs there, with ``polylyte`` on the path: what a page shows is
what ran. An example that fails is a warning, and so ends a strict build.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import reference

import polylyte

_FENCE = re.compile(r"^```(?P<head>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_STATE: dict[str, Path] = {}


def on_startup(command: str, dirty: bool) -> None:
    """Make the folder for examples, with a ``polylyte`` that is this one."""
    work = Path(tempfile.mkdtemp(prefix="polylyte-docs-"))
    _STATE["work"] = work
    shim = work / "bin" / "polylyte"
    shim.parent.mkdir()
    source = Path(polylyte.__file__).parents[1]
    shim.write_text(
        f'#!/bin/sh\nPYTHONPATH="{source}:$PWD" exec "{sys.executable}" -m polylyte "$@"\n'
    )
    shim.chmod(0o755)
    os.environ["PATH"] = f"{shim.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["TMPDIR"] = str(work)
    os.environ["NO_COLOR"] = "1"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def on_shutdown() -> None:
    """Remove what the examples wrote."""
    if "work" in _STATE:
        shutil.rmtree(_STATE.pop("work"), ignore_errors=True)


def on_config(config: Any) -> Any:
    """Put the generated pages and the decisions into the navigation."""
    decisions = sorted(p.name for p in Path(config.docs_dir, "decisions").glob("0*.md"))
    methods = [{r: [f"methods/{id}.md" for id in ids]} for r, ids in reference.rooms().items()]
    made: dict[str, list[Any]] = {
        "methods/index.md": ["methods/index.md", *methods],
        "decisions": [f"decisions/{name}" for name in decisions],
    }
    _fill(config.nav, made)
    return config


def _fill(nav: Any, made: dict[str, list[Any]]) -> None:
    for entry in nav or []:
        for title, value in list(entry.items()) if isinstance(entry, dict) else ():
            if isinstance(value, list):
                _fill(value, made)
            elif value in made:
                entry[title] = made[value]


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    for path, content in reference.pages().items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Write the page's files, and send its examples to the folder they lie in."""
    folder = _STATE["work"] / re.sub(r"\W+", "-", page.file.src_uri)
    folder.mkdir(parents=True, exist_ok=True)

    def placed(match: re.Match[str]) -> str:
        head, body = match["head"], match["body"]
        title = _TITLE.search(head)
        if "exec=" in head:
            return f'```{head} workdir="{folder}"\n{body}```'
        if title:
            path = folder / title[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, "utf-8")
        return match[0]

    return _FENCE.sub(placed, markdown)
