"""Many cells of several cyclers at once: bad ones are named, the rest are averaged and drawn."""

from contextlib import nullcontext

import numpy as np
import pytest

from polylyte.analysis.cycling.profile import figure as profile_figure
from polylyte.analysis.cycling.profile import profile
from polylyte.analysis.cycling.summary import figure, summary
from polylyte.core import methods, worker
from polylyte.core.binding import Context, bind
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.execution import InProcess
from polylyte.core.quantities import q
from polylyte.core.session import run_study
from polylyte.core.study import build
from polylyte.instruments.cycler_writer import write_cycler
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.report.draw import draw
from polylyte.report.plotly_spec import plotly
from polylyte.virtual.cycling import cycling
from polylyte.virtual.samples import Sample

VENDORS = ("biologic", "neware", "land", "arbin")


def file(k, *, cycles=8, samples=6):
    """Name and bytes of virtual cell ``k``; vendors take turns."""
    made = cycling(
        sample=Sample(name=f"cell{k:02d}"),
        cycles=cycles,
        samples=samples,
        fade=q(f"{0.1 * (1 + k % 3)} %"),
        scatter=q("0 %"),
        seed=k,
    )
    ((name, raw),) = made.files.items()
    vendor = VENDORS[k % 4]
    if vendor == "biologic":
        return name, raw
    record = CyclingRecord.from_recording(read_bytes(raw, name))
    # A rest before the first sample, where the cycler's counter stands at zero.
    columns = [np.concatenate([[v], a]) for v, a in (
        (0.0, record.time), (0.0, record.current), (record.potential[0], record.potential),
        (0.0, record.charge), (0, record.half_cycle // 2),
    )]  # fmt: skip
    time, current, potential, charge, cycle = columns
    raw = write_cycler(vendor, time, current, potential, charge=charge, cycle=cycle)
    return f"cell{k:02d}_{vendor}.csv", raw


def record(k, **more):
    name, raw = file(k, **more)
    return CyclingRecord.from_recording(read_bytes(raw, name))


def test_bad_files_are_named_and_the_rest_averaged(tmp_path, monkeypatch):
    raw = tmp_path / "raw"
    raw.mkdir()
    for k in range(12):
        name, content = file(k)
        if k == 4:
            content = content[:150]  # within the header
        if k == 9:
            content = b"%PDF-1.7\n"
        if k == 6:  # LAND: no current ever flows
            lines = content.decode().splitlines()
            names = lines[1].split(",")
            for row in range(2, len(lines)):
                cells = lines[row].split(",")
                for heading in ("Current/mA", "Capacity/mAh"):
                    cells[names.index(heading)] = "0.0"
                lines[row] = ",".join(cells)
            content = "\n".join(lines).encode()
        (raw / name).write_bytes(content)
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "batch"\n[step.batch]\nmethod = "cycling.summary"\ndata = "raw/cell*"\n'
    )
    run, ended = run_study(
        tmp_path / "study.toml", pool=lambda: nullcontext(InProcess()), durable=False
    )
    assert ended["batch"].exit_code == 0
    result = run.steps[0].result
    assert result is not None
    bad = {f.where.split("/")[-1].split(":")[0]: f.text for f in result.findings
           if f.severity == "error"}  # fmt: skip
    assert set(bad) == {"cell04_cycling.mpt", "cell06_land", "cell09_neware.csv"}
    assert "ends before its table" in bad["cell04_cycling.mpt"]
    assert bad["cell06_land"] == "left out: no current flows in this record"
    assert "PDF" in bad["cell09_neware.csv"]
    assert any("9 of 10 cells; left out: cell06_land" in warning for warning in result.warnings)
    # the truth, 7 cycles after the first, of the nine that are left
    kept = [k for k in range(12) if k not in (4, 6, 9)]
    true = np.array([100 - 7 * 0.1 * (1 + k % 3) for k in kept])
    assert result.quantities["retention"].value == pytest.approx(true.mean(), abs=0.005)
    assert result.quantities["retention_sd"].value == pytest.approx(true.std(ddof=1), abs=0.005)
    assert result.quantities["retention"].conditions["n"] == "9"
    assert result.quantities["number_of_cells"].value == 9
    # one verdict per test, not one per test and cell
    names = [v.name for v in result.verdicts]
    assert len(names) == len(set(names)) == 5
    # the reading of many files is shown
    monkeypatch.setattr(worker, "MANY", 12)
    method, told = methods.get("cycling.summary"), []
    study = Context(build({}, tmp_path / "study.toml"))
    arguments = bind(method, {"data": "raw/cell*"}, study, where="data", name="batch")
    worker.materialise(method, arguments, {}, [], lambda share, words: told.append((share, words)))
    assert told[0] == (0.0, "reading 1 of 12 files")
    assert told[-1][1] == "reading 12 of 12 files"


def test_all_bad_is_an_error():
    still = CyclingRecord(time=[0, 1, 2], current=[0, 0, 0], potential=[3, 3, 3])
    with pytest.raises(NotAnswerable, match="no current flows"):
        summary(data=[still, still])
    with pytest.raises(InputError, match="last_cycle: there is no cycle 99"):
        summary(data=[record(0), record(1)], last_cycle=99)


def test_a_cell_that_ends_early_is_left_out_or_told():
    cells = [record(0), record(1), record(2, cycles=5)]
    found = summary(data=cells)
    (verdict,) = [v for v in found.verdicts if v.name == "cells end at one cycle"]
    assert verdict.passed is False
    assert "5 to 8" in verdict.text
    found = summary(data=cells, last_cycle=8)
    assert found.number_of_cells.value == 2
    assert any(f.text.startswith("left out: there is no cycle 8") for f in found.findings)


def test_a_crowd_is_thin_lines_with_a_median_and_a_band():
    found = summary(data=[record(k) for k in range(12)])
    drawn = figure(found)
    for panel in drawn.panels:
        *lines, median = panel.series
        assert len(lines) == 12
        assert all(line.thin and not line.label for line in lines)
        assert median.label == "median"
    capacity = np.array([line.y for line in drawn.panels[0].series[:-1]])
    median = drawn.panels[0].series[-1]
    assert median.y == pytest.approx(np.median(capacity, axis=0))
    assert median.band[0] == pytest.approx(np.quantile(capacity, 0.1, axis=0))
    assert "Thin lines: 12 cells" in drawn.caption
    assert draw(drawn).pdf
    thin = [t for t in plotly(drawn)["data"] if t.get("opacity") == 0.4]
    assert len(thin) == 36
    # no column per cell in the table of cycles
    assert len(found.cycles.frame.columns) < 40
    assert len(found.cells.frame.columns) < 60


def test_cells_of_several_instruments_over_each_other():
    cells = [record(k, samples=200) for k in range(4)]
    mass = [q("10 mg"), q("20 mg"), q("10 mg"), q("10 mg")]
    found = summary(data=cells, active_mass=mass)
    assert found.cells.column("reference_capacity") == pytest.approx([200, 100, 200, 200], rel=2e-3)
    assert found.cells.column("divided_by")[1] == "active mass of 20 mg"
    labels = [s.label for s in figure(found).panels[0].series if s.label]
    assert labels == ["cell00_cycling", "cell01_neware", "cell02_land", "cell03_arbin"]
    shown = profile(data=cells, active_mass=mass)
    assert shown.polarisation.value == pytest.approx(80, abs=0.5)
    assert shown.polarisation.conditions["n"] == "4"
    assert shown.cells.column("cell") == [c.name for c in cells]
    assert shown.cells.column("cycle") == [1, 1, 1, 1]
    assert shown.profiles.units["capacity"] == "mAh/g"
    largest = shown.profiles.frame.group_by("cell", maintain_order=True).max()
    assert largest["capacity"].to_list() == pytest.approx([200, 100, 200, 200], rel=5e-3)
    labels = [s.label for s in profile_figure(shown).panels[0].series if s.label]
    assert labels[1] == "cell01_neware, 1"


def test_real_files_of_two_cyclers(data):
    folder = data / "instruments"
    cells = [CyclingRecord.read(folder / name) for name in ("cp/neware_uio.csv", "nav/test.ndax")]
    found = summary(data=cells, efficiency="charge/discharge")
    assert found.reference_capacity.unit == "mAh"
    # cycles_truth.json of the data's manifest; the uio file begins with the discharge
    charge = found.cycles.column("charge_of_cell")
    assert charge[0] == pytest.approx(4.24934, rel=2e-4)
