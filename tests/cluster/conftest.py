"""Sites for the tests: a Dask scheduler with workers, and a Slurm of one node, all on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.core.conftest import Room, room, write_study  # noqa: F401  (fixtures)


def environment(room: Room) -> dict[str, str]:  # noqa: F811
    """What a process of its own needs to find polylyte and the tests' room."""
    path = os.pathsep.join([str(room.folder), *(p for p in sys.path if p)])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def wait_for(what: Callable[[], object], patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while not what():
        assert time.monotonic() < deadline, f"still waiting for {what} after {patience} s"
        time.sleep(0.1)


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write the user's sites."""

    def write(text: str) -> None:
        path = tmp_path / "sites.toml"
        path.write_text(text)
        monkeypatch.setenv("POLYLYTE_SITES", str(path))

    return write


class Dask:
    """``dask scheduler`` and ``dask worker`` processes."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.processes: list[subprocess.Popen[bytes]] = []
        self.file = folder / "scheduler.json"
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0",
                   "--scheduler-file", str(self.file))  # fmt: skip
        wait_for(self.file.exists)

    @property
    def address(self) -> str:
        import json

        return str(json.loads(self.file.read_text())["address"])

    def start(self, *line: str, **extra: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"dask-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *line],
                stdout=log, stderr=log, env={**self.environment, **extra}, start_new_session=True,
                cwd=self.folder,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def worker(self, *extra: str, **environment: str) -> subprocess.Popen[bytes]:
        line = ("worker", self.address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        return self.start(*line, *extra, **environment)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def dask(room: Room, tmp_path: Path) -> Iterator[Dask]:  # noqa: F811
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    made = Dask(tmp_path, environment(room))
    yield made
    made.close()


SLURM = Path(__file__).parents[2] / ".ci" / "slurm"


@pytest.fixture(scope="session")
def slurm() -> Iterator[Path]:
    """A Slurm of one node, started by the script; its ``slurm.conf`` is in the environment."""
    pytest.importorskip("dask_jobqueue", reason="needs the extra 'cluster'")
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("a Slurm of its own needs root and Debian's packages")
    done = subprocess.run([SLURM, "install"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"Slurm cannot be installed: {done.stderr.splitlines()[-1:]}")
    # munged wants folders above its socket that nobody else can write and its user can enter.
    folder = Path(tempfile.mkdtemp(prefix="polylyte-slurm-", dir="/var/tmp"))
    subprocess.run([SLURM, "start", folder], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        yield folder
        subprocess.run([SLURM, "stop", folder], check=True)
