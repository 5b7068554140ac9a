"""What the writer of cyclers' exports writes, the readers read: numbers, counters, marks."""

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.instruments.cycler_writer import write_cycler
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes

TIME = np.arange(0.0, 6000.5, 10.0)
CURRENT = np.where(TIME % 1200 < 600, 1.0, -1.0) * 1.13e-3
CURRENT[(TIME > 3600) & (TIME < 3800)] = 0.0
POTENTIAL = 0.03 * np.sign(CURRENT) + 1e-3 * np.sin(TIME)


@pytest.mark.parametrize("vendor", ["neware", "land", "arbin"])
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_round_trip(vendor, newline):
    raw = write_cycler(
        vendor, TIME, CURRENT, POTENTIAL, temperature=25.0, area=1.13, note="SL2", newline=newline
    )
    recording = read_bytes(raw, "cell.csv")
    assert recording.format == f"{vendor}.csv"
    assert recording.technique == "cycling"
    assert recording.simulated
    assert recording.rows_dropped == 0
    assert recording.unknown_columns == ()
    assert not [f for f in recording.findings if f.severity != "note"]
    assert recording.conditions["temperature"].value == pytest.approx(25)
    assert recording.conditions["area"].value == pytest.approx(1.13)
    record = CyclingRecord.from_recording(recording)
    assert record.has_counter
    assert record.time == pytest.approx(TIME, abs=1e-3)
    assert record.current == pytest.approx(CURRENT, abs=1e-9)
    assert record.potential == pytest.approx(POTENTIAL, abs=1e-6)
    true = np.concatenate([[0.0], np.cumsum(np.diff(TIME) * (CURRENT[1:] + CURRENT[:-1]) / 2)])
    # The counters count within steps: a change of sign inside an interval is cut at most there.
    assert record.charge == pytest.approx(true, abs=0.03)


def test_counter_is_exact_where_it_is_given():
    charge = np.cumsum(CURRENT * 10)
    for vendor in ("neware", "land", "arbin"):
        raw = write_cycler(vendor, TIME, CURRENT, POTENTIAL, charge=charge)
        record = CyclingRecord.from_recording(read_bytes(raw, "cell.csv"))
        assert record.charge - record.charge[0] == pytest.approx(charge - charge[0], abs=1e-4)


def test_refusals():
    with pytest.raises(InputError, match="is not written here"):
        write_cycler("maccor", TIME, CURRENT, POTENTIAL)
    with pytest.raises(InputError, match="differ in length"):
        write_cycler("land", TIME, CURRENT[:-1], POTENTIAL)
