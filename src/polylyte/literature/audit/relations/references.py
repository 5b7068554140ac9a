"""Year and volume of a journal's references: one is off where all others agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from polylyte.literature.audit.checks import Check, verdict
from polylyte.literature.audit.entries import Record
from polylyte.literature.audit.paper import Paper

AGREEING = 4
"""So many references of a journal must agree before another is called wrong."""


def checks(paper: Paper) -> Iterator[Check]:
    """year - volume is one number for a journal of one volume a year."""
    journals: dict[str, list[Record]] = defaultdict(list)
    for record in paper.every_record():
        if record.has("year", "volume") and record.texts.get("journal"):
            journals[record.texts["journal"]].append(record)
    for journal, records in journals.items():
        offsets = Counter(round(r["year"].number - r["volume"].number) for r in records)
        (common, agreeing), *others = offsets.most_common()
        # Two offsets in use: a journal that changed, or that has several volumes a year.
        if agreeing < AGREEING or any(count > 1 for _, count in others):
            continue
        for record in records:
            offset = round(record["year"].number - record["volume"].number)
            # Volumes turn a year early or late at the year's end.
            yield verdict(
                "reference", abs(offset - common) <= 1, of=record.of, at=record.at,
                says=f"{journal}: volume and year belong together",
                printed=f"{record['year'].text}, {record['volume'].text}",
                recomputed=f"volume {record['year'].number - common:.0f} is {record['year'].text}",
                uses=(record["year"], record["volume"]), cause="a digit of the volume or year",
                remedy="look the reference up",
            )  # fmt: skip
