"""Whether a Neware ``.nda`` holds the records that its own header and marks speak of.

fastnda takes the records that it finds and says nothing of others. The header states where the
block of records begins and how long it is (from byte 64 in 32 bits; since version 128 from byte
82 in 64 bits); before version 128 a record of 86 bytes begins with its kind: 85 data, 101 of an
auxiliary channel, 170 a mark.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from polylyte.core.results import Finding

_RECORD = 86
_KINDS = (85, 101, 170)


def _block(raw: bytes) -> tuple[int, int] | None:
    if len(raw) < 98:
        return None
    code, at = ("<QQ", 82) if raw[14] >= 128 else ("<II", 64)
    begin, length = (int(number) for number in struct.unpack_from(code, raw, at))
    return (begin, length) if 0 < begin < len(raw) and 0 < length < 2**40 else None


def cut_off(raw: bytes, records: int) -> int:
    """About how many records are missing where the file ends before its main block does."""
    block = _block(raw)
    if block is None:
        return 0
    begin, length = block
    missing = begin + length - len(raw)
    if not 0 < missing < length:
        return 0
    return max(1, math.ceil(records * missing / (length - missing)))


def block_findings(raw: bytes, records: int) -> tuple[Finding, ...]:
    """Warnings where what was read is not what the block of records should hold."""
    block = _block(raw)
    if block is None or not records or cut_off(raw, records):
        return ()
    begin, length = block
    if raw[14] >= 128:
        if length % records:
            text = (f"a block of {length} bytes is no whole number of the {records} records that "
                    "could be read: some are damaged")  # fmt: skip
            return (Finding(text, "warning", where=f"offset {begin}"),)
        return ()
    found = []
    beyond = len(raw) - begin - length
    if beyond:
        text = f"the file is {beyond} bytes longer than its header states: records may be displaced"
        found.append(Finding(text, "warning", where=f"offset {begin + length}"))
    if length % _RECORD == 0:
        kinds = np.frombuffer(raw, np.uint8, length, begin)[::_RECORD]
        odd = np.flatnonzero(~np.isin(kinds, _KINDS))
        marked = int((kinds == _KINDS[0]).sum())
        if len(odd):
            at = begin + int(odd[0]) * _RECORD
            text = f"{len(odd)} records are of no known kind and were left out"
            found.append(Finding(text, "warning", where=f"offset {at}"))
        elif marked != records:
            text = f"{marked} records are marked as data, and {records} could be read"
            found.append(Finding(text, "warning", where=f"offset {begin}"))
    elif raw[14] > 20 and raw[begin] in _KINDS and raw[begin + _RECORD] in _KINDS:
        text = f"its block of {length} bytes holds no whole number of records"
        found.append(Finding(text, "warning", where=f"offset {begin}"))
    return tuple(found)
