"""Neware .nda and .ndax through fastnda: cut, damaged and unknown ones."""

import io
import subprocess
import sys
import zipfile

import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read, read_bytes

pytest.importorskip("fastnda")


@pytest.mark.parametrize(("file", "records"), [("nav/test.nda", 439), ("nda/TestFile.nda", 6670)])
def test_a_cut_file_says_about_how_much_is_missing(data, file, records):
    raw = (data / "instruments" / file).read_bytes()
    # The last records are followed by other blocks: three quarters end within them.
    stop = len(raw) * 3 // 4 if "TestFile" in file else len(raw) - 9000
    recording = read_bytes(raw[:stop], "x.nda")
    assert recording.rows_read < records
    assert recording.rows_dropped > 0
    assert any("the file is cut" in f.text for f in recording.findings)
    if "TestFile" in file:
        assert recording.rows_read + recording.rows_dropped == pytest.approx(records, rel=0.01)


def test_zip_of_one_nda_is_unpacked(data):
    recording = read(data / "instruments/fnda/nda_v22.nda.zip")
    assert recording.format == "neware.nda"
    assert len(CyclingRecord.from_recording(recording)) == 1380


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["a.nda", "b.nda"], "archive of 2 .nda files"),
        (["VersionInfo.xml"], "cannot be read by fastnda"),
        (["notes.txt"], "looks like a ZIP archive"),
    ],
)
def test_archives_of_something_else(parts, words):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in parts:
            archive.writestr(name, b"NEWARE")
    with pytest.raises(FileError, match=words):
        read_bytes(made.getvalue(), "x.zip")


def test_an_unknown_version_is_refused_in_one_line():
    with pytest.raises(FileError, match="cannot be read by fastnda") as caught:
        read_bytes(b"NEWARE20240101" + bytes([99]) + bytes(3000), "x.nda")
    assert "\n" not in str(caught.value)


def test_temperature_of_the_auxiliary_channel(data):
    recording = read(data / "instruments/nda/TestFile.nda")
    table = recording.table("series")
    assert table.units["temperature"] == "degC"
    assert any("runs from 23.0 to 30.5 degC" in f.text for f in recording.findings)
    assert recording.unknown_columns == ()


def test_the_standard_library_stays_as_it_is(data):
    # fastnda puts another decompressor into zlib when it is imported.
    script = (
        "import sys, zlib; before = zlib.decompress, zlib.decompressobj\n"
        "from polylyte.instruments.reading import read\n"
        "assert read(sys.argv[1]).rows_read == 1464\n"
        "assert (zlib.decompress, zlib.decompressobj) == before"
    )
    file = str(data / "instruments/nav/test.ndax")
    subprocess.run([sys.executable, "-c", script, file], check=True)
