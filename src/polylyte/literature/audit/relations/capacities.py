"""Capacities from loadings, and against what the active material can give."""

from __future__ import annotations

import re
from collections.abc import Iterator

from polylyte.core.errors import InputError
from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import Record
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Value
from polylyte.materials import formulas, substances

FARADAY = 96485.33212
_LAYERED = re.compile(r"(NCM|NMC)(\d{3})")
ABOVE_THEORY = 0.03
"""Irreversible side reactions and loading errors add so much in good data."""


def checks(paper: Paper) -> Iterator[Check]:
    """areal = loading x active fraction x specific; nothing above one lithium per formula."""
    for stack in paper.stacks:
        for layer in stack.layers:
            if "areal_capacity" not in layer.values and stack.whole.has("areal_capacity"):
                yield from _theory(
                    Record(
                        layer.of,
                        layer.at,
                        {**layer.values, "areal_capacity": stack.whole["areal_capacity"]},
                        {},
                        layer.texts,
                    )
                )
    for record in paper.every_record():
        yield from _areal(record)
        yield from _theory(record)


def _areal(record: Record) -> Iterator[Check]:
    if not record.has("areal_capacity", "specific_capacity"):
        return
    if record.has("coating_loading", "active_fraction"):
        inputs = [record[n] for n in ("coating_loading", "active_fraction", "specific_capacity")]
    elif record.has("active_loading"):
        inputs = [record["active_loading"], record["specific_capacity"]]
    else:
        return
    yield closes(
        "areal capacity", _product, record["areal_capacity"], inputs, of=record.of, at=record.at,
        says="areal capacity = active mass x specific capacity",
    )  # fmt: skip


def _product(*x: float) -> float:
    found = 1.0
    for value in x:
        found *= value
    return found


def _theory(record: Record) -> Iterator[Check]:
    """The specific capacity that loading and areal capacity imply."""
    limit = theoretical(record.texts.get("cathode") or record.texts.get("material", ""))
    implied: float | None = None
    uses: tuple[Value, ...] = ()
    if record.has("areal_capacity", "active_loading") and "specific_capacity" not in record.values:
        uses = (record["areal_capacity"], record["active_loading"])
    elif record.has("specific_capacity"):
        uses = (record["specific_capacity"],)
    if limit is None or not uses or any(v.bound for v in uses):
        return
    spread = sum(v.half / abs(v.number) for v in uses if v.number)
    if not uses[-1].number:
        return
    implied = uses[0].si if len(uses) == 1 else uses[0].si / uses[1].si
    yield verdict(
        "theoretical capacity", 0 < implied <= limit * (1 + ABOVE_THEORY + spread), of=record.of,
        at=record.at, says="no more than one lithium per formula",
        printed=", ".join(v.text for v in uses),
        recomputed=f"{implied / 3600:.1f} of {limit / 3600:.1f} mAh/g", severity="error",
        uses=uses, remedy="check loading and areal capacity",
    )  # fmt: skip


def theoretical(material: str) -> float | None:
    """Capacity of one lithium per formula, in C/kg; None for a material not known here.

    ``NCM622`` is read as its formula; so is a formula.
    """
    layered = _LAYERED.fullmatch(material)
    if layered:
        nickel, second, third = (int(x) / 10 for x in layered[2])
        cobalt, manganese = (second, third) if layered[1] == "NCM" else (third, second)
        material = f"LiNi{nickel}Co{cobalt}Mn{manganese}O2"
    formula = _active_formula(material)
    try:
        if not formula or not formulas.elements(formula).get("Li"):
            return None
    except InputError:
        return None
    return FARADAY / formulas.molar_mass(formula)


def _active_formula(material: str) -> str:
    """The formula of an active material; what is no known substance may be a formula itself."""
    try:
        found = substances.find(material) if material else None
    except InputError:
        return material
    return found.formula if found is not None and "active" in found.roles else ""
