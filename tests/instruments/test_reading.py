"""What ``read`` says of files that cannot be read."""

import os

import pytest

from polylyte.core.errors import FileError, InputError
from polylyte.instruments.reading import formats, read, read_bytes
from polylyte.instruments.recordings import Recording

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(range(256)) * 4


def test_the_formats_are_found_without_a_list():
    assert {"biologic.mpt", "gamry.dta", "zplot.z", "chinstruments.txt"} <= set(formats())


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"\r\n \r\n", "holds nothing but blanks"),
        (JPEG, "looks like a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "looks like a PNG picture"),
        (b"PK\x03\x04rest", "looks like a ZIP archive"),
        (b"\x00\x01\x02\x03" * 30, "is binary data of a kind not known here"),
        (b"Dear all,\nthe cell died.\n", "is text without a known header (it begins 'Dear all,')"),
    ],
)
def test_unknown_content_is_described(tmp_path, raw, words):
    path = tmp_path / "photo.DTA"
    path.write_bytes(raw)
    with pytest.raises(FileError) as caught:
        read(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: {words}")
    assert "known formats: " in line
    assert "\n" not in line
    assert caught.value.exit_code == 2


def test_the_name_decides_nothing(tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(
        b"EXPLAIN\nTAG\tCV\nCURVE1\tTABLE\n\tPt\tT\tVf\tIm\n\t#\ts\tV\tA\n\t0\t1\t2\t3\n"
    )
    assert read(path).format == "gamry.dta"


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read(tmp_path / "none.DTA")
    with pytest.raises(InputError, match="is a folder, not a file"):
        read(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = tmp_path / "secret.DTA"
    path.write_bytes(b"EXPLAIN")
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        read(path)


@pytest.mark.parametrize(
    ("raw", "where", "words"),
    [
        (
            b"EXPLAIN\nTAG\tEISPOT\nDATE\tLABEL\t1/1/2020\tDate\n",
            "line 3",
            "before the table ZCURVE",
        ),
        (
            b"EXPLAIN\nTAG\tCHRONOA\nCURVE\tTABLE\t7\n",
            "line 3",
            "before its column names and units",
        ),
        (
            b"EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\tZimag\n\t#\tHz\tohm\tohm\n",
            "line 6",
            "has no row that can be read",
        ),
        (
            b"EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\n\t#\tHz\tohm\n\t0\t1\t2\n",
            "line 6",
            "has no column for z_imaginary",
        ),
        (b"EC-Lab ASCII FILE\r\nNb header lines : 61\r\n\r\n", "line 3", "ends before its table"),
        (b"ZPLOT2 ASCII\n  Date:  10-12-2018\n", "line 2", "ends before its table"),
        (
            b"Feb. 20, 2020\nA.C. Impedance\nInstrument Model:  CHI660E\n",
            "line 3",
            "ends before its table",
        ),
        (b"freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t\r\n", "line 2", "has no row that can be read"),
    ],
)
def test_broken_files_name_the_line(raw, where, words):
    with pytest.raises(FileError) as caught:
        read_bytes(raw, "broken")
    assert str(caught.value).startswith(f"broken: {where}: ")
    assert words in str(caught.value)
    assert caught.value.remedy


def test_an_unknown_table_names_the_nearest():
    recording = Recording(format="x", instrument="", technique="", tables={"impedance": None})
    with pytest.raises(FileError, match="did you mean 'impedance'"):
        recording.table("impedence")


def test_file_record_has_what_provenance_needs(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"f,Z',Z''\n1,2,-3\n2,2,oops\n3,2,-1\n")
    record = read(path).file_record
    assert record["name"] == "a.csv"
    assert record["size"] == len(path.read_bytes())
    assert len(record["sha256"]) == 64
    assert (record["rows_read"], record["rows_dropped"]) == (2, 1)
    assert record["findings"] == [
        "1 row was left out of the table 'impedance': not all numbers (line 3)"
    ]
    assert "origin" not in record
