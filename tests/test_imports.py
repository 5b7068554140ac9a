"""The package and its help start fast, and load neither numpy nor pint."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = {"numpy", "pint", "scipy", "polars", "matplotlib"}
PYTHON = [sys.executable, "-X", "utf8"]
COMMANDS = {
    "import": ([*PYTHON, "-c", "import polylyte"], 0.3),
    "help": ([str(Path(sys.executable).with_name("polylyte")), "--help"], 0.15),
}


def seconds(command: list[str]) -> float:
    """Wall time of the whole process, interpreter start included."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


@pytest.mark.parametrize("name", COMMANDS)
def test_start_is_fast(name):
    command, limit = COMMANDS[name]
    assert min(seconds(command) for _ in range(5)) < limit


@pytest.mark.parametrize(
    "code",
    [
        "import polylyte",
        "from polylyte.cli import main; sys.argv[1:] = ['--help']; main()",
    ],
)
def test_start_loads_nothing_heavy(code):
    # Help may leave by SystemExit; what was loaded is printed either way.
    script = (
        "import sys\n"
        f"try:\n    {code}\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([*PYTHON, "-c", script], check=True, capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert "polylyte" in loaded
    assert not loaded & HEAVY
