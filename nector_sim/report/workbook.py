"""The report as an Excel workbook: a sheet a section, numbers as numbers, pictures inside."""

from __future__ import annotations

import math
import re
from io import BytesIO
from typing import Any

import xlsxwriter

from nector_sim.pictures.style import currency_sign
from nector_sim.report.contents import Money, Report, Section, Share

#: Characters that a sheet's name may not have, and its length.
_FORBIDDEN, _LONGEST = re.compile(r"[\[\]:*?/\\]"), 31


def workbook(report: Report) -> bytes:
    """Write a report as an Excel workbook."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "money": book.add_format({"num_format": money_format(report.currency), "valign": "top"}),
            "share": book.add_format({"num_format": "0.0 %", "valign": "top"}),
            "right": book.add_format({"align": "right", "valign": "top"}),
        }
        for position, section in enumerate(report.sections):
            _sheet(book, section, styles, f"{report.title}. {report.label}" if position == 0 else "")
            if position == 0:
                _pictures(book, report, styles)
    return file.getvalue()


def money_format(currency: str) -> str:
    """Give the number format of a currency's amounts, in whole units; rupees in lakhs and crores."""
    sign = f'"{currency_sign(currency)}"'
    if currency != "INR":
        return f"{sign}#,##0"
    # A format knows two conditions, so negative amounts stay in thousands.
    return rf"[>=10000000]{sign}##\,##\,##\,##0;[>=100000]{sign}##\,##\,##0;{sign}#,##0"


def _sheet(book: Any, section: Section, styles: dict[str, Any], source: str) -> None:
    sheet = book.add_worksheet(_FORBIDDEN.sub(" ", section.title)[:_LONGEST])
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, max(1, len(section.columns) - 1), 28)
    sheet.write_string(0, 0, section.title, styles["title"])
    line = 1
    for note in [source, *section.notes] if source else section.notes:
        sheet.merge_range(line, 0, line, 4, "", styles["text"])
        sheet.write_string(line, 0, note, styles["text"])
        sheet.set_row(line, 15 * (1 + len(note) // 120))
        line += 1
    line += 1
    for column, name in enumerate(section.columns):
        sheet.write_string(line, column, name, styles["head"])
    for cells in section.rows:
        line += 1
        for column, cell in enumerate(cells):
            _cell(sheet, line, column, cell, styles)


def _cell(sheet: Any, line: int, column: int, cell: Any, styles: dict[str, Any]) -> None:
    if isinstance(cell, float) and math.isnan(cell):
        sheet.write_string(line, column, "never", styles["right"])
    elif isinstance(cell, Money):
        sheet.write_number(line, column, round(float(cell)), styles["money"])
    elif isinstance(cell, Share):
        sheet.write_number(line, column, float(cell), styles["share"])
    else:
        sheet.write_string(line, column, str(cell), styles["text"])


def _pictures(book: Any, report: Report, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet("Pictures")
    line = 0
    for picture in report.pictures:
        sheet.write_string(line, 0, picture.title, styles["title"])
        sheet.insert_image(
            line + 1, 0, picture.title, {"image_data": BytesIO(picture.png), "description": picture.words}
        )
        line += 27
