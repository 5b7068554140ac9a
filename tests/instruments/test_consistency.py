"""Rows that contradict the rest are named; whole tables raise no alarm."""

from __future__ import annotations

import numpy as np
import pytest

from polylyte.core.tables import Table
from polylyte.instruments.consistency import table_findings
from polylyte.instruments.shapes import odd_cells
from tests.fuzz.samples import spectrum


def whole(points: int = 40) -> dict[str, np.ndarray]:
    f, z = spectrum(points)
    return {
        "point": np.arange(points, dtype=float), "time": np.arange(points) * 2.0, "frequency": f,
        "z_real": z.real.copy(), "z_imaginary": z.imag.copy(), "z_modulus": abs(z),
        "z_phase": np.degrees(np.angle(z)), "series_capacitance": -1 / (2 * np.pi * f * z.imag),
    }  # fmt: skip


def said(columns: dict[str, object], name: str = "impedance") -> list[str]:
    return [f.text for f in table_findings({name: Table.of(columns, {}, name)})]


def test_a_whole_spectrum_and_series_say_nothing():
    assert said(whole()) == []
    t = np.arange(100) * 10.0
    current = np.where(t < 500, 1e-3, -1e-3)
    charge = np.cumsum(current) * 10.0
    series = {"time": t, "current": current, "potential": 3.5 + charge / 5, "charge": charge,
              "step": (t >= 500).astype(float), "step_time": t % 500}  # fmt: skip
    assert said(series, "series") == []


@pytest.mark.parametrize(
    ("column", "row", "change", "words"),
    [
        ("z_real", 20, lambda v: v * 1.1, "modulus and parts of Z contradict each other (row 21)"),
        ("z_phase", 10, lambda v: v + 9.0, "phase and parts of Z contradict each other (row 11)"),
        ("series_capacitance", 7, lambda v: 3 * v, "series capacitance, frequency and Z"),
        ("frequency", 15, lambda v: 2 * v, "the frequency leaves its even steps (rows 16, 17)"),
        ("frequency", 15, lambda v: 1e12, "'frequency' beyond 1e+10"),
        ("z_imaginary", 12, lambda v: 900 * v, "Z leaps to a value unlike both its neighbours'"),
        ("time", 30, lambda v: v - 50, "the time runs backwards"),
        ("point", 8, lambda v: v + 1, "the file's own numbering of rows jumps"),
    ],
)
def test_one_changed_number_is_named(column, row, change, words):
    columns = whole()
    columns[column] = columns[column].copy()
    columns[column][row] = change(columns[column][row])
    assert any(text.startswith(words) for text in said(columns)), said(columns)


def test_a_doubled_and_a_lost_row():
    doubled = {name: np.insert(v, 11, v[11]) for name, v in whole().items()}
    assert any(
        "repeat the one before (row 13)" in text or "(row 12)" in text for text in said(doubled)
    )
    lost = {name: np.delete(v, 11) for name, v in whole().items() if name != "point"}
    assert said(lost) == ["the frequency leaves its even steps (row 12)"]


def test_counters_that_leap_back():
    t = np.arange(60.0)
    charge = np.cumsum(np.full(60, 2e-3))
    charge[30] += 5.0
    (text,) = said({"time": t, "current": np.full(60, 2e-3), "charge": charge}, "series")
    assert text == "the counter 'charge' leaps and falls back (row 31)"


def test_times_of_test_and_step_run_alike():
    t = np.arange(40.0)
    step = t.copy()
    step[20] = 19.5
    assert "the times of test and step run apart (row 21)" in said(
        {"time": t, "step_time": step, "current": np.ones(40)}, "series"
    )


def test_dates_unlike_the_others():
    dates = [f"2024-05-01 10:{k:02d}:00" for k in range(20)]
    columns = {"time": np.arange(20.0), "current": np.ones(20), "date": dates}
    assert said(columns, "series") == []
    dates[7] = "2024-05-O1 10:07:00"
    assert said(columns | {"date": dates}, "series") == [
        "column 'date' is written unlike its other cells (row 8)"
    ]
    dates[7] = "2024-05-01 09:07:00"
    assert said(columns | {"date": dates}, "series") == ["the dates run backwards (row 8)"]


def test_two_frequencies_by_hand_are_no_alarm():
    # 10 000, 5000, 1000, 500 … are chosen by hand: no even steps to leave.
    f = np.array([1e4, 5e3, 1e3, 500, 100, 50, 10, 5, 1, 0.5])
    z = 10 + 90 / (1 + 2j * np.pi * f * 90 * 1e-5)
    assert said({"frequency": f, "z_real": z.real, "z_imaginary": z.imag}) == []


def test_digits_lost_in_a_padded_column():
    texts = [f"{v:.4f}" for v in np.linspace(3.0, 4.0, 50)]
    assert odd_cells(texts) == []
    texts[9] = "3.18"
    assert odd_cells(texts) == [9]
    texts[9] = "3.18367"
    assert odd_cells(texts) == [9]


def test_a_writer_that_leaves_out_zeros_is_no_alarm():
    texts = [repr(round(v, 4)) for v in np.linspace(3.0, 4.0, 57)[1:-1]]
    assert odd_cells(texts) == []
    assert odd_cells(["0", "0", "0", *[f"{v:.3f}" for v in range(40)]]) == []
