"""The report as one HTML file that opens without a network, and prints on A4."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nector_sim.pictures.style import percent_text
from nector_sim.report.answer import extra
from nector_sim.report.parts import Extra, Money, Section, Share
from nector_sim.rules.money import money_text

if TYPE_CHECKING:
    from nector_sim.report.contents import Report

#: The section that pictures follow, and the one in small print at the end.
_BEFORE_PICTURES, _SMALL = "Why", "Made with"
#: The section in which rows that differ are marked.
_MARKED = "The setting"
#: A page that was tampered with asks for nothing either.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html_report(report: Report) -> str:
    """Write a report as HTML."""
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    parts = []
    for section in report.sections:
        parts.append(_section(section, report.currency))
        if section.title == _BEFORE_PICTURES:
            parts.append(_pictures(report))
    at = report.made_at
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main><h1>{escape(report.title)}</h1>"
        f'<p class="source">{escape(report.label)}. Made on {at.day} {at:%B %Y, %H:%M} ({escape(str(at.tzinfo))}).</p>'
        f"{''.join(parts)}</main></body></html>"
    )


def written(value: Any, currency: str) -> str:
    """Write a cell as a merchant reads it."""
    if isinstance(value, float) and math.isnan(value):
        return "never"
    if isinstance(value, Extra):
        return extra(value)
    if isinstance(value, Money):
        sign = "−" if round(value) < 0 else ""
        return sign + money_text(Decimal(abs(round(value))), currency)
    return percent_text(float(value)) if isinstance(value, Share) else str(value)


def _once(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows, with a first cell that is that of the row above left blank."""
    above = None
    for first, *rest in rows:
        yield ["" if first == above else first, *rest]
        above = first


def _pictures(report: Report) -> str:
    return "".join(
        f"<figure><figcaption>{escape(picture.title)}</figcaption>{picture.svg}</figure>" for picture in report.pictures
    )


def _section(section: Section, currency: str) -> str:
    kind = section.title.lower().replace(" ", "-")
    small = " small" if section.title == _SMALL else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in section.notes)
    table = _table(section, currency)
    return f'<section class="{kind}{small}"><h2>{escape(section.title)}</h2>{notes}{table}</section>'


def _table(section: Section, currency: str) -> str:
    if not section.rows:
        return ""

    def row(tag: str, cells: Sequence[Any]) -> str:
        made = ""
        for column, cell in enumerate(cells):
            number = any(isinstance(one[column], float) for one in section.rows)
            made += f"<{tag}{' class=number' if number else ''}>{escape(written(cell, currency))}</{tag}>"
        differs = tag == "td" and section.title == _MARKED and cells[1] != cells[2]
        return f"<tr{' class=differs' if differs else ''}>{made}</tr>"

    head, body = row("th", section.columns), "".join(row("td", cells) for cells in _once(section.rows))
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
