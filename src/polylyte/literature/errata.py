"""Known errors of the published sources: what is wrong, where, and how the tables treat it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from polylyte.core.errors import InputError, nearest

KINDS = {
    "OCR": "damaged when the text was extracted, repaired in the tables",
    "PRINT": "the source itself is inconsistent; kept as printed",
    "GAP": "a needed number is absent from the source",
    "NAME": "one name for two things, or two names for one",
}
"""What each kind of erratum means. ``OCR/PRINT`` is both."""


@dataclass(frozen=True)
class Erratum:
    """One known error. ``seed`` is the letter of the source, ``where`` the place in it."""

    id: str
    seed: str
    kind: str
    where: str
    what: str
    what_the_data_does: str

    @property
    def kind_text(self) -> str:
        """The kind in words."""
        return "; ".join(KINDS[kind] for kind in self.kind.split("/"))


@cache
def _all() -> dict[str, Erratum]:
    from polylyte.literature.tables import shipped

    return {row["id"]: Erratum(**row) for row in shipped("errata").iter_rows(named=True)}


def errata(ids: Iterable[str] | None = None) -> list[Erratum]:
    """The errata with these ids, in the order given; all of them without ``ids``.

    Raises:
        InputError: there is no such id; names the nearest.
    """
    known = _all()
    if ids is None:
        return list(known.values())
    found = []
    for id in ids:
        if id not in known:
            raise InputError(f"there is no erratum '{id}'", remedy=nearest(id, known))
        found.append(known[id])
    return found
