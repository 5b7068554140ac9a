"""A short version of ``make campaign``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("writes", "runs", "calls", "disks", "eight", "power", "model")

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("part", PARTS)
def test_every_promise_holds(part: str) -> None:
    line = [sys.executable, "-m", "tests.campaign", "--scale", "0.03", "--only", part]
    path = os.pathsep.join([str(ROOT / "src"), *(p for p in sys.path if p)])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every promise held" in done.stdout


def test_the_model_of_a_power_failure_sees_a_missing_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from polylyte.core.store import Store
    from tests.campaign.oplog import lost_power

    real = Store._sync_folder
    monkeypatch.setattr(Store, "_sync_folder", lambda self, path: None)
    assert lost_power(tmp_path / "a", 3)["acknowledged results lost"] > 0
    monkeypatch.setattr(Store, "_sync_folder", real)
    assert lost_power(tmp_path / "b", 3)["acknowledged results lost"] == 0

    def without_sync(self: Store, path: Path, content: bytes) -> None:
        path.write_bytes(content)

    monkeypatch.setattr(Store, "_write", without_sync)
    assert lost_power(tmp_path / "c", 3)["acknowledged results lost"] > 0
