"""The command line: each command is a few lines over the rooms."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polylyte import __version__
from polylyte.cli import export, foresee, literature
from polylyte.core.errors import MachineError, PolylyteError

if TYPE_CHECKING:
    from polylyte.core.runs import Run
    from polylyte.core.store import Store

START = """\
polylyte turns raw files of polymer-electrolyte lithium-metal batteries into a checked report.
  polylyte demo            a small virtual laboratory, run and shown in a browser
  polylyte init FOLDER     look at your raw files and write a study that runs as it is
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 2 (bad input), 3 (not answerable) or 4 (machine)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments:
        sys.stdout.write(START)
        return 0
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except PolylyteError as error:
        sys.stderr.write(f"polylyte: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("polylyte: stopped; run the same line again to go on\n")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"polylyte: {where}{error.strerror or error}\n")
        return MachineError.exit_code
    except Exception as error:
        return _internal(error)


def _internal(error: Exception) -> int:
    import os
    import traceback

    if os.environ.get("POLYLYTE_TRACEBACK"):
        traceback.print_exc()
    last = traceback.extract_tb(error.__traceback__)[-1]
    sys.stderr.write(
        f"polylyte: internal error: {type(error).__name__}: {' '.join(str(error).split())} "
        f"({Path(last.filename).name}:{last.lineno}); please report it "
        "(POLYLYTE_TRACEBACK=1 shows the trace)\n"
    )
    return MachineError.exit_code


class _Parser(argparse.ArgumentParser):
    """One clear line and exit code 2 for a wrong command line."""

    def error(self, message: str) -> Any:
        sys.stderr.write(f"polylyte: {message}; see '{self.prog} --help'\n")
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="polylyte", description=START.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"polylyte {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> _Parser:
        made: _Parser = commands.add_parser(name, help=help, description=help)
        made.set_defaults(command=run)
        return made

    def study(made: _Parser) -> None:
        made.add_argument(
            "study", nargs="?", type=Path, default=Path("study.toml"), metavar="STUDY"
        )
        made.add_argument(
            "--store", type=Path, help="folder of the store (default: beside the study)"
        )

    made = command("demo", _demo, "write virtual raw files, run them, open the report")
    made.add_argument("folder", nargs="?", type=Path, default=Path("polylyte-demo"), metavar="DIR")
    made.add_argument("--no-browser", action="store_true", help="do not open the report")
    made = command("init", _init, "look at the raw files of a folder and write study.toml")
    made.add_argument("folder", type=Path, metavar="FOLDER")
    study(command("check", _check, "check a study without computing"))
    study(command("plan", _plan, "show what a run would do with each step"))
    made = command("run", _run, "run a study and write its report")
    study(made)
    made.add_argument("--json", action="store_true", help="print one line of JSON")
    made.add_argument("--jobs", type=int, help="worker processes (default: one per core)")
    made.add_argument("--site", default="local", metavar="NAME", help="a site of sites.toml")
    made.add_argument(
        "--report", type=Path, metavar="DIR", help="report folder (default: beside the study)"
    )
    study(command("status", _status, "show how the last run ended and what changed since"))
    made = command("why", _why, "show where a number comes from, down to file bytes")
    made.add_argument("quantity", metavar="STEP.QUANTITY")
    study(made)
    study(command("diff", _diff, "show what changed between the last two runs"))
    made = command("report", _report, "write the report of the last run again")
    study(made)
    made.add_argument(
        "--report", type=Path, metavar="DIR", help="report folder (default: beside the study)"
    )
    made = command("export", _export, "write the last run as an RO-Crate")
    study(made)
    export.declare(made)
    made = command("methods", _methods, "list the methods, or describe one")
    made.add_argument("method", nargs="?", metavar="METHOD")
    made.add_argument("--json", action="store_true", help="print JSON")
    made = command("call", _call, "run one method on its own")
    made.add_argument("method", metavar="METHOD")
    made.add_argument("--in", dest="inputs", action="append", default=[], metavar="NAME=FILE")
    made.add_argument("--set", dest="values", action="append", default=[], metavar="NAME=VALUE")
    made.add_argument("--json", action="store_true", help="print one line of JSON")
    made.add_argument("--out", type=Path, metavar="DIR", help="where tables and files go")
    foresee.declare(command("foresee", _nothing, "say how well an experiment would do"))
    literature.declare(command("literature", _nothing, "ask published results, add your own"))
    study(command("gc", _gc, "clear the store of what no recent run uses"))
    return parser


def _nothing(options: argparse.Namespace) -> int:
    return 0


# -- studies ---------------------------------------------------------------------------------


def _planned(options: argparse.Namespace) -> Any:
    from polylyte.core import study
    from polylyte.core.plan import plan
    from polylyte.core.session import open_store

    loaded = study.load(options.study)
    store = open_store(loaded, options.store)
    return loaded, store, plan(loaded, store)


def _check(options: argparse.Namespace) -> int:
    study, _, planned = _planned(options)
    declared = sum(map(len, study.sections.values()))
    print(
        f"{study.path}: {len(planned.steps)} steps, {declared} declarations, "
        f"{len(study.expected)} published values"
    )
    problems = [p.problem for p in planned.steps.values() if p.problem is not None]
    for problem in problems:
        sys.stderr.write(f"polylyte: {problem}\n")
    return problems[0].exit_code if problems else 0


def _plan(options: argparse.Namespace) -> int:
    _, _, planned = _planned(options)
    width = max((len(name) for name in planned.steps), default=0)
    for name, item in planned.steps.items():
        after = f"  after {', '.join(item.upstream)}" if item.upstream else ""
        print(f"{name:{width}}  {item.state:7}  {item.step.method}{after}")
        if item.problem:
            print(f"{'':{width}}  {item.problem}")
    return 0


def _run(options: argparse.Namespace) -> int:
    from functools import partial

    from polylyte.cli.showing import run_json
    from polylyte.core import sites
    from polylyte.core.pool import process_pool
    from polylyte.core.session import exit_code, run_study

    line = f"polylyte run {options.study}" + (f" --store {options.store}" if options.store else "")
    line += f" --site {options.site}" if options.site != "local" else ""
    site = sites.find(options.site)
    _stop_politely()
    with _progress(quiet=options.json) as listen:
        run, ended = run_study(
            options.study,
            store=options.store,
            pool=partial(process_pool, options.jobs) if options.jobs else None,
            site=site,
            listen=listen,
            command=line,
        )
    report = _write_report(run, options.report)
    if options.json:
        print(json.dumps(run_json(run, report), ensure_ascii=False))
    else:
        _print_run(run, report)
    for step in run.steps:
        if step.status in ("failed", "refused"):
            sys.stderr.write(f"polylyte: {step.name} {step.status}: {step.reason}\n")
        # a file that could not be read did not stop its step: here is its name
        for finding in step.result.findings if step.result is not None else ():
            if finding.severity == "error":
                where = f"{finding.where}: " if finding.where else ""
                sys.stderr.write(f"polylyte: {step.name}: {where}{finding.text}\n")
    if any(e.ending == "stopped" and "run again" in e.reason for e in ended.values()):
        sys.stderr.write(f"polylyte: stopped; what is done is kept; to go on: {line}\n")
        return exit_code(ended) or 130
    return exit_code(ended)


def _stop_politely() -> None:
    """A driver that is told to end (by a batch system, say) stops as with Ctrl-C."""
    import signal
    import threading

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


def _write_report(run: Run, folder: Path | None) -> Path:
    from polylyte.core.store import machine_errors
    from polylyte.report.write import write_report

    target = folder or run.path.parent / "report"
    with machine_errors(target):
        return write_report(run, target)


def _print_run(run: Run, report: Path) -> None:
    from polylyte.report.summary import summary_table

    counts: dict[str, int] = {}
    for step in run.steps:
        counts[step.status] = counts.get(step.status, 0) + 1
    print(summary_table(run))
    print(f"\n{', '.join(f'{n} {status}' for status, n in counts.items())} in {run.seconds:.1f} s")
    print(f"report: {report}")


def _status(options: argparse.Namespace) -> int:
    from polylyte.core.keys import code
    from polylyte.core.methods import get
    from polylyte.core.session import last_run, recall
    from polylyte.core.study import REPLICATES
    from polylyte.core.watch import running, told

    study, store, planned = _planned(options)
    now = running(store, study.path)
    print("\n".join(line for state in now for line in told(state)), end="\n" if now else "")
    if now and not recall(store, study.path):
        return 0
    record = last_run(store, study.path)
    print(f"{record['title']}: last run {record['started']}")
    for name, item in planned.steps.items():
        seen = record["steps"].get(name)
        line = f"{name}: {seen['ending'] if seen else 'new'}"
        if item.state != "cached" and seen and seen["key"]:
            line += " then; now to run again, for something it depends on changed"
        head = planned.heads.get(name)
        if head and item.step.method != REPLICATES:
            by_version = get(item.step.method).declared.cache == "version"
            if by_version and head.get("code") != code(item.step.method).digest:
                line += ", made by older code of the same version"
        print(line + (f" ({seen['reason']})" if seen and seen["reason"] else ""))
    return 0


def _opened(options: argparse.Namespace) -> tuple[Path, Store]:
    from polylyte.core import study
    from polylyte.core.session import open_store

    loaded = study.load(options.study)
    return loaded.path, open_store(loaded, options.store)


def _why(options: argparse.Namespace) -> int:
    from polylyte.core.session import last_run
    from polylyte.core.why import why

    path, store = _opened(options)
    print("\n".join(why(options.quantity, last_run(store, path), store)))
    return 0


def _diff(options: argparse.Namespace) -> int:
    from polylyte.core.errors import InputError
    from polylyte.core.session import recall
    from polylyte.core.why import diff

    path, store = _opened(options)
    records = recall(store, path)
    if len(records) < 2:
        raise InputError(
            "has been run fewer than two times", where=str(path), remedy=f"polylyte run {path}"
        )
    lines = diff(records[-2], records[-1], store)
    print("\n".join(lines) if lines else "no quantity changed")
    return 0


def _report(options: argparse.Namespace) -> int:
    from polylyte.core.session import from_store

    path, store = _opened(options)
    run = from_store(path, store)
    print(f"report: {_write_report(run, options.report)}")
    return 0


def _export(options: argparse.Namespace) -> int:
    return export.write(*_opened(options), options)


def _gc(options: argparse.Namespace) -> int:
    from polylyte.core.gc import collect

    _, store = _opened(options)
    cleared = collect(store)
    print(
        f"removed {cleared.results} results, {cleared.sweeps} sweeps and {cleared.scratch} scratch "
        f"folders ({cleared.bytes / 1e6:.1f} MB)"
    )
    return 0


# -- methods ---------------------------------------------------------------------------------


def _methods(options: argparse.Namespace) -> int:
    from polylyte.cli.showing import method_json, method_text
    from polylyte.core import discovery
    from polylyte.core.methods import get

    names = [options.method] if options.method else discovery.names("method")
    if options.json:
        print(json.dumps([method_json(get(name)) for name in names], ensure_ascii=False))
    elif options.method:
        print(method_text(get(options.method)))
    else:
        for name in names:
            print(f"{name:32} {' '.join(get(name).summary.split())}")
    return 0


def _call(options: argparse.Namespace) -> int:
    from polylyte.cli.showing import call_text
    from polylyte.core.calling import answer

    inputs, values = _pairs(options.inputs, "--in"), _pairs(options.values, "--set")
    outcome = answer(options.method, inputs, values, options.out, write=options.json)
    if options.json:
        print(json.dumps(outcome, ensure_ascii=False))
        return 0
    print(call_text(outcome))
    return 0


def _pairs(texts: Sequence[str], option: str) -> list[tuple[str, str]]:
    from polylyte.core.errors import InputError

    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"'{text}' is not NAME=VALUE", where=option)
        pairs.append((name.strip(), value))
    return pairs


# -- first five minutes ------------------------------------------------------------------------


def _demo(options: argparse.Namespace) -> int:
    from polylyte.cli.demo import demo

    return demo(options.folder, browser=not options.no_browser)


def _init(options: argparse.Namespace) -> int:
    from polylyte.cli.init import init

    print(init(options.folder))
    return 0


def _progress(*, quiet: bool) -> Any:
    from polylyte.cli.progress import progress

    return progress(quiet=quiet)
