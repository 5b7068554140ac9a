"""Sizes: the anode's overhang, separators, fields of view."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import Record
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Size

OPTICS = 0.03
"""Magnification and a camera's unused rim leave a field of view open by so much."""


def checks(paper: Paper) -> Iterator[Check]:
    """anode >= cathode and separator >= both in each direction; field of view = pixels x size."""
    for record in paper.every_record():
        for inner, outer in (
            ("cathode_size", "anode_size"),
            ("cathode_size", "separator_size"),
            ("anode_size", "separator_size"),
            ("cathode_size", "electrolyte_size"),
            ("anode_size", "electrolyte_size"),
        ):
            if inner in record.sizes and outer in record.sizes:
                yield _covers(record, inner, outer)
        if {"field_of_view", "pixels"} <= set(record.sizes) and record.has("pixel_size"):
            yield from _field(record)
        if record.has("spatial_resolution", "binning", "pixel_size"):
            yield closes(
                "spatial resolution", lambda n, p: n * p, record["spatial_resolution"],
                [record["binning"], record["pixel_size"]], of=record.of, at=record.at,
                says="resolution = binning x pixel size",
            )  # fmt: skip


def _covers(record: Record, inner: str, outer: str) -> Check:
    """Compared side by side, longest with longest; a disc and a rectangle by both sides."""
    small, large = record.sizes[inner], record.sizes[outer]
    pairs = list(zip(_sides(small), _sides(large), strict=True))
    short = [(a, b) for a, b in pairs if b < a * (1 - 1e-9)]
    names = inner.removesuffix("_size"), outer.removesuffix("_size")
    needs = "anode overhang" if names == ("cathode", "anode") else "cover"
    area = [100 * _sides(s)[0] * 100 * _sides(s)[1] for s in (small, large)]
    return verdict(
        "overhang", not short, of=record.of, at=large.at or record.at,
        says=f"the {names[1]} covers the {names[0]}" if not short
        else f"the {names[1]} does not cover the {names[0]} on every side",
        printed=f"{names[0]} {small.text}, {names[1]} {large.text}",
        recomputed=f"{area[0]:.3g} against {area[1]:.3g} cm^2 (side by side)" if short else "",
        cause=f"no {needs}, or sizes exchanged",
        remedy="an anode smaller than its cathode plates lithium at the edge; check the sizes",
        uses=(*small.lengths, *large.lengths),
    )  # fmt: skip


def _sides(size: Size) -> tuple[float, float]:
    lengths = sorted((v.si for v in size.lengths), reverse=True)
    return (lengths[0], lengths[0]) if len(lengths) == 1 else (lengths[0], lengths[1])


def _field(record: Record) -> Iterator[Check]:
    field, pixels = record.sizes["field_of_view"], record.sizes["pixels"]
    for side, count in zip(field.lengths, pixels.lengths, strict=False):
        yield closes(
            "field of view", lambda n, p: n * p, side,
            [type(count)(count.text, count.number, "1", 0.0, 1.0, "", count.at, count.name),
             record["pixel_size"]],
            of=record.of, at=record.at, says="field of view = pixels x pixel size", slack=OPTICS,
            solve=1,
        )  # fmt: skip
