"""Store writes killed at any instant: what was acknowledged is there, nothing is half there."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import time
from pathlib import Path
from unittest import mock

from polylyte.core import store as stores
from polylyte.core.encoding import Encoded, encode
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.core.store import Store
from polylyte.core.tables import Table


def key(i: int) -> str:
    return f"{i % 256:02x}{i:062x}"


def content(i: int) -> Encoded:
    made = Result(
        more={"x": Quantity(float(i), "um", {"~fit": 0.1})},
        more_tables={"t": Table.of({"n": [float(i)] * 50})},
        files={"raw.bin": i.to_bytes(4, "big") * 2000},
    )
    return encode(made, run_name="r")


def killed_writes(folder: Path, count: int, seed: int = 0) -> dict[str, float]:
    """Fork ``count`` writers and kill each at a random instant of its writing.

    A writer puts one result after the other and overwrites one file, and acknowledges each
    through a pipe after the call has returned.
    """
    rng = random.Random(seed)
    store = Store(folder, durable=False).open()
    figures = dict.fromkeys(("lost", "corrupt", "acknowledged", "whole though not acknowledged"), 0)
    inside = 0
    began = time.perf_counter()
    made = content(0)
    # The threads of polars do not survive a fork: the bytes of the tables are made before.
    ready = {id(table): stores.table_bytes(table) for table in made.tables.values()}
    with mock.patch.object(stores, "table_bytes", lambda table: ready[id(table)]):
        for i in range(count):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                write_without_end(store, made, i, writing)
            os.close(writing)
            os.read(reading, 1)
            time.sleep(rng.random() * 0.004)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            said = b"".join(iter(lambda end=reading: os.read(end, 65536), b""))
            os.close(reading)
            check(store, i, said.count(b"+"), figures)
            left = list((folder / "tmp").iterdir())
            inside += bool(left)
            for entry in left:
                remove(entry)
    return {
        "killed writers": count,
        **figures,
        "killed between the first and the last call of a write": inside,
        "seconds": round(time.perf_counter() - began, 1),
    }


def write_without_end(store: Store, made: Encoded, writer: int, pipe: int) -> None:
    try:
        os.write(pipe, b"0")
        for n in itertools.count():
            store.put(key(writer * 1000 + n), made, {"method": "campaign"})
            os.write(pipe, b"+")
            store.write_file(store.root / "scratch" / "state", b"%08d" % n * 500)
    finally:
        os._exit(0)


def check(store: Store, writer: int, acknowledged: int, figures: dict[str, int]) -> None:
    """What one writer left: every result it was told is kept, and at most one more."""
    figures["acknowledged"] += acknowledged
    for n in range(acknowledged + 1):
        name = key(writer * 1000 + n)
        exists = store.folder(name).exists()
        found = store.get(name) if exists else None
        if found is None:
            figures["corrupt"] += exists
            figures["lost"] += n < acknowledged
            continue
        same = found.quantities["x"].value == 0.0 and len(found.tables["t"]) == 50
        figures["corrupt"] += not (same and found.files["raw.bin"].read_bytes() == bytes(8000))
        figures["whole though not acknowledged"] += n == acknowledged
        store.remove(name)
    state = store.root / "scratch" / "state"
    if state.exists():
        text = state.read_bytes()
        figures["corrupt"] += text != text[:8] * 500


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
