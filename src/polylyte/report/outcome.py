"""What a run amounts to: how many steps answered, how many published values agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from polylyte.core.runs import Comparison, Run
from polylyte.report.text import count, listing

AGREES = ("agrees", "within bound")
DIFFERS = ("differs", "outside bound")
Tone = Literal["good", "warn", "bad"]

_SAID = {
    "refused": ("was refused", "were refused"),
    "failed": ("failed", "failed"),
    "skipped": ("was skipped", "were skipped"),
    "planned": ("has not run", "have not run"),
}


@dataclass(frozen=True)
class Outcome:
    """Counts of steps by status and of comparisons by verdict."""

    steps: Counter[str]
    comparisons: Counter[str]

    @property
    def answered(self) -> int:
        return self.steps["done"] + self.steps["cached"]

    @property
    def agreements(self) -> int:
        """Recovered inputs and simulated values are no agreement."""
        return sum(self.comparisons[verdict] for verdict in AGREES)

    @property
    def differences(self) -> int:
        return sum(self.comparisons[verdict] for verdict in DIFFERS)

    @property
    def tone(self) -> Tone:
        if self.steps["failed"]:
            return "bad"
        lacking = self.steps["refused"] + self.steps["skipped"] + self.steps["planned"]
        return "warn" if lacking or self.differences else "good"

    @property
    def steps_sentence(self) -> str:
        total = sum(self.steps.values())
        if not total:
            return "The study has no steps."
        if self.answered == total:
            return f"All {total} steps answered." if total > 1 else "The one step answered."
        lacking = listing(
            f"{self.steps[status]} {said[0] if self.steps[status] == 1 else said[1]}"
            for status, said in _SAID.items()
            if self.steps[status]
        )
        return f"{self.answered} of {count(total, 'step')} answered; {lacking}."

    @property
    def comparison_sentence(self) -> str:
        """Agreements and differences, then what must not be counted among them."""
        said = [
            f"{self.agreements} agree" if self.agreements != 1 else "1 agrees",
            f"{self.differences} differ" if self.differences != 1 else "1 differs",
        ]
        if self.comparisons["missing"]:
            said.append(
                f"{self.comparisons['missing']} "
                + ("has no result" if self.comparisons["missing"] == 1 else "have no result")
            )
        judged = self.agreements + self.differences + self.comparisons["missing"]
        parts = []
        if judged:
            parts.append(f"Of {count(judged, 'published value')}, {listing(said)}.")
        if self.comparisons["simulated"]:
            parts.append(
                f"{count(self.comparisons['simulated'], 'simulated value')} "
                "beside a published one, not counted as agreement."
            )
        if self.comparisons["recovered"]:
            parts.append(
                f"{count(self.comparisons['recovered'], 'input')} of the virtual laboratory "
                "recovered: this proves the analysis, not the number."
            )
        return " ".join(parts)


def outcome(run: Run) -> Outcome:
    """Count the steps and the comparisons of a run."""
    return Outcome(
        Counter(str(step.status) for step in run.steps),
        Counter(str(comparison.verdict) for comparison in run.comparisons),
    )


def recovered(comparison: Comparison) -> str:
    """Whether the analysis of virtual data gave back what was put in."""
    if comparison.ours is None or comparison.ours.value is None or comparison.deviation is None:
        return "no result"
    return "recovered" if abs(comparison.deviation) <= 2 else "not recovered"
