"""Coverage-guided fuzzing of the binary readers with atheris (libFuzzer).

python -m tests.fuzz.guided [--seconds 60] [--reader biologic] [--corpus FOLDER]

Each file of the corpus that is no text is a seed of its reader. A finding (an exception that is no
typed error, more than a minute with the tracing, 512 MB above the start) ends that
reader's run and leaves the input in its folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from polylyte.instruments.reading import recognised
from tests.conftest import DATA
from tests.fuzz.harness import MEGABYTES, corpus, is_text

WALL = 60
"""Seconds of an input on a busy machine; the harness holds readers to 2 s of processor time."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--corpus", type=Path, default=DATA / "instruments")
    parser.add_argument("--reader", default="", help="only formats whose id begins so")
    options = parser.parse_args()
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: pip install atheris (wheels for CPython 3.11 to 3.13)")
        return 0
    seeds: dict[str, list[bytes]] = {}
    for _, raw in corpus(options.corpus, largest=300_000):
        name = recognised(raw) or ""
        if not is_text(raw) and name.startswith(options.reader):
            seeds.setdefault(name, []).append(raw)
    return max((guided(name, files, options.seconds) for name, files in seeds.items()), default=0)


def guided(reader: str, files: list[bytes], seconds: int) -> int:
    """Let libFuzzer look for inputs of one reader that reach new code."""
    seeds = Path(tempfile.mkdtemp(prefix="polylyte-fuzz-"))
    for i, raw in enumerate(files):
        (seeds / f"seed{i}").write_bytes(raw)
    line = [sys.executable, "-c", f"from tests.fuzz.guided import target; target({reader!r})",
            str(seeds), f"-max_total_time={seconds}", f"-timeout={WALL}",
            "-max_len=300000", f"-artifact_prefix={seeds}/finding-", "-print_final_stats=1",
            f"-rss_limit_mb={resident() + MEGABYTES + 400}"]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True,
                          env=os.environ | {"POLARS_MAX_THREADS": "1"})  # fmt: skip
    lines = done.stderr.splitlines()
    stats = {x.split(":")[2]: x.split()[-1] for x in lines if x.startswith("stat::")}
    found = f"a finding in {seeds}" if done.returncode else "nothing found"
    executed = stats.get("number_of_executed_units", "?")
    print(f"{reader}: {executed} inputs in {seconds} s, {found}", flush=True)
    if done.returncode:
        print("\n".join(lines[-25:]))
    return done.returncode


def resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def target(reader: str) -> None:
    """The fuzzed process: one reader, given what it recognises."""
    import atheris

    from polylyte.core import discovery

    with atheris.instrument_imports(include=["polylyte.instruments"]):
        from polylyte.instruments import consistency
        from polylyte.instruments.text import HEAD

        read = discovery.load("reader", reader)
    from polylyte.core.errors import PolylyteError

    def one(raw: bytes) -> None:
        if not read.recognise(raw[:HEAD]):
            return
        try:
            consistency.with_findings(read(raw))
        except PolylyteError as error:
            if not error.what:
                raise RuntimeError(f"an error without words: {error}") from None

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
