"""Workbooks of cyclers, and libraries that are not installed."""

import builtins
import io
import zipfile
from xml.sax.saxutils import escape

import numpy as np
import pytest

from polylyte.core.errors import FileError, MachineError
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read, read_bytes

NEWARE = ("Record ID", "Step", "Cycle", "Step Type", "Time(h:min:s.ms)", "Cur(mA)", "Voltage(V)",
          "CapaCity(mAh)", "Realtime")  # fmt: skip
LAND = ("记录序号", "循环序号", "工步号", "测试时间/Sec", "电流/mA", "容量/mAh", "电压/V")


def xlsx(sheets):
    """A workbook of numbers and inline texts."""
    made = io.BytesIO()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
            f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(
            f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(sheets, 1)
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>{listed}</sheets></workbook>',
        )
        related = "".join(
            f'<Relationship Id="r{i}" Type="{rel}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{related}</Relationships>',
        )
        for i, rows in enumerate(sheets.values(), 1):
            text = "".join(
                f'<row r="{r}">' + "".join(_cell(r, c, v) for c, v in enumerate(row)) + "</row>"
                for r, row in enumerate(rows, 1)
            )
            book.writestr(
                f"xl/worksheets/s{i}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{text}</sheetData></worksheet>',
            )
    return made.getvalue()


def _cell(row, column, value):
    place = f"{chr(65 + column)}{row}"
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def neware_rows():
    yield NEWARE
    point = 0
    for step, word, current in ((1, "CC Chg", 2.0), (2, "CC DChg", 1.0)):
        for minute in range(1, 6):
            point += 1
            yield (point, step, 1, word, f"00:0{minute}:00.000", current, 3.6,
                   minute * current / 60, f"2024-05-06 07:{point:02d}:00")  # fmt: skip


def test_neware_workbook_told_from_its_other_sheets():
    pytest.importorskip("python_calamine")
    cycles = [("Cycle ID", "Cap_Chg(mAh)", "Cap_DChg(mAh)"), (1, 0.1667, 0.0833)]
    raw = xlsx({"unit": [("a", "b"), (1, 2)], "cycle": cycles, "record": list(neware_rows())})
    recording = read_bytes(raw, "x.xlsx")
    record = CyclingRecord.from_recording(recording)
    assert (recording.format, recording.instrument) == ("neware.xlsx", "Neware")
    assert (recording.rows_read, recording.rows_dropped) == (10, 0)
    np.testing.assert_allclose(record.current[[0, 9]], [2e-3, -1e-3])  # the step gives the sign
    np.testing.assert_allclose(np.diff(record.time), 60.0)
    assert record.charge[4] / 3.6 == pytest.approx(2 * 5 / 60)
    assert record.charge[9] / 3.6 == pytest.approx(2 * 5 / 60 - 5 / 60)


def test_land_workbook_in_chinese_over_two_sheets():
    pytest.importorskip("python_calamine")
    rows = [(k, 1, 1, 60.0 * k, 2.0, 2.0 * k / 60, 3.6) for k in range(8)]
    raw = xlsx({"1": [LAND, *rows[:5]], "2": [LAND, *rows[5:]], "3": [(*LAND, "x"), rows[0]]})
    recording = read_bytes(raw, "x.xlsx")
    record = CyclingRecord.from_recording(recording)
    assert recording.format == "land.xlsx"
    assert len(record) == 8
    assert record.charge[-1] / 3.6 == pytest.approx(14 / 60)
    assert [f.text for f in recording.findings] == ["sheet '3' has other columns and was not read"]


def test_a_workbook_of_something_else(data):
    pytest.importorskip("python_calamine")
    with pytest.raises(FileError, match="is a workbook without a table of a cycler"):
        read(data / "instruments/pp/Experiment_Record.xlsx")


def test_an_old_office_file_that_is_no_workbook():
    pytest.importorskip("python_calamine")
    with pytest.raises(FileError, match="is a damaged workbook"):
        read_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000), "x.xls")


@pytest.mark.parametrize(
    ("library", "raw"),
    [
        ("python_calamine", xlsx({"record": list(neware_rows())})),
        ("fastnda", b"NEWARE20240101" + bytes(2000)),
    ],
)
def test_a_missing_library_is_named_with_how_to_install_it(monkeypatch, library, raw):
    whole = builtins.__import__

    def without(name, *rest):
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return whole(name, *rest)

    monkeypatch.setattr("importlib.import_module", lambda name: without(name))
    monkeypatch.setattr("polylyte.instruments.optional.import_module", lambda name: without(name))
    with pytest.raises(MachineError, match=r'not installed; .*pip install "polylyte\[cycler\]"'):
        read_bytes(raw, "file")
