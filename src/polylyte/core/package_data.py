"""Files that lie inside the package: tables, templates, scripts."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from polylyte.core.discovery import PACKAGE
from polylyte.core.errors import MachineError

_contents: dict[Path, tuple[int, int, bytes]] = {}


@cache
def package_folder(package: str) -> Path | None:
    """Where a top-level package lies; None for a module without a folder, or none of the name.

    Nothing is imported.
    """
    if package == "polylyte":
        return PACKAGE
    try:
        spec = find_spec(package)
    except ValueError:  # a module made at run time, such as __main__
        return None
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def package_file(name: str, package: str = "polylyte") -> Path:
    """The path of a file of the package, such as ``materials/substances.toml``.

    Raises:
        MachineError: the installation lacks it.
    """
    folder = package_folder(package)
    if folder is None or not (folder / name).is_file():
        raise MachineError(
            f"package {package} lacks its file '{name}'", remedy=f"install {package} again"
        )
    return folder / name


def package_data(name: str, *, package: str = "polylyte") -> bytes:
    """The bytes of a file of the package, such as ``materials/substances.toml``.

    Write the name out in the call: the file is then part of the key of every step whose method
    reaches that call (see :mod:`polylyte.core.fingerprint`). A third party gives the name of its
    own top-level ``package``.

    Raises:
        MachineError: the installation lacks it.
    """
    path = package_file(name, package)
    state = path.stat()
    known = _contents.get(path)
    if known is None or known[:2] != (state.st_mtime_ns, state.st_size):
        known = _contents[path] = (state.st_mtime_ns, state.st_size, path.read_bytes())
    return known[2]
