"""Columns of BioLogic's binary files: number, EC-Lab's heading, how a value is stored.

From real files beside their text exports, and from what users of EC-Lab publish about theirs.
Files since EC-Lab 11.50 keep some columns under a number that is 256 higher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

FLAGS: Mapping[int, tuple[str, int]] = {
    1: ("mode", 0x03), 2: ("ox/red", 0x04), 3: ("error", 0x08), 21: ("control changes", 0x10),
    31: ("Ns changes", 0x20), 65: ("counter inc.", 0x80),
}  # fmt: skip
"""Columns that share one byte, and their bits in it."""
_SINGLE = {
    5: "control/V/mA", 6: "Ewe/V", 8: "I/mA", 9: "Ece/V", 10: "Aux/V", 16: "Analog IN 1/V",
    17: "Analog IN 2/V", 18: "Analog IN 3/V", 19: "control/V", 20: "control/mA", 26: "Rapp/Ohm",
    27: "Ewe-Ece/V", 32: "freq/Hz", 33: "|Ewe|/V", 34: "|I|/A", 35: "Phase(Z)/deg", 36: "|Z|/Ohm",
    37: "Re(Z)/Ohm", 38: "-Im(Z)/Ohm", 69: "R/Ohm", 70: "P/W", 75: "Analog OUT/V", 76: "<I>/mA",
    77: "<Ewe>/V", 78: "Cs-2/µF-2", 96: "|Ece|/V", 97: "|Ice|/A", 98: "Phase(Zce)/deg",
    99: "|Zce|/Ohm", 100: "Re(Zce)/Ohm", 101: "-Im(Zce)/Ohm", 163: "|Estack|/V", 168: "Rcmp/Ohm",
    169: "Cs/µF", 172: "Cp/µF", 173: "Cp-2/µF-2", 174: "<Ewe>/V", 241: "|E1|/V", 242: "|E2|/V",
    271: "Phase(Z1)/deg", 272: "Phase(Z2)/deg", 301: "|Z1|/Ohm", 302: "|Z2|/Ohm",
    331: "Re(Z1)/Ohm", 332: "Re(Z2)/Ohm", 361: "-Im(Z1)/Ohm", 362: "-Im(Z2)/Ohm", 391: "<E1>/V",
    392: "<E2>/V", 422: "Phase(Zstack)/deg", 423: "|Zstack|/Ohm", 424: "Re(Zstack)/Ohm",
    425: "-Im(Zstack)/Ohm", 426: "<Estack>/V", 430: "Phase(Zwe-ce)/deg", 431: "|Zwe-ce|/Ohm",
    432: "Re(Zwe-ce)/Ohm", 433: "-Im(Zwe-ce)/Ohm", 434: "(Q-Qo)/C", 435: "dQ/C", 441: "Ece/V",
    462: "Temperature/°C", 471: "<Ece>/V", 473: "THD Ewe/%", 474: "THD I/%", 475: "THD Ece/%",
    476: "NSD Ewe/%", 477: "NSD I/%", 478: "NSD Ece/%", 479: "NSR Ewe/%", 480: "NSR I/%",
    481: "NSR Ece/%", 504: "Rac/Ohm", 505: "Rdc/Ohm",
    **{484 + h: f"|Ewe h{h}|/V" for h in range(2, 8)},
    **{490 + h: f"|I h{h}|/A" for h in range(2, 8)},
}  # fmt: skip
_DOUBLE = {
    4: "time/s", 7: "dq/mA.h", 11: "<I>/mA", 13: "(Q-Qo)/mA.h", 23: "dQ/mA.h", 24: "cycle number",
    74: "|Energy|/W.h", 123: "Energy charge/W.h", 124: "Energy discharge/W.h",
    125: "Capacitance charge/µF", 126: "Capacitance discharge/µF", 438: "step time/s",
    467: "Q charge/discharge/mA.h", 880: "Energy we/W.h",
}  # fmt: skip
_WHOLE = {39: ("I Range", "<u2"), 131: ("Ns", "<u2"), 468: ("half cycle", "<u4"),
          469: ("z cycle", "<u4"), 509: ("Acir/Dcir Control", "|u1")}  # fmt: skip
_LOW = range(430, 482)
"""Numbers that older files write without their 256."""


def _all() -> dict[int, tuple[str, str]]:
    made = {n: (name, "<f4") for n, name in _SINGLE.items()}
    made |= {n: (name, "<f8") for n, name in _DOUBLE.items()}
    made |= _WHOLE
    old = {n - 256: made[n] for n in (*_LOW, *range(486, 498)) if n in made}
    return {**old, **made}


COLUMNS: Mapping[int, tuple[str, str]] = _all()
WIDTHS = {1: "|u1", 2: "<u2", 4: "<f4", 8: "<f8"}
"""What an unknown column of so many bytes most likely is."""


@dataclass(frozen=True)
class Field:
    """One stored column: its number, heading, type and byte in the record."""

    number: int
    heading: str
    dtype: str
    offset: int
    known: bool = True


@dataclass(frozen=True)
class Layout:
    """A record of ``size`` bytes. ``hidden`` columns lie where their bytes cannot be told apart."""

    size: int
    fields: tuple[Field, ...]
    flags: tuple[int, ...]
    flags_offset: int
    hidden: tuple[int, ...]


def layout(numbers: Sequence[int], size: int) -> Layout | None:
    """The record of these columns in ``size`` bytes, or None where they cannot fill it.

    Flags share the byte of the first of them. Where just one set of widths fills what unknown
    columns leave, and all are of one width, they are read; otherwise only the columns
    before the first and after the last unknown one are.
    """
    flags = tuple(n for n in numbers if n in FLAGS)
    stored = [n for n in numbers if n not in FLAGS or n == flags[0]]
    widths = [_width(n) for n in stored]
    rest = size - sum(w for w in widths if w is not None)
    count = widths.count(None)
    choices = [c for c in combinations_with_replacement(WIDTHS, min(count, 12)) if sum(c) == rest]
    if rest < count or (not count and rest) or (count and count <= 12 and not choices):
        return None
    if count and len(choices) == 1 and len(set(choices[0])) == 1:
        widths = [choices[0][0] if w is None else w for w in widths]
    offsets = _offsets(widths, size)
    fields = []
    hidden = []
    for number, width, offset in zip(stored, widths, offsets, strict=True):
        if offset is None or width is None:
            hidden.append(number)
        elif number not in FLAGS:
            name, dtype = COLUMNS.get(number, (f"column {number}", WIDTHS[width]))
            fields.append(Field(number, name, dtype, offset, number in COLUMNS))
    first = offsets[stored.index(flags[0])] if flags else None
    seen = flags if first is not None else ()
    return Layout(size, tuple(fields), seen, first or 0, tuple(hidden))


def _width(number: int) -> int | None:
    if number in FLAGS:
        return 1
    return int(COLUMNS[number][1][-1]) if number in COLUMNS else None


def _offsets(widths: Sequence[int | None], size: int) -> list[int | None]:
    """Where each column begins: counted from the front, and after an unknown from the back."""
    offsets: list[int | None] = []
    here: int | None = 0
    for width in widths:
        offsets.append(here if width is not None else None)
        here = here + width if here is not None and width is not None else None
    end = size
    for index in range(len(widths) - 1, -1, -1):
        width = widths[index]
        if width is None:
            break
        end -= width
        offsets[index] = end
    return offsets
