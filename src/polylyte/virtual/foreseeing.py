"""Which virtual files an analysis reads, and which truth each of its quantities has.

A module that makes virtual files says so in its ``EXPERIMENTS``, beside the method; ``foresee``
and the test of coverage find it there. No other list is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from polylyte.core import discovery, methods
from polylyte.core.errors import InputError, nearest
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result

VIRTUAL = "virtual."
Truths = Mapping[str, Quantity]
Fisher = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, float]]
"""From the arguments of the virtual method and of the analysis: standard uncertainty (SI) of each
quantity, by the Cramér–Rao bound."""


@dataclass(frozen=True)
class Experiment:
    """One analysis of the files of one virtual method.

    ``files``: input of the analysis -> glob over the names of the virtual files.
    ``truths``: quantities whose truth has the same name in the virtual result, or a mapping to
    the name it has there (``conditions`` such as @25degC are kept), or a function of the virtual
    result and its arguments.
    ``shared``: parameter of the analysis -> ``sample.FIELD`` or parameter of the virtual method;
    where its value has an uncertainty, each draw has its own true value.
    ``errors``: parameter of the virtual method -> parameter of the analysis: the error that is
    drawn has the size that the analysis is told.
    ``spread``: parameter of the virtual method -> relative half width of the uniform distribution
    from which each draw takes its true value (what a staircase brackets has no one true value).
    ``changes``: parameter -> factor; what may be changed to do better.
    ``settings``: of either method, unlike their defaults; as a study file writes them.
    ``tables``: input of the analysis -> (id of another analysis, its table, its settings): that
    one reads the files, and this one its table.
    ``fisher``: the uncertainty that theory gives, where there is an analytic Jacobian.
    """

    analysis: str
    files: Mapping[str, str]
    truths: Sequence[str] | Mapping[str, str] | Callable[[Result, Mapping[str, Any]], Truths]
    shared: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, tuple[str, str, Mapping[str, Any]]] = field(default_factory=dict)
    fisher: Fisher | None = None

    def truth_of(self, made: Result, arguments: Mapping[str, Any]) -> dict[str, Quantity]:
        """Truth of each quantity that has one, by its name in the analysis."""
        if callable(self.truths):
            return dict(self.truths(made, arguments))
        renamed = (
            self.truths
            if isinstance(self.truths, Mapping)
            else {name: name for name in self.truths}
        )
        found = {}
        for name, there in renamed.items():
            for full, value in made.quantities.items():
                head, mark, condition = full.partition("@")
                if full == there:
                    found[name] = value
                elif mark and head == there:
                    found[f"{name}@{condition}"] = value
        return found


@dataclass(frozen=True)
class Pairing:
    """An experiment and the virtual method whose files it reads."""

    virtual: str
    experiment: Experiment


def pairings() -> dict[str, Pairing]:
    """Every analysis that has a virtual sample; declared beside the virtual methods."""
    found: dict[str, Pairing] = {}
    for id in discovery.names("method"):
        if not id.startswith(VIRTUAL):
            continue
        module = import_module(discovery.module_of("method", id))
        for experiment in getattr(module, "EXPERIMENTS", ()):
            found.setdefault(experiment.analysis, Pairing(id, experiment))
    return dict(sorted(found.items()))


def pairing(analysis: str) -> Pairing:
    """The virtual sample of one analysis.

    Raises:
        InputError: there is no such method, or it has no virtual sample; names those that have.
    """
    known = pairings()
    if analysis not in known:
        methods.get(analysis)  # a misspelt name is told as such
        raise InputError(
            f"'{analysis}' has no virtual sample", where="foresee", remedy=nearest(analysis, known)
        )
    return known[analysis]
