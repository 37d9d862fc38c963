"""A merchant's own orders: uploaded or named by path, with what was understood of them and what was rejected."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
import polars as pl

from nector_sim.errors import InputError
from nector_sim.explorer.files import Download, Upload
from nector_sim.explorer.messages import Messages
from nector_sim.orders.demo import SHOPS, demo_orders
from nector_sim.orders.read import inspect_orders
from nector_sim.orders.report import OrdersReport
from nector_sim.places import is_url
from nector_sim.report.figures import message_html
from nector_sim.results import count
from nector_sim.rules.money import to_points
from nector_sim.rules.values import ungrouped

TABLES = ".csv,.parquet,.xlsx,.txt,.tsv"
#: Rejected rows shown; all of them can be downloaded.
SHOWN = 20


class YourOrders(widgets.VBox):  # type: ignore[misc]
    """The part of the explorer that takes orders in.

    Parameters
    ----------
    take : callable
        Called with orders that can be scored and what they are; what it returns is said with the rest.
    currency : callable
        Gives the ISO 4217 code of amounts where neither the file nor the merchant names one.
    """

    def __init__(self, take: Callable[[pd.DataFrame, str], str], *, currency: Callable[[], str]) -> None:
        self._take, self._currency = take, currency
        self.report: OrdersReport | None = None
        self._orders: str | Path | None = None
        self._balances: str | Path | None = None
        self._message, self._understood = widgets.HTML(), widgets.HTML()
        self.orders_file = Upload(
            "Orders (Shopify, WooCommerce, CSV, Excel, Parquet)", accept=TABLES, use=self.read_orders, keep=True
        )
        self.balances_file = Upload(
            "Points balances of customers (optional)", accept=TABLES, use=self.read_balances, keep=True
        )
        self.path = _text("Or the path of an orders file on this machine")
        self.balances_path = _text("Or the path of a balances file")
        self.everybody = _text("Or one balance for everybody, in points")
        self.points_code = _text("Coupon codes that were points, such as COINS-*")
        self.currency = _text("Currency, if the file has several or none: INR")
        self.dates = _choice("Dates in the file", ("year first", "dd/mm/yyyy", "mm/dd/yyyy"))
        self.numbers = _choice("Numbers in the file", ("1234.50", "1,234.50", "1.234,50"))
        self.sheet = _text("Sheet of an Excel file, if not the first")
        read = widgets.Button(description="Read again")
        read.on_click(lambda _: self._read_again())
        demos = [widgets.Button(description=f"Demo orders: {shop}") for shop in SHOPS]
        for demo, shop in zip(demos, SHOPS, strict=True):
            demo.on_click(lambda _, shop=shop: self._show_demo(shop))
        self.rejects = Download("Save rejected rows (CSV)", make=self._rejects_file)
        self.rejects.layout.display = "none"
        files = widgets.Box([self.orders_file, self.balances_file]).add_class("nector-two")
        named = widgets.Box([self.path, self.balances_path, self.everybody, self.points_code]).add_class("nector-two")
        how = [self.currency, self.dates, self.numbers, self.sheet]
        how_read = widgets.Box(how).add_class("nector-two")
        heading = widgets.HTML(
            "<h4>If a file is not read as you mean it, say how it is written and press Read again</h4>"
        )
        buttons = widgets.Box([read, *demos, self.rejects]).add_class("nector-bar")
        super().__init__([files, named, heading, how_read, buttons, self._message, self._understood])
        self.add_class("nector-orders")

    def read_orders(self, path: Path) -> None:
        """Read a file of orders, with the balances that are there, and say what was understood."""
        self._orders = path
        self._read()

    def read_balances(self, path: Path) -> None:
        """Take a file of balances; orders that are there already are read again with it."""
        self._balances = path
        self.balances_file.said = f"{path.name} is here."
        if self._orders is None:
            self._say(f"{path.name} is here; now the orders.")
        else:
            self._read()

    def _read(self) -> None:
        with Messages(self._message, "The figures did not change."):
            self._say("Reading …")
            self.report, self._understood.value = None, ""
            self.rejects.layout.display = "none"
            stated = self.currency.value.strip().upper()
            self.report = self._inspect(stated or None)
            if not stated and "currency" not in self.report.columns and self.report.currency != self._currency():
                self.report = self._inspect(self._currency())  # the file names none: that of the setting
            self._show(self.report)

    def _inspect(self, currency: str | None) -> OrdersReport:
        assert self._orders is not None
        return inspect_orders(
            self._orders,
            balances=self._given_balances(),
            points_code=self.points_code.value.strip() or None,
            currency=currency,
            dates=self.dates.value or None,
            numbers=self.numbers.value or None,
            sheet=self.sheet.value.strip() or None,
        )

    def _given_balances(self) -> Any:
        typed = ungrouped(self.everybody.value)
        if typed:
            try:
                return to_points(typed)
            except ValueError as error:
                raise InputError(f"one balance for everybody {error}") from None
        if self.balances_path.value.strip():
            return _place(self.balances_path.value.strip())
        return self._balances

    def _read_again(self) -> None:
        if self.path.value.strip():
            self._orders = _place(self.path.value.strip())
        if self._orders is None:
            self._say("Upload a file of orders first, or name its path.", kind="error")
        else:
            self._read()

    def _show(self, report: OrdersReport) -> None:
        self._understood.value = _page(report)
        self.rejects.layout.display = "" if len(report.rejects) else "none"
        if not len(report.orders):
            raise InputError(f"No order of {report.source} can be used; the page below says why.")
        if "points_balance" not in report.orders:
            raise InputError(
                f"{report.source} was understood, but it has no points balances: upload a balances file, or type one "
                "balance for everybody and press Read again."
            )
        also = self._take(report.orders, f"{report.source}: your orders")
        self._say(f"The figures are now of {count(len(report.orders), 'order')} of {report.source}. {also}".strip())

    def _show_demo(self, shop: str) -> None:
        orders = demo_orders(shop)
        self.report, self._orders, self._balances, self._understood.value = None, None, None, ""
        self.orders_file.said = self.balances_file.said = self.everybody.value = ""
        self._take(orders, str(orders.attrs["label"]))
        self._say(f"The figures are of the demo orders ({shop}). Today's setting stays as it was.")

    def _rejects_file(self) -> tuple[str, str, bytes] | None:
        if self.report is None:
            return None
        from nector_sim.batch.formulas import harmless  # compiled, which takes a while to load

        table = harmless(pl.from_pandas(self.report.rejects.astype("string")))
        return "rejected.csv", "text/csv", table.write_csv(include_bom=True).encode()

    def _say(self, text: str, *, kind: str = "note") -> None:
        self._message.value = message_html(text, kind=kind)


def _page(report: OrdersReport) -> str:
    """What was understood, and the first rejected rows."""
    page = f"<h4>What was understood</h4><pre class='nector-words'>{escape(str(report))}</pre>"
    if not len(report.rejects):
        return page
    shown = report.rejects.head(SHOWN).astype(str)
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in shown.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(v)}</td>" for v in row) + "</tr>" for row in shown.itertuples(index=False)
    )
    more = f"<p>and {len(report.rejects) - SHOWN:,} more</p>" if len(report.rejects) > SHOWN else ""
    table = f"<div class='nector-scrolls'><table class='nector-table'><tr>{head}</tr>{rows}</table></div>"
    return f"{page}<h4>Rejected</h4>{table}{more}"


def _choice(label: str, options: tuple[str, ...]) -> widgets.Dropdown:
    """One of several ways to write something; the first is what is read when nobody says."""
    values = [(options[0], ""), *((option, option) for option in options[1:])]
    return widgets.Dropdown(description=label, options=values).add_class("nector-labelled")


def _place(typed: str) -> str | Path:
    """What was typed, a path or a URL."""
    return typed if is_url(typed) else Path(typed).expanduser()


def _text(label: str) -> widgets.Text:
    return widgets.Text(description=label).add_class("nector-labelled")
