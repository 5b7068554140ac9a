"""What a file that no reader knows looks like, in a few words."""

from __future__ import annotations

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
    (b"EC-LAB SETTING FILE", "the settings of a BioLogic experiment (.mps)"),
    (b"EC-Lab LOG FILE", "the log of a BioLogic experiment (.mpl)"),
    (b"NEWARE", "a Neware .nda file"),
    (b"<?xml", "XML text"),
    (b"<!DOCTYPE", "an HTML page"),
)


def looks_like(raw: bytes) -> str:
    """``is empty``, ``looks like a JPEG picture``, ``is text without a known header: …``."""
    if not raw.strip():
        return "is empty" if not raw else "holds nothing but blanks"
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
