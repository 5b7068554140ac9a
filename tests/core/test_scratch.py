"""Scratch is leased: a live owner is waited for, a dead one is replaced."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from polylyte.core import processes, scratch
from polylyte.core.scratch import lease
from polylyte.core.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", durable=False).open()


def never() -> bool:
    return False


def always() -> bool:
    return True


def dead() -> str:
    code = "from polylyte.core.processes import me; print(me())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def hold(store: Store, name: str, silent: float = 0.0) -> Path:
    """As if another process held the lease, its last heartbeat ``silent`` seconds ago."""
    folder = store.root / "scratch/key"
    folder.mkdir()
    owner = folder / "owner"
    owner.write_text(name)
    (folder / "checkpoint").write_bytes(b"state")
    then = time.time() - silent
    os.utime(owner, (then, then))
    return owner


def test_a_lease_names_its_holder_and_is_given_back(store: Store) -> None:
    with lease(store, "key", never) as folder:
        assert folder == store.root / "scratch/key"
        assert (folder / "owner").read_text() == processes.me()
        assert [p.name for p in folder.iterdir()] == ["owner"]
    assert list((store.root / "scratch/key").iterdir()) == []


def test_a_dead_owners_lease_is_taken_over_with_its_checkpoint(store: Store) -> None:
    hold(store, dead())
    began = time.monotonic()
    with lease(store, "key", never) as folder:
        assert folder is not None
        assert (folder / "owner").read_text() == processes.me()
        assert (folder / "checkpoint").read_bytes() == b"state"
    assert time.monotonic() - began < 5


def test_a_live_owner_is_waited_for(store: Store) -> None:
    owner = hold(store, processes.me())
    threading.Timer(0.5, owner.unlink).start()
    began = time.monotonic()
    with lease(store, "key", never) as folder:
        assert folder is not None
    assert 0.4 < time.monotonic() - began < 5


def test_waiting_ends_when_the_run_is_asked_to_stop(store: Store) -> None:
    owner = hold(store, processes.me())
    with lease(store, "key", always) as folder:
        assert folder is None
    assert owner.read_text() == processes.me()


def test_an_owner_on_another_machine_is_believed_while_its_heart_beats(store: Store) -> None:
    hold(store, "elsewhere.123.456", silent=scratch.PATIENCE / 2)
    with lease(store, "key", always) as folder:
        assert folder is None


def test_an_owner_on_another_machine_that_is_silent_is_replaced(store: Store) -> None:
    hold(store, "elsewhere.123.456", silent=scratch.PATIENCE + 1)
    with lease(store, "key", never) as folder:
        assert folder is not None
        assert (folder / "owner").read_text() == processes.me()


def test_the_heart_beats(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "HEARTBEAT", 0.05)
    with lease(store, "key", never) as folder:
        assert folder is not None
        owner = folder / "owner"
        os.utime(owner, (1.0, 1.0))
        time.sleep(0.3)
        assert time.time() - owner.stat().st_mtime < 10


def test_a_lease_that_was_taken_over_is_not_given_back_by_its_old_holder(store: Store) -> None:
    with lease(store, "key", never) as folder:
        assert folder is not None
        (folder / "owner").write_text("elsewhere.123.456")
    assert (store.root / "scratch/key/owner").read_text() == "elsewhere.123.456"


def test_one_holder_at_a_time(store: Store) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with lease(store, "key", never):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


def test_which_process_is_dead() -> None:
    me = processes.me()
    host, pid, started = me.split(".")
    assert not processes.is_dead(me)
    assert not processes.is_dead(f"{me}.17")
    assert processes.is_dead(dead())
    # The pid has been given to another process since.
    assert processes.is_dead(f"{host}.{pid}.{int(started) - 1}")
    # Nobody here can tell of another machine, nor of a name that is none.
    assert not processes.is_dead(f"elsewhere.{pid}.1")
    assert not processes.is_dead("owner")


@pytest.mark.parametrize("mark", ["boot", "namespace"])
def test_a_process_of_another_container_with_this_host_name_is_not_taken_for_dead(
    mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = dead()
    assert processes.is_dead(gone)
    processes.here.cache_clear()
    name = "_text" if mark == "boot" else "_link"
    monkeypatch.setattr(processes, name, lambda path: "another")
    assert not processes.is_dead(gone)
    monkeypatch.undo()
    processes.here.cache_clear()
    assert processes.is_dead(gone)
