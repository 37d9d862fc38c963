"""The report as an Excel workbook: a sheet a section, numbers as numbers, pictures, and live formulas for any order."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import xlsxwriter

from nector_sim.errors import ProgramError
from nector_sim.languages.workbook import add_sheets
from nector_sim.pictures.style import currency_sign
from nector_sim.report.parts import Extra, Money, Section, Share
from nector_sim.report.words import field_names, plain

if TYPE_CHECKING:
    from nector_sim.report.contents import Report

#: Characters that a sheet's name may not have, and its length.
_FORBIDDEN, _LONGEST = re.compile(r"[\[\]:*?/\\]"), 31
#: Sheets with formulas: orders that are typed, the setting, the steps, and the words of reasons.
LIVE = ("Try an order", "Setting to try", "Steps", "Reasons")
#: Widths in letters: of columns, the narrowest, the widest and those of numbers; of a sheet; of an upright page.
_NARROWEST, _WIDEST, _NUMBERS, _ACROSS, _PORTRAIT = 12, 60, 16, 80, 110
#: The height of a line, in points, and of a row, in pixels.
_LINE, _ROW = 15, 20
#: Dots per inch of a sheet, and of the pictures.
_SHEET_DPI, _PICTURE_DPI = 96, 120
_A4 = 9


def workbook(report: Report) -> bytes:
    """Write a report as an Excel workbook."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": report.title, "comments": report.label})
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "money": book.add_format({"num_format": money_format(report.currency), "valign": "top"}),
            "share": book.add_format({"num_format": "0.0 %", "valign": "top"}),
            "extra": book.add_format({"num_format": '+0.0" per 100"', "valign": "top"}),
            "right": book.add_format({"align": "right", "valign": "top"}),
        }
        for position, section in enumerate(report.sections):
            if position == 0:
                at = f"{report.made_at.day} {report.made_at:%B %Y, %H:%M} ({report.made_at.tzinfo})"
                about = [f"{report.title}. {report.label}. Made on {at}.", f"Single orders: see the sheet {LIVE[0]}."]
                section = section._replace(notes=[*section.notes, *about])
            _sheet(book, section, styles)
            if position == 0:
                _pictures(book, report, styles)
        _live(book, report, styles)
    return file.getvalue()


def money_format(currency: str) -> str:
    """Give the number format of a currency's amounts, in whole units; rupees in lakhs and crores."""
    sign = f'"{currency_sign(currency)}"'
    if currency != "INR":
        return f"{sign}#,##0"
    # A format knows two conditions, so negative amounts stay in thousands.
    return rf"[>=10000000]{sign}##\,##\,##\,##0;[>=100000]{sign}##\,##\,##0;{sign}#,##0"


def _live(book: Any, report: Report, styles: dict[str, Any]) -> None:
    """Any order under the setting, by formulas; where a sheet cannot carry it, why."""
    try:
        add_sheets(book, report.program, names=LIVE, labels=field_names(report.program))
    except ProgramError as error:
        why = [plain(f"{one.place}: {one.what}") for one in error.problems]
        _sheet(book, Section(LIVE[0], ["A sheet's formulas cannot carry this setting.", *why]), styles)


def _sheet(book: Any, section: Section, styles: dict[str, Any]) -> None:
    """A title, the first sentence, the table, and the other sentences."""
    sheet = book.add_worksheet(_FORBIDDEN.sub(" ", section.title)[:_LONGEST])
    widths = _widths(section)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")
    if sum(widths) > _PORTRAIT:
        sheet.set_landscape()

    def note(line: int, text: str) -> None:
        sheet.merge_range(line, 0, line, len(widths) - 1, "", styles["text"])
        sheet.write_string(line, 0, text, styles["text"])
        sheet.set_row(line, _LINE * _lines(text, sum(widths)))

    def row(line: int, cells: Sequence[Any]) -> None:
        sheet.set_row(line, _LINE * max(_lines(cell, width) for cell, width in zip(cells, widths, strict=False)))

    sheet.write_string(0, 0, section.title, styles["title"])
    above, below = (section.notes[:1], section.notes[1:]) if section.rows else (section.notes, [])
    line = 1
    for text in above:
        note(line, text)
        line += 1
    if section.rows:
        line += 1
        row(line, section.columns)
        for column, name in enumerate(section.columns):
            sheet.write_string(line, column, name, styles["head"])
        sheet.freeze_panes(line + 1, 0)
        sheet.repeat_rows(line)
        for cells in section.rows:
            line += 1
            row(line, cells)
            for column, cell in enumerate(cells):
                _cell(sheet, line, column, cell, styles)
        line += 2
    for text in below:
        note(line, text)
        line += 1


def _widths(section: Section) -> list[int]:
    """Of each column, as its texts need, so that a sentence still fits across."""
    columns = zip(section.columns, *section.rows, strict=True) if section.rows else []
    widths = [_width([*cells]) for cells in columns]
    widths += [_NUMBERS] * (3 - len(widths))
    return [*widths, _ACROSS - sum(widths)] if sum(widths) < _ACROSS else widths


def _width(cells: list[Any]) -> int:
    longest = max(len(cell) + 2 for cell in cells if isinstance(cell, str))
    if any(isinstance(cell, float) for cell in cells):
        return max(_NUMBERS, min(longest, 2 * _NUMBERS))
    return max(_NARROWEST, min(longest, _WIDEST))


def _lines(cell: Any, width: int) -> int:
    """How many lines a text takes in a cell of so many letters; words that are wrapped leave room at their ends."""
    return math.ceil(len(cell) / (0.95 * width)) if isinstance(cell, str) and len(cell) > width else 1


def _cell(sheet: Any, line: int, column: int, cell: Any, styles: dict[str, Any]) -> None:
    if isinstance(cell, float) and math.isnan(cell):
        sheet.write_string(line, column, "never", styles["right"])
    elif isinstance(cell, Money):
        sheet.write_number(line, column, round(float(cell), 2), styles["money"])
    elif isinstance(cell, Extra):
        sheet.write_number(line, column, max(0.0, 100 * float(cell)), styles["extra"])
    elif isinstance(cell, Share):
        sheet.write_number(line, column, float(cell), styles["share"])
    else:
        sheet.write_string(line, column, str(cell), styles["text"])


def _pictures(book: Any, report: Report, styles: dict[str, Any]) -> None:
    """All pictures, one below the other and whole, on one printed page."""
    sheet = book.add_worksheet("Pictures")
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 1)
    scale, line = _SHEET_DPI / _PICTURE_DPI, 0
    for picture in report.pictures:
        sheet.write_string(line, 0, picture.title, styles["title"])
        how = {"image_data": BytesIO(picture.png), "description": picture.words, "x_scale": scale, "y_scale": scale}
        sheet.insert_image(line + 1, 0, picture.title, how)
        # Height in pixels, from the picture's own header.
        (height,) = struct.unpack(">I", picture.png[20:24])
        line += 3 + math.ceil(height * scale / _ROW)
