"""The validators of the standards judge a crate, each where it is installed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROFILES = ("ro-crate-1.1", "process-run-crate")
JUDGE = Path(__file__).parents[3] / ".venv-validators" / "bin" / "python"


def test_the_reader_of_ro_crate_reads_it(exported: Path):
    reader = pytest.importorskip("rocrate.rocrate")
    crate = reader.ROCrate(str(exported))
    assert crate.name == "Two numbers & a line"
    actions = [e for e in crate.get_entities() if e.type == "CreateAction"]
    assert len(actions) == 7
    assert all(action["instrument"].type == "SoftwareApplication" for action in actions)
    files = [e for e in crate.get_entities() if e.type == "File"]
    assert all((exported / str(e.source)).is_file() for e in files)


def asked(script: str, *arguments: object) -> Any:
    """What a script of this folder says, run by the interpreter of the validators."""
    if not JUDGE.is_file():
        pytest.skip("validators have an environment of their own: make .venv-validators/ready")
    command = [JUDGE, Path(__file__).with_name(script), *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def judged(crate: Path, profile: str) -> dict[str, Any]:
    """The verdict of ``roc-validator``."""
    return dict(asked("_judge.py", crate, profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_it_is_a_process_run_crate(exported: Path, profile: str):
    assert judged(exported, profile) == {"passed": True, "issues": []}


def test_the_validator_sees_what_is_wrong(exported: Path, tmp_path: Path):
    """Otherwise silence would be no praise."""
    spoiled = Path(shutil.copytree(exported, tmp_path / "spoiled"))
    metadata = json.loads((spoiled / "ro-crate-metadata.json").read_text("utf-8"))
    root = next(entity for entity in metadata["@graph"] if entity["@id"] == "./")
    del root["license"]
    (spoiled / "ro-crate-metadata.json").write_text(json.dumps(metadata))
    told = judged(spoiled, "ro-crate-1.1")
    assert told["passed"] is False
    assert "license" in str(told["issues"])


@pytest.mark.filterwarnings("ignore")
def test_the_data_package_is_valid(exported: Path):
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(exported / "datapackage.json"))
    assert report.flatten(["name", "rowNumber", "fieldName", "type", "note"]) == []
    assert report.valid
    assert report.stats["tasks"] >= 8


def test_the_time_series_are_battery_data_format(exported: Path):
    files = sorted(exported.glob("bdf/*.bdf.csv"))
    assert files
    for told in asked("_judge_bdf.py", *files):
        assert (told["ok"], told["missing"]) == (True, [])
        # batterydf 0.1.0 is older than ontology 1.3.0, which renamed these two; it ignores them.
        assert set(told["extras"]) <= {"Step ID", "Temperature T1 / degC"}
        assert not told["legacy_labels"]
