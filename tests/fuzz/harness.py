"""Mutated and truncated raw files for every reader: what it does with them, counted.

Any reader that ``polylyte.instruments.reading`` finds is tried on every file of the corpus that
it recognises; a new reader needs no line here. Allowed outcomes: an answer, or a typed error
that names the file. What is counted:

- ``crashes``: any other exception;
- ``no place``: an error that does not name the file;
- ``too slow``: more than 2 s of processor time; ``too large``: more than 512 MB more memory;
- ``rows lost in silence``: fewer rows than the file has lines for, with nothing dropped or found;
- ``other numbers in silence``: numbers differ although no finding says that something is wrong.
  A digit changed for another digit cannot be noticed; ``of these in rows not touched`` can.
"""

from __future__ import annotations

import random
import resource
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from polylyte.core.errors import MachineError, PolylyteError
from polylyte.instruments.reading import read_bytes, recognised
from polylyte.instruments.recordings import Recording
from tests.fuzz.samples import made_up

SECONDS = 2.0
MEGABYTES = 512
MOST_CUTS = 2048
NEVER = ("crashes", "no place", "too slow", "too large", "rows lost in silence")


@dataclass
class Tally:
    """Figures of one format."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0
    text: bool = True

    def add(self, what: str, example: str) -> None:
        self.counts[what] += 1
        self.examples.setdefault(what, example)


def corpus(folder: Path, largest: int = 4_000_000) -> Iterator[tuple[str, bytes]]:
    """Files that some reader knows, and made-up ones of formats of which there is no real one."""
    if folder.name == "instruments":
        yield from made_up().items()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size <= largest:
            raw = path.read_bytes()
            try:
                if recognised(raw):
                    yield path.relative_to(folder).as_posix(), raw
            except MachineError:
                continue


def is_text(raw: bytes) -> bool:
    return b"\x00" not in raw[:65536] and raw[:2] != b"PK"


def mutations(raw: bytes, count: int, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Copies with one to three changes, of the kinds that disks, editors and people make."""
    kinds = TEXT if is_text(raw) else BINARY
    for i in range(count):
        data = raw
        for _ in range(chance.randint(1, 3)):
            data = chance.choice(kinds)(data, chance)
        yield f"mutation {i}", data


def _flip(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]


def _overwrite(raw: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(raw)), chance.choice((1, 4, 64, 512))
    return raw[:at] + chance.randbytes(size) + raw[at + size :]


def _zero(raw: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(raw)), chance.choice((16, 512, 4096))
    return raw[:at] + bytes(min(size, len(raw) - at)) + raw[at + size :]


def _remove(raw: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(raw)), chance.choice((1, 2, 8, 64, 512))
    return (raw[:at] + raw[at + size :]) or b"\x00"


def _repeat(raw: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(raw)), chance.choice((1, 8, 64, 512))
    return raw[: at + size] + raw[at:]


def _lines(raw: bytes, chance: random.Random) -> bytes:
    """A line removed, doubled, or moved."""
    lines = raw.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case _:
            lines.insert(chance.randrange(len(lines)), lines.pop(at))
    return b"".join(lines) or b"\n"


def _insert(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw))
    words = (b"\t", b",", b";", b".", b"-", b"e", b"nan", b"inf", b"1e999", b"\x00", b"_", b"#N/A",
             b"\n", b"\xff", b'"', b" ", b"OVLD")  # fmt: skip
    return raw[:at] + chance.choice(words) + raw[at + chance.randrange(3) :]


TEXT = (_flip, _overwrite, _remove, _repeat, _lines, _insert, _insert)
BINARY = (_flip, _overwrite, _zero, _remove, _repeat)


def truncations(raw: bytes, most: int = MOST_CUTS) -> Iterator[tuple[str, bytes]]:
    """The file cut at every 64th byte.

    Where these are more than ``most`` (a file above 128 KiB): a quarter of ``most`` at its
    beginning and one at its end, each at every 64th byte, and the other half evenly between.
    """
    stops = list(range(0, len(raw), 64))
    if len(stops) > most:
        edge = most // 4
        middle = stops[edge : len(stops) - edge]
        even = middle[:: max(1, -(-len(middle) // (most - 2 * edge)))]
        stops = [*stops[:edge], *even, *stops[len(stops) - edge :]]
    for stop in stops:
        yield f"cut at {stop}", raw[:stop]


def try_one(name: str, raw: bytes, tally: Tally) -> Recording | None:
    """Read a file; every outcome is counted."""
    tally.counts["files"] += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    recording = None
    try:
        recording = read_bytes(raw, "fuzzed.file")
        tally.counts["read"] += 1
    except PolylyteError as error:
        tally.counts["refused"] += 1
        if "fuzzed.file" not in str(error):
            tally.add("no place", f"{name}: {error}")
    except Exception as error:
        tally.add("crashes", f"{name}: {type(error).__name__}: {error}")
    took = time.process_time() - began
    tally.slowest = max(tally.slowest, took)
    if took > SECONDS:
        tally.add("too slow", f"{name}: {took:.1f} s")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    if grown > MEGABYTES:
        tally.add("too large", f"{name}: {grown:.0f} MB")
    return recording


def compare(name: str, whole: Recording, raw: bytes, changed: bytes, found: Recording,
            tally: Tally) -> None:  # fmt: skip
    """What a mutated file that was read has lost or changed without a word."""
    said = {f.text for f in found.findings} - {f.text for f in whole.findings}
    if said or found.rows_dropped > whole.rows_dropped:
        tally.counts["said"] += 1
        return
    if is_text(raw):
        lines, before = changed.splitlines(), raw.splitlines()
        expected = whole.rows_read + min(filled(lines) - filled(before), 0)
        if found.rows_read + found.rows_dropped < expected:
            lost = expected - found.rows_read
            tally.add("rows lost in silence", f"{name}: {lost} of {whole.rows_read}")
            return
        now, then = Counter(lines), Counter(before)
        # A line that only moved leaves both counts as they were.
        touched = max((now - then).total() + (then - now).total(), 2)
    else:
        if found.rows_read < whole.rows_read:
            lost = whole.rows_read - found.rows_read
            tally.add("rows lost in silence", f"{name}: {lost} of {whole.rows_read}")
            return
        touched = 3 * 4096
    differing = different_rows(whole, found)
    if differing:
        tally.add("other numbers in silence", f"{name}: {differing} rows")
        if differing > touched and len(whole.tables) == len(found.tables):
            tally.add(
                "of these in rows not touched", f"{name}: {differing} rows, {touched} touched"
            )


def filled(lines: list[bytes]) -> int:
    return sum(bool(line.strip()) for line in lines)


def different_rows(a: Recording, b: Recording) -> int:
    """How many rows of one are not in the other."""
    total = 0
    for name, table in a.tables.items():
        other = b.tables.get(name)
        if other is None:
            total += len(table)
            continue
        mine, yours = Counter(table.frame.iter_rows()), Counter(other.frame.iter_rows())
        total += max((mine - yours).total(), (yours - mine).total())
    return total


def fuzz(
    folder: Path, count: int, seed: int = 0, cuts: int = MOST_CUTS, reader: str = ""
) -> dict[str, Tally]:
    """Mutate each file of the corpus ``count`` times and cut it; a tally per format."""
    tallies: dict[str, Tally] = {}
    for file, raw in corpus(folder):
        format_ = recognised(raw) or ""
        if not format_.startswith(reader):
            continue
        tally = tallies.setdefault(format_, Tally(text=is_text(raw)))
        try:
            whole = read_bytes(raw, file)
        except PolylyteError:
            tally.counts["whole files refused"] += 1
            continue
        chance = random.Random(f"{seed} {file}")
        for how, data in mutations(raw, count, chance):
            found = try_one(f"{file} {how}", data, tally)
            if found is not None:
                compare(f"{file} {how}", whole, raw, data, found, tally)
        for how, data in truncations(raw, cuts):
            found = try_one(f"{file} {how}", data, tally)
            tally.counts["cut"] += 1
            if found is not None and found.rows_read < whole.rows_read:
                is_silent = not found.findings and not found.rows_dropped
                tally.counts["cut, read and not said"] += is_silent
    return tallies
