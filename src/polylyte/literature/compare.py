"""Where a result stands among published ones, inside strata that may be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable, nearest
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    CellVoltage,
    Conductivity,
    CRate,
    EnergyDensity,
    Length,
    Percentage,
    Ratio,
    SpecificEnergy,
    Temperature,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.literature import mine, telling
from polylyte.literature.conditions import check, spelled
from polylyte.literature.entries import Entry
from polylyte.literature.landscape import figures
from polylyte.literature.own import Paper
from polylyte.literature.placing import Placed, place
from polylyte.literature.placing import within as asked_for
from polylyte.literature.views import VIEWS, View, ViewName

FAN_2026 = Citation(
    "Fan2026",
    "Fan, Z.; Liu, Y.; Ma, L.; Liu, H.; Chen, Q.; Wang, Y.; Zygadło-Monikowska, E.; Xu, Y.",
    "High energy density quasi-solid-state lithium batteries using in situ polymerized gel "
    "electrolytes",
    "Chemical Science",
    2026,
    doi="10.1039/d6sc01543c",
)
By = Literal[
    "source",
    "cathode",
    "anode",
    "cell_format",
    "basis",
    "cut_off",
    "areal_capacity",
    "np_ratio",
    "ec_ratio",
    "temperature",
    "rate",
    "criterion",
    "instrument",
    "sample",
]


@dataclass(frozen=True, kw_only=True)
class Standing(Result):
    """``more`` holds the ranking number of each row of ``rows`` as ``fade@A-cell-015``, and as
    ``recomputed@C-cell-049`` what the printed number comes to from other printed ones."""

    merit: AnyQuantity | None = out("of your own result: the number that ranks", default=None)
    rank_best: Ratio | None = out("best rank that your result may have", default=None)
    rank_worst: Ratio | None = out("worst rank that your result may have", default=None)
    compared_with: Ratio | None = out("published results in your stratum", default=None)
    results: Ratio = out("published results that print the number of this view")
    distinct: Ratio = out("the same, a result that two tables report counted once")
    ranked: Ratio = out("placed in a stratum; the rest lack a condition, with the reason beside")
    strata: Ratio = out("groups that may be compared")
    entries: Table = out("every result: stratum, rank interval, Pareto front, conditions stated")
    groups: Table = out("each stratum with its size and its leaders")
    completeness: Table = out("how many results state each condition")
    practical_areal_capacity: Ratio | None = out("areal capacity ≥ 3 mAh/cm²", default=None)
    temperature_stated: Ratio | None = out("state the temperature of the test", default=None)
    all_conditions: Ratio | None = out("state all eight conditions", default=None)
    most_conditions: Ratio | None = out(
        "conditions of eight that the best row states", default=None
    )


@method(
    "literature.compare",
    version=1,
    cites=[FAN_2026],
    figure=figures,
    prose="Published results were compared by {merit_name} inside strata of equal {by}: {results} "
    "results, of which {ranked} state what the strata need. Ranks are intervals where a value is "
    "rounded, approximate, a bound or not printed; N/P and E/C were never filled in{standing}.",
)
def compare(
    *,
    view: ViewName = "retention_vs_cycles",
    within: dict[str, Any] | None = None,
    by: list[By] | None = None,
    rows: list[str] | None = None,
    papers: list[Paper] | None = None,
    label: str = "this work",
    cathode: str = "",
    anode: str = "Li",
    cut_off: CellVoltage | None = None,
    areal_capacity: ArealCapacity | None = None,
    np_ratio: Ratio | None = None,
    ec_ratio: AnyQuantity | None = None,
    temperature: Temperature | None = None,
    rate: CRate | None = None,
    cell_format: str = "",
    criterion: str = "",
    instrument: str = "",
    sample: str = "",
    basis: Literal["capacity", "energy", "rate"] = "capacity",
    cycles: Ratio | None = None,
    retention: Percentage | None = None,
    decay: AnyQuantity | None = None,
    electrolyte_thickness: Length | None = None,
    conductivity: Conductivity | None = None,
    transference_number: Ratio | None = None,
    onset_temperature: Temperature | None = None,
    runaway_temperature: Temperature | None = None,
    specific_energy: SpecificEnergy | None = None,
    energy_density: EnergyDensity | None = None,
) -> Standing:
    """Stand of a result among published ones, stratum by stratum.

    A stratum holds the results that agree in every condition of ``by`` (numbers in classes:
    areal capacity below 1, 1 to 3, from 3 mAh/cm² on). A result that does not state one of them
    is in no stratum, and the table says why. Inside a stratum, the rank of a result is the
    interval [1 + those certainly better, 1 + those possibly better]: a printed number stands for
    half a unit of its last digit either way, "~" for two units, ">" and "<" have no other end, and
    a number that is not printed may be anything. The ranking number is (100 − retention)/cycles,
    the average decay, the areal capacity, the conductivity, the runaway temperature or the
    specific energy. Pareto: "front" where no other can be better in both numbers drawn, "possible"
    where the intervals leave it open.

    Never done: N/P or E/C filled in; mL/Ah turned into g/Ah; runaway temperatures ranked across
    criteria or instruments; retention of energy or of rate ranked with that of capacity; a result
    reported twice counted twice. The areal capacity of some rows is loading times a specific
    capacity that the source or its sibling states; the table names it.

    Parameters:
        view: what to compare
        within: only results that meet these conditions, such as areal_capacity = ">= 3 mAh/cm^2"
        by: the conditions of a stratum; each view has its own
        rows: ids of rows whose ranking number is wanted as a quantity
        papers: files of papers of your own (TOML or CSV)
        label: name of your result
        cathode: of your cell, by formula or as LFP, LCO, NCM811
        anode: of your cell
        cut_off: upper cut-off of your test
        areal_capacity: of your cathode
        np_ratio: of your cell
        ec_ratio: of your cell, mass or volume per charge
        temperature: of your measurement
        rate: of your charge
        cell_format: coin or pouch
        criterion: self-heating rate that defines your runaway, as "1 C min-1"
        instrument: of your calorimetry, spelled as in the table safety
        sample: what you heated
        basis: what your retention is of
        cycles: of your test
        retention: after these cycles
        decay: average loss of specific capacity per cycle
        electrolyte_thickness: of your electrolyte
        conductivity: of your electrolyte
        transference_number: of your electrolyte
        onset_temperature: of self-heating
        runaway_temperature: by ``criterion``
        specific_energy: of your cell
        energy_density: of your cell

    Raises:
        InputError: an unknown condition or row, or half of a result.
        NotAnswerable: what must not be compared, or nothing published to compare with.

    References:
        Fan et al. 2026, doi:10.1039/d6sc01543c, and the sources in the table ``references``.
    """
    chosen = VIEWS[view]
    strata_by = _by(chosen, by)
    wanted = {check(str(n), "within"): v for n, v in (within or {}).items()}
    given = {
        "cycles": cycles,
        "retention": retention,
        "decay": decay,
        "areal_capacity": areal_capacity if view == "thickness_vs_areal_capacity" else None,
        "electrolyte_thickness": electrolyte_thickness,
        "conductivity": conductivity,
        "transference_number": transference_number,
        "onset_temperature": onset_temperature,
        "runaway_temperature": runaway_temperature,
        "specific_energy": specific_energy,
        "energy_density": energy_density,
    }
    own = mine.entry(
        chosen,
        label,
        words={
            "cathode": cathode,
            "anode": anode,
            "cell_format": cell_format,
            "criterion": criterion,
            "instrument": instrument,
            "sample": sample,
            "basis": basis,
        },
        numbers={
            "cut_off": cut_off,
            "areal_capacity": areal_capacity,
            "np_ratio": np_ratio,
            "ec_ratio": ec_ratio,
            "temperature": temperature,
            "rate": rate,
        },
        results=given,
    )
    published = chosen.entries(papers or ())
    entries, silent = asked_for(published, wanted) if wanted else (published, [])
    placed = place([*entries, *([own] if own else [])], chosen, strata_by)
    return Standing(
        **telling.counts(chosen, entries, placed, own),
        **_own(placed, own, mine.merit(chosen, given)),
        entries=telling.entries_table(chosen, placed, silent, own),
        groups=telling.groups_table(placed, own),
        completeness=telling.completeness_table(entries),
        more=_asked_rows(rows or (), published, chosen),
        findings=tuple(telling.findings(chosen, strata_by, entries, placed, silent, own)),
        text={
            "view": view,
            "by": ", ".join(map(spelled, strata_by)),
            "merit_name": chosen.merit[0].replace("_", " "),
            "label": label,
            "standing": telling.standing(chosen, placed, own),
        },
    )


def _by(view: View, by: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(by)) if by else view.by
    for name in names:
        if name not in get_args(By):
            raise InputError(
                f"'{name}' makes no stratum", where="by", remedy=nearest(name, get_args(By))
            )
    lacking = [name for name in view.always if name not in names]
    if by and lacking and view.name != "retention_vs_cycles":
        raise NotAnswerable(
            f"{view.always_why}; these strata leave out {', '.join(lacking)}",
            where=view.name,
            remedy=f"add {', '.join(lacking)} to by",
        )
    return (*names, *(lacking if view.name == "retention_vs_cycles" else ()))


def _own(placed: Sequence[Placed], own: Entry | None, merit: Quantity | None) -> dict[str, Any]:
    if own is None or merit is None:
        return {}
    found = next(p for p in placed if p.entry is own)
    others = found.of - 1
    if found.rank is None or others < 1:
        why = found.why or "nothing published in this stratum"
        none = Quantity(None, "1", flags=(why,))
        count = Quantity(float(max(others, 0)), "1", how="derived")
        return {"merit": merit, "rank_best": none, "rank_worst": none, "compared_with": count}
    stratum = {"stratum": str(found.stratum)}
    best, worst = (Quantity(float(r), "1", {}, "derived", stratum) for r in found.rank)
    count = Quantity(float(others), "1", {}, "derived", stratum)
    return {"merit": merit, "rank_best": best, "rank_worst": worst, "compared_with": count}


def _asked_rows(
    rows: Sequence[str], published: Sequence[Entry], view: View
) -> Mapping[str, Quantity]:
    known = {entry.row_id: entry for entry in published}
    more = {}
    for id in rows:
        if id not in known:
            raise InputError(
                f"the view {view.name} has no row '{id}'", where="rows", remedy=nearest(id, known)
            )
        entry = known[id]
        low, high = entry.merit.interval
        bounded = abs(low) < 1e300 and abs(high) < 1e300
        spread = {f"printed digits of {id}": (high - low) / 2 / 3**0.5} if bounded else {}
        told = {"electrolyte": entry.electrolyte}
        more[f"{view.merit[0]}@{id}"] = Quantity(
            entry.merit.value,
            view.merit[1],
            spread if entry.merit.value is not None else {},
            "derived",
            told,
            () if bounded else ("a bound",),
        )
        if entry.again is not None:
            value, unit = entry.again
            more[f"recomputed@{id}"] = Quantity(value, unit, {}, "derived", told)
    return more
