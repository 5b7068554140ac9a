"""Coverage-guided fuzzing of the binary readers with atheris (libFuzzer).

python -m tests.fuzz.guided [--seconds 60] [--corpus FOLDER]

Each file of the corpus that is no text is a seed. A finding (an exception that is no typed error,
more than 2 s, more than 512 MB above the start) ends the run and leaves the input in the folder.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import DATA
from tests.fuzz.harness import MEGABYTES, SECONDS, corpus, is_text


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, default=DATA / "instruments")
    options = parser.parse_args()
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: pip install atheris (wheels for CPython 3.11 to 3.13)")
        return 0
    seeds = Path(tempfile.mkdtemp(prefix="polylyte-fuzz-"))
    for i, (_, raw) in enumerate(corpus(options.corpus, largest=300_000)):
        if not is_text(raw):
            (seeds / f"seed{i}").write_bytes(raw)
    line = [sys.executable, "-c", "from tests.fuzz.guided import target; target()", str(seeds),
            f"-max_total_time={options.seconds}", f"-timeout={SECONDS:.0f}", "-max_len=300000",
            f"-artifact_prefix={seeds}/finding-", "-print_final_stats=1",
            f"-rss_limit_mb={resident() + MEGABYTES + 400}"]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    print("\n".join(x for x in lines if x.startswith("stat::") or "ERROR" in x or "Error" in x))
    print(f"seeds and findings: {seeds}" if done.returncode else "nothing found")
    return done.returncode


def resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def target() -> None:
    """The fuzzed process."""
    import atheris

    from polylyte.core import discovery

    with atheris.instrument_imports(include=["polylyte.instruments"]):
        from polylyte.instruments.reading import formats, read_bytes

        for name in formats():
            discovery.load("reader", name)
    from polylyte.core.errors import PolylyteError

    def one(raw: bytes) -> None:
        try:
            read_bytes(raw, "fuzzed.file")
        except PolylyteError as error:
            if "fuzzed.file" not in str(error):
                raise RuntimeError(f"an error without a place: {error}") from None

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
