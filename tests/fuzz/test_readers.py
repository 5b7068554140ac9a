"""A short run of ``python -m tests.fuzz``; nothing that must never be is."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from polylyte.core.errors import FileError
from polylyte.instruments import reading
from polylyte.instruments.gamry_writer import write_eispot
from polylyte.instruments.recordings import Recording
from tests.fuzz.harness import NEVER, fuzz, truncations


@pytest.mark.slow
def test_readers_on_real_files(data: Path) -> None:
    tallies = fuzz(data / "instruments", count=10, cuts=20)
    assert len(tallies) >= 10
    assert not {n: t.examples for n, t in tallies.items() if any(t.counts[w] for w in NEVER)}


def test_cuts_are_at_every_64th_byte_and_fewer_between_in_a_large_file() -> None:
    assert [len(raw) for _, raw in truncations(bytes(1000))] == list(range(0, 1000, 64))
    sizes = [len(raw) for _, raw in truncations(bytes(640_000), most=400)]
    assert sizes[:100] == list(range(0, 6400, 64))
    assert sizes[-100:] == list(range(640_000 - 6400, 640_000, 64))
    assert len(sizes) <= 400
    assert max(b - a for a, b in pairwise(sizes)) <= 64 * 50


@pytest.fixture
def one_file(tmp_path: Path) -> Path:
    f = [10.0**i for i in range(5, -1, -1)]
    (tmp_path / "a.DTA").write_bytes(write_eispot(f, [complex(10, -i) for i in range(6)]))
    return tmp_path


def test_a_reader_that_drops_rows_in_silence_is_caught(
    one_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reading.read_bytes
    first = real((one_file / "a.DTA").read_bytes(), "a")

    def careless(raw: bytes, path: str) -> Recording:
        from dataclasses import replace

        found = real(raw, path)
        return replace(found, rows_read=first.rows_read - 1, rows_dropped=0, findings=())

    monkeypatch.setattr("tests.fuzz.harness.read_bytes", lambda raw, path: (
        first if path != "fuzzed.file" else careless(raw, path)))  # fmt: skip
    counts = next(iter(fuzz(one_file, count=40, cuts=2).values())).counts
    assert counts["rows lost in silence"] > 10


def test_a_crash_and_an_error_without_a_place_are_caught(
    one_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(raw: bytes, path: str) -> Recording:
        if path != "fuzzed.file":
            return reading.read_bytes(raw, path)
        if len(raw) % 2:
            raise ValueError("boom")
        raise FileError("is wrong")

    monkeypatch.setattr("tests.fuzz.harness.read_bytes", broken)
    counts = next(iter(fuzz(one_file, count=40, cuts=2).values())).counts
    assert counts["crashes"] > 2
    assert counts["no place"] > 2
