"""What a reader of a stack's energies must know beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping

from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Verdict
from polylyte.core.tables import Table
from polylyte.design import bill
from polylyte.design.bill import Item
from polylyte.materials.cells import Cell


def omitted(cell: Cell) -> list[str]:
    """What a real cell has and this card does not."""
    package = cell.package
    shared = package is not None and package.mass_share is not None
    there = {
        "cathode current collector": any(foil.material == "Al" for foil in cell.foils),
        "anode current collector": any(foil.material != "Al" for foil in cell.foils),
        "tabs": shared or (package is not None and package.tabs_mass is not None),
        "package": shared or (package is not None and package.mass is not None),
        "anode": cell.anode is not None or bool(cell.anode_free),
        "electrolyte": bool(cell.electrolyte or cell.liquid),
    }
    return [name for name, is_there in there.items() if not is_there]


def findings(cell: Cell, answer: Mapping[str, Quantity], omitted: list[str]) -> list[Finding]:
    """What is left out, counted twice or estimated."""
    findings = []
    if omitted:
        findings.append(Finding(f"the stack's energies leave out: {', '.join(omitted)}", "warning"))
    elif cell.package is not None:
        findings.append(Finding("the stack's energies leave out package and tabs"))
    if cell.electrolyte is not None and cell.liquid is not None:
        findings.append(
            Finding(
                "a cell with a solid electrolyte that also holds liquid: E/C is "
                f"{answer['ec_ratio']} with the solid counted, {answer['ec_ratio_liquid']} without"
            )
        )
    single = [foil.material for foil in cell.foils if foil.sides == 1]
    if single and cell.format in ("pouch", "cylindrical", "prismatic"):
        findings.append(
            Finding(
                f"{', '.join(single)} foil counts in full, as for one coated side",
                remedy="sides = 2 where both sides are coated",
            )
        )
    estimated = bill.estimated_densities(cell)
    if estimated:
        findings.append(
            Finding(
                f"estimated densities: {'; '.join(estimated)}",
                remedy="state the density (and porosity), or the areal mass",
            )
        )
    return findings


def too_heavy(answers: Mapping[str, Mapping[str, Quantity]]) -> list[Finding]:
    """Cards that leave no mass for a package."""
    findings = []
    for name, answer in answers.items():
        package = answer.get("packaging_mass")
        if package is not None and package.si < 0:
            findings.append(
                Finding(
                    f"{name}: the stack alone is {-package.si * 1e3:.2f} g heavier than the whole "
                    "cell that the stated specific energy allows",
                    "warning",
                    remedy="these entries and that energy cannot both be right",
                )
            )
    return findings


def unsourced(found: list[Item]) -> list[Finding]:
    """Prices without a source or a date."""
    bare = [i.component for i in found if i.price and not (i.price_source and i.price_date)]
    if not bare:
        return []
    return [
        Finding(
            f"the price of {', '.join(bare)} has no source or no date",
            "warning",
            remedy='add cost_source = "…" and cost_date = "2025-03"',
        )
    ]


def prices(found: list[Item], cell: Cell) -> Table | None:
    """Prices as stated, with where and when they are from; None where there is none."""
    rows = [(i.component, i.price, i.price_source, i.price_date) for i in found if i.price]
    package = cell.package
    if package is not None and package.cost is not None:
        rows.append(("package", package.cost, package.cost_source, package.cost_date))
    if not rows:
        return None
    names, prices, sources, dates = zip(*rows, strict=True)
    return Table.of(
        {"component": names, "price": list(map(str, prices)), "source": sources, "date": dates}
    )


def fits(answer: Mapping[str, Quantity]) -> list[Verdict]:
    """Whether the stack fits into the outer volume, and the liquid fills the pores."""
    verdicts = []
    share, filling = answer.get("stack_volume_share"), answer.get("filling")
    if share is not None:
        text = f"the stack takes {share} of the outer volume"
        verdicts.append(Verdict("stack fits", share.si <= 1, text))
    if filling is not None:
        text = f"the liquid's volume is {filling} times that of the pores"
        verdicts.append(Verdict("liquid fills the pores", filling.si >= 1, text))
    return verdicts
