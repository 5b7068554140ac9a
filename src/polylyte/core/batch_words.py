"""What dask-jobqueue leaves to its user: how batch systems are told threads, memory and walltime.

Slurm, PBS, Moab and LSF are told all three by the package itself. The others have words of their
own, some of them each site's: a site's keys say those.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from polylyte.core.needs import Needs


def filled(options: Mapping[str, Any], wanted: Needs, cluster: str) -> dict[str, Any]:
    """A site's own keys for jobs of one size, with the defaults of a batch system.

    In texts ``{threads}``, ``{seconds}``, ``{megabytes}`` and ``{megabytes_per_thread}`` stand for
    what a method declares.
    """
    amounts = {
        "{threads}": str(wanted.threads),
        "{seconds}": str(wanted.walltime),
        "{megabytes}": str(math.ceil(wanted.memory / 1e6)),
        "{megabytes_per_thread}": str(math.ceil(wanted.memory / wanted.threads / 1e6)),
    }
    defaults = _DEFAULTS.get(cluster, {})
    own = {**defaults, **options}
    for key, value in defaults.items():
        if isinstance(value, dict) and isinstance(options.get(key), dict):
            own[key] = {**value, **options[key]}
    return {key: _replaced(value, amounts) for key, value in own.items()}


_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # Slots of a parallel environment, which sites name as they like; memory is counted per slot.
    "SGECluster": {
        "resource_spec": "h_vmem={megabytes_per_thread}M",
        "job_extra_directives": ["-pe smp {threads}"],
    },
    # A job that takes longer is held.
    "HTCondorCluster": {
        "disk": "1GB",
        "job_extra_directives": {"allowed_job_duration": "{seconds}"},
    },
    # Memory is a property of a core, which sites name as they like.
    "OARCluster": {"memory_per_core_property_name": "not_applicable"},
}


def _replaced(value: Any, amounts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, amount in amounts.items():
            value = value.replace(name, amount)
        return value
    if isinstance(value, list):
        return [_replaced(item, amounts) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, amounts) for key, item in value.items()}
    return value


def until(seconds: int) -> list[str]:
    """Lines of a job script that say when its tasks are to save their state.

    Without brackets behind a dollar sign: HTCondor would take them for a word of its own.
    """
    return [
        "POLYLYTE_BEGAN=`date +%s`",
        f"export POLYLYTE_UNTIL=`expr $POLYLYTE_BEGAN + {seconds}`",
    ]


def clock(seconds: int, cluster: str) -> str:
    """A walltime as a batch system writes it."""
    minutes = math.ceil(seconds / 60)
    if cluster == "LSFCluster":
        return f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
