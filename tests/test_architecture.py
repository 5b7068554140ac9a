"""The house holds: rooms in order, core without science, small files, words where they are due."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polylyte.core import discovery, methods

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src" / "polylyte"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST = 400
SCIENCE = ("materials", "instruments", "analysis", "design", "virtual")
"""Rooms whose public functions a scientist calls."""
SLOW = {"numba", "matplotlib", "molmass", "polars", "rdkit", "scipy"}
"""Libraries that only functions may import: a start must not pay for them."""
MACHINE = re.compile(rb"/(?:home|Users|root|work|mnt|scratch)/[\w.]|\b[A-Z]:\\\\?Users|/tmp/\w")
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def room_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Dotted names of the modules that imports name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Statements that run when a module is imported; those for type checkers left out."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from at_import(node.orelse)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        else:
            yield node
            for part in ("body", "orelse", "finalbody"):
                yield from at_import(getattr(node, part, []) if part in node._fields else [])


def test_rooms_import_only_earlier_ones() -> None:
    pytest.importorskip("importlinter")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def test_core_knows_no_science() -> None:
    rooms = {room_of(path) for path in FILES} - {"", "core"}
    assert rooms
    offenders = [
        f"{name_of(path)}: {module}"
        for path in FILES
        if room_of(path) == "core"
        for module in imported(ast.walk(TREES[path]))
        if module.startswith("polylyte.") and module.split(".")[1] in rooms
    ]
    assert not offenders


def test_slow_libraries_are_imported_inside_functions() -> None:
    offenders = [
        f"{name_of(path)}: {module}"
        for path in FILES
        # A private module of kernels may: it is itself imported inside functions.
        if not path.name.startswith("_") or path.name == "__init__.py"
        for module in imported(at_import(TREES[path].body))
        if module.split(".")[0] in SLOW or module.rpartition(".")[2].startswith("_kernels")
    ]
    assert not offenders


def public(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Public functions of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def test_public_functions_say_what_they_compute() -> None:
    silent = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in FILES
        if room_of(path) in SCIENCE
        for node in public(TREES[path])
        if not ast.get_docstring(node)
    ]
    assert not silent


def test_methods_describe_what_they_take_and_give() -> None:
    silent = []
    for id in discovery.names("method"):
        method = methods.get(id)
        shown = [p for p in method.parameters.values() if p.type != "task"]
        silent += [f"{id}: {p.name}" for p in shown if not p.description]
        silent += [f"{id}: {o.name}" for o in method.outputs.values() if not o.description]
        if not method.declared.prose:
            silent.append(f"{id}: prose")
    assert not silent


def test_every_module_says_what_it_is() -> None:
    assert not [name_of(path) for path in FILES if not ast.get_docstring(TREES[path])]


def test_files_stay_small() -> None:
    lengths = {name_of(path): len(path.read_bytes().splitlines()) for path in FILES}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


def test_no_path_of_a_machine_in_the_package() -> None:
    found = {
        name_of(path): match[0]
        for path in sorted(SOURCE.rglob("*"))
        if path.is_file() and path.suffix != ".js" and "__pycache__" not in path.parts
        for match in [MACHINE.search(path.read_bytes())]
        if match
    }
    assert not found
