"""A number in a unit that does not measure what it is said to be."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.literature.audit import vocabulary
from polylyte.literature.audit.checks import Check, same_kind, verdict
from polylyte.literature.audit.paper import Paper


def checks(paper: Paper) -> Iterator[Check]:
    """The dimension of each named quantity; areas printed with three lengths."""
    for record in paper.every_record():
        for name, value in record.values.items():
            unit = vocabulary.NUMBERS.get(name, "")
            if not same_kind(value, unit):
                yield Check(
                    "unit", value.at or record.at, record.of,
                    f"{name.replace('_', ' ')} is printed in '{value.unit}'", "error", value.text,
                    cause=f"it is measured in {unit}", remedy="correct the unit", uses=(value,),
                )  # fmt: skip
        area = record.sizes.get("area")
        if area is not None:
            yield verdict(
                "unit", len(area.lengths) <= 2, says="an area has three lengths", of=record.of,
                at=area.at or record.at, printed=area.text, recomputed="two", uses=area.lengths,
                remedy="say which is the depth, or that it is a volume",
            )  # fmt: skip
