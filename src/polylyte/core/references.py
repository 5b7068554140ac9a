"""What one top-level statement of a module refers to, by the scoping rules of Python."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from polylyte.core.sources import Comprehension, Function, Import, Module, chain, own

_LOOK_UP = frozenset({"globals", "eval", "exec", "__import__"})
_BY_DISCOVERY = {
    "polylyte.core.discovery.load": "",
    "polylyte.core.discovery.module_of": "",
    "polylyte.core.methods.get": "method",
    "polylyte.core.sections.get": "section",
}
"""Functions of core that load a module by what it declares, with the kind where it is fixed."""
_PACKAGE_DATA = "polylyte.core.package_data.package_data"
_IMPORT_MODULE = "importlib.import_module"


@dataclass(frozen=True)
class Use:
    """A name of the module, or an import inside a function, and the attributes asked of it."""

    what: str | Import
    path: tuple[str, ...] = ()


@dataclass
class References:
    """What a statement refers to. ``text`` is what enters the digest."""

    label: str
    text: str
    uses: dict[Use, None] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    """Those inside functions."""
    data: list[tuple[str, str]] = field(default_factory=list)
    """Package and file of each call of ``package_data``."""
    declared: list[tuple[str, str]] = field(default_factory=list)
    """Kind and name of what is loaded by discovery; "" where only the run can tell."""
    dynamic: bool = False
    """A name is looked up at run time: anything in the module may be meant."""
    own_folder: bool = False
    """It knows its own ``__file__``, so it may read any file beside it."""


_known: WeakKeyDictionary[Module, dict[int, References]] = WeakKeyDictionary()


def references(module: Module, index: int) -> References:
    """What the statement refers to, worked out once.

    Raises:
        TypeError: ``package_data`` without the name of its file written out.
    """
    known = _known.setdefault(module, {})
    if index not in known:
        node = module.body[index]
        label = next(iter(module.touched(node)), "")
        known[index] = _Walk(module, References(label, module.text(node))).found(node)
    return known[index]


@dataclass
class _Scope:
    names: dict[str, list[Import]]
    is_class: bool = False


class _Walk:
    def __init__(self, module: Module, result: References) -> None:
        self.module = module
        self.result = result
        self.scopes: list[_Scope] = []

    def found(self, node: ast.stmt) -> References:
        self.visit(node)
        return self.result

    def visit(self, node: Any) -> None:
        match node:
            case list():
                for part in node:
                    self.visit(part)
            case ast.Name():
                # In a function a stored name is local, or declared global and then ours.
                if isinstance(node.ctx, ast.Load) or (self.scopes and not self.scopes[-1].is_class):
                    self._refer(node, ())
            case ast.Attribute():
                start, path = chain(node)
                if isinstance(start, ast.Name):
                    self._refer(start, path)
                else:
                    self.visit(start)
            case ast.Call():
                self._call(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node)
            case ast.ClassDef():
                fields = dict(self.module.counted(node))
                body = fields.pop("body", [])
                for value in fields.values():
                    self.visit(value)
                self._inside(_Scope(self._names(body), is_class=True), body)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node)
            case ast.Import() | ast.ImportFrom():
                if self.scopes:
                    self.result.imports += [t for _, t in self.module.bound([node]) if t]
            case ast.AST():
                for name, value in self.module.counted(node):
                    self._annotation(value) if name == "annotation" else self.visit(value)

    def _inside(self, scope: _Scope, *parts: Any) -> None:
        self.scopes.append(scope)
        for part in parts:
            self.visit(part)
        self.scopes.pop()

    def _names(self, body: list[ast.AST]) -> dict[str, list[Import]]:
        names: dict[str, list[Import]] = {}
        for name, target in self.module.bound(body):
            names.setdefault(name, []).extend([target] if target else [])
        return names

    def _function(self, node: Function | ast.Lambda) -> None:
        fields = dict(self.module.counted(node))
        body = fields.pop("body", [])
        body = body if isinstance(body, list) else [body]
        arguments = node.args
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        given += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        self._annotation(fields.pop("returns", None))
        # Decorators, defaults and annotations belong to the scope outside.
        for value in fields.values():
            self.visit(value)
        names = self._names(body) | {argument.arg: [] for argument in given}
        for part in own(body):
            if isinstance(part, ast.Global | ast.Nonlocal):
                for name in part.names:
                    names.pop(name, None)
        for parameter in getattr(node, "type_params", []):
            names[parameter.name] = []
        self._inside(_Scope(names), body)

    def _comprehension(self, node: Comprehension) -> None:
        self.visit(node.generators[0].iter)
        names = self._names([generator.target for generator in node.generators])
        self._inside(_Scope(names), *(value for _, value in self.module.counted(node)))

    def _annotation(self, node: Any) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        self.visit(node)

    def _meaning(self, name: str) -> list[Import] | None:
        """What a local name means; None if it is the module's."""
        ours = name in self.module.names or name in self.module.imports
        for depth, scope in enumerate(reversed(self.scopes)):
            # A class's names are no names of its methods, and may be the module's until bound.
            if scope.is_class and (depth or (ours and not scope.names.get(name))):
                continue
            if name in scope.names:
                return scope.names[name]
        return None

    def _dotted(self, node: ast.expr) -> str:
        """``np.linalg.norm`` as "numpy.linalg.norm"; "" for what is no import."""
        start, path = chain(node)
        if not isinstance(start, ast.Name):
            return ""
        local = self._meaning(start.id)
        targets = self.module.imports.get(start.id, []) if local is None else local
        return ".".join((targets[0].dotted, *path)) if targets else ""

    def _refer(self, name: ast.Name, path: tuple[str, ...]) -> None:
        local = self._meaning(name.id)
        if local is not None:
            self.result.uses |= {Use(target, path): None for target in local}
            targets = local
        else:
            self.result.uses[Use(name.id, path)] = None
            targets = self.module.imports.get(name.id, [])
            self.result.dynamic |= name.id in _LOOK_UP
            self.result.own_folder |= name.id == "__file__"
        for target in targets:
            dotted = ".".join((target.dotted, *path))
            if dotted == _PACKAGE_DATA:
                self._refuse(name)
            self.result.own_folder |= dotted.startswith("importlib.resources")
            self.result.dynamic |= dotted == _IMPORT_MODULE or dotted in _BY_DISCOVERY

    def _call(self, node: ast.Call) -> None:
        words = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
        texts = [word if isinstance(word, str) else "" for word in words]
        dotted = self._dotted(node.func)
        first = texts[0] if texts else ""
        if dotted == _PACKAGE_DATA:
            self._package_data(node, first)
        elif dotted in _BY_DISCOVERY:
            kind, *rest = [_BY_DISCOVERY[dotted], *texts] if _BY_DISCOVERY[dotted] else texts
            self.result.declared.append((kind, rest[0] if rest else ""))
        elif dotted == _IMPORT_MODULE and first and not first.startswith("."):
            self.result.uses[Use(Import(first))] = None
        else:
            self.visit(node.func)
        self.visit(node.args)
        self.visit(node.keywords)

    def _package_data(self, node: ast.Call, name: str) -> None:
        package = "polylyte"
        for word in node.keywords:
            value = word.value.value if isinstance(word.value, ast.Constant) else None
            if word.arg == "package" and isinstance(value, str):
                package = value
            elif word.arg == "name" and isinstance(value, str):
                name = value
            else:
                self._refuse(node)
        if not name:
            self._refuse(node)
        self.result.data.append((package, name))

    def _refuse(self, node: ast.expr) -> None:
        raise TypeError(
            f"{self.module.path.name}:{node.lineno}: package_data needs the name of its file "
            "written out in the call, so that the file can be part of a step's key"
        )
