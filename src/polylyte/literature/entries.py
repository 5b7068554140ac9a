"""Results of cells as entries of a view: numbers as printed, conditions, what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from polylyte.core.units import pretty
from polylyte.literature.conditions import Condition, Conditions, of_cell
from polylyte.literature.derived import areal_capacity, stated
from polylyte.literature.own import Paper
from polylyte.literature.ranking import UNKNOWN, Interval, exact, printed
from polylyte.literature.tables import table

Row = Mapping[str, Any]
RATE_RETENTION = "rate retention 1C/0.1C"


@dataclass(frozen=True)
class Number:
    """One printed number: where it lies, and how it was printed."""

    value: float | None = None
    interval: Interval = UNKNOWN
    text: str = "not stated"

    @staticmethod
    def of(value: float | None, unit: str, decimals: int | None = None, sign: Any = "=") -> Number:
        """A number of a table, with the digits that its source prints."""
        if value is None:
            return Number()
        digits = f"{value:.{max(decimals, 0)}f}" if decimals is not None else f"{value:g}"
        mark = "" if sign in (None, "=") else f"{sign} "
        return Number(
            value, printed(value, decimals, sign), f"{mark}{digits} {pretty(unit)}".strip()
        )


@dataclass(frozen=True)
class Entry:
    """One result of a view. ``merit`` is the number that ranks; ``why`` says why it must not."""

    row_id: str
    electrolyte: str
    ref_key: str
    origin: str
    x: Number
    y: Number
    merit: Number
    conditions: Conditions
    stated: Mapping[str, bool]
    size: float | None = None
    """Areal capacity in mAh/cm^2."""
    assumed: str = ""
    """Where the areal capacity comes from, if it is not reported."""
    recomputed: str = ""
    """What the printed number comes to from other printed ones, in words."""
    again: tuple[float, str] | None = None
    """The same as a number with its unit."""
    errata: str = ""
    why: str = ""


def rows_of(name: str, papers: Sequence[Paper]) -> list[dict[str, Any]]:
    """The rows of a table, those of further papers last."""
    return table(name, papers).to_dicts()


def _cell(
    row: Row,
    *,
    x: Number,
    y: Number,
    merit: Number,
    recomputed: str = "",
    again: tuple[float, str] | None = None,
) -> Entry:
    areal = areal_capacity(row)
    why = f"the same result as {row['same_result_as']}" if row["same_result_as"] else ""
    return Entry(
        row_id=row["row_id"],
        electrolyte=_name(row),
        ref_key=row["ref_key"],
        origin=row["origin"],
        x=x,
        y=y,
        merit=merit,
        conditions=of_cell(row, areal.value if areal else None),
        stated=stated(row),
        size=areal.value if areal else None,
        assumed="" if areal is None or areal.source == "reported" else areal.source,
        recomputed=recomputed,
        again=again,
        errata=row["errata_id"] or "",
        why=why,
    )


def _name(row: Row) -> str:
    unnamed = str(row["electrolyte"]).startswith("not named")
    return f"ref. {row['ref_key'].split('-')[-1]}" if unnamed else str(row["electrolyte"])


def fade(retention: Number, cycles: float) -> Number:
    """(100 - retention) / cycles, its ends exchanged."""
    if retention.value is None:
        return Number()
    low, high = retention.interval
    value = (100 - retention.value) / cycles
    return Number(value, Interval((100 - high) / cycles, (100 - low) / cycles), f"{value:.3g} %")


def retentions(papers: Sequence[Paper]) -> list[Entry]:
    """Cycling results; a rate retention is none, and one that is not printed may be anything."""
    found = []
    for row in rows_of("cells", papers):
        kept, cycles = row["retention_pct"], row["cycles"]
        if row["retention_basis"] == RATE_RETENTION or cycles is None:
            continue
        if kept is None and (row["decay_as_printed"] is not None or _only_set_up(row)):
            continue
        y = Number.of(kept, "%", row["retention_pct_decimals"], row["retention_qual"])
        x = Number(float(cycles), exact(cycles), f"{cycles} cycles")
        first, last = row["cap_initial_mAh_g"], row["cap_final_mAh_g"]
        again = (100 * last / first, "%") if first and last else None
        words = f"{last:g}/{first:g} = {again[0]:.2f} %" if again else ""
        merit = fade(y, cycles)
        entry = _cell(row, x=x, y=y, merit=merit, recomputed=words, again=again)
        if kept is None:
            basis = {"basis": Condition("capacity")}
            entry = replace(entry, conditions={**entry.conditions, **basis}, why=_failed(row))
        found.append(entry)
    return found


def _only_set_up(row: Row) -> bool:
    return str(row["outcome"]).startswith("test condition only")


def _failed(row: Row) -> str:
    """What is told of a cell that died is no unknown retention."""
    return str(row["outcome"]) if "failure" in str(row["outcome"]) else ""


def decays(papers: Sequence[Paper]) -> list[Entry]:
    """Average decay in capacity per cycle, printed in 0.01 mAh/g per cycle (erratum B-E04)."""
    found = []
    for row in rows_of("cells", papers):
        value, cycles = row["decay_as_printed"], row["cycles"]
        if value is None or cycles is None:
            continue
        x = Number(float(cycles), exact(cycles), f"{cycles} cycles")
        y = _decay_number(row)
        last, kept = row["cap_final_mAh_g"], row["retention_pct"]
        again = None
        if last and kept:
            again = (last * (100 / kept - 1) / cycles * 1000, "uAh/g/cycle")
        words = f"{again[0]:.3g} µAh g⁻¹ per cycle" if again else ""
        entry = _cell(row, x=x, y=y, merit=y, recomputed=words, again=again)
        if y.value is None:
            entry = replace(entry, why="the unit of the printed decay is not known")
        found.append(entry)
    return found


def _decay_number(row: Row) -> Number:
    value, unit = row["decay_as_printed"], str(row["decay_unit_inferred"] or "")
    said = f"{value:g} (printed unit: {row['decay_unit_as_printed'] or 'none'})"
    if not unit.startswith("1e-2 mAh g-1 cycle-1"):
        return Number(None, UNKNOWN, said)
    low, high = printed(value, row["decay_as_printed_decimals"])
    return Number(round(value * 10, 9), Interval(low * 10, high * 10), said)


def thicknesses(papers: Sequence[Paper]) -> list[Entry]:
    """Electrolytes whose thickness is printed beside the areal capacity of the cathode."""
    found = []
    for row in rows_of("cells", papers):
        thick, areal = row["electrolyte_thickness_um"], row["areal_capacity_mAh_cm2"]
        if thick is None or areal is None:
            continue
        x = Number.of(thick, "um", row["electrolyte_thickness_um_decimals"])
        y = Number.of(areal, "mAh/cm^2", row["areal_capacity_mAh_cm2_decimals"])
        low, high = row["loading_mg_cm2_lo"], row["loading_mg_cm2_hi"]
        again = f"{2000 * areal / (low + high):.4g} mAh g⁻¹ of active material" if low else ""
        found.append(_cell(row, x=x, y=y, merit=y, recomputed=again))
    return found


def energies(papers: Sequence[Paper]) -> list[Entry]:
    """Cells that print an energy per mass or per volume."""
    checks = rows_of("consistency", ())
    found = []
    for row in rows_of("cells", papers):
        mass, volume = row["specific_energy_Wh_kg"], row["energy_density_Wh_L"]
        if mass is None and volume is None:
            continue
        x = Number.of(mass, "Wh/kg", row["specific_energy_Wh_kg_decimals"])
        y = Number.of(volume, "Wh/L", row["energy_density_Wh_L_decimals"])
        checked = [_recomputed(checks, row, number) for number in (mass, volume)]
        words = [f"{value:g} {pretty(unit)}" for value, unit in filter(None, checked)]
        if mass and volume:
            words.append(f"{volume / mass:.2f} kg/L")
        told = "; ".join(words)
        found.append(_cell(row, x=x, y=y, merit=x, recomputed=told, again=checked[0]))
    return found


def _recomputed(
    checks: list[dict[str, Any]], row: Row, value: float | None
) -> tuple[float, str] | None:
    """What the table of recomputed relations has for a number printed at the same place."""
    for check in checks:
        same = check["seed"] == row["seed"] and str(row["locator"]).startswith(check["locator"])
        if same and value is not None and check["printed"] == f"{value:.1f}":
            return float(check["recomputed"]), str(check["unit"])
    return None
