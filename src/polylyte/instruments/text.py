"""Bytes of a text export into lines and numbers, whatever wrote them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HEAD = 65_536
"""How many first bytes a recogniser is shown."""

_LINE_END = re.compile("\r\n|\n|\r")
_POINT = re.compile(r"\d\.\d")
_COMMA = re.compile(r"\d,\d")


def decode(raw: bytes) -> str:
    """Text in UTF-8, UTF-16 with a mark, or else Latin-1, which never fails."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def is_text(head: bytes) -> bool:
    """Whether these first bytes can be text: no zero byte, unless as UTF-16 with its mark."""
    return head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" not in head[:512]


def split_lines(text: str) -> list[str]:
    """Lines ended by CR LF, LF or CR; the empty piece after the last end is no line."""
    lines = _LINE_END.split(text)
    if lines and not lines[-1]:
        lines.pop()
    return lines


def ends_cut(text: str) -> bool:
    """Whether the text stops without a line end."""
    return bool(text) and text[-1] not in "\r\n"


def has_decimal_comma(lines: Sequence[str]) -> bool:
    """The first number with a decimal mark decides for the whole table."""
    for line in lines:
        if _POINT.search(line):
            return False
        if _COMMA.search(line):
            return True
    return False


def header_number(text: str | None) -> float | None:
    """A number of a header line, with a decimal point or comma; None where there is none."""
    clean = (text or "").strip()
    if "," in clean and "." not in clean:
        clean = clean.replace(",", ".", 1)
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", clean):
        return None
    value = float(clean)
    return value if math.isfinite(value) else None


def line_list(numbers: Sequence[int]) -> str:
    """``line 7`` or ``lines 7, 8, 9 and 12 more``."""
    shown = ", ".join(map(str, numbers[:5]))
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"line{'s' if len(numbers) != 1 else ''} {shown}{more}"


def rows_list(numbers: Sequence[int] | NDArray[np.intp]) -> str:
    """``row 7`` or ``rows 7, 8, 9 and 12 more``, counted from 1 within the table."""
    return line_list([int(n) for n in numbers]).replace("line", "row", 1)
