"""The progress display of a run: what runs, what was cached, the time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from polylyte.core.execution import Event


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Event], None]]:
    """A listener for a run; plain lines where the output is not a terminal."""
    if quiet:
        yield lambda event: None
    elif sys.stderr.isatty():
        with _bars() as listen:
            yield listen
    else:
        yield _line


def _line(event: Event) -> None:
    ended = event.ended
    if ended is None or event.kind != "ended":
        return
    seconds = f" in {ended.seconds:.1f} s" if ended.ending == "done" else ""
    reason = f": {ended.reason}" if ended.reason else ""
    sys.stderr.write(f"  {ended.step}: {ended.ending}{seconds}{reason}\n")


@contextmanager
def _bars() -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[message]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    counts = {"done": 0, "cached": 0}
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def listen(event: Event) -> None:
            name = event.step
            if event.kind == "started":
                tasks[name] = bars.add_task(name, total=1.0, message="")
            elif event.kind == "progress" and name in tasks:
                bars.update(tasks[name], completed=event.fraction, message=event.message)
            elif event.ended is not None:
                counts[event.ended.ending] = counts.get(event.ended.ending, 0) + 1
                if name in tasks:
                    bars.remove_task(tasks.pop(name))
                if event.ended.ending not in ("cached",):
                    bars.console.print(f"  {name}: {event.ended.ending}", highlight=False)

        yield listen
    sys.stderr.write("  " + ", ".join(f"{n} {ending}" for ending, n in counts.items() if n) + "\n")
