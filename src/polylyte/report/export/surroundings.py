"""What the run stood on: Python and packages as its provenance says, and the lock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from polylyte.core.discovery import PACKAGE
from polylyte.core.runs import Run

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_LOCKS = ("core.lock", "test.lock", "all.lock")


def surroundings(run: Run) -> dict[str, Any]:
    """Versions that the steps ran with, and those that wrote this crate."""
    provenance = [step.result.provenance for step in run.steps if step.result is not None]
    packages: dict[str, list[str]] = {}
    for item in provenance:
        for name, version in item.get("packages", {}).items():
            known = packages.setdefault(str(name), [])
            if version not in known:
                known.append(str(version))
    return {
        "python": _distinct(item.get("python") for item in provenance),
        "platform": _distinct(item.get("platform") for item in provenance),
        "packages": dict(sorted(packages.items())),
        "exported_with": dict(run.environment),
    }


def _distinct(values: Iterable[Any]) -> list[str]:
    return sorted({str(value) for value in values if value})


def lock(packages: Iterable[str], package: Path = PACKAGE) -> Path | None:
    """The smallest lock of the checkout that pins every package of the run; None without one."""
    folder = package.parents[1] / "requirements"
    if not (folder.parent / "pyproject.toml").is_file():
        return None
    found = [folder / name for name in _LOCKS if (folder / name).is_file()]
    wanted = {_plain(name) for name in packages} - {"polylyte"}
    whole = [path for path in found if wanted <= set(pins(path.read_text("utf-8")))]
    return next(iter([*whole, *reversed(found)]), None)


def pins(text: str) -> dict[str, str]:
    """Name and version of each line that pins one."""
    return {_plain(name): version for name, version in _PINNED.findall(text)}


def not_as_locked(packages: dict[str, list[str]], text: str) -> dict[str, str]:
    """Packages that the run had in another version than the lock pins, or that it lacks."""
    pinned = pins(text)
    return {
        name: f"ran with {', '.join(versions)}; locked {pinned.get(_plain(name), 'not at all')}"
        for name, versions in packages.items()
        if _plain(name) != "polylyte" and versions != [pinned.get(_plain(name), "")]
    }


def installed(name: str = "polylyte") -> dict[str, str]:
    """Versions of the package and of all that it needs, as they are installed here."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if _plain(one) in found:
            continue
        try:
            found[_plain(one)] = metadata.version(one)
        except metadata.PackageNotFoundError:
            continue
        needs = metadata.requires(one) or []
        waiting += [m[0] for need in needs if "extra ==" not in need and (m := _NAME.match(need))]
    return dict(sorted(found.items()))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
