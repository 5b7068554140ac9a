"""``polylyte demo``: raw files of a virtual sample, a run that shows truth beside result."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path

from polylyte.core import study as studies
from polylyte.core.binding import Context
from polylyte.core.execution import process_pool
from polylyte.core.package_data import package_data
from polylyte.core.quantities import q
from polylyte.core.session import exit_code, run_study
from polylyte.core.store import machine_errors

TEMPERATURES = (25, 35, 45, 55, 65)


def demo(folder: Path, *, browser: bool) -> int:
    """Write the demonstration into ``folder`` (kept if it is there), run it, open the report."""
    from polylyte.cli.progress import progress
    from polylyte.report.summary import summary_table
    from polylyte.report.write import write_report

    path = folder / "study.toml"
    if not path.exists():
        write(folder)
    with progress(quiet=False) as listen:
        run, ended = run_study(path, pool=process_pool, listen=listen)
    report = write_report(run, folder / "report")
    print(summary_table(run))
    print("every number above was simulated: 'put in' is the truth behind the files")
    print(f"report: {report}")
    if browser and sys.stdout.isatty():
        webbrowser.open(report.resolve().as_uri())
    return exit_code(ended)


def write(folder: Path) -> None:
    """The study and its raw files, as Gamry instruments would write them."""
    from polylyte.virtual.chronoamperometry import chronoamperometry
    from polylyte.virtual.impedance import impedance

    with machine_errors(folder):
        (folder / "raw").mkdir(parents=True, exist_ok=True)
        (folder / "study.toml").write_bytes(package_data("cli/demo.toml"))
    study = studies.load(folder / "study.toml")
    sample = Context(study).section("sample", "film", str(study.path))
    spectra = impedance(
        sample=sample,
        temperatures=[q(f"{t} degC") for t in TEMPERATURES],
        noise=q("0.5 %"),
        seed=1,
    )
    polarisation = chronoamperometry(sample=sample, noise=q("0.3 %"), seed=2)
    with machine_errors(folder):
        for name, content in {**spectra.files, **polarisation.files}.items():
            (folder / "raw" / name).write_bytes(content)
