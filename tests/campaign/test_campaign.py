"""A short version of ``make campaign``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("writes", "runs", "calls", "disks", "eight", "power", "model")

pytestmark = pytest.mark.slow


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", PARTS)
def test_every_promise_holds(part: str) -> None:
    line = [sys.executable, "-m", "tests.campaign", "--scale", "0.03", "--only", part]
    path = os.pathsep.join([str(ROOT / "src"), *(p for p in sys.path if p)])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every promise held" in done.stdout


def test_the_model_of_a_power_failure_sees_a_missing_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from polylyte.core import store as stores
    from tests.campaign.oplog import lost_power

    real = stores._fsync

    def only(wanted: Callable[[Path], bool]) -> Callable[[Path | str], None]:
        return lambda path: real(path) if wanted(Path(path)) else None

    for name, wanted, least in (
        ("no folder is synced", lambda path: not path.is_dir(), 1),
        ("all is synced", lambda path: True, 0),
        ("no file is synced", lambda path: path.is_dir(), 1),
        ("no table is synced", lambda path: path.suffix != ".parquet", 1),
        ("no folder of tables is synced", lambda path: path.name != "tables", 1),
    ):
        monkeypatch.setattr(stores, "_fsync", only(wanted))
        lost = lost_power(tmp_path / name, 3)["acknowledged results lost"]
        assert lost >= least if least else not lost, name
