"""The validators of the standards judge a crate, each where it is installed."""

import json
from pathlib import Path

import pytest

PROFILES = ("ro-crate-1.1", "process-run-crate")
RUN = "https://w3id.org/ro/terms/workflow-run"


def test_the_reader_of_ro_crate_reads_it(exported: Path):
    reader = pytest.importorskip("rocrate.rocrate")
    crate = reader.ROCrate(str(exported))
    assert crate.name == "Two numbers & a line"
    actions = [e for e in crate.get_entities() if e.type == "CreateAction"]
    assert len(actions) == 7
    assert all(action["instrument"].type == "SoftwareApplication" for action in actions)
    files = [e for e in crate.get_entities() if e.type == "File"]
    assert all((exported / str(e.source)).is_file() for e in files)


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two contexts without a network: the terms that ``rocrate`` brings, and one digest."""
    rocrate = pytest.importorskip("rocrate")
    http = pytest.importorskip("rocrate_validator.utils.http")
    brought = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"
    terms = json.loads(brought.read_text("utf-8"))
    run = {"@context": {"sha256": f"{RUN}#sha256"}}
    known = {"https://w3id.org/ro/crate/1.1/context": terms, f"{RUN}/context": run}

    class Answer:
        status_code = 200
        headers = {"Content-Type": "application/ld+json"}  # noqa: RUF012

        def __init__(self, url: str) -> None:
            self.content = known[url]

        def json(self):
            return self.content

    monkeypatch.setattr(
        http.HttpRequester, "get", lambda self, url, **_: Answer(url), raising=False
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("contexts")
@pytest.mark.parametrize("profile", PROFILES)
def test_it_is_a_process_run_crate(exported: Path, profile: str):
    services = pytest.importorskip("rocrate_validator.services")
    models = pytest.importorskip("rocrate_validator.models")
    result = services.validate(
        services.ValidationSettings(
            rocrate_uri=str(exported),
            profile_identifier=profile,
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
        )
    )
    assert [issue.message for issue in result.get_issues()] == []
    assert result.passed()


@pytest.mark.filterwarnings("ignore")
def test_the_data_package_is_valid(exported: Path):
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(exported / "datapackage.json"))
    assert report.flatten(["name", "rowNumber", "fieldName", "type", "note"]) == []
    assert report.valid
    assert report.stats["tasks"] >= 8


@pytest.mark.filterwarnings("ignore")
def test_the_time_series_are_battery_data_format(exported: Path):
    judge = pytest.importorskip("bdf")
    files = sorted(exported.glob("bdf/*.bdf.csv"))
    assert files
    for file in files:
        told = judge.validate(str(file))
        assert (told["ok"], told["missing"]) == (True, [])
        # batterydf 0.1.0 is older than ontology 1.3.0, which renamed these two; it ignores them.
        assert set(told["extras"]) <= {"Step ID", "Temperature T1 / degC"}
        assert not told["legacy_labels"]
