"""Which process holds something, and whether it still lives (a pid alone is reused)."""

from __future__ import annotations

import os
import platform
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


def me() -> str:
    """``host.pid.start``: a name no other process has had."""
    return f"{platform.node().replace('.', '-')}.{os.getpid()}.{start_time(os.getpid())}"


def is_dead(name: str) -> bool:
    """Whether ``name`` (from :func:`me`) is a process of this machine that has ended.

    A process of another machine cannot be asked, so it counts as alive.
    """
    host, pid, started = [*name.split("."), "", "", ""][:3]
    if host != platform.node().replace(".", "-") or not pid.isdigit():
        return False
    return start_time(int(pid)) != started
