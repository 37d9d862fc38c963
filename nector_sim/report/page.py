"""The report as one HTML file that opens without a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from nector_sim.pictures.style import percent_text
from nector_sim.report.contents import Money, Report, Section, Share
from nector_sim.rules.money import money_text


def html_report(report: Report) -> str:
    """Write a report as HTML."""
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    head, *middle, last = report.sections
    pictures = "".join(
        f"<figure><figcaption>{escape(picture.title)}</figcaption>{picture.svg}</figure>" for picture in report.pictures
    )
    parts = [
        _section(head, report.currency),
        f"<section><h2>Pictures</h2>{pictures}</section>",
        *(_section(section, report.currency) for section in [*middle, last]),
    ]
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><h1>{escape(report.title)}</h1>"
        f'<p class="source">{escape(report.label)}. {report.made_at:%d %B %Y, %H:%M %Z}.</p>'
        f"{''.join(parts)}</body></html>"
    )


def written(value: Any, currency: str) -> str:
    """Write a cell as a merchant reads it."""
    if isinstance(value, float) and math.isnan(value):
        return "never"
    if isinstance(value, Money):
        return money_text(Decimal(round(value)), currency)
    return percent_text(float(value)) if isinstance(value, Share) else str(value)


def _section(section: Section, currency: str) -> str:
    notes = "".join(f"<p>{escape(note)}</p>" for note in section.notes)
    return f"<section><h2>{escape(section.title)}</h2>{notes}{_table(section, currency)}</section>"


def _table(section: Section, currency: str) -> str:
    if not section.rows:
        return ""

    def row(tag: str, cells: Sequence[Any]) -> str:
        made = ""
        for column, cell in enumerate(cells):
            number = isinstance(section.rows[0][column], float)
            made += f"<{tag}{' class=number' if number else ''}>{escape(written(cell, currency))}</{tag}>"
        return f"<tr>{made}</tr>"

    return f"<table>{row('th', section.columns)}{''.join(row('td', cells) for cells in section.rows)}</table>"
