"""What one run of a study left behind: what the report, ``why`` and ``diff`` look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Verdict
from polylyte.core.tables import Table

Status = Literal["done", "cached", "refused", "failed", "skipped", "planned"]


@dataclass(frozen=True)
class Stored:
    """A result as it came back from the store.

    ``provenance`` holds: method, version, code, origin ("", "simulated" or "virtual", inherited
    from upstream), parameters {name: text}, inputs [{name, path, sha256, size, format,
    instrument, rows_read, rows_dropped, findings}], upstream [{name, step, key, digest}],
    sections {name: content}, packages {distribution: version}, data {package file: sha256},
    python, platform, seconds, created.
    """

    key: str
    digest: str
    method: str
    version: int
    quantities: Mapping[str, Quantity]
    tables: Mapping[str, Table]
    files: Mapping[str, Path]
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    text: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StepOutcome:
    """One step of the study after a run. ``reason`` is the one line of a refusal or failure."""

    name: str
    method: str
    status: Status
    result: Stored | None = None
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Expected:
    """A published value, as printed. ``quantity`` is ``step.name[@condition]``."""

    quantity: str
    value: Quantity
    resolution: float
    """One unit of the last printed digit, in the value's unit."""
    qualifier: str = "="
    source: str = ""


@dataclass(frozen=True)
class Comparison:
    """Ours beside published. Agreement is |difference| <= 2 u, printed digits included.

    ``verdict`` is "recovered" where our value descends from a virtual measurement: it proves the
    analysis, not the number, and never counts as agreement. It is "simulated" where it descends
    from a simulation: the two stand side by side, and that is no agreement either.
    """

    expected: Expected
    ours: Quantity | None
    verdict: Literal[
        "agrees", "differs", "recovered", "simulated", "missing", "within bound", "outside bound"
    ]
    deviation: float | None
    """(ours - published) / u, u combining our uncertainty and half a printed digit."""


@dataclass(frozen=True)
class Run:
    """A study after a run. ``sections`` holds recipes, cells, … as section -> name -> object."""

    title: str
    path: Path
    description: str
    authors: Sequence[str]
    steps: Sequence[StepOutcome]
    comparisons: Sequence[Comparison]
    errata: Sequence[str]
    """Ids of the errata the study wants shown (``B-E07``)."""
    sections: Mapping[str, Mapping[str, Any]]
    started: str
    seconds: float
    command: str
    """The line that reruns it."""
    environment: Mapping[str, str] = field(default_factory=dict)
