"""Whether jobs that wait in the queue of a batch system are still there.

A job that is cancelled while it waits tells nobody: its worker never comes, and whoever waits for
it would wait for ever. So the queue is asked now and then, in one question for all jobs.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Collection

EVERY = 10.0
"""Seconds between two questions."""
_LISTS = {
    "slurm": "squeue --me --noheader --format=%A",
    "pbs": "qstat",
    "sge": "qstat",
    "lsf": "bjobs -noheader -o jobid",
    "htcondor": "condor_q -autoformat ClusterId",
    "oar": "oarstat",
    "moab": "showq",
}
"""What lists the jobs that wait and run."""


class QueueWatch:
    """Names the jobs that are missing from two lists in a row."""

    def __init__(self, kind: str) -> None:
        self._line = shlex.split(_LISTS.get(kind, ""))
        self._asked = time.monotonic()
        self._missed: set[str] = set()

    def gone(self, jobs: Collection[str]) -> set[str]:
        """Of jobs that wait, by number, those that the queue no longer has."""
        now = time.monotonic()
        if not self._line or not jobs or now - self._asked < EVERY:
            return set()
        self._asked = now
        listed = self._listed()
        if listed is None:  # it does not answer: nothing is known
            return set()
        missing = {job for job in jobs if job.split(".")[0] not in listed}
        gone = missing & self._missed
        self._missed = missing - gone
        return gone

    def _listed(self) -> set[str] | None:
        """Each number of the list; one too many only means that a job counts as there."""
        try:
            done = subprocess.run(self._line, capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return set(re.findall(r"\d+", done.stdout)) if done.returncode == 0 else None
