"""A printed value that is wrong here and right elsewhere was probably copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from polylyte.literature.audit.checks import Check

_COPIED = ("field of view", "atoms", "box density", "specific energy", "retention", "N/P")


def explain_copies(checks: Sequence[Check]) -> list[Check]:
    """Adds the cause to a failed check whose printed value closes for another thing."""
    right = {(c.relation, c.printed): c.of for c in checks if c.severity == "passed"}
    made = []
    for check in checks:
        other = right.get((check.relation, check.printed), check.of)
        if check.severity == "error" and check.relation in _COPIED and other != check.of:
            words = f"{check.printed} is right for {other}: copied, or one column for both"
            check = replace(check, cause=f"{words}; {check.cause}" if check.cause else words)
        made.append(check)
    return made
