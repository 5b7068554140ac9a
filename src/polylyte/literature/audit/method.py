"""Audit of a paper: everything that can be recomputed from what is printed, and what does not
close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import Percentage, Ratio
from polylyte.core.methods import method, out
from polylyte.core.package_data import package_data
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.units import pretty
from polylyte.literature.audit.checks import Check
from polylyte.literature.audit.engine import run
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.relations import ranges
from polylyte.materials.formulas import ATOMIC_WEIGHTS

SEVERITIES: tuple[Literal["error", "warning", "note"], ...] = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class AuditResult(Result):
    """``inconsistencies`` is the short list; ``checks`` shows everything that was looked at."""

    inconsistencies: Table = out("what does not close, with locator, printed and recomputed")
    checks: Table = out("every check, those that passed included")
    unchecked: Table = out("relations that could not be judged, and why")
    number_of_checks: Ratio = out("relations that were judged")
    passed: Ratio = out("checks that close within the printed digits, cut digits included")
    errors: Ratio = out("findings: does not close")
    warnings_found: Ratio = out("findings: implausible, or two places that differ")
    notes: Ratio = out("findings: cut instead of rounded, symbols")
    coverage: Percentage = out("share of the encoded numbers that took part in a check")


def figure(result: AuditResult) -> Figure:
    """Distance of printed from recomputed, in units of what the digits allow."""
    table = result.checks
    rows = [
        (row["severity"], row["deviation"], _hover(row))
        for row in table.frame.to_dicts()
        if row["deviation"] is not None
    ]
    series = []
    for color, (label, severities) in enumerate(
        (
            ("closes", ("passed",)),
            ("cut digit", ("note",)),
            ("does not close", ("error", "warning")),
        )
    ):
        chosen = [(i, row) for i, row in enumerate(rows, 1) if row[0] in severities]
        if chosen:
            # Zero has no place on a logarithmic axis, and a wrong count (of atoms) no tolerance.
            heights = [min(max(abs(deviation), 0.01), 1e4) for _, (_, deviation, _) in chosen]
            series.append(
                Series(
                    [float(i) for i, _ in chosen], heights,
                    label, "points", color=color, names=[r[2] for _, r in chosen],
                )
            )  # fmt: skip
    panel = Panel(
        series, "check", "|printed − recomputed| / tolerance", y_scale="log",
        marks=[Mark(1.0, "printed digits", "y")],
    )  # fmt: skip
    return Figure(
        "audit",
        [panel],
        "Distance between printed and recomputed values, in units of what the printed digits "
        "allow (shown between 0.01 and 10 000).",
        "Points below the line close. Far above it is a slip or a missing definition; just above "
        "it, a digit that was cut instead of rounded.",
    )


def _hover(row: Mapping[str, Any]) -> str:
    """What was printed beside what it comes to."""
    unit = pretty(row["unit"]) if row["unit"] else ""
    return (
        f"{row['relation']}: {row['of']} ({row['locator']}) · printed: {row['printed']} · "
        f"recomputed: {row['recomputed']} {unit}"
    ).strip()


@method(
    "literature.audit",
    version=1,
    cites=[ATOMIC_WEIGHTS],
    figure=figure,
    prose="Printed values were recomputed from one another wherever the paper allows it "
    "({number_of_checks} relations), each within the tolerance of its printed digits; {summary}.",
)
def audit(
    *, paper: Literal["A", "B", "C", "D"] | None = None, file: Paper | None = None
) -> AuditResult:
    """Recompute what a paper prints and list what does not close.

    A relation y = f(x_1, x_2, ...) closes when |y - f(x)| <= h_y + sum |df/dx_i| h_i, with h half
    a unit of the last printed digit (or the stated uncertainty; 10 % for "about"), or 3.5 standard
    deviations of evenly spread roundings where that is less. A last digit that is cut instead of
    rounded is a note. What is nominal by nature has more room: foils 5 %, fields of view 3 %,
    ideal mixing 3 %, whole molecules of a box 5 %. Bounds are judged as bounds. Relations are found
    from the names of the encoded quantities (see the guide on audits); the encoder states only
    what belongs together. Nothing here says that a paper is right: only what is encoded is checked,
    and ``coverage`` says how much of it.

    Parameters:
        paper: one of the papers that come with the package
        file: a paper of your own, as TOML

    Raises:
        InputError: neither or both are given; an encoding error, with its place.
        NotAnswerable: nothing in the paper can be checked.

    References:
        Atomic weights: Meija et al. 2016, doi:10.1515/pac-2015-0305.
    """
    if (paper is None) == (file is None):
        raise InputError(
            "one paper is audited at a time",
            where="literature.audit",
            remedy='give paper = "A" (or B, C, D), or file = "paper.toml"',
        )
    content = file if file is not None else shipped(paper or "")
    made = run(content)
    judged = [c for c in made if c.severity != "unchecked"]
    # That a number lies where such a number may lie is no recomputation.
    lone = all(c.relation == ranges.RELATION and c.severity == "passed" for c in made)
    if lone or not judged:
        raise NotAnswerable(
            "nothing in it can be recomputed",
            where=content.title or str(content.file_record.get("name", "paper")),
            remedy="encode values that depend on one another (docs/audit.md)",
        )
    return _result(content, made, judged)


def shipped(paper: str) -> Paper:
    """A paper that comes with the package.

    Raises:
        InputError: there is none of the name.
    """
    import tomli

    # The names are written out so that a run's key sees the files.
    match paper:
        case "A":
            raw = package_data("literature/papers/A.toml")
        case "B":
            raw = package_data("literature/papers/B.toml")
        case "C":
            raw = package_data("literature/papers/C.toml")
        case "D":
            raw = package_data("literature/papers/D.toml")
        case _:
            raise InputError(f"there is no paper '{paper}'", remedy="A, B, C or D")
    return Paper.of(tomli.loads(raw.decode()), where=f"{paper}.toml")


def _result(paper: Paper, made: Sequence[Check], judged: Sequence[Check]) -> AuditResult:
    found = [c for s in SEVERITIES for c in judged if c.severity == s]
    unchecked = [c for c in made if c.severity == "unchecked"]
    counts = {s: sum(c.severity == s for c in judged) for s in (*SEVERITIES, "passed")}
    used = {v.name for c in judged for v in c.uses}
    share = 100 * sum(v.name in used for v in paper.values) / max(1, len(paper.values))
    digits = counts["passed"] + counts["note"]
    return AuditResult(
        inconsistencies=_table(found),
        checks=_table(judged),
        unchecked=_table(unchecked),
        number_of_checks=Quantity(float(len(judged)), how="derived"),
        passed=Quantity(float(digits), how="derived"),
        errors=Quantity(float(counts["error"]), how="derived"),
        warnings_found=Quantity(float(counts["warning"]), how="derived"),
        notes=Quantity(float(counts["note"]), how="derived"),
        coverage=Quantity(share, "%", how="derived"),
        verdicts=tuple(_verdicts(judged)),
        warnings=tuple(f"not judged: {c.at} {c.of}: {c.relation}, {c.cause}" for c in unchecked),
        findings=tuple(_finding(c) for c in found),
        text={
            "summary": f"{digits} close, {counts['error']} do not, {counts['warning']} are "
            f"implausible or differ between two places"
        },
    )


def _finding(check: Check) -> Finding:
    severity = next(s for s in SEVERITIES if s == check.severity)
    return Finding(check.text, severity, check.at, check.remedy)


def _verdicts(judged: Sequence[Check]) -> list[Verdict]:
    """One per relation."""
    made = []
    for relation in dict.fromkeys(c.relation for c in judged):
        own = [c for c in judged if c.relation == relation]
        wrong = [c for c in own if c.severity in ("error", "warning")]
        text = f"{len(own) - len(wrong)} of {len(own)} close"
        if wrong:
            text += ": " + "; ".join(f"{c.at} {c.of}".strip() for c in wrong[:4])
            text += f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        made.append(Verdict(relation, not wrong, text))
    return made


def _table(checks: Sequence[Check]) -> Table:
    import polars

    columns = {
        "locator": [c.at for c in checks],
        "of": [c.of for c in checks],
        "relation": [c.relation for c in checks],
        "says": [c.says for c in checks],
        "severity": [str(c.severity) for c in checks],
        "printed": [c.printed for c in checks],
        "recomputed": [c.recomputed for c in checks],
        "unit": [c.unit for c in checks],
        "deviation": [c.deviation for c in checks],
        "cause": [c.cause for c in checks],
        "remedy": [c.remedy for c in checks],
    }
    kinds = {n: polars.Float64 if n == "deviation" else polars.String for n in columns}
    frame = polars.DataFrame(columns, schema=kinds)
    return Table(frame, {"deviation": "1"}, "deviation: (printed - recomputed) / tolerance")
