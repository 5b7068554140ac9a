"""Where a study runs: the sites of the user's configuration, and their executors.

``~/.config/polylyte/sites.toml`` (or the file that $POLYLYTE_SITES names) holds one table per
site; ``kind`` says what it is, the other keys are its own:

    [desk]
    kind = "local"
    workers = 4

    [lab]
    kind = "dask"
    address = "tcp://scheduler:8786"

    [cluster]
    kind = "slurm"
    jobs = 20
    walltime = "4 h"
    queue = "short"
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polylyte.core.errors import InputError, nearest
from polylyte.core.execution import Executor
from polylyte.core.pool import process_pool

LOCAL = "local"
_KEYS: Mapping[str, Mapping[str, type]] = {
    LOCAL: {"workers": int},
    "dask": {
        "address": str,
        "tls_ca_file": str,
        "tls_client_cert": str,
        "tls_client_key": str,
    },
}
_REQUIRED = {"dask": ("address",)}


@dataclass(frozen=True)
class Site:
    """One site as it was configured. ``where`` names its table in messages."""

    name: str
    kind: str
    options: Mapping[str, Any]
    where: str


def configuration() -> Path:
    """The file of sites."""
    named = os.environ.get("POLYLYTE_SITES")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "polylyte" / "sites.toml"


def find(name: str) -> Site:
    """The site called ``name``; ``local`` needs no configuration.

    Raises:
        InputError: there is none; names the nearest. Or a key of it is wrong.
    """
    from polylyte.core.study import read_toml

    path = configuration()
    known = read_toml(path) if path.exists() else {}
    if name not in known:
        if name == LOCAL:
            return Site(LOCAL, LOCAL, {}, "site local")
        raise InputError(
            f"there is no site '{name}'",
            where=str(path),
            remedy=nearest(name, (LOCAL, *known)) if known else f"write [{name}] in that file",
        )
    return _checked(name, known[name], f"{path} [{name}]")


def _checked(name: str, table: Any, where: str) -> Site:
    if not isinstance(table, dict) or not isinstance(table.get("kind"), str):
        raise InputError(
            "does not say what it is", where=where, remedy='write kind = "local", "dask" or "slurm"'
        )
    kind, options = table["kind"], {k: v for k, v in table.items() if k != "kind"}
    if kind not in _KEYS:
        return Site(name, kind, options, where)  # dask-jobqueue checks its own keys
    for key, value in options.items():
        wanted = _KEYS[kind].get(key)
        if wanted is None:
            raise InputError(f"unknown key '{key}'", where=where, remedy=nearest(key, _KEYS[kind]))
        if not isinstance(value, wanted) or isinstance(value, bool):
            example = '"text"' if wanted is str else "4"
            raise InputError(f"{key} = {value!r}", where=where, remedy=f"write {key} = {example}")
    for key in _REQUIRED.get(kind, ()):
        if key not in options:
            raise InputError(f"needs '{key}'", where=where, remedy=f'write {key} = "…"')
    return Site(name, kind, options, where)


@contextmanager
def executor(site: Site, logs: Path) -> Iterator[Executor]:
    """The executor of a site; ``logs`` is where jobs of a batch system write their output.

    Raises:
        InputError: the site's configuration is wrong.
        MachineError: a package is missing, or the site cannot be reached.
    """
    if site.kind == LOCAL:
        with process_pool(site.options.get("workers")) as pool:
            yield pool
    elif site.kind == "dask":
        from polylyte.core.dask_site import scheduler

        with scheduler(site) as found:
            yield found
    else:
        from polylyte.core.batch_site import batch_system

        with batch_system(site, logs) as made:
            yield made
