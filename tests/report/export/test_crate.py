"""A run goes out as a crate and comes back: bit-equal tables, digests, and no half crate.

What the validators of the standards say is in ``test_validators.py``.
"""

import csv
import hashlib
import json
import os
import shutil
import zipfile
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest

from polylyte.cli import main
from polylyte.core.encoding import quantity_from_json
from polylyte.core.errors import InputError, MachineError
from polylyte.core.execution import InProcess
from polylyte.core.plan import plan
from polylyte.core.session import from_store, open_store, run_study
from polylyte.core.study import load
from polylyte.core.tables import Table
from polylyte.instruments.bdf import ONTOLOGY
from polylyte.report.export import bdf, crate, export, surroundings
from polylyte.report.export.entities import licence_address
from polylyte.report.export.inputs import raw_files

ACTIONS = {"efficiency", "again", "slope", "mixture", "refused", "made"}


def graph(folder: Path) -> dict[str, dict]:
    metadata = json.loads((folder / "ro-crate-metadata.json").read_text("utf-8"))
    entities = metadata["@graph"]
    assert len({entity["@id"] for entity in entities}) == len(entities)
    return {entity["@id"]: entity for entity in entities}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rerun(folder: Path):
    return run_study(folder, pool=lambda: nullcontext(InProcess()), durable=False)[0]


@pytest.fixture
def own(ran: Path, tmp_path: Path) -> Path:
    """A copy of the study that a test may spoil."""
    folder = Path(shutil.copytree(ran, tmp_path / "own"))
    rerun(folder)  # all cached; the store remembers runs by the study's place
    return folder


@pytest.fixture
def fresh(own: Path) -> Path:
    """A copy that was computed anew, so that its provenance names its own files."""
    shutil.rmtree(own / ".polylyte")
    rerun(own)
    return own


def store_of(folder: Path):
    return open_store(load(folder))


# -- what the crate holds -----------------------------------------------------------------------


def test_every_file_is_described_with_its_digest(exported: Path):
    entities = graph(exported)
    files = {unquote(id): e for id, e in entities.items() if e["@type"] == "File"}
    there = {p.relative_to(exported).as_posix() for p in exported.rglob("*") if p.is_file()}
    assert set(files) == there - {"ro-crate-metadata.json"}
    for path, entity in files.items():
        assert entity["sha256"] == digest(exported / path)
        assert entity["contentSize"] == str((exported / path).stat().st_size)
    assert {part["@id"] for part in entities["./"]["hasPart"]} == {
        id for id, e in entities.items() if e["@type"] == "File"
    }


def test_every_link_leads_somewhere(exported: Path):
    entities = graph(exported)

    def links(value):
        if isinstance(value, dict):
            yield from [value["@id"]] if set(value) == {"@id"} else ()
            for item in value.values():
                yield from links(item)
        elif isinstance(value, list):
            for item in value:
                yield from links(item)

    outside = set(links(list(entities.values()))) - set(entities)
    assert outside == {"https://w3id.org/ro/crate/1.1"}


def test_one_action_for_each_step_with_method_inputs_and_results(exported: Path):
    entities = graph(exported)
    actions = {id: e for id, e in entities.items() if e["@type"] == "CreateAction"}
    assert set(actions) == {f"#step/{name}" for name in ACTIONS} | {"#report"}
    assert {link["@id"] for link in entities["./"]["mentions"]} == set(actions)
    action = actions["#step/efficiency"]
    software = entities[action["instrument"]["@id"]]
    assert (software["name"], software["softwareVersion"]) == ("lithium.aurbach", "1")
    assert {"@id": "#polylyte"} in software["softwareRequirements"]
    used = {link["@id"] for link in action["object"]}
    assert {"study/study.toml", "study/raw/cell%20A.mpt"} <= used
    made = {link["@id"] for link in action["result"]}
    assert "#quantity/efficiency.coulombic_efficiency" in made
    assert any(id.startswith("tables/efficiency.") for id in made)
    assert any(id.startswith("figures/efficiency.") for id in made)
    # The file of one step is what the next one read.
    assert not list(exported.rglob("*.polylyte*"))
    chained = {link["@id"] for link in actions["#step/again"]["object"]}
    assert chained & {link["@id"] for link in actions["#step/made"]["result"]}


def test_a_refused_step_is_a_failed_action_with_its_reason(exported: Path):
    action = graph(exported)["#step/refused"]
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert "temperatures" in action["error"]
    assert {"@id": "study/raw/short.csv"} in action["object"]
    assert "result" not in action


def test_authors_and_licence_are_those_of_the_study(exported: Path):
    entities = graph(exported)
    root = entities["./"]
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}
    assert [entities[a["@id"]]["name"] for a in root["author"]] == ["A. Author", "B. Author"]
    assert root["author"][0] == {"@id": "https://orcid.org/0000-0002-1825-0097"}
    package = json.loads((exported / "datapackage.json").read_text("utf-8"))
    assert package["licenses"][0]["path"] == "https://spdx.org/licenses/CC-BY-4.0"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0"),
        ("https://example.org/terms", "https://example.org/terms"),
        ("on request", ""),
        ("", ""),
    ],
)
def test_a_licence_is_an_identifier_an_address_or_words(text, address):
    assert licence_address(text) == address


def test_no_licence_is_said_and_not_made_up(own: Path, tmp_path: Path):
    text = (own / "study.toml").read_text()
    (own / "study.toml").write_text(text.replace('licence = "CC-BY-4.0"\n', ""))
    export(own, store_of(own), tmp_path / "crate")
    entities = graph(tmp_path / "crate")
    assert entities[entities["./"]["license"]["@id"]]["name"] == "no licence given"
    assert "licenses" not in json.loads((tmp_path / "crate" / "datapackage.json").read_bytes())


def test_the_crate_names_no_folder_of_this_machine(exported: Path, ran: Path):
    ours = [str(ran.parent), os.path.realpath(ran.parent), os.path.expanduser("~") + "/"]
    for path in exported.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(name.encode() in content for name in ours), path


def test_the_environment_is_that_of_the_provenance(exported: Path, ran: Path):
    told = json.loads((exported / "environment" / "environment.json").read_bytes())
    steps = from_store(ran, store_of(ran)).steps
    packages = [step.result.provenance["packages"] for step in steps if step.result]
    assert told["packages"]
    assert {n: [v] for p in packages for n, v in p.items()} == told["packages"]


def test_what_is_installed_is_told_with_all_that_it_needs():
    found = surroundings.installed("pytest")
    assert found["pytest"] == pytest.__version__
    assert {"pluggy", "packaging"} <= set(found)
    assert surroundings.installed("no-such-distribution") == {}


def test_the_lock_of_a_checkout_is_the_smallest_that_pins_the_run(tmp_path: Path):
    package = tmp_path / "src" / "polylyte"
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "core.lock").write_text("numpy==2.0.1 \\\n  --hash=sha256:0\n")
    (tmp_path / "requirements" / "all.lock").write_text("numpy==2.0.1\nMol_Mass==1.0\n")
    assert surroundings.lock(["numpy"], package) is None
    (tmp_path / "pyproject.toml").write_text("")
    assert surroundings.lock(["numpy"], package).name == "core.lock"
    assert surroundings.lock(["numpy", "mol-mass"], package).name == "all.lock"
    differing = surroundings.not_as_locked({"numpy": ["2.1.0"], "mol-mass": ["1.0"]},
                                           "numpy==2.0.1\nMol_Mass==1.0\n")  # fmt: skip
    assert list(differing) == ["numpy"]
    assert "2.1.0" in differing["numpy"] and "2.0.1" in differing["numpy"]  # noqa: PT018


# -- round trips ----------------------------------------------------------------------------------


def test_tables_come_back_bit_equal(exported: Path, ran: Path):
    run, store = from_store(ran, store_of(ran)), store_of(ran)
    seen = 0
    for step in run.steps:
        for name, table in step.result.tables.items() if step.result else ():
            parquet = exported / "tables" / f"{step.name}.{name}.parquet"
            assert parquet.read_bytes() == store.table_file(step.result.key, name).read_bytes()
            with parquet.open("rb") as stream:
                back = Table.from_parquet(stream)
            assert back.frame.equals(table.frame)
            assert (back.units, back.note) == (dict(table.units), table.note)
            text = Table.read(parquet.with_suffix(".csv"))
            for column in table.columns:
                if table.frame[column].dtype == pl.Float64:
                    given = text.frame[column].cast(pl.Float64)
                    assert given.equals(table.frame[column]), column
            seen += 1
    assert seen >= 4


def test_quantities_come_back_with_their_sources(exported: Path, ran: Path):
    told = json.loads((exported / "quantities.json").read_bytes())
    run = from_store(ran, store_of(ran))
    ours = {
        f"{s.name}.{n}": q for s in run.steps if s.result for n, q in s.result.quantities.items()
    }
    assert {name: quantity_from_json(entry) for name, entry in told.items()} == ours
    assert told["again.coulombic_efficiency"]["origin"] == "virtual"


def test_raw_files_are_byte_for_byte_what_the_run_read(exported: Path, ran: Path):
    for name in ("study.toml", "cards.toml", "raw/cell A.mpt", "raw/sigma.csv", "raw/short.csv"):
        assert (exported / "study" / name).read_bytes() == (ran / name).read_bytes()


def test_the_study_runs_again_from_the_crate(exported: Path, ran: Path, tmp_path: Path):
    copy = shutil.copytree(exported / "study", tmp_path / "study")
    first = {s.name: s.result and s.result.digest for s in from_store(ran, store_of(ran)).steps}
    assert {s.name: s.result and s.result.digest for s in rerun(copy).steps} == first


def test_the_archive_holds_what_the_folder_holds(exported: Path, ran: Path, tmp_path: Path):
    made = export(ran, store_of(ran), tmp_path / "crate.zip")
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        for name in ("quantities.json", "study/raw/cell A.mpt"):
            assert archive.read(name) == (exported / name).read_bytes()
    assert names == {p.relative_to(exported).as_posix() for p in exported.rglob("*") if p.is_file()}
    assert made.files == len(names)
    assert made.size == made.path.stat().st_size


def test_the_data_package_tells_type_unit_and_digest_of_each_csv(exported: Path):
    package = json.loads((exported / "datapackage.json").read_bytes())
    named = {item["path"]: item for item in package["resources"]}
    here = [*exported.glob("tables/*.csv"), *exported.glob("bdf/*.csv")]
    assert set(named) == {path.relative_to(exported).as_posix() for path in here}
    assert len({item["name"] for item in package["resources"]}) == len(named)
    for path, item in named.items():
        assert item["hash"] == f"sha256:{digest(exported / path)}"
        with (exported / path).open(newline="", encoding="utf-8") as stream:
            assert next(csv.reader(stream)) == [f["name"] for f in item["schema"]["fields"]]
    fit = named["tables/slope.fit.csv"]["schema"]["fields"]
    kinds = {field["name"]: (field["type"], field.get("unit")) for field in fit}
    assert kinds["temperature / degC"] == ("number", "degC")
    laws = named["tables/slope.laws.csv"]["schema"]["fields"]
    assert {f["name"]: f["type"] for f in laws}["degrees_of_freedom"] == "integer"
    assert {f["name"]: f["type"] for f in laws}["outcome"] == "string"
    series = named["bdf/cell_A.bdf.csv"]["schema"]["fields"][0]
    assert series["rdfType"] == f"{ONTOLOGY}#test_time_second"


# -- Battery Data Format --------------------------------------------------------------------------


def test_a_time_series_has_the_terms_of_the_format(exported: Path, ran: Path):
    from polylyte.instruments.cycling import CyclingRecord

    record = CyclingRecord.read(ran / "raw" / "cell A.mpt")
    frame = pl.read_csv(exported / "bdf" / "cell_A.bdf.csv")
    # Labels: BDF ontology 1.3.0, skos:prefLabel of test_time_second, voltage_volt, current_ampere.
    assert frame.columns[:3] == ["Test Time / s", "Voltage / V", "Current / A"]
    assert frame["Test Time / s"].to_list() == record.time.tolist()
    assert frame["Voltage / V"].to_list() == record.potential.tolist()
    assert frame["Current / A"].to_list() == record.current.tolist()


def test_units_are_those_of_the_format_and_what_has_no_term_is_named():
    table = Table.of(
        {"time": [0.0, 1.0], "potential": [3000.0, 3100.0], "current": [1.0, -2.0],
         "charge": [0.0, 3600.0], "cycle": [1.0, 1.0], "step": [1.5, 2.0],
         "temperature": [298.15, 308.15], "charge_capacity": [0.0, 1.0], "step_type": ["CC", None]},
        {"time": "h", "potential": "mV", "current": "mA", "charge": "C", "temperature": "K",
         "charge_capacity": "C"},
    )  # fmt: skip
    made = bdf.series(table)
    assert made is not None
    assert made.left_out == ("step", "charge_capacity")
    columns = made.frame.to_dict(as_series=False)
    assert columns == {
        "Test Time / s": [0.0, 3600.0],
        "Voltage / V": [3.0, pytest.approx(3.1)],
        "Current / A": [0.001, -0.002],
        "Cycle Count / 1": [1, 1],
        "Step Type": ["CC", None],
        "Net Capacity / Ah": [0.0, 1.0],
        "Temperature T1 / degC": [pytest.approx(25.0), pytest.approx(35.0)],
    }


@pytest.mark.parametrize("lacking", ["time", "potential", "current"])
def test_without_its_three_quantities_a_table_is_no_series(lacking):
    columns = {n: [0.0, 1.0] for n in ("time", "potential", "current") if n != lacking}
    units = {"time": "s", "potential": "V", "current": "A"}
    assert bdf.series(Table.of(columns, units)) is None
    # A potential in another dimension is not the voltage of the format.
    whole = {n: [0.0, 1.0] for n in ("time", "potential", "current")}
    assert bdf.series(Table.of(whole, {**units, lacking: "Pa"})) is None


# -- what is refused, and what is left ------------------------------------------------------------


def test_a_changed_and_a_missing_raw_file_are_named(fresh: Path, tmp_path: Path):
    with (fresh / "raw" / "sigma.csv").open("a") as stream:
        stream.write("\n")
    with pytest.raises(InputError, match=r"'sigma\.csv' has changed \(sha256 was [0-9a-f]{12}…\)"):
        export(fresh, store_of(fresh), tmp_path / "crate")
    (fresh / "raw" / "cell A.mpt").unlink()
    with pytest.raises(InputError, match=r"'raw/cell A\.mpt'"):
        export(fresh, store_of(fresh), tmp_path / "crate")
    assert not (tmp_path / "crate").exists()


def test_a_file_that_goes_away_meanwhile_is_named(fresh: Path):
    run, planned = from_store(fresh, store_of(fresh)), plan(load(fresh), store_of(fresh))
    (fresh / "raw" / "cell A.mpt").rename(fresh / "gone.mpt")
    with pytest.raises(InputError, match=r"raw files are not what the run read: 'cell A\.mpt' is"):
        raw_files(run, planned, wanted=True)


def test_without_raw_files_each_is_named_with_its_digest(own: Path, tmp_path: Path):
    raw = digest(own / "raw" / "cell A.mpt")
    made = export(own, store_of(own), tmp_path / "crate", raw=False)
    assert any("cell A.mpt" in warning for warning in made.warnings)
    assert not list((tmp_path / "crate").rglob("cell A.mpt"))
    entities = graph(tmp_path / "crate")
    kept = [e for e in entities.values() if e.get("name") == "cell A.mpt"]
    assert [(e["@type"], e["sha256"]) for e in kept] == [("CreativeWork", raw)]
    assert {"@id": kept[0]["@id"]} in entities["#step/efficiency"]["object"]


def test_raw_files_are_found_where_the_study_is_now(own: Path, tmp_path: Path, ran: Path):
    # The results are those of the first place, and say so in their provenance.
    step = from_store(own, store_of(own)).steps[1]
    assert step.result.provenance["inputs"][0]["path"].startswith(str(ran))
    shutil.move(ran / "raw", tmp_path / "away")
    try:
        export(own, store_of(own), tmp_path / "crate")
    finally:
        shutil.move(tmp_path / "away", ran / "raw")
    assert (tmp_path / "crate" / "study" / "raw" / "cell A.mpt").is_file()


def test_raw_files_from_elsewhere_are_laid_beside(own: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    shutil.move(own / "raw" / "sigma.csv", tmp_path / "elsewhere" / "sigma.csv")
    text = (own / "study.toml").read_text()
    place = tmp_path / "elsewhere" / "sigma.csv"
    (own / "study.toml").write_text(text.replace("raw/sigma.csv", str(place)))
    rerun(own)
    made = export(own, store_of(own), tmp_path / "crate")
    assert digest(tmp_path / "crate" / "inputs" / "sigma.csv") == digest(place)
    assert any("inputs/" in w and "sigma.csv" in w for w in made.warnings)
    assert any("study.toml names folders of this machine" in w for w in made.warnings)


def test_a_study_that_changed_since_its_run_is_refused(own: Path, tmp_path: Path):
    text = (own / "study.toml").read_text()
    (own / "study.toml").write_text(text.replace('form = "ln_sigma"', 'form = "ln_sigma_T"'))
    with pytest.raises(InputError, match=r"changed since the last run \(slope\)"):
        export(own, store_of(own), tmp_path / "crate")


def test_a_study_that_never_ran_is_refused(own: Path, tmp_path: Path):
    shutil.rmtree(own / ".polylyte")
    with pytest.raises(InputError, match="has not been run yet"):
        export(own, store_of(own), tmp_path / "crate")


@pytest.mark.parametrize("name", ["there", "there.zip"])
def test_what_exists_is_not_overwritten(ran: Path, tmp_path: Path, name: str):
    target = tmp_path / name
    target.mkdir() if name == "there" else target.write_text("mine")
    with pytest.raises(InputError, match="is not overwritten"):
        export(ran, store_of(ran), target)
    assert target.is_dir() or target.read_text() == "mine"


@pytest.mark.parametrize("name", ["crate", "crate.zip"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_export_leaves_nothing(ran, tmp_path, monkeypatch, name, error):
    def stop(work):
        raise error

    monkeypatch.setattr(crate, "_describe", stop)
    expected = KeyboardInterrupt if error is KeyboardInterrupt else MachineError
    with pytest.raises(expected):
        export(ran, store_of(ran), tmp_path / "new" / name)
    assert list((tmp_path / "new").iterdir()) == []


def test_what_a_killed_export_left_is_removed_by_the_next(ran: Path, tmp_path: Path):
    from polylyte.core import processes

    dead = tmp_path / f".crate.{processes.here()}.999999999.1.export"
    alive = tmp_path / ".crate.another-host.1.1.export"
    for folder in (dead, alive):
        folder.mkdir()
    export(ran, store_of(ran), tmp_path / "crate")
    assert (dead.exists(), alive.exists()) == (False, True)


def test_the_command(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    line = ["export", str(ran), "--to", str(tmp_path / "a.zip")]
    assert main(line) == 0
    assert capsys.readouterr().out.startswith(f"crate: {tmp_path / 'a.zip'} (")
    assert main(line) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "is not overwritten" in said
