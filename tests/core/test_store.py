"""The store: the first writer wins, and whatever is killed, torn or full loses nothing."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from polylyte.core import processes
from polylyte.core import study as studies
from polylyte.core.encoding import Encoded, encode
from polylyte.core.errors import InputError, MachineError
from polylyte.core.execution import InProcess
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.core.session import exit_code, open_store, run_study
from polylyte.core.store import Store
from polylyte.core.tables import Table
from tests.core.conftest import Room

KEY = "ab" + "0" * 62


def result(value: float = 1.0, rows: int = 3) -> Encoded:
    made = Result(
        more={"x": Quantity(value, "um", {"~fit": 0.1})},
        more_tables={"t": Table.of({"n": [value + i for i in range(rows)]}, {"n": "um"})},
        files={"a file.txt": b"bytes", "../sly": b"no"},
        warnings=("w",),
    )
    return encode(made, run_name="run")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", durable=False).open()


def test_what_was_put_comes_back(store: Store) -> None:
    encoded = result()
    head = store.put(KEY, encoded, {"method": "m", "version": 2, "origin": "virtual"})
    assert head == store.head(KEY)
    assert (head["digest"], head["origin"]) == (encoded.digest, "virtual")
    stored = store.get(KEY)
    assert stored is not None
    assert stored.quantities == encoded.quantities
    assert stored.tables["t"].frame.equals(encoded.tables["t"].frame)
    assert stored.tables["t"].units == {"n": "um"}
    assert {name: path.read_bytes() for name, path in stored.files.items()} == {
        "a file.txt": b"bytes",
        "../sly": b"no",
    }
    assert (stored.method, stored.version, stored.warnings) == ("m", 2, ("w",))
    # A name with a slash stays inside the folder.
    assert all(store.folder(KEY) in path.resolve().parents for path in stored.files.values())
    assert store.stored_keys() == [KEY]
    assert store.get("cd" + KEY[2:]) is None
    store.remove(KEY)
    assert store.get(KEY) is None


def test_the_first_writer_wins_and_the_second_adopts_its_result(store: Store) -> None:
    first = store.put(KEY, result(1.0), {})
    assert store.put(KEY, result(2.0), {}) == first
    stored = store.get(KEY)
    assert stored is not None
    assert stored.quantities["x"].value == 1.0
    assert list((store.root / "tmp").iterdir()) == []


def test_many_writers_at_once_leave_one_result(store: Store) -> None:
    heads: list[dict[str, Any]] = []
    start = threading.Barrier(8)

    def write(value: float) -> None:
        start.wait()
        heads.append(store.put(KEY, result(value), {}))

    threads = [threading.Thread(target=write, args=(float(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({head["digest"] for head in heads}) == 1
    stored = store.get(KEY)
    assert stored is not None
    assert stored.digest == heads[0]["digest"]


def flip(path: Path) -> None:
    """Another digit of the same kind where the value is: still JSON, no longer the number."""
    content = path.read_bytes()
    assert content.count(b'"value": 1.0') == 1
    path.write_bytes(content.replace(b'"value": 1.0', b'"value": 7.0'))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def null(path: Path) -> None:
    path.write_bytes(b"null\nnull\nend\n")


def remove(path: Path) -> None:
    path.unlink()


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE = [
    *[("record.json", how) for how in (flip, cut, empty, zeros, null, remove, one_bit)],
    *[("tables/t.parquet", how) for how in (cut, empty, zeros, remove, one_bit)],
    *[("files/a file.txt", how) for how in (cut, empty, zeros, remove, one_bit)],
]


@pytest.mark.parametrize(("name", "how"), DAMAGE)
def test_a_damaged_result_is_set_aside_and_made_anew(
    store: Store, name: str, how: Callable[[Path], None]
) -> None:
    store.put(KEY, result(), {})
    how(store.folder(KEY) / name)
    assert store.get(KEY) is None
    assert not store.folder(KEY).exists()
    store.put(KEY, result(), {})
    assert store.get(KEY) is not None


@pytest.mark.parametrize(("name", "how"), DAMAGE)
def test_a_damaged_result_does_not_stand_in_the_way_of_a_new_one(
    store: Store, name: str, how: Callable[[Path], None]
) -> None:
    store.put(KEY, result(), {})
    how(store.folder(KEY) / name)
    store.put(KEY, result(2.0), {})
    stored = store.get(KEY)
    assert stored is not None
    assert stored.quantities["x"].value == 2.0


TWO = """
[step.a]
method = "toy.double"
length = "60(2) um"
[step.b]
method = "toy.double"
length = { step = "a", quantity = "doubled" }
"""


def run(path: Path, store: Path | None = None) -> Any:
    return run_study(path, store=store, pool=lambda: nullcontext(InProcess()), durable=False)


@pytest.mark.parametrize("name", ["record.json", "tables/table.parquet"])
@pytest.mark.parametrize("step", [0, 1])
def test_a_run_makes_a_damaged_result_anew(
    room: Room, write_study: Callable[[str], Path], name: str, step: int
) -> None:
    path = write_study(TWO)
    first, _ = run(path)
    key = first.steps[step].result.key
    one_bit(path.parent / ".polylyte/results" / key[:2] / key / name)
    second, ended = run(path)
    assert exit_code(ended) == 0
    assert [s.status in ("done", "cached") for s in second.steps] == [True, True]
    assert [s.result.quantities for s in second.steps] == [s.result.quantities for s in first.steps]


def test_a_store_of_another_format_is_refused(store: Store) -> None:
    (store.root / "FORMAT").write_text("99\n")
    with pytest.raises(
        InputError, match="is a store of format 99, not 1; give another folder with --store"
    ):
        Store(store.root).open()


WRITER = """
import sys
from pathlib import Path
from polylyte.core.store import Store
from tests.core.test_store import result
store = Store(Path(sys.argv[1]), durable=False).open()
print("ready", flush=True)
i = 0
while True:
    store.put(f"{i % 256:02x}{i:062x}", result(float(i), 2000), {})
    store.write_file(store.root / "scratch" / "state", str(i).encode() * 1000)
    i += 1
"""


# One warm interpreter forks the writers, so that killing sixty takes seconds. They write no
# tables: the threads of polars do not survive a fork.
FORKER = """
import os, signal, sys, time
from pathlib import Path
from polylyte.core.encoding import encode
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.core.store import Store

def result(i):
    files = {f"{n}.bin": bytes([n]) * 50_000 for n in range(5)}
    return encode(Result(more={"x": Quantity(float(i), "um")}, files=files), run_name="r")

def write_without_end(store, i):
    while True:
        store.put(f"{i % 256:02x}{i:062x}", result(i), {})
        store.write_file(store.root / "scratch" / "state", b"%08d" % i * 10_000)
        i += 1

store = Store(Path(sys.argv[1]), durable=False)
for kill in range(60):
    child = os.fork()
    if child == 0:
        write_without_end(store, kill * 100_000)
    time.sleep(0.02 + 0.0005 * kill)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_killed_writers_leave_no_half_result(store: Store) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-c", FORKER, str(store.root)]
    subprocess.run(line, env=environment, timeout=120, check=True)
    keys = store.stored_keys()
    assert len(keys) >= 60
    for key in keys:
        stored = store.get(key)
        assert stored is not None, key
        assert stored.quantities["x"].value == float(int(key[2:], 16))
    state = (store.root / "scratch/state").read_bytes()
    assert state == state[:8] * 10_000
    assert list((store.root / "tmp").iterdir()), (
        "none was killed while it wrote: this shows nothing"
    )
    Store(store.root).open()
    assert list((store.root / "tmp").iterdir()) == []


def test_a_writer_killed_from_outside(store: Store) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store.root)], env=environment,
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.3)
        mine = store.root / "tmp" / f"{processes.me()}.7"
        mine.mkdir()
        # While it lives, what it is writing is not touched.
        theirs = f".{writer.pid}."
        store.reap()
        writer.send_signal(signal.SIGKILL)
    Store(store.root).open()
    assert [p.name for p in (store.root / "tmp").iterdir() if theirs in p.name] == []
    assert mine.exists()
    assert all(store.get(key) is not None for key in store.stored_keys())


# -- a disk that fails ------------------------------------------------------------------------

FAILURES = [errno.EROFS, errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT]


class Failing:
    """Every ``n``-th call that changes a file below ``folder`` fails once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, number: int) -> None:
        self.folder, self.number = str(folder), number
        self.at = self.count = 0
        self.failed = False
        for name in ("mkdir", "rename", "replace", "link"):
            monkeypatch.setattr(os, name, self._wrap(getattr(os, name)))
        import io

        monkeypatch.setattr(io, "open", self._wrap(io.open, mode=True))

    def _wrap(self, function: Callable[..., Any], mode: bool = False) -> Callable[..., Any]:
        def wrapped(path: Any, *args: Any, **kwargs: Any) -> Any:
            reading = mode and "w" not in str(args[:1]) and "a" not in str(args[:1])
            if (
                isinstance(path, str | os.PathLike)
                and os.fspath(path).startswith(self.folder)
                and not reading
            ):
                self.count += 1
                if self.at and self.count == self.at:
                    self.failed = True
                    raise OSError(self.number, os.strerror(self.number), os.fspath(path))
            return function(path, *args, **kwargs)

        return wrapped


def outcome(work: Callable[[], Any]) -> MachineError | None:
    """The error that ended some work, if one did."""
    try:
        work()
    except MachineError as error:
        return error
    return None


@pytest.mark.parametrize("number", FAILURES)
def test_each_write_that_fails_is_one_line_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    root = tmp_path / "store"
    store = Store(root, durable=False)
    disk = Failing(monkeypatch, root, number)

    def work() -> None:
        store.open()
        store.put(KEY, result(), {})
        store.write_file(root / "runs" / "x.json", b"{}")

    errors = []
    for at in range(1, 60):
        shutil.rmtree(root, ignore_errors=True)
        disk.count, disk.at, disk.failed = 0, at, False
        error = outcome(work)
        if error is not None:
            errors.append(error)
        if not disk.failed:
            break
        disk.at = 0
        assert store.head(KEY) is None or store.get(KEY) is not None
        work()
        assert store.get(KEY) is not None
        assert list((root / "tmp").iterdir()) == []
    assert not disk.failed, "the loop ended before every write had failed once"
    assert len(errors) >= 10
    for error in errors:
        assert error.exit_code == 4
        assert str(error).startswith(str(root))
        assert os.strerror(number) in str(error)
        assert "\n" not in str(error)
        assert ("--store DIR" in str(error)) == (number != errno.EIO)


@pytest.mark.parametrize("number", FAILURES)
def test_a_run_on_a_disk_that_fails(
    room: Room, write_study: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = write_study(TWO)
    root = path.parent / ".polylyte"
    disk = Failing(monkeypatch, root, number)
    reasons: list[str] = []

    def work() -> None:
        _, ended = run(path)
        failed = [e.reason for e in ended.values() if e.ending == "failed"]
        assert exit_code(ended) == (4 if failed else 0)
        reasons.extend(failed)

    for at in range(1, 100, 3):
        shutil.rmtree(root, ignore_errors=True)
        disk.count, disk.at, disk.failed = 0, at, False
        error = outcome(work)
        if error is not None:
            reasons.append(str(error))
        if not disk.failed:
            break
        disk.at = 0
        again, ended = run(path)
        assert exit_code(ended) == 0
        assert all(step.result is not None for step in again.steps)
    assert not disk.failed, "the loop ended before every write had failed once"
    assert len(reasons) >= 5
    assert all(os.strerror(number) in reason and "\n" not in reason for reason in reasons)
    assert "internal error" not in str(reasons)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=200", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(line, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_loses_nothing(small_disk: Path) -> None:
    store = Store(small_disk / "store", durable=True).open()
    kept: list[str] = []

    def fill() -> None:
        for i in range(100):
            key = f"ab{i:062x}"
            store.put(key, result(float(i), 500), {})
            kept.append(key)

    with pytest.raises(MachineError, match=r"No space left on device.*--store DIR") as caught:
        fill()
    assert "\n" not in str(caught.value)
    assert len(kept) > 3
    for i, key in enumerate(kept):
        stored = store.get(key)
        assert stored is not None
        assert stored.quantities["x"].value == float(i)
    assert store.stored_keys() == kept
    assert list((store.root / "tmp").iterdir()) == []
    store.remove(kept.pop())
    store.put(KEY, result(), {})
    assert store.get(KEY) is not None


def test_a_read_only_disk_answers_what_it_holds(
    room: Room, write_study: Callable[[str], Path], small_disk: Path
) -> None:
    path = write_study('[step.a]\nmethod = "toy.add"\na = 1\nb = 1\n')
    run(path, store=small_disk / "store")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    # What is held can still be looked at.
    study = studies.load(path)
    store = open_store(study, small_disk / "store")
    assert len(store.stored_keys()) == 1
    with pytest.raises(MachineError, match=r"Read-only file system.*--store DIR"):
        run(path, store=small_disk / "store")
    with pytest.raises(MachineError, match="Read-only file system"):
        run(path, store=small_disk / "another")


@pytest.mark.parametrize("ask", [Store.get, Store.head])
def test_a_disk_that_does_not_read_is_the_machines_fault(
    store: Store, ask: Callable[[Store, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(KEY, result(), {})

    def broken(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("pathlib.Path.read_bytes", broken)
    monkeypatch.setattr("builtins.open", broken)
    with pytest.raises(
        MachineError, match=r"cannot be read \(Input/output error\); check the disk"
    ):
        ask(store, KEY)
    monkeypatch.undo()
    assert store.get(KEY) is not None
