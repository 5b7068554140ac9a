"""A folder with a record of a symmetric cell becomes a study that runs the right analysis."""

from pathlib import Path

import pytest

from polylyte.analysis.lithium.symmetric_recognition import asked
from polylyte.cli.init import init
from polylyte.core import study as studies
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.aurbach import aurbach
from polylyte.virtual.critical_current import critical_current
from polylyte.virtual.cycling import cycling
from polylyte.virtual.lithium_symmetric import lithium_symmetric
from polylyte.virtual.samples import Sample

SAMPLE = Sample(name="cell", area=q("1.13 cm^2"))
CASES = {
    "lithium.symmetric": lambda: lithium_symmetric(sample=SAMPLE, cycles=4, interval=q("5 min")),
    "lithium.critical_current": lambda: critical_current(sample=SAMPLE, interval=q("3 min")),
    "aurbach": lambda: aurbach(sample=SAMPLE, interval=q("30 min")),
    "cycling": lambda: cycling(sample=SAMPLE, cycles=3, samples=20),
}


def test_each_record_asks_for_its_analysis():
    for name, make in CASES.items():
        ((file, raw),) = make().files.items()
        record = CyclingRecord.from_recording(read_bytes(raw, file))
        assert asked(record) == (name if "." in name else None), name


@pytest.mark.parametrize("method", ["lithium.symmetric", "lithium.critical_current"])
def test_a_folder_becomes_a_study(tmp_path: Path, method: str) -> None:
    ((name, raw),) = CASES[method]().files.items()
    (tmp_path / name).write_bytes(raw)
    said = init(tmp_path)
    assert method in said
    study = studies.load(tmp_path / "study.toml")
    assert [step.method for step in study.steps.values()] == [method]


def test_without_an_area_the_step_waits_for_it(tmp_path: Path) -> None:
    bare = Sample(name="cell")  # 1 cm² is what a form offers: no cycler's export states it
    made = lithium_symmetric(sample=bare, cycles=4, interval=q("5 min"), recorder="land")
    ((name, raw),) = made.files.items()
    (tmp_path / name).write_bytes(raw)
    said = init(tmp_path)
    assert "missing: area" in said
    text = (tmp_path / "study.toml").read_text()
    assert '# method = "lithium.symmetric"' in text
