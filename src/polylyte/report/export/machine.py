"""A run without the folders of the machine it was made on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from polylyte.core.quantities import Quantity
from polylyte.core.runs import Run
from polylyte.core.tables import Table
from polylyte.report.export.inputs import STUDY, RawFile

Swaps = list[tuple[str, str]]


def portable(run: Run, raw: Iterable[RawFile]) -> Run:
    """The same run; folders of this machine are left out of every text, and of the command."""
    swaps = _swaps(run.path.parent, raw)
    place = Path(STUDY) / run.path.name
    return replace(
        run,
        path=place,
        steps=[_without(step, swaps) for step in run.steps],
        sections=_without(run.sections, swaps),
        command=f"polylyte run {place.as_posix()}",
    )


def folders(folder: Path) -> list[str]:
    """How this machine calls the study's folder and the user's."""
    own = {os.path.abspath(folder), os.path.realpath(folder), os.path.expanduser("~")}
    return sorted((path for path in own if len(path) > 1), key=len, reverse=True)


def _swaps(folder: Path, raw: Iterable[RawFile]) -> Swaps:
    stated = {str(file.about.get("path", "")): file.name for file in raw}
    swaps = [(path, name) for path, name in stated.items() if os.path.isabs(path)]
    for path in folders(folder):
        swaps += [(path + os.sep, ""), (path, ".")]
    return sorted(swaps, key=lambda swap: -len(swap[0]))


def _without(value: Any, swaps: Swaps) -> Any:
    if isinstance(value, str):
        for old, new in swaps:
            value = value.replace(old, new)
        return value
    if isinstance(value, Mapping):
        return {key: _without(item, swaps) for key, item in value.items() if key != "path"}
    if isinstance(value, list | tuple):
        return type(value)(_without(item, swaps) for item in value)
    # A number is no place, and a table goes out as the store has it, bit for bit.
    if is_dataclass(value) and not isinstance(value, type | Table | Quantity):
        made = copy(value)
        for item in fields(value):
            # Set past the class's own checks: it was checked when it was built.
            object.__setattr__(made, item.name, _without(getattr(value, item.name), swaps))
        return made
    return value
