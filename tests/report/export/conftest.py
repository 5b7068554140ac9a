"""A small study with a raw record, a file of a virtual step, a card and a refusal, run once."""

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

STUDY = """
[study]
title = "Two numbers & a line"
description = "An efficiency, from a file and from a virtual record, and a slope."
authors = ["A. Author (0000-0002-1825-0097)", "B. Author"]
licence = "CC-BY-4.0"

[sample.film]
coulombic_efficiency = "98 %"
conductivity = "0.8 mS/cm"
reference_temperature = "25 degC"
activation_energy = "32 kJ/mol"
transference_number = "0.55"
thickness = "60 um"
area = "2.01 cm^2"

[step.made]
method = "virtual.aurbach"
sample = "film"
cycles = 2
interval = "600 s"

[step.efficiency]
method = "lithium.aurbach"
data = "raw/cell A.mpt"

[step.again]
method = "lithium.aurbach"
data = { step = "made", file = "*.mpt" }

[step.slope]
method = "transport.activation"
conductivity = "raw/sigma.csv"
form = "ln_sigma"

[step.refused]
method = "transport.activation"
conductivity = "raw/short.csv"

[step.mixture]
method = "recipe.composition"
recipe = "cards.toml#mix"

[recipe.gel]
LiTFSI = "1.1 mol/L"
DOL = "0.37 mL"
SN = "3 mol%"
TXE = "rest"
molarity_per = "solution"

[cell.pouch]
format = "pouch"
average_voltage = "3.8(1) V"
anode = { material = "Li", thickness = "50 um" }
liquid = { material = "gel", electrolyte_to_capacity = "2.0 g/Ah" }
separator = { material = "PE", thickness = "12 um", porosity = 0.4 }

[cell.pouch.cathode]
material = "NCM811"
loading = "18.1 mg/cm^2"
loading_of = "coating"
active_fraction = "97.8 wt%"
specific_capacity = "210 mAh/g"
thickness = "70 um"

[[cell.pouch.foils]]
material = "Al"
thickness = "8 um"
sides = 2

[[cell.pouch.foils]]
material = "Cu"
thickness = "6 um"

[cell.blocking]
stack = ["SS", "gel", "SS"]
thickness = "60(2) um"
area = "2.01(3) cm^2"
"""
CARDS = '[recipe.mix]\nLiPF6 = "1 mol/L"\nEC = "1 mL"\nDEC = "1 mL"\nmolarity_per = "solvent"\n'
SIGMA = "temperature / degC,conductivity / mS/cm\n25,0.80\n35,1.21\n45,1.80\n55,2.57\n"


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder after its run."""
    from polylyte.core.execution import InProcess
    from polylyte.core.session import run_study
    from polylyte.report.write import write_report

    folder: Path = tmp_path_factory.mktemp("ran") / "study"
    (folder / "raw").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY)
    (folder / "cards.toml").write_text(CARDS)
    (folder / "raw" / "sigma.csv").write_text(SIGMA)
    (folder / "raw" / "short.csv").write_text("\n".join(SIGMA.splitlines()[:3]) + "\n")
    shutil.copyfile(_record(folder), folder / "raw" / "cell A.mpt")
    run, _ = run_study(folder, pool=lambda: nullcontext(InProcess()), durable=False)
    assert {step.name: step.status for step in run.steps} == {
        "made": "done", "efficiency": "done", "again": "done", "slope": "done",
        "refused": "refused", "mixture": "done",
    }  # fmt: skip
    # What is drawn once need not be drawn again for each crate.
    write_report(run, folder / "report")
    return folder


def _record(folder: Path) -> Path:
    """A record as an instrument writes it, from the virtual laboratory."""
    from polylyte.core import study as studies
    from polylyte.core.binding import Context
    from polylyte.core.quantities import q
    from polylyte.virtual.aurbach import aurbach

    sample = Context(studies.load(folder)).section("sample", "film", "test")
    made = aurbach(sample=sample, cycles=3, interval=q("600 s"), seed=7)
    target = folder.parent / "record.mpt"
    target.write_bytes(next(iter(made.files.values())))
    return target


@pytest.fixture(scope="session")
def exported(ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crate of the study, as a folder."""
    from polylyte.core.session import open_store
    from polylyte.core.study import load
    from polylyte.report.export import export

    target: Path = tmp_path_factory.mktemp("exported") / "crate"
    made = export(ran, open_store(load(ran)), target)
    assert made.path == target
    assert made.warnings == ()
    return target
