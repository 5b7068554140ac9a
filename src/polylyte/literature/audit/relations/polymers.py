"""Degree of polymerisation and the mass of the repeat unit."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.literature.audit.checks import Check, closes
from polylyte.literature.audit.entries import Record
from polylyte.literature.audit.paper import Paper
from polylyte.materials import formulas

ATOMIC_WEIGHTS_SPREAD = 3e-5
"""Relative: tables of atomic weights differ by so much between editions."""


def checks(paper: Paper) -> Iterator[Check]:
    """DP = M_n/M_0, and M_0 = the masses of its monomers."""
    seen = set()
    for record in paper.every_record():
        if record.has("degree_of_polymerization", "molar_mass", "repeat_unit_mass"):
            yield closes(
                "degree of polymerisation", lambda m, m0: m / m0,
                record["degree_of_polymerization"],
                [record["molar_mass"], record["repeat_unit_mass"]], of=record.of, at=record.at,
                says="DP = Mn/M0",
            )  # fmt: skip
        unit = record.texts.get("repeat_unit", "")
        if unit and record.has("repeat_unit_mass"):
            if (unit, record["repeat_unit_mass"].text) not in seen:
                yield _mass(paper, record, unit)
            seen.add((unit, record["repeat_unit_mass"].text))


def _mass(paper: Paper, record: Record, unit: str) -> Check:
    """Each monomer's mass was itself rounded to the printed digits."""
    parts = [name.strip() for name in unit.split("+")]
    masses = [formulas.molar_mass(paper.formula(name)) for name in parts]
    printed = record["repeat_unit_mass"]
    rounding = len(parts) * printed.si_half / sum(masses)
    return closes(
        "repeat unit", lambda: sum(masses), printed, [], of=unit, at=record.at,
        says=f"M0 = M({') + M('.join(parts)})", slack=rounding + ATOMIC_WEIGHTS_SPREAD,
    )  # fmt: skip
