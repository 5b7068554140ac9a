"""Real runs, killed: the rerun is byte-identical and repeats only what was in flight."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

from tests.campaign import room as rooms
from tests.campaign.room import Runs

WHO = ("driver", "worker", "all")


def children(pid: int) -> list[int]:
    """Processes below one, those of the pool first."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        found = [int(c) for t in tasks for c in (t / "children").read_text().split()]
    except OSError:
        return []
    return found


def pool(pid: int) -> list[int]:
    """The pool's processes: not the tracker of resources."""
    found = []
    for child in children(pid):
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
        except OSError:
            continue
    return found


def kill(driver: int, who: str, rng: random.Random) -> str:
    """Who was killed: the driver where there is no worker yet."""
    workers = pool(driver)
    if who == "all":
        os.killpg(driver, signal.SIGKILL)
    elif who == "worker" and workers:
        os.kill(rng.choice(workers), signal.SIGKILL)
        return "worker"
    else:
        os.kill(driver, signal.SIGKILL)
        return "driver"
    return who


def killed_runs(folder: Path, count: int, seed: int = 0) -> dict[str, float]:
    """Kill runs until ``count`` kills are done, each study being rerun until it is complete."""
    rng = random.Random(seed)
    room = folder / "room"
    rooms.make(room)
    kills = dict.fromkeys(WHO, 0)
    different = repeated = studies = in_flight = orphans = ended = 0
    began = time.perf_counter()
    while sum(kills.values()) < count:
        studies += 1
        at = folder / f"study{studies}"
        path = rooms.study(at, seed=studies)
        reference = Runs(room, path, at / "reference", at / "trace.reference")
        process = reference.start()
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        runs = Runs(room, path, at / "store", at / "trace")
        while True:
            before, kept = runs.marks(), rooms.stored_steps(runs.store)
            process = runs.start()
            who, workers = "", list[int]()
            # A run outlives a killed worker; its tasks outlive two of them.
            for _ in range(2):
                wanted = sum(runs.marks().values()) + rng.randint(0, 12)
                while process.poll() is None and sum(runs.marks().values()) < wanted:
                    time.sleep(0.01)
                time.sleep(rng.random() * 0.04)
                if process.poll() is not None or sum(kills.values()) >= count:
                    break
                workers += pool(process.pid)
                who = kill(process.pid, rng.choice(WHO), rng)
                kills[who] += 1
                if who != "worker":
                    break
            process.communicate(timeout=300)
            gone = time.monotonic() + 30
            while any(Path(f"/proc/{w}/stat").exists() and alive(w) for w in workers):
                if time.monotonic() > gone:
                    orphans += 1
                    break
                time.sleep(0.02)
            made = runs.marks() - before
            repeated += sum(made[name] for name in kept)
            in_flight += sum((made & before).values())
            in_flight += sum(n - 1 for name, n in made.items() if name != "map")
            ended += who == "worker" and process.returncode != 0
            if process.returncode == 0:
                break
        different += rooms.numbers(runs.store) != rooms.numbers(reference.store)
        shutil.rmtree(at)
    return {
        "SIGKILLs": sum(kills.values()),
        **{f"of the {who}": n for who, n in kills.items()},
        "studies": studies,
        "reruns that differ": different,
        "results computed again although kept": repeated,
        "computations repeated, in flight when killed": in_flight,
        "runs ended by a killed worker": ended,
        "processes left behind": orphans,
        "seconds": round(time.perf_counter() - began, 1),
    }


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eight_runs(folder: Path, rounds: int) -> dict[str, float]:
    """Eight runs of one study on one store at once."""
    room = folder / "room"
    rooms.make(room)
    failed = different = twice = 0
    for i in range(rounds):
        at = folder / f"round{i}"
        path = rooms.study(at, seed=1000 + i, steps=10)
        runs = [Runs(room, path, at / "store", at / "trace") for _ in range(8)]
        processes = [run.start() for run in runs]
        outputs = [process.communicate(timeout=300) for process in processes]
        failed += sum(process.returncode != 0 for process in processes)
        answers = {json.dumps(json.loads(out or "{}").get("quantities")) for out, _ in outputs}
        different += len(answers) != 1
        marks = runs[0].marks()
        twice += sum(n - 1 for name, n in marks.items() if name.startswith("long"))
    return {
        "rounds of eight runs on one store": rounds,
        "runs that failed": failed,
        "rounds with different answers": different,
        "leased work done twice": twice,
    }
