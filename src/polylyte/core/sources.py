"""What a module's source says, read without importing it: which statements bind a name, what its
imports mean, and a statement's text as far as it can change a result.

Comments, formatting and docstrings can not. Neither can what ``@method`` is told about prose,
citations, figures and machines, the descriptions given to ``out``, and ``TYPE_CHECKING`` blocks.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from polylyte.core.package_data import package_folder

NOT_IN_DIGEST = frozenset({"prose", "cites", "figure", "threads", "memory", "walltime"})
"""Keywords of ``@method`` that change no number."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_COMPREHENSIONS = frozenset(get_args(Comprehension))
_INNER = frozenset({*get_args(Definition), ast.Lambda, ast.Load, ast.Store, ast.Constant})
_BINDING = frozenset({
    *get_args(Definition), ast.Name, ast.Import, ast.ImportFrom, ast.ExceptHandler,
    ast.MatchAs, ast.MatchStar, ast.MatchMapping,
})  # fmt: skip


@dataclass(frozen=True)
class Import:
    """What an import binds: a module, or a name of it."""

    module: str
    name: str = ""
    full: str = ""
    """``import a.b`` binds ``a`` but loads ``a.b``."""

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def in_core(module: str) -> bool:
    """Whether a module belongs to core, which counts as one number."""
    return module == "polylyte.core" or module.startswith("polylyte.core.")


class Module:
    """One parsed source file.

    ``body``: the statements, plain imports left out. ``names``: those of them that bind, or may
    alter, each name. ``imports``: what imported names mean (several where a ``try`` gives a
    choice). ``stars``: modules imported with a star. ``typing_only``: names that exist for type
    checkers only.
    """

    def __init__(self, name: str, path: Path, source: bytes) -> None:
        self.name, self.path, self.source = name, path, source
        self.is_package = path.suffix != ".py" or path.name == "__init__.py"
        self.names: dict[str, list[int]] = {}
        self.imports: dict[str, list[Import]] = {}
        self.stars: list[str] = []
        self.typing_only: set[str] = set()
        tree = ast.parse(source, str(path))
        counted = list(_counted(tree.body))
        for name, target in self.bound(counted):
            if target is not None:
                self.imports.setdefault(name, []).append(target)
        self.body = [n for n in counted if not isinstance(n, ast.Import | ast.ImportFrom)]
        for index, statement in enumerate(self.body):
            for name in self.touched(statement):
                self.names.setdefault(name, []).append(index)
        for statement in tree.body:
            if _is_type_checking(statement):
                self.typing_only |= {name for name, _ in self.bound([statement])}

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]

    def touched(self, statement: ast.stmt) -> dict[str, None]:
        """Names that a top-level statement binds or may alter, in order."""
        names = dict.fromkeys(name for name, _ in self.bound([statement]))
        if isinstance(statement, Definition):
            return names
        assigns = isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for node in own([statement]):
            # Of `TABLE["x"] = f(y)` only the table changes; of `register(y)` anything may.
            if not assigns or isinstance(getattr(node, "ctx", None), ast.Store):
                found = root(node)
                if isinstance(found, ast.Name):
                    names[found.id] = None
        return names

    def bound(self, body: Iterable[ast.AST]) -> Iterator[tuple[str, Import | None]]:
        """Names that statements bind in their own scope; of imports, what they mean."""
        for node in own(body):
            if type(node) not in _BINDING:
                continue
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    yield name, None
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    yield name, None
                case ast.ClassDef(name=name) | ast.MatchStar(name=str(name)):
                    yield name, None
                case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                    yield name, None
                case ast.MatchMapping(rest=str(name)):
                    yield name, None
                case ast.Import():
                    yield from _plain_import(node)
                case ast.ImportFrom():
                    yield from self._from_import(node)

    def _from_import(self, node: ast.ImportFrom) -> Iterator[tuple[str, Import]]:
        module = node.module or ""
        if node.level:
            parts = self.name.split(".")
            parts = parts[: len(parts) - node.level + self.is_package]
            module = ".".join([*parts, module] if module else parts)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            elif module != "__future__":
                yield alias.asname or alias.name, Import(module, alias.name)

    @cached_property
    def registers(self) -> bool:
        """Whether decorators of our own mark definitions: a registry may be how they are found."""
        for node in self.body:
            for decorator in node.decorator_list if isinstance(node, Definition) else ():
                found = root(decorator)
                name = found.id if isinstance(found, ast.Name) else ""
                if name in self.names or any(map(self._is_ours, self.imports.get(name, ()))):
                    return True
        return False

    def _is_ours(self, target: Import) -> bool:
        return target.top in ("polylyte", self.top) and not in_core(target.dotted)

    def declaring(self, kind: str, name: str) -> str | None:
        """The definition marked ``@kind("name", …)``."""
        for node in self.body:
            for decorator in node.decorator_list if isinstance(node, Definition) else ():
                match decorator:
                    case ast.Call(func=ast.Name(id=mark), args=[ast.Constant(value=first), *_]):
                        if (mark, first) == (kind, name):
                            return next(iter(self.touched(node)))
        return None

    def counted(self, node: ast.AST) -> Iterator[tuple[str, Any]]:
        """The fields of a node that can change a result."""
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                value = [self._reduced(part, node, name) for part in _counted(value)] or None
            elif isinstance(value, ast.Call):
                value = self._reduced(value, node, name)
            if value is not None and name not in ("ctx", "kind", "type_comment"):
                yield name, value

    def _reduced(self, node: Any, parent: ast.AST, place: str) -> Any:
        """``@method(…)`` without what changes no number, a field's ``out(…)`` without its text."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if place == "decorator_list" and self._is_core(node.func.id, "method"):
                kept = [word for word in node.keywords if word.arg not in NOT_IN_DIGEST]
                return ast.Call(node.func, node.args, kept)
            if isinstance(parent, ast.AnnAssign) and self._is_core(node.func.id, "out"):
                kept = [word for word in node.keywords if word.arg != "text"]
                return ast.Call(node.func, node.args[1:], kept)
        return node

    def _is_core(self, name: str, what: str) -> bool:
        targets = self.imports.get(name, ())
        return any(target.name == what and in_core(target.module) for target in targets)

    def text(self, node: Any) -> str:
        """One spelling for a tree, the same under every version of Python."""
        if isinstance(node, ast.AST):
            inner = ",".join([f"{name}={self.text(value)}" for name, value in self.counted(node)])
            return f"{type(node).__name__}({inner})"
        if isinstance(node, list):
            return f"[{','.join(map(self.text, node))}]"
        return repr(node)


def chain(node: ast.expr) -> tuple[ast.expr, tuple[str, ...]]:
    """``a.b.c`` as ``a`` and ("b", "c")."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    return node, tuple(reversed(path))


def root(node: ast.AST) -> ast.AST:
    """The ``a`` of ``a.b``, ``a[b]``, ``a(b)``."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return node


def _plain_import(node: ast.Import) -> Iterator[tuple[str, Import]]:
    for alias in node.names:
        top = alias.name.partition(".")[0]
        if alias.asname:
            yield alias.asname, Import(alias.name)
        else:
            yield top, Import(top, full="" if top == alias.name else alias.name)


def own(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of one scope: inner functions and classes are yielded, not entered."""
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        yield node
        kind = type(node)
        if kind in _COMPREHENSIONS:
            # Only what `:=` binds leaves a comprehension.
            yield from (n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
        elif kind not in _INNER:
            todo += list(ast.iter_child_nodes(node))[::-1]


def _is_type_checking(node: Any) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return True
    return False


def _counted(nodes: Iterable[Any]) -> Iterator[Any]:
    """A list of a tree without docstrings, bare texts and what an import does not run."""
    for node in nodes:
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case ast.If() if _is_type_checking(node):
                yield from _counted(node.orelse)
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                pass
            case _:
                yield node


_files: dict[Path, Module] = {}
"""Parsed files; a file is parsed again when its bytes differ."""
_found: dict[str, Module | None] = {}
"""Modules looked up since the last :func:`forget`."""


def forget() -> None:
    """Look at the files again."""
    _found.clear()
    package_folder.cache_clear()


def find(name: str) -> Module | None:
    """A module by its name; None if there is no source of it."""
    if name not in _found:
        _found[name] = _look(name)
    return _found[name]


def _look(name: str) -> Module | None:
    top, *rest = name.split(".")
    folder = package_folder(top)
    if folder is None:
        spec = None if rest or top == "__main__" else find_spec(top)
        path = Path(spec.origin) if spec and spec.origin else None
    else:
        path = folder.joinpath(*rest)
        path = path / "__init__.py" if path.is_dir() else path.with_name(f"{path.name}.py")
    if path is None or path.suffix != ".py":
        return None
    if not path.is_file():
        # A folder without __init__.py is a package all the same.
        return Module(name, path, b"") if path.parent.is_dir() and path.stem == "__init__" else None
    source = path.read_bytes()
    known = _files.get(path)
    if known is None or known.source != source or known.name != name:
        known = _files[path] = Module(name, path, source)
    return known
