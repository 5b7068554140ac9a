"""Time series in the Battery Data Format of the Battery Data Alliance, as CSV.

The vocabulary is that of its application ontology 1.3.0: preferred labels head the columns, units
are fixed, positive current charges the cell.
<https://w3id.org/battery-data-alliance/ontology/battery-data-format>
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

from polylyte.core.tables import Table
from polylyte.instruments.conditions import steady_temperature
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording
from polylyte.instruments.text import HEAD

ONTOLOGY = "https://w3id.org/battery-data-alliance/ontology/battery-data-format"
FORMAT = "alliance.bdf"


@dataclass(frozen=True)
class Term:
    """One quantity: our column, its label and unit there, and its name for machines."""

    column: str
    label: str
    unit: str
    notation: str
    whole: bool = False

    @property
    def heading(self) -> str:
        return f"{self.label} / {self.unit}" if self.unit else self.label

    @property
    def is_number(self) -> bool:
        return bool(self.unit) or self.whole

    @property
    def iri(self) -> str:
        return f"{ONTOLOGY}#{self.notation}"


# Counters of charge_capacity, discharge_capacity and the energies have no term here: vendors
# reset them at each step, cycle or never, and the format has another term for each.
# What all of them count is in the signed charge.
TERMS = (
    Term("time", "Test Time", "s", "test_time_second"),
    Term("potential", "Voltage", "V", "voltage_volt"),
    Term("current", "Current", "A", "current_ampere"),
    Term("cycle", "Cycle Count", "1", "cycle_count", whole=True),
    Term("step", "Step ID", "", "step_id", whole=True),
    Term("step_type", "Step Type", "", "step_type"),
    Term("step_time", "Step Time", "s", "step_time_second"),
    Term("charge", "Net Capacity", "Ah", "net_capacity_ah"),
    Term("power", "Power", "W", "power_watt"),
    Term("internal_resistance", "Internal Resistance", "ohm", "internal_resistance_ohm"),
    Term("temperature", "Temperature T1", "degC", "temperature_t1_celsius"),
)
REQUIRED = TERMS[:3]
_BY_NAME = {name: term for term in TERMS for name in (term.heading, term.notation)}
COULOMB = 3600.0
"""In an ampere-hour: charge is kept in C, as of every other cycler."""
_PADDED = re.compile(rb"\.\d{2,}0[,\r\n]")
"""Digits of a writer with a fixed width, of which a damaged cell can be told."""


def recognise(head: bytes) -> bool:
    """Whether the first line names time, voltage and current as the format does."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    names = {cell.strip(b' "\r') for cell in first.split(b",")}
    return all({t.heading.encode(), t.notation.encode()} & names for t in REQUIRED)


@reader("alliance.bdf", recognise=recognise)
def read_bdf(raw: bytes) -> Recording:
    """Read a file of the Battery Data Format; floats come back bit for bit.

    A whole table of numbers is read at once. Anything else goes the way of every other cycler's
    text, which says line by line what is wrong.

    Raises:
        FileError: no row that can be read.
    """
    whole = _whole(raw)
    if whole is not None:
        return whole
    # All the formats of cyclers come with it, and most files do not need them.
    from polylyte.instruments.cyclers import read_text

    return read_text(raw, FORMAT)


def _whole(raw: bytes) -> Recording | None:
    import polars

    # Without a last line end the last number may be cut.
    if not raw.endswith(b"\n") or _PADDED.search(raw[:HEAD]):
        return None
    first = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    names = [cell.strip(' "\r') for cell in first.split(",")]
    ours = [_BY_NAME[name].column if name in _BY_NAME else name for name in names]
    terms = {_BY_NAME[name].column: _BY_NAME[name] for name in names if name in _BY_NAME}
    if len(set(ours)) < len(ours):
        return None
    kinds = {name: polars.Float64 if t.is_number else polars.String for name, t in terms.items()}
    try:
        frame = polars.read_csv(
            BytesIO(raw), new_columns=ours, schema_overrides=kinds, infer_schema_length=1000
        )
    except polars.exceptions.PolarsError:
        return None
    numbers = [name for name, term in terms.items() if term.is_number]
    good = frame.select(
        polars.col(numbers).is_finite().all(),
        *(polars.col(t.column).is_not_null().all().alias(f"{t.column} known") for t in REQUIRED),
    )
    if not len(frame) or not all(good.row(0)):
        return None
    ampere_hours = [name for name, term in terms.items() if term.unit == "Ah"]
    frame = frame.with_columns(polars.col(ampere_hours) * COULOMB)
    units = {
        name: "C" if term.unit == "Ah" else term.unit
        for name, term in terms.items()
        if term.unit not in ("", "1")
    }
    unknown = [name for name in ours if name not in terms]
    table = Table(frame, units, "series")
    temperature = steady_temperature({"series": table})
    return Recording(
        format=FORMAT,
        instrument="",
        technique="time series",
        tables={"series": table},
        conditions=temperature.conditions,
        rows_read=len(frame),
        unknown_columns=tuple(unknown),
        findings=tuple(temperature.findings),
    )
