"""What every test may ask for: the folder of real files that the tests read."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
DATA = Path(os.environ.get("POLYLYTE_DATA", REPOSITORY.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real files; the test is skipped where this machine has none."""
    if "POLYLYTE_DATA" in os.environ and not DATA.is_dir():
        pytest.fail(f"POLYLYTE_DATA names no folder: {DATA}")
    if not DATA.is_dir():
        pytest.skip(f"no data at {DATA}; set POLYLYTE_DATA to the folder that holds them")
    return DATA


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """On CI, where the data are, a test that asks for them must not be skipped."""
    report = yield
    wants_data = "data" in getattr(item, "fixturenames", ())
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if skipped and wants_data and DATA.is_dir() and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped although the data are at {DATA}"
    return report
