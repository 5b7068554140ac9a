"""Figures of an earlier report in the same folder, taken again where nothing of them changed.

Drawing is most of the time that a report takes. ``summary.json`` keeps for every figure a digest of
its specification and of the code that draws, and one of each file; both must fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from polylyte.core.figures import Figure
from polylyte.report.draw import Drawn, drawing_notes

SUFFIXES = ("pdf", "png", "csv")
_CODE = ("draw.py", "points.py", "style.py", "text.py")


def fingerprint(figure: Figure) -> str:
    """Digest of what is drawn and of the code that draws it."""
    digest = hashlib.sha256(_code())
    _feed(digest, figure)
    return digest.hexdigest()


@cache
def _code() -> bytes:
    digest = hashlib.sha256(version("matplotlib").encode())
    for name in _CODE:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.digest()


def _feed(digest: Any, value: Any) -> None:
    """Every part with its type and length, so that no two specifications read alike."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            digest.update(f"{field.name}=".encode())
            _feed(digest, getattr(value, field.name))
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
    elif isinstance(value, (list, tuple)):
        digest.update(f"[{len(value)}".encode())
        if value and all(type(item) is float for item in value):
            digest.update(np.asarray(value, dtype=np.float64).tobytes())
        else:
            for item in value:
                _feed(digest, item)
    else:
        text = repr(value)
        digest.update(f"{type(value).__name__}{len(text)}:{text}".encode())


def record(drawn: Mapping[str, Drawn], prints: Mapping[str, str]) -> dict[str, Any]:
    """What ``summary.json`` keeps of the figures."""
    return {
        stem: {"drawn": prints[stem], **{s: _sha(_bytes(item, s)) for s in SUFFIXES}}
        for stem, item in drawn.items()
        if stem in prints
    }


def earlier(folder: Path, stem: str, figure: Figure, known: Any) -> Drawn | None:
    """The files of an earlier report, or None where anything of them changed."""
    entry = known.get(stem) if isinstance(known, dict) else None
    if not isinstance(entry, dict) or entry.get("drawn") != fingerprint(figure):
        return None
    found = {}
    for suffix in SUFFIXES:
        try:
            found[suffix] = (folder / "figures" / f"{stem}.{suffix}").read_bytes()
        except OSError:
            return None
        if _sha(found[suffix]) != entry.get(suffix):
            return None
    return Drawn(found["pdf"], found["png"], found["csv"].decode(), drawing_notes(figure))


def before(folder: Path) -> dict[str, Any]:
    """The summary of an earlier report in this folder; empty where there is none."""
    try:
        found = json.loads((folder / "summary.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(drawn: Drawn, suffix: str) -> bytes:
    content = getattr(drawn, suffix)
    return content.encode() if isinstance(content, str) else bytes(content)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
