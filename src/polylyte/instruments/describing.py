"""What a file that no reader knows looks like, in a few words."""

from __future__ import annotations

import re

from polylyte.instruments.text import decode, split_lines

_MAGIC = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or an .xlsx, .ndax or .docx file)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (.xls, .doc)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"BIO-LOGIC MODULAR FILE", "a BioLogic .mpr file"),
    (b"NEWARE", "a Neware .nda file"),
    (b"<?xml", "XML text"),
    (b"<!DOCTYPE", "an HTML page"),
)
_REFUSED = (
    (r"(?i)(EC|BT)-LAB SETTING FILE", "the settings of a BioLogic experiment (.mps)",
     "the measurement is in the .mpr files beside it"),
    (r"(?i)(EC|BT)-LAB LOG FILE", "the log of a BioLogic experiment (.mpl)",
     "the measurement is in the .mpr file of the same name"),
    (r"(?s)\x00\x01\x00\x00Standard (Jet|ACE) DB", "an Access database (Arbin's .res)",
     "export it from Arbin's MITS Pro or Data Watcher as .csv or .xlsx"),
    (r"(?s)RFDb|.{0,64}MACCOR", "a Maccor binary file",
     "export it from Maccor's MIMS Client as text"),
    (r"VFP600\r?\n", "a Gamry virtual front panel record (VFP600)",
     "record it with a script of Gamry Framework, which writes EXPLAIN files (.DTA)"),
    (r"(?s).{0,24}ScribnerData|ScribnerBinary", "a binary file of Scribner's",
     "save it from ZView or CorrWare as text (.z, .cor)"),
    (r"(?s)#PSTrace|.{0,8}MethodScript", "a method of PalmSens' PSTrace, without data",
     "save the session (.pssession) or export .csv"),
    (r"#\s*PRIME INSTRUMENT FILE", "a table for one program's own loader",
     "name the columns in a first line, with their units"),
)  # fmt: skip
"""Kinds that are known and not read: pattern, what it is, what to give instead."""


def remedy(raw: bytes) -> str | None:
    """What to export instead of a file of a kind that is known and not read."""
    found = _refused(raw)
    return found[1] if found else None


def _refused(raw: bytes) -> tuple[str, str] | None:
    marked = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    head = decode(raw[:4096]) if marked else raw[:4096].decode("latin-1")
    head = head.removeprefix("\ufeff")
    if "digatron" in head.lower():
        return "text of Digatron's Battery Manager", "export it as .csv with one line of names"
    for pattern, words, instead in _REFUSED:
        if re.match(pattern, head):
            return words, instead
    return None


def looks_like(raw: bytes) -> str:
    """``is empty``, ``looks like a JPEG picture``, ``is text without a known header: …``."""
    if not raw.strip():
        return "is empty" if not raw else "holds nothing but blanks"
    if (refused := _refused(raw)) is not None:
        return f"looks like {refused[0]}, which is not read"
    for magic, words in _MAGIC:
        # "BM" alone begins many a text; a picture has zero bytes soon after it.
        if raw.startswith(magic) and (magic != b"BM" or b"\x00" in raw[:16]):
            return f"looks like {words}"
    if raw[:2] not in (b"\xff\xfe", b"\xfe\xff") and _is_binary(raw[:4096]):
        return "is binary data of a kind not known here"
    line = next((line.strip() for line in split_lines(decode(raw[:4096])) if line.strip()), "")
    shown = "".join(c if c.isprintable() else " " for c in line)[:60]
    return f"is text without a known header (it begins '{shown}')"


def _is_binary(head: bytes) -> bool:
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return b"\x00" in head or control > 0.05 * len(head)
