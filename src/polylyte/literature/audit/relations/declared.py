"""Relations that the encoder states."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.literature.audit import expressions
from polylyte.literature.audit.checks import Check, closes
from polylyte.literature.audit.paper import Paper


def checks(paper: Paper) -> Iterator[Check]:
    """printed = equation(values), and their dimensions."""
    for each in paper.declared:
        tree = expressions.parse(each.equation, where=each.at)
        symbols = {name: expressions.of_unit(v.unit) for name, v in each.values.items()}
        problems: list[expressions.Problem] = []
        found = expressions.dimension(tree, symbols, problems)
        if problems or found != expressions.of_unit(each.printed.unit):
            text = (
                problems[0].text
                if problems
                else (
                    f"the equation gives {expressions.spell(found)}, printed is {each.printed.unit}"
                )
            )
            yield Check("declared", each.at, each.of, text, "error", each.printed.text,
                        uses=(each.printed, *each.values.values()))  # fmt: skip
            continue
        names = list(each.values)
        yield closes(
            "declared",
            lambda *x, tree=tree, names=names: expressions.value(
                tree, dict(zip(names, x, strict=True))
            ),
            each.printed, list(each.values.values()), of=each.of, at=each.at,
            says=f"printed = {each.equation}",
        )  # fmt: skip
