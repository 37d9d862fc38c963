"""Scenarios as files: one flat table as CSV, a sheet for each grouping as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

Line = tuple[str, str, str, str, list[Any]]


def lines_of(found: dict[str, Any]) -> Iterator[Line]:
    """Each line of the tables: the grouping, the group, what is measured, its unit, and a value for each setting."""
    for row in found["rows"]:
        yield "All orders", "all", row["name"], row["unit"], row["values"]
    for group in found["groups"]:
        for measure in found["measures"]:
            for name, values in zip(group["rows"], group["values"][measure["key"]], strict=True):
                yield group["name"], name, measure["name"], measure["unit"], values


def as_csv(found: dict[str, Any]) -> bytes:
    """One table, amounts as plain numbers; text that a spreadsheet would run is made harmless."""
    import polars as pl

    from nector_sim.batch.formulas import harmless

    names = [column["name"] for column in found["columns"]]
    head = ["By", "Group", "What", "Unit"]
    rows = [
        [by, group, what, _unit(unit, found["currency"]), *(_rounded(value) for value in values)]
        for by, group, what, unit, values in lines_of(found)
    ]
    settings = ["All orders", "all", "Setting", "words", *(column["words"] for column in found["columns"])]
    table = pl.DataFrame([settings, *rows], schema=[*head, *names], orient="row", strict=False)
    return harmless(table).write_csv(include_bom=True).encode()


def as_workbook(found: dict[str, Any]) -> bytes:
    """The settings side by side, then a sheet for each grouping; numbers as numbers."""
    import xlsxwriter

    from nector_sim.report.workbook import money_format

    file = BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, plain) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        words = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            "money": book.add_format({"num_format": money_format(found["currency"])}),
            "percent": book.add_format({"num_format": '0.0" %"'}),
            "uplift": book.add_format({"num_format": "0.0"}),
            "count": book.add_format({"num_format": "#,##0"}),
        }
        by_sheet: dict[str, list[Line]] = {}
        for line in lines_of(found):
            by_sheet.setdefault(line[0], []).append(line)
        for by, lines in by_sheet.items():
            sheet = book.add_worksheet("Scenarios" if by == "All orders" else by[:31])
            first = ["What"] if by == "All orders" else ["What", by]
            for at, name in enumerate([*first, *(column["name"] for column in found["columns"])]):
                sheet.write_string(0, at, name, head)
            sheet.set_column(0, len(first) - 1, 38)
            sheet.set_column(len(first), len(first) + len(found["columns"]) - 1, 20)
            sheet.freeze_panes(1, len(first))
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            begin = 1
            if by == "All orders":
                sheet.write_string(1, 0, "Setting", words)
                for at, column in enumerate(found["columns"]):
                    sheet.write_string(1, 1 + at, column["words"], words)
                begin = 2
            for row, (_, group, what, unit, values) in enumerate(lines, begin):
                sheet.write_string(row, 0, what)
                if by != "All orders":
                    sheet.write_string(row, 1, group)
                for at, value in enumerate(values):
                    if value is None:
                        sheet.write_string(row, len(first) + at, "never" if unit == "uplift" else "")
                    else:
                        sheet.write_number(row, len(first) + at, value, formats[unit])
    return file.getvalue()


def _unit(unit: str, currency: str) -> str:
    return {"money": currency, "percent": "%", "uplift": "orders per 100", "count": "number"}[unit]


def _rounded(value: Any) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
