"""What a method's result depends on besides its input: code, package data, libraries.

A step is computed again only if one of these changed. The code is found by following names
through the sources, from the method's function to every definition that it can reach, without
importing anything. Where a name cannot be resolved (a star import, ``getattr`` on a module,
``globals()``), the whole module counts; so does a module with decorators of its own, because its
definitions may be found through a registry. Code that names ``__file__`` counts every other file
of its folder. A module imported only for what it does on import is not seen.
"""

from __future__ import annotations

import builtins
import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from polylyte.core import discovery, sources
from polylyte.core.package_data import package_file, package_folder
from polylyte.core.references import Use, references
from polylyte.core.sources import Import, Module, find, in_core

CORE_FORMAT = 1
"""All of core, as one number: raise it when a change in core can change a result."""

NOT_INSTALLED = "not installed"


@dataclass(frozen=True)
class Fingerprint:
    """What a function's results depend on besides its arguments."""

    digest: str
    """SHA-256 of the definitions and of ``CORE_FORMAT``."""
    definitions: tuple[str, ...]
    """``module:name``; ``module:*`` where the whole module counts."""
    packages: dict[str, str]
    """Versions of the distributions that the definitions import."""
    data: dict[str, str]
    """SHA-256 of the package's files that they read."""


def forget() -> None:
    """Look at the sources, the data and the installed libraries again."""
    sources.forget()
    _distributions.cache_clear()
    fingerprint.cache_clear()


@cache
def fingerprint(module: str, function: str) -> Fingerprint:
    """What ``function`` of ``module`` depends on, as the files are at the first question.

    Raises:
        TypeError: ``package_data`` is called without the name of its file written out.
        LookupError: there is no source of the module, or no such function in it.
    """
    source = find(module)
    if source is None or not (function in source.names or function in source.imports):
        raise LookupError(f"there is no source of {module}:{function}")
    reach = _Reach(source.top)
    reach.run(source, function)
    return reach.answer()


class _Reach:
    """The definitions reached so far, and those still to be followed."""

    def __init__(self, top: str) -> None:
        self.ours = {"polylyte", top}
        self.todo: list[tuple[Module, int]] = []
        self.seen: set[tuple[str, int]] = set()
        self.followed: set[tuple[str, str | Import, tuple[str, ...]]] = set()
        self.texts: list[tuple[str, str, int, str]] = []
        self.links: set[str] = set()
        self.whole: set[str] = set()
        self.packages: set[str] = set()
        self.data: dict[str, str] = {}

    def run(self, module: Module, name: str) -> None:
        self._name(module, name)
        while self.todo:
            self._statement(*self.todo.pop())

    def answer(self) -> Fingerprint:
        self.texts.sort()
        lines = [f"core {CORE_FORMAT}", *sorted(self.links)]
        lines += [f"{module}:{label} {text}" for module, label, _, text in self.texts]
        names = {f"{module}:{label}" for module, label, _, _ in self.texts if label}
        versions = [pair for top in self.packages for pair in _distributions(top)]
        return Fingerprint(
            hashlib.sha256("\n".join(lines).encode()).hexdigest(),
            tuple(sorted(names | {f"{module}:*" for module in self.whole})),
            dict(sorted(versions)),
            dict(sorted(self.data.items())),
        )

    def _statement(self, module: Module, index: int) -> None:
        found = references(module, index)
        self.texts.append((module.name, found.label, index, found.text))
        for use in found.uses:
            self._use(module, use)
        for target in found.imports:
            self._library(target.top)
        for package, name in found.data:
            self._file(package, name)
        for kind, name in found.declared:
            self._declared(module, kind, name)
        if found.own_folder:
            self._folder(module)
        if found.dynamic:
            self._everything(module)

    def _use(self, module: Module, use: Use) -> None:
        name = use.what
        if (module.name, name, use.path) in self.followed:
            return
        self.followed.add((module.name, name, use.path))
        if isinstance(name, Import):
            self._import(name, use.path)
        elif name in module.names or name in module.imports:
            self._name(module, name, use.path)
        elif module.stars:
            for star in module.stars:
                self._import(Import(star), ())
        elif not hasattr(builtins, name) and name not in (*module.typing_only, "__file__"):
            self._everything(module)

    def _name(self, module: Module, name: str, path: tuple[str, ...] = ()) -> None:
        if module.registers:
            self._statements(module, range(len(module.body)))
        self._statements(module, module.names.get(name, ()))
        for target in module.imports.get(name, ()):
            self.links.add(f"{module.name}:{name} is {target.dotted}")
            self._import(target, path)

    def _statements(self, module: Module, indices: Iterable[int]) -> None:
        for index in indices:
            if (module.name, index) not in self.seen:
                self.seen.add((module.name, index))
                self.todo.append((module, index))

    def _import(self, target: Import, path: tuple[str, ...]) -> None:
        if in_core(target.dotted):
            return
        if target.top not in self.ours:
            self._library(target.top)
            return
        names = (*([target.name] if target.name else ()), *path)
        self._attribute(target.module, names)
        if target.full and not path:
            self._attribute(target.full, ())

    def _attribute(self, name: str, path: tuple[str, ...]) -> None:
        """Follow ``name.path[0].path[1]…`` from module ``name``."""
        if in_core(name):
            return
        module = find(name)
        if module is None:
            self.links.add(f"no source of {name}")
        elif not path:
            self._everything(module)
        elif path[0] in module.names or path[0] in module.imports:
            self._use(module, Use(path[0], path[1:]))
        elif find(f"{name}.{path[0]}") or in_core(f"{name}.{path[0]}"):
            self._attribute(f"{name}.{path[0]}", path[1:])
        else:
            self._everything(module)

    def _everything(self, module: Module) -> None:
        """Every statement of a module, and the definitions that it passes on."""
        if module.name in self.whole:
            return
        self.whole.add(module.name)
        self._statements(module, range(len(module.body)))
        for name, targets in module.imports.items():
            for target in targets:
                self.links.add(f"{module.name}:{name} is {target.dotted}")
                if target.name or target.top not in self.ours:
                    self._import(target, ())
        for star in module.stars:
            self._import(Import(star), ())

    def _library(self, top: str) -> None:
        if top not in self.ours and top not in sys.stdlib_module_names:
            self.packages.add(top)

    def _declared(self, user: Module, kind: str, name: str) -> None:
        """What discovery will load: the one named, or all of the kind if the run decides."""
        if not kind:
            self._everything(user)
        for each in [name] if kind and name else discovery.names(kind):
            module = find(discovery.module_of(kind, each))
            definition = module.declaring(kind, each) if module else None
            if module and definition:
                self._use(module, Use(definition))

    def _file(self, package: str, name: str) -> None:
        content = package_file(name, package).read_bytes()
        key = name if package == "polylyte" else f"{package}:{name}"
        self.data[key] = hashlib.sha256(content).hexdigest()

    def _folder(self, module: Module) -> None:
        top = package_folder(module.top)
        for path in sorted(module.path.parent.rglob("*")) if top else ():
            parts = path.relative_to(top).parts  # type: ignore[arg-type]
            hidden = any(part.startswith((".", "__pycache__")) for part in parts)
            if path.is_file() and path.suffix != ".py" and not hidden:
                self._file(module.top, "/".join(parts))


@cache
def _distributions(top: str) -> tuple[tuple[str, str], ...]:
    """Name and version of the distributions that provide a top-level module."""
    from importlib.metadata import PackageNotFoundError, distribution, packages_distributions

    try:
        found = [distribution(top)]
    except PackageNotFoundError:
        # Reads every distribution's list of files: slow, so only where the names differ.
        found = [distribution(name) for name in packages_distributions().get(top, ())]
    pairs = {(each.name, each.version) for each in found}
    return tuple(sorted(pairs)) or ((top, NOT_INSTALLED),)
