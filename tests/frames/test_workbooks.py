"""A workbook that spans more cells than fit is refused in one sentence, before any memory is taken for them."""

import io
import resource
import subprocess
import sys
import zipfile

import pytest
import xlsxwriter

import nector_sim as ns
from nector_sim.errors import InputError
from nector_sim.frames.workbooks import MOST_CELLS, check_cells


def write(path, cells):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, column, value in cells:
            sheet.write(row, column, value)
    return path


HEADER = [(0, 0, "order_id"), (0, 1, "cart_amount"), (1, 0, "A1"), (1, 1, 500)]


@pytest.mark.parametrize(
    ("last", "says"),
    [((1_048_575, 16_383), "1,048,576 rows and 16,384 columns"), ((999_999, 49), "1,000,000 rows and 50 columns")],
)
def test_a_cell_far_away_is_refused(tmp_path, last, says):
    path = write(tmp_path / "far.xlsx", [*HEADER, (*last, 1)])
    with pytest.raises(InputError, match=f"far.xlsx has a sheet of {says}; at most 20 million cells"):
        ns.inspect_orders(path, currency="INR")


def test_it_is_refused_before_memory_is_taken(tmp_path):
    """50 million cells took gigabytes, and 17 thousand million ended the process."""
    path = write(tmp_path / "far.xlsx", [*HEADER, (999_999, 49, 1)])
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, -1))\n"
    code += "from nector_sim.frames.workbooks import check_cells; check_cells(sys.argv[1], 'far.xlsx')"
    ended = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert (ended.returncode, "at most 20 million cells are read" in ended.stderr) == (1, True)
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_a_full_sheet_of_few_columns_and_a_wide_one_of_few_rows_are_read(tmp_path):
    for last in [(1_048_575, 1), (9, 16_383)]:
        check_cells(write(tmp_path / "full.xlsx", [*HEADER, (*last, 1)]), "full.xlsx")
    assert 1_048_576 * 19 < MOST_CELLS < 1_048_576 * 20
    assert len(ns.inspect_orders(write(tmp_path / "few.xlsx", HEADER), currency="INR").orders) == 1


def test_places_are_found_wherever_a_piece_ends_and_however_they_are_written(monkeypatch):
    monkeypatch.setattr("nector_sim.frames.workbooks._STEP", 7)
    for cell in ('<c r="XFD1048576" t="n"/>', "<x:c t='n' r='XFD1048576'/>", '<row r="1048576"/><c r="XFD1"/>'):
        book = io.BytesIO()
        with zipfile.ZipFile(book, "w") as archive:
            archive.writestr("xl/worksheets/sheet1.xml", f'<sheetData><row r="1"><c r="A1"/>{cell}</row></sheetData>')
        with pytest.raises(InputError, match="1,048,576 rows and 16,384 columns"):
            check_cells(book, "book.xlsx")
    check_cells(io.BytesIO(b"no zip"), "old.xls")


@pytest.mark.parametrize("place", ["e" * 60 + "A1", "ABCD1", "a1", "A12345678", ""])
@pytest.mark.parametrize("step", [7, 1 << 20])
def test_a_place_that_no_sheet_has_is_refused(monkeypatch, place, step):
    """A cell that said it was in the column eee…A took 27 GB, and the process ended."""
    monkeypatch.setattr("nector_sim.frames.workbooks._STEP", step)
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f'<sheetData><row r="1"><c s="1" r="{place}"/></row></sheetData>')
    with pytest.raises(InputError, match="a cell says that it is where no sheet has one"):
        check_cells(book, "book.xlsx")
