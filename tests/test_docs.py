"""The reference pages come from the declarations, also those of a method that was just added."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from polylyte.core import discovery, methods
from polylyte.core.study import build

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"

# The room of the tests of core, borrowed: a package with methods that no list knows.
_spec = spec_from_file_location("core_conftest", Path(__file__).parent / "core" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_module = module_from_spec(_spec)
_spec.loader.exec_module(_module)
room = _module.room


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """``docs/reference.py``, as the hook imports it."""
    monkeypatch.syspath_prepend(str(DOCS))
    import reference

    yield reference
    for name in [path.stem for path in DOCS.glob("*.py")]:
        sys.modules.pop(name, None)


def cells(markdown: str) -> set[str]:
    """First cells of the rows of all tables."""
    return set(re.findall(r"^\| `([^`]+)` \|", markdown, re.MULTILINE))


def uncommented(snippet: str) -> str:
    return re.sub(r"^# ", "", snippet, flags=re.MULTILINE)


def test_there_is_a_page_for_every_method(reference: ModuleType) -> None:
    pages = reference.pages()
    ids = discovery.names("method")
    assert ids
    assert {f"methods/{id}.md" for id in ids} <= set(pages)
    for id in ids:
        assert f"]({id}.md)" in pages["methods/index.md"]


def test_a_page_tells_what_the_declaration_does(reference: ModuleType) -> None:
    for id in discovery.names("method"):
        method = methods.get(id)
        page = reference.page(method)
        shown = {n for n, p in method.parameters.items() if p.type != "task"}
        assert shown | set(method.outputs) <= cells(page), id
        for citation in method.declared.cites:
            assert citation.key in page
            if citation.doi:
                assert f"https://doi.org/{citation.doi}" in page
        for name, p in method.parameters.items():
            if p.kind is not None and p.kind.display not in ("", "1"):
                row = re.search(rf"^\| `{name}` \|.*$", page, re.MULTILINE)
                assert row is not None
                assert reference.unit_text(p.kind) in row[0], (id, name)


def test_the_step_of_a_page_is_a_step_of_that_method(reference: ModuleType) -> None:
    """What the page tells to copy is TOML, names the method, and knows every parameter."""
    import tomli

    for id in discovery.names("method"):
        method = methods.get(id)
        content = tomli.loads(uncommented(reference.snippet(method)))
        (step,) = build(content, Path("study.toml")).steps.values()
        assert step.method == id
        shown = {n for n, p in method.parameters.items() if p.type != "task"}
        assert set(step.arguments) == shown
        needed = {n for n, p in method.parameters.items() if p.required}
        (written,) = tomli.loads(reference.snippet(method))["step"].values()
        assert needed <= set(written)


def test_a_method_that_was_added_has_a_page(room: Any, reference: ModuleType) -> None:
    assert {"toy.double", "toy.long"} <= set(discovery.names("method"))
    pages = reference.pages()
    page = pages["methods/toy.double.md"]
    assert {"length", "extra", "limit", "doubled", "parity", "table"} <= cells(page)
    assert "what is doubled" in page
    assert "## testroom" in pages["methods/index.md"]
    assert "task" not in cells(pages["methods/toy.long.md"])


def test_a_docstring_becomes_markdown(reference: ModuleType) -> None:
    docstring = sys.modules["docstring"]
    doc = (
        "What it is.\n\nE = m c^2\nValid for *rest* mass, see ``mass`` and a_b|c.\n\n"
        "Raises:\n    InputError: it moves\n        too fast.\n\n"
        "References:\n    Einstein 1905, doi:10.1002/andp.19053231314."
    )
    parts = docstring.sections_of(doc)
    assert list(parts) == ["", "Raises", "References"]
    body = docstring.prose(parts[""])
    assert '<div class="equation">E = m c^2</div>' in body
    assert "Valid for <em>rest</em> mass, see `mass` and a\\_b|c." in body
    linked = docstring.prose(parts["References"])
    assert "(https://doi.org/10.1002/andp.19053231314)" in linked
    assert docstring.dois(doc) == {"10.1002/andp.19053231314"}
    runs_on = "R = V / I, where the current\nis the steady one."
    assert "equation" not in docstring.prose(runs_on)


def test_every_command_and_section_is_on_a_page(reference: ModuleType) -> None:
    pages = reference.pages()
    for name in discovery.names("section"):
        assert f"## {name}\n" in pages["sections.md"]
    for name in discovery.names("reader"):
        assert f"`{name}`" in pages["formats.md"]
    for command in ("run", "why", "init", "gc"):
        assert f"## {command}\n" in pages["command-line.md"]
    assert "mS cm⁻¹" in pages["units.md"]


def test_links_to_methods_in_the_pages_exist() -> None:
    for path in [*DOCS.rglob("*.md"), REPOSITORY / "README.md"]:
        for id in re.findall(r"methods/([a-z_]+\.[a-z_]+)\.md", path.read_text("utf-8")):
            assert id in discovery.names("method"), (path.name, id)


def test_files_that_pages_name_exist() -> None:
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/architecture.md"):
        text = (REPOSITORY / name).read_text("utf-8")
        for path in re.findall(r"`((?:core|report|instruments)/[\w/]+\.py)`", text):
            assert (REPOSITORY / "src/polylyte" / path).is_file(), (name, path)
        for path in re.findall(r"\]\(([\w./-]+)\)", text) if name.isupper() else ():
            assert (REPOSITORY / path).exists(), (name, path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_site_builds_and_its_examples_run(tmp_path: Path) -> None:
    """Strict: a broken link or an example that fails ends the build."""
    pytest.importorskip("mkdocs")
    pytest.importorskip("markdown_exec")
    source = str(REPOSITORY / "src")
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for id in discovery.names("method"):
        assert (tmp_path / "site" / "methods" / id / "index.html").is_file()
    pages = (tmp_path / "site").rglob("*.html")
    hosts = {
        host
        for page in pages
        for host in re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="https?://([^/"]+)', page.read_text("utf-8")
        )
    }
    assert not hosts
