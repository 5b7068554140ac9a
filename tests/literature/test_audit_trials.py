"""Slips planted in consistent papers: how many are found, how often a clean paper is blamed.

Targets of the design page "Literature, comparison and audit": at least 95 % of the slips beyond
the printed precision found, at most 1 % false alarms.
"""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.literature.audit.engine import run
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.trials import KINDS, plant, random_paper, trial


@settings(max_examples=30, deadline=None)
@given(st.integers(10**6, 10**9))
def test_a_consistent_paper_rounded_as_printed_is_never_blamed(seed):
    made = run(Paper.of(random_paper(seed).content, where="clean"))
    assert [c.text for c in made if c.severity in ("warning", "error", "note")] == []
    assert len({c.relation for c in made}) >= 18


def test_a_planted_slip_changes_one_thing():
    draft = random_paper(7)
    before = copy.deepcopy(draft.content)
    content, slip = plant(draft, 11)
    assert draft.content == before
    assert content != before
    assert slip.was != slip.now
    assert slip.kind in KINDS


def test_slips_found_and_false_alarms():
    made = trial(40, slips_each=3, seed=5000)
    assert made.share_found >= 0.95
    assert made.share_false <= 0.01
    assert sum(made.found[k] for k in KINDS) >= 90


@pytest.mark.slow
def test_slips_found_and_false_alarms_in_many_papers():
    made = trial(1000)
    print(f"\n{made}")
    assert made.share_found >= 0.95
    assert made.share_false <= 0.01
    for kind in KINDS:
        all_of_kind = made.found[kind] + made.as_note[kind] + made.missed[kind]
        assert made.found[kind] >= 0.95 * all_of_kind
