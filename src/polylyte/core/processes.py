"""Which process holds something, and whether it still lives (a pid alone is reused)."""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from pathlib import Path


def start_time(pid: int) -> str:
    """When a process of this machine started, in the kernel's own ticks; "" if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self").exists() or not _exists(pid) else "unknown"
    return "" if fields[0] == "Z" else fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@cache
def here() -> str:
    """The machine since it started, and the pids seen from here.

    Containers may share a host name, and a pid means another process in each of them; a boot id
    and a pid namespace belong to one.
    """
    marks = [platform.node(), _text("/proc/sys/kernel/random/boot_id"), _link("/proc/self/ns/pid")]
    mark = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:8]
    return f"{platform.node().replace('.', '-')}-{mark}"


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def me() -> str:
    """``host.pid.start``: a name no other process has had."""
    return _named(os.getpid())


@cache
def _named(pid: int) -> str:
    return f"{here()}.{pid}.{start_time(pid)}"


def is_dead(name: str) -> bool:
    """Whether ``name`` (from :func:`me`) is a process of this machine that has ended.

    A process of another machine, of another container or of this machine before it was started
    anew cannot be asked, so it counts as alive.
    """
    host, pid, started = [*name.split("."), "", "", ""][:3]
    if host != here() or not pid.isdigit():
        return False
    return start_time(int(pid)) != started
