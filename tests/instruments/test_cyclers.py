"""Text exports of cyclers in all their spellings."""

import numpy as np
import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.cycler_headings import heading, headings
from polylyte.instruments.cycler_tables import _direction, clock, increments, moments
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes

# Two cycles: rest, charge 2 mA, discharge 1 mA, one row a minute; capacities in mAh.
ROWS = [(1, 1, "Rest", 0.0), *[(1, 2, "CC Chg", 2.0)] * 6, *[(1, 3, "CC DChg", -1.0)] * 6,
        *[(2, 4, "CC Chg", 2.0)] * 3, *[(2, 5, "CC DChg", -1.0)] * 3]  # fmt: skip
CYCLES = {1: (2.0 * 6 / 60, 1.0 * 6 / 60), 2: (2.0 * 3 / 60, 1.0 * 3 / 60)}


def passed(record, cycle):
    steps = np.diff(np.concatenate([[0.0], record.charge]))[record.cycle == cycle] / 3.6
    return steps[steps > 0].sum(), -steps[steps < 0].sum()


def counted(rows, restart):
    """Capacity of each row in mAh, from zero at each change of ``restart(row)``."""
    total, before, made = 0.0, None, []
    for row in rows:
        if restart(row) != before:
            total, before = 0.0, restart(row)
        total += abs(row[3]) / 60
        made.append(total)
    return made


def check(raw, format, **expected):
    recording = read_bytes(raw, "x.csv")
    record = CyclingRecord.from_recording(recording)
    assert recording.format == format
    assert (recording.rows_read, recording.rows_dropped) == (len(ROWS), 0)
    assert record.has_counter
    np.testing.assert_allclose(record.current * 1e3, [row[3] for row in ROWS], atol=1e-12)
    np.testing.assert_allclose(np.diff(record.time), 60.0)
    for cycle, amounts in CYCLES.items():
        assert passed(record, cycle) == pytest.approx(amounts, abs=2e-6)
    return recording


def table(names, lines, mark=",", end="\n"):
    return mark.join(names) + end + "".join(mark.join(line) + end for line in lines)


def land(names, mark=","):
    capacity = counted(ROWS, lambda row: row[1])
    lines = [
        (str(k + 1), str(row[0]), str(row[1]), f"{60 * k}", f"{row[3]:.4f}", f"{q:.6f}", "3.6012")
        for k, (row, q) in enumerate(zip(ROWS, capacity, strict=True))
    ]
    return table(names, lines, mark)


ENGLISH = ("Record", "Cycle-Index", "Step-Index", "TestTime/Sec.", "Current/mA", "Capacity/mAh",
           "Voltage/V")  # fmt: skip
CHINESE = ("记录序号", "循环序号", "工步号", "测试时间/Sec", "电流/mA", "容量/mAh", "电压/V")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("names", [ENGLISH, CHINESE])
@pytest.mark.parametrize("mark", [",", "\t"])
def test_land_in_two_languages(names, encoding, mark):
    recording = check(land(names, mark).encode(encoding), "land.csv")
    assert recording.unknown_columns == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_decimal_comma_and_line_ends(end):
    text = land(ENGLISH, ";").replace(".0000", ",0000").replace("0.", "0,").replace("3.6", "3,6")
    recording = check(text.replace("\n", end).encode(), "land.csv")
    assert set(recording.table("series").frame["potential"]) == {3.6012}


def neware(current=lambda row: f"{row[3]:.4f}", time="Total Time"):
    into = counted(ROWS, lambda row: row[1])
    lines = []
    for k, (row, q) in enumerate(zip(ROWS, into, strict=True)):
        stamp = f"2024-05-06 {7 + k // 60:02d}:{k % 60:02d}:00"
        chg, dchg = (q, 0.0) if row[3] > 0 else (0.0, q)
        clock = f"00:{k:02d}:00" if time == "Total Time" else "00:00:01"
        lines.append((str(k + 1), str(row[0]), str(row[1]), row[2], clock, current(row), "3.6",
                      f"{chg:.6f}", f"{dchg:.6f}", stamp))  # fmt: skip
    names = ("DataPoint", "Cycle Index", "Step Index", "Step Type", time, "Current(mA)",
             "Voltage(V)", "Chg. Cap.(mAh)", "DChg. Cap.(mAh)", "Date")  # fmt: skip
    return table(names, lines)


def test_neware_with_clocks():
    recording = check(neware().encode(), "neware.csv")
    assert recording.started == "2024-05-06 07:00:00"


def test_neware_without_a_time_of_the_test():
    recording = check(neware(time="Time").encode(), "neware.csv")
    assert any("taken from its dates" in f.text for f in recording.findings)


def test_unsigned_discharge_current_gets_its_sign_from_the_step():
    raw = neware(current=lambda row: f"{abs(row[3]):.4f}").encode()
    recording = check(raw, "neware.csv")
    assert any("without a sign" in f.text for f in recording.findings)


def test_arbin_counters_that_run_over_each_cycle():
    chg = counted([(*r[:3], max(r[3], 0)) for r in ROWS], lambda row: row[0])
    dchg = counted([(*r[:3], min(r[3], 0)) for r in ROWS], lambda row: row[0])
    names = ("Data_Point", "Test_Time(s)", "Step_Index", "Cycle_Index", "Current(A)", "Voltage(V)",
             "Charge_Capacity(Ah)", "Discharge_Capacity(Ah)")  # fmt: skip
    lines = [
        (str(k), f"{60 * k}", str(r[1]), str(r[0]), f"{r[3] / 1e3:.6f}", "3.6", f"{c / 1e3:.9f}",
         f"{d / 1e3:.9f}")
        for k, (r, c, d) in enumerate(zip(ROWS, chg, dchg, strict=True))
    ]  # fmt: skip
    check(table(names, lines).encode(), "arbin.csv")


def test_maccor_text_with_states_and_unsigned_amps():
    capacity = counted(ROWS, lambda row: row[1])
    names = ("Rec#", "Cyc#", "Step", "TestTime", "Amp-hr", "Amps", "Volts", "State")
    states = {"Rest": "R", "CC Chg": "C", "CC DChg": "D"}
    lines = [
        (str(k), str(r[0]), str(r[1]), f"0d 00:{k:02d}:00.00", f"{q / 1e3:.9f}",
         f"{abs(r[3]) / 1e3:.6f}", "3.6", states[r[2]])
        for k, (r, q) in enumerate(zip(ROWS, capacity, strict=True))
    ]  # fmt: skip
    text = "Today's Date\t05/06/2024\tDate of Test:\t05/05/2024\n" + table(names, lines, "\t")
    recording = check(text.encode(), "maccor.csv")
    # "Amps", "Amp-hr" and "Volts" are units: nothing has to be assumed.
    assert not any("names no units" in f.text for f in recording.findings)


def test_basytec_with_blanks_and_hours():
    net = np.cumsum([row[3] / 60 for row in ROWS])
    head = "~Resultfile from Basytec Battery Test System\n~Start of Test: 19.06.2023 17:56:53\n~\n"
    names = ("~Time[h]", "DataSet", "DateTime", "Line", "Command", "U[V]", "I[A]", "Ah[Ah]",
             "T1[°C]", "Cyc-Count")  # fmt: skip
    lines = [
        (f"{k / 60:.9f}", str(k), f"19.06.2023 18:{k:02d}:00", str(r[1]), r[2].replace(" ", "_"),
         "3.6", f"{r[3] / 1e3:.6f}", f"{q / 1e3:.9f}", "25.5", str(r[0]))
        for k, (r, q) in enumerate(zip(ROWS, net, strict=True))
    ]  # fmt: skip
    for encoding in ("latin-1", "utf-8"):
        recording = read_bytes((head + table(names, lines, " ")).encode(encoding), "x.txt")
        record = CyclingRecord.from_recording(recording)
        assert recording.format == "basytec.txt"
        assert recording.started == "19.06.2023 17:56:53"
        assert recording.conditions["temperature"].value == 25.5
        assert (recording.rows_read, recording.rows_dropped) == (len(ROWS), 0)
        np.testing.assert_allclose(record.charge / 3.6, net, atol=1e-5)
        np.testing.assert_allclose(np.diff(record.time), 60.0, atol=1e-5)


def test_novonix_with_a_signed_capacity():
    net = np.cumsum([row[3] / 60 for row in ROWS])
    head = ("[Summary]\nNovonix UHPC data file\nNovonix\nMass (g): 0.012\nStarted: 2024-05-06 07:00"
            ":00\n[End Summary]\n[Protocol]\n{\"Voltage\":4.2,\"Current\":10}\n[End Protocol]\n"
            "[Data]\n")  # fmt: skip
    names = ("Date and Time", "Cycle Number", "Step Type", "Run Time (h)", "Current (A)",
             "Potential (V)", "Capacity (Ah)", "Step Number")  # fmt: skip
    lines = [
        (f"2024-05-06 07:{k:02d}:00", str(r[0]), "7", f"{k / 60:.9f}", f"{r[3] / 1e3:.8f}", "3.6",
         f"{q / 1e3:.9f}", "1")
        for k, (r, q) in enumerate(zip(ROWS, net, strict=True))
    ]  # fmt: skip
    recording = read_bytes((head + table(names, lines)).encode(), "x.csv")
    record = CyclingRecord.from_recording(recording)
    assert recording.format == "novonix.csv"
    assert recording.conditions["mass"].value == 0.012
    np.testing.assert_allclose(record.charge / 3.6, net, atol=1e-5)


def test_a_plain_table_needs_its_units():
    named = b"Time / s,Voltage / V,Current / A\n0,3.5,0.1\n1,3.6,0.1\n2,3.7,0.1\n"
    recording = read_bytes(named, "x.csv")
    assert (recording.format, recording.technique) == ("timeseries.csv", "time series")
    record = CyclingRecord.from_recording(recording)
    assert not record.has_counter
    assert record.charge[-1] == pytest.approx(0.2)
    with pytest.raises(FileError, match="without a known header"):
        read_bytes(named.replace(b" / s", b"").replace(b" / V", b"").replace(b" / A", b""), "x.csv")


def test_rows_that_cannot_be_read_are_counted_with_their_lines():
    lines = land(ENGLISH).split("\n")
    lines[4] = lines[4].replace("2.0000", "?")
    lines[7] = lines[7].rpartition(",")[0]
    recording = read_bytes("\n".join(lines).encode(), "x.csv")
    assert (recording.rows_read, recording.rows_dropped) == (len(ROWS) - 2, 2)
    assert {"line 5", "line 8"} <= {f.where for f in recording.findings}


@pytest.mark.parametrize(
    ("text", "name", "unit", "factor"),
    [
        ("Current(mA)", "current", "A", 1e-3),
        ("Cur(mA)", "current", "A", 1e-3),
        ("CapaCity(mAh)", "capacity", "C", 3.6),
        ("电压/V", "potential", "V", 1.0),
        ("U[mV]", "potential", "V", 1e-3),
        ("Run Time (h)", "time", "s", 3600.0),
        ("test_time_s", "time", "s", 1.0),
        ("SpeCap/mAh/g", "specific_capacity", "mA*h/g", 1.0),
        ("DChg. Cap.(Ah)", "discharge_capacity", "C", 3600.0),
        ("Contact resistance(mO)", "internal_resistance", "ohm", 1e-3),
        ("Test(Sec)", "time", "s", 1.0),
        ("Step(Sec)", "step_time", "s", 1.0),
        ("Step", "step", "", 1.0),
        ("I[A/kg]", "", "", 1.0),  # per mass: not a current
        ("Current density (mA/cm2)", "", "", 1.0),
        ("dQ/dV(mAh/V)", "", "", 1.0),
    ],
)
def test_headings(text, name, unit, factor):
    found = heading(text)
    assert (found.name, found.unit, found.factor) == (name, unit, factor)


def test_time_alone_is_of_the_step_beside_another():
    beside = headings(["Time", "Cumulative Time", "Voltage(V)", "Current(A)"])
    alone = headings(["Time(s)", "Voltage(V)", "Current(A)"])
    assert [h.name for h in beside[:2]] == ["step_time", "time"]
    assert alone[0].name == "time"


@pytest.mark.parametrize(
    ("word", "sign"),
    [("CC Chg", 1), ("CC_DChg", -1), ("CCCV_Chg", 1), ("Charge", 1), ("Discharge", -1), ("C", 1),
     ("D", -1), ("R", 0), ("Rest", 0), ("Pause", 0), ("恒流充电", 1), ("恒流放电", -1), ("静置", 0),
     ("CHA", 1), ("DCH", -1), ("CV Chg", 1), ("Cycle", 0)],
)  # fmt: skip
def test_words_of_steps(word, sign):
    assert _direction(word) == sign


def test_clocks_and_dates():
    import polars

    texts = ["00:01:30.5", "26:00:00", "1-02:03:04", "2d 00:00:01", "noon"]
    assert clock(polars.Series(texts)).to_list() == [90.5, 93600, 93784, 172801, None]
    for stamp in ("2024-05-06 07:08:09.5", "05/06/2024 07:08:09.5", "06.05.2024 07:08:09.5"):
        assert moments(polars.Series([stamp])) == pytest.approx([1714979289.5]), stamp
    assert moments(polars.Series(["yesterday"])) is None


def test_counters_that_start_again():
    change = np.array([True, False, True, False, False])
    counter = np.array([1.0, 2.0, 0.5, 1.5, 1.4])
    assert increments(counter, change).tolist() == pytest.approx([1, 1, 0.5, 1, -0.1])
    # Without numbered steps a fall to less than half is a new beginning, a small one is not.
    assert increments(counter, None).tolist() == pytest.approx([1, 1, 0.5, 1, -0.1])
    # A step that begins above the last count: only a vendor's rule can tell.
    counter = np.array([0.1, 0.2, 0.3, 0.6, 0.9])
    assert increments(counter, change, each_step=True).sum() == pytest.approx(0.2 + 0.9)
    assert increments(counter, change).sum() == pytest.approx(0.9)
