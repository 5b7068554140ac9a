"""What is refused of a paper on entry, and what is let in with a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polylyte.core.errors import FileError

Rows = Sequence[Mapping[str, Any]]
_RESULTS = (
    "retention_pct",
    "specific_energy_Wh_kg",
    "energy_density_Wh_L",
    "ce_avg_pct",
    "cap_final_mAh_g",
)
_QUALIFIERS = ("retention_qual", "cap_qual")
_NO_CONDITION = ("row_id", "locator", "note", "errata_id", "printed", "outcome", "same_result_as")


def refuse(found: Sequence[str], where: str) -> None:
    """Raise the first of the problems, with how many there are.

    Raises:
        FileError: there is one.
    """
    if found:
        more = f" ({len(found)} problems in all)" if len(found) > 1 else ""
        raise FileError(f"{found[0]}{more}", where=where)


def findings(tables: Mapping[str, Rows], where: str) -> list[str]:
    """What a careful reader would want to know of rows that are let in.

    Raises:
        FileError: a retention of no stated kind, rows that contradict one another, or a SMILES
            that does not parse.
    """
    said: list[str] = []
    if "cells" in tables:
        _retention_kind(tables["cells"], where)
        _contradictions(tables["cells"], where)
        said += _own_arithmetic(tables["cells"])
    if "safety" in tables:
        said += _criteria(tables["safety"])
    if "monomers" in tables:
        said += _smiles(tables["monomers"], where)
    return said + _already_here(tables["references"])


def _retention_kind(rows: Rows, where: str) -> None:
    for row in rows:
        if row.get("retention_pct") is not None and row.get("retention_basis") is None:
            raise FileError(
                "a retention without retention_basis",
                where=f"{where} {row['row_id']}",
                remedy='say of what: "capacity", "energy" or "rate retention 1C/0.1C"',
            )


def _contradictions(rows: Rows, where: str) -> None:
    """Two rows alike in every condition but not in their result."""
    seen: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        apart = (*_NO_CONDITION, *_RESULTS, *_QUALIFIERS)
        alike = tuple(
            (name, value)
            for name, value in sorted(row.items())
            if not name.startswith(apart) and value is not None
        )
        other = seen.setdefault(alike, row)
        for name in _RESULTS:
            a, b = row.get(name), other.get(name)
            if a is not None and b is not None and a != b and not row.get("errata_id"):
                raise FileError(
                    f"rows {other['row_id']} and {row['row_id']} contradict each other: "
                    f"{name} is {b:g} and {a:g} under the same conditions",
                    where=where,
                    remedy="state what differs, or mark the wrong one with errata_id",
                )


def _own_arithmetic(rows: Rows) -> list[str]:
    said = []
    for row in rows:
        first, last = row.get("cap_initial_mAh_g"), row.get("cap_final_mAh_g")
        kept = row.get("retention_pct")
        if not first or last is None or kept is None or row.get("retention_basis") != "capacity":
            continue
        ratio = 100 * last / first
        # One unit of the last digit of each of the three.
        digit = 10.0 ** -(row.get("retention_pct_decimals") or 0)
        if abs(ratio - kept) > digit + 200 / first:
            said.append(f"{row['row_id']}: {last:g}/{first:g} is {ratio:.1f} %, printed {kept:g} %")
    return said


def _criteria(rows: Rows) -> list[str]:
    return [
        f"{row['row_id']}: a runaway temperature without criterion is shown but never ranked"
        for row in rows
        if row.get("quantity") == "T_thermal_runaway" and not row.get("criterion")
    ]


def _smiles(rows: Rows, where: str) -> list[str]:
    written = [row for row in rows if row.get("smiles")]
    if not written:
        return []
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.rdMolDescriptors import CalcMolFormula
    except ImportError:
        return ["SMILES not checked: RDKit is not installed (pip install 'polylyte[chem]')"]
    for row in written:
        with rdBase.BlockLogs():
            molecule = Chem.MolFromSmiles(row["smiles"])
        named = f"{where} {row['row_id']} ({row.get('name') or 'no name'})"
        if molecule is None:
            raise FileError(
                f"SMILES '{row['smiles']}' does not parse",
                where=named,
                remedy="check ring numbers and brackets",
            )
        formula = CalcMolFormula(molecule)
        if row.get("formula") and row["formula"] != formula:
            raise FileError(
                f"SMILES '{row['smiles']}' is {formula}, the formula says {row['formula']}",
                where=named,
                remedy="correct one of them",
            )
    return []


def _already_here(references: Rows) -> list[str]:
    """The package may hold the same work under another key."""
    from polylyte.literature.tables import shipped

    known = shipped("references").filter(~shipped("references")["doi"].is_null())
    here = {str(doi).lower(): key for doi, key in zip(known["doi"], known["ref_key"], strict=True)}
    return [
        f"{row['doi']} is {here[str(row['doi']).lower()]} of the package: its rows count twice"
        for row in references
        if row.get("doi") and str(row["doi"]).lower() in here
    ]
