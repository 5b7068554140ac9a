"""Fuzz every reader on a corpus of real files and print the figures.

python -m tests.fuzz [--count 200] [--seed 0] [--corpus FOLDER] [--examples]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from tests.conftest import DATA
from tests.fuzz.harness import MOST_CUTS, NEVER, Tally, fuzz


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="mutations of each file")
    parser.add_argument(
        "--cuts", type=int, default=MOST_CUTS, help="at most so many cuts of each file"
    )
    parser.add_argument("--reader", default="", help="only formats whose id begins so")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, default=DATA / "instruments")
    parser.add_argument("--examples", action="store_true", help="show one of each kind")
    options = parser.parse_args()
    tallies = fuzz(options.corpus, options.count, options.seed, options.cuts, options.reader)
    total: Counter[str] = Counter()
    for name, tally in tallies.items():
        total += tally.counts
        print(f"{name}: {told(tally.counts)}; slowest {tally.slowest:.2f} s", flush=True)
        if options.examples:
            for what, example in tally.examples.items():
                print(f"    {what}: {example}")
    print(f"all: {told(total)}")
    mutated = total["files"] - total["cut"]
    for what in ("rows lost in silence", "other numbers in silence"):
        print(f"{what}: {total[what] / max(mutated, 1):.2%} of {mutated:,} mutated files")
    slowest = max((t.slowest for t in tallies.values()), default=Tally().slowest)
    text = Counter[str]()
    for tally in tallies.values():
        text += tally.counts if tally.text else Counter()
    of_text = text["files"] - text["cut"]
    silent = text["other numbers in silence"]
    print(f"text: other numbers in silence: {silent / max(of_text, 1):.2%} of {of_text:,}")
    print(f"slowest {slowest:.2f} s of processor time")
    return 1 if any(total[what] for what in NEVER) else 0


def told(counts: Counter[str]) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
