"""Values that cannot be, whatever the rest says."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.literature.audit.checks import Check, verdict
from polylyte.literature.audit.entries import Record
from polylyte.literature.audit.paper import Paper

POSSIBLE = {
    "retention": (0.0, 1.1, "between 0 and 110 %"),
    "coulombic_efficiency": (0.0, 1.02, "between 0 and 102 %"),
    "ce_aurbach": (0.0, 1.0, "between 0 and 100 %"),
    "transference_number": (0.0, 1.0, "between 0 and 1"),
    "active_fraction": (0.0, 1.0, "between 0 and 100 %"),
    "redox_potential": (0.0, 6.0, "above the deposition of lithium"),
    "average_voltage": (0.0, 6.0, "between 0 and 6 V"),
    "degree_of_polymerization": (1.0, 1e7, "at least 1"),
}
"""In SI."""
RELATION = "possible value"


def checks(paper: Paper) -> Iterator[Check]:
    """Each quantity lies where it can; onset of heating comes before runaway."""
    for record in paper.every_record():
        for name, (low, high, words) in POSSIBLE.items():
            if record.has(name):
                value = record[name]
                half = 0.0 if value.bound else value.si_half
                yield verdict(
                    RELATION, low - half <= value.si <= high + half, of=record.of,
                    at=value.at or record.at, says=f"{name.replace('_', ' ')} is {words}",
                    printed=value.text, recomputed=words, severity="error", uses=(value,),
                    cause="a sign, a digit or a unit",
                )  # fmt: skip
        yield from _order(record)


def _order(record: Record) -> Iterator[Check]:
    if record.has("onset_temperature", "runaway_temperature"):
        onset, runaway = record["onset_temperature"], record["runaway_temperature"]
        yield verdict(
            "order of temperatures", onset.si <= runaway.si, of=record.of, at=record.at,
            says="heating begins below runaway", printed=f"{onset.text}, {runaway.text}",
            severity="error", uses=(onset, runaway), cause="columns exchanged, or a digit",
        )  # fmt: skip
