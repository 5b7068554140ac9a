"""Elements of a material: wt% against at%, and against the formula it should have."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.core.errors import InputError
from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import PaperTable, Record
from polylyte.literature.audit.paper import Paper
from polylyte.materials import formulas, substances

EDS_FACTOR = 1.5
"""An element ratio that is off by more than this is beyond standardless EDS."""
UNSEEN = ("H", "Li", "He", "Be")
"""Elements that EDS does not see."""


def checks(paper: Paper) -> Iterator[Check]:
    """at_i = (w_i/A_i)/sum(w/A); ratios of elements against the formula; printed formulas."""
    for table in paper.tables:
        if "element" in table.columns:
            yield from _fractions(table)
            if table.material:
                yield from _ratios(paper, table)
    for record in paper.every_record():
        if "formula" in record.texts and ("component" in record.texts or "sample" in record.texts):
            yield from _formula(record)


def _fractions(table: PaperTable) -> Iterator[Check]:
    rows = [r for r in table.rows if r.has("weight_fraction", "atomic_fraction")]
    if len(rows) < 2 or len(rows) != len(table.rows):
        return
    weights = [formulas.molar_mass(r.texts["element"]) for r in rows]
    fractions = [r["weight_fraction"] for r in rows]

    def at(i: int, *w: float) -> float:
        return (w[i] / weights[i]) / sum(x / m for x, m in zip(w, weights, strict=True))

    for i, row in enumerate(rows):
        yield closes(
            "wt% to at%", lambda *w, i=i: at(i, *w), row["atomic_fraction"], fractions,
            of=row.texts["element"], at=row.at, says="at% from wt%", slack=1e-4,
        )  # fmt: skip


def _ratios(paper: Paper, table: PaperTable) -> Iterator[Check]:
    counts = formulas.elements(paper.formula(table.material))
    rows = {r.texts["element"]: r for r in table.rows if r.has("atomic_fraction")}
    common = [e for e in counts if e in rows and e not in UNSEEN]
    if len(common) < 2:
        return
    scarce = min(common, key=lambda e: counts[e])
    base = rows[scarce]["atomic_fraction"].si
    off, shown = [], []
    for element in common:
        if element == scarce or not base:
            continue
        got = rows[element]["atomic_fraction"].si / base
        want = counts[element] / counts[scarce]
        shown.append(f"{element}/{scarce} {got:.3g} ({want:g})")
        if not 1 / EDS_FACTOR <= got / want <= EDS_FACTOR:
            off.append(element)
    yield verdict(
        "elements against formula", not off, of=table.material, at=table.at,
        says=f"the elements are not those of {table.material}" if off else
        f"the elements are those of {table.material}",
        printed=", ".join(shown), recomputed="in brackets: by the formula",
        cause="not the pure material, or a deposit or mask on it" if off else "",
        remedy="say what else the sample holds (salts, decomposition products)",
        uses=[rows[e]["atomic_fraction"] for e in common],
    )  # fmt: skip


def _formula(record: Record) -> Iterator[Check]:
    """A printed formula against that of the substance of the same name."""
    name = record.texts.get("component") or record.texts.get("sample", "")
    try:
        known, printed = substances.find(name).formula, record.texts["formula"]
        if not known:
            return
    except InputError:
        return  # a substance that the package does not know: nothing to compare with
    yield verdict(
        "formula", dict(formulas.elements(known)) == dict(formulas.elements(printed)),
        says=f"the formula is not that of {name}", of=name, at=record.at, printed=printed,
        recomputed=known, severity="error",
    )  # fmt: skip
