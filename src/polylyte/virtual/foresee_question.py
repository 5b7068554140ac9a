"""From an analysis and settings as text to the arguments of both methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from polylyte.core import coercion, methods
from polylyte.core.errors import InputError, nearest
from polylyte.core.methods import Method, Parameter
from polylyte.core.quantities import Quantity
from polylyte.virtual.foreseeing import Pairing, pairing
from polylyte.virtual.samples import Sample

SAMPLE = "sample."
OWN = ("sample", "seed", "name", "date")
"""Parameters of a virtual method that are not settings of an experiment."""
WHERE = "experiment"


@dataclass(frozen=True)
class Question:
    """What is asked: the virtual method's and the analysis's arguments, uncertain inputs nominal.

    ``told`` are the analysis's arguments without those shared with the virtual method.
    """

    pair: Pairing
    virtual: Method
    analysis: Method
    made: Mapping[str, Any]
    told: Mapping[str, Any]

    @property
    def sample(self) -> Sample:
        found: Sample = self.made["sample"]
        return found

    def nominal(self, target: str) -> Any:
        """Value of ``sample.FIELD`` or of a parameter of either method; None: there is none."""
        if target.startswith(SAMPLE):
            return getattr(self.sample, target.removeprefix(SAMPLE))
        for arguments, method in ((self.made, self.virtual), (self.told, self.analysis)):
            if target in arguments:
                return arguments[target]
            if target in method.parameters and not method.parameters[target].required:
                return method.parameters[target].default
        return None

    def with_value(self, target: str, value: Any) -> Question:
        """The same question with another value, told to the analysis where it must know it."""
        made, told = dict(self.made), dict(self.told)
        if target.startswith(SAMPLE):
            made["sample"] = replace(self.sample, **{target.removeprefix(SAMPLE): value})
        elif target in self.virtual.parameters:
            made[target] = value
        for name in {target, self.pair.experiment.errors.get(target, target)}:
            if name in self.analysis.parameters and self.analysis.parameters[name].type != "data":
                told[name] = value
        return replace(self, made=made, told=told)

    @property
    def shared(self) -> dict[str, Any]:
        """Nominal values that the analysis is told, with their uncertainty."""
        found = {}
        for name, target in self.pair.experiment.shared.items():
            value = self.nominal(target)
            if value is not None:
                found[name] = [value] if self.analysis.parameters[name].many else value
        return {name: value for name, value in found.items() if name not in self.told}

    @property
    def uncertain(self) -> dict[str, Quantity]:
        """Shared inputs with an uncertainty: each draw has its own true value."""
        targets = dict.fromkeys(self.pair.experiment.shared.values())
        values = {target: self.nominal(target) for target in targets}
        return {t: v for t, v in values.items() if isinstance(v, Quantity) and v.std}


def question(analysis: str, sample: Sample | None, settings: Mapping[str, Any]) -> Question:
    """Check the settings against both methods.

    Raises:
        InputError: the analysis has no virtual sample, an unknown name (names the nearest), or a
            wrong value.
    """
    pair = pairing(analysis)
    experiment = pair.experiment
    asked = Question(
        pair,
        methods.get(pair.virtual),
        methods.get(analysis),
        {"sample": sample or Sample(name="sample")},
        {},
    )
    given = {**experiment.settings, **_flat(settings)}
    for name, raw in given.items():
        asked = _set(asked, name, raw)
    for drawn, told in experiment.errors.items():
        if told in given and drawn not in given:
            asked = replace(asked, made={**asked.made, drawn: asked.told[told]})
        elif drawn in given and told not in given:
            asked = replace(asked, told={**asked.told, told: asked.made[drawn]})
        elif drawn not in given:
            default = asked.analysis.parameters[told].default
            asked = replace(asked, made={**asked.made, drawn: default})
    asked.sample.check(WHERE)
    return asked


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``{sample: {area: …}}`` as ``sample.area``."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and name == "sample":
            found |= {f"{SAMPLE}{key}": inner for key, inner in value.items()}
        else:
            found[name] = value
    return found


def _set(asked: Question, name: str, raw: Any) -> Question:
    target = asked.pair.experiment.shared.get(name, name)
    made, told = dict(asked.made), dict(asked.told)
    where = f"{WHERE} {name}"
    if target.startswith(SAMPLE):
        field = target.removeprefix(SAMPLE)
        other = Sample.from_toml({field: raw}, where=where, name=asked.sample.name)
        made["sample"] = replace(asked.sample, **{field: getattr(other, field)})
        return replace(asked, made=made)
    places = [
        (arguments, method.parameters[target])
        for arguments, method in ((made, asked.virtual), (told, asked.analysis))
        if target in settable(method)
    ]
    if not places:
        known = {*settable(asked.virtual), *settable(asked.analysis)}
        known |= {f"{SAMPLE}{f.name}" for f in fields(Sample) if f.name != "name"}
        raise InputError(
            f"neither '{asked.virtual.id}' nor '{asked.analysis.id}' has '{name}'",
            where=WHERE,
            remedy=nearest(name, known),
        )
    for arguments, parameter in places:
        source = f"{asked.analysis.id}.{name}"
        arguments[target] = coercion.value(parameter, raw, where=where, source=source)
    return replace(asked, made=made, told=told)


def settable(method: Method) -> dict[str, Parameter]:
    """Parameters that an experiment may set."""
    return {
        name: parameter
        for name, parameter in method.parameters.items()
        if parameter.type not in ("data", "section", "table", "task") and name not in OWN
    }
