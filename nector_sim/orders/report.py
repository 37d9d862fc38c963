"""What was understood of a file of orders, on one page: every row and every rupee of it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.orders.fates import LEFT_OUT, StatusCount
from nector_sim.orders.identity import Known
from nector_sim.results import count
from nector_sim.rules.money import money_text

#: How many kinds of problems, and rows of each, a page names.
_KINDS, _ROWS = 12, 5
#: How many statuses a page lists.
_STATUSES = 25


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Orders of one kind that do not count.

    Attributes
    ----------
    orders, rows : int
    money : dict of str to Decimal
        The orders' totals by currency, in major units.
    """

    orders: int
    rows: int
    money: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrdersReport:
    """Orders as they were read, and everything that a reader of them must know.

    Attributes
    ----------
    orders : pandas.DataFrame
        The usable orders: what :func:`read_orders` gives. ``orders.attrs`` holds ``currency``, ``source``, ``format``
        and ``notes``.
    rejects : pandas.DataFrame
        One line for each order or row that cannot be used: ``row`` (1 is the first below the header), ``order_id``,
        ``column`` (of the file) and ``value`` of the first thing wrong, ``reason`` with everything wrong. What could
        tell who a person is, is shown as ``(masked)``.
    source, format : str
        The file's name, and what it was taken for.
    currency, timezone : str
        Of the amounts; of the times that name no zone.
    columns : mapping of str to str
        Each of our columns that was read, to the file's names for it.
    cart_amount_is : str
        What was taken as the cart amount.
    rows : mapping of str to int
        ``in_file``, ``used``, ``left_out``, ``rejected``, ``blank``: the first is the sum of the others.
    left_out : mapping of str to LeftOut
        By kind: ``pending``, ``voided``, ``cancelled``, ``test``, ``other_status``, ``other_currency``,
        ``refund_alone``, ``repeated``, ``total_row``.
    money : mapping of str to Decimal
        In major units: ``in_file`` = ``used`` + ``left_out`` + ``rejected``, the orders' totals in the currency,
        repeats included; and ``used`` = ``cart_amount`` - ``discount_given`` + ``shipping`` + ``taxes`` + ``other``.
        Where a file has no total, an order's is its cart amount.
    unreadable_totals : int
        Rejected orders whose total cannot be read, so that it is in none of these sums.
    problems : mapping of str to int
        Kinds of problems, each with how many orders have it.
    known : Known
        How customers were identified.
    notes : tuple of str
        What was not taken exactly as written, or was assumed.
    command : str
        The file and the options of the command line that read it in this way; empty for a table in memory.
    statuses : tuple of StatusCount
        Statuses of the file: ``status``, ``fate`` (``kept``, ``unknown``, or the kind under which such orders are left
        out) and ``orders`` (lines, where each row is one).
    currency_is_known : bool
        Whether the caller, a column, a sign or the file says the currency; else INR is assumed.
    unpaid : ndarray of bool, shape (orders,)
        Which of the usable orders are not paid yet and count because ``keep_status`` names their status.
    """

    orders: pd.DataFrame
    rejects: pd.DataFrame
    source: str
    format: str
    currency: str
    timezone: str
    columns: Mapping[str, str]
    cart_amount_is: str
    rows: Mapping[str, int]
    left_out: Mapping[str, LeftOut]
    money: Mapping[str, Decimal]
    unreadable_totals: int
    problems: Mapping[str, int]
    known: Known
    notes: tuple[str, ...]
    command: str
    statuses: tuple[StatusCount, ...] = ()
    currency_is_known: bool = True
    unpaid: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def why_none(self) -> str:
        """Why no order can be used, for a message."""
        return _why_none(self)

    def __str__(self) -> str:
        return "\n".join(_page(self))


def _page(report: OrdersReport) -> list[str]:
    orders = report.orders
    lines = [
        f"{report.source}: {report.format}, amounts in {report.currency}, times without a zone in {report.timezone}",
        "",
        "Columns used",
        *(f"  {ours:<16} {theirs}" for ours, theirs in report.columns.items()),
        f"  cart_amount is {report.cart_amount_is}.",
        "  No other column was read.",
        "",
        "Rows",
        *_rows(report),
        "",
        "Money"
        + ("" if "_total" in report.columns or "total" in report.columns else " (cart amounts: the file has no total)"),
        *_money(report),
    ]
    if report.statuses:
        lines += ["", "Statuses", *_statuses(report)]
    if len(orders):
        lines += ["", "Orders", *_orders(report)]
    if report.problems:
        lines += ["", "Problems", *_problems(report)]
    if report.notes:
        lines += ["", "Notes", *(f"  - {note}" for note in report.notes)]
    return [*lines, "", "Next", f"  {_next(report)}"]


def _rows(report: OrdersReport) -> list[str]:
    rows = report.rows
    lines = [
        f"  {rows['in_file']:>10,} in the file",
        f"  {rows['used']:>10,} can be used: {count(len(report.orders), 'order')}",
    ]
    for kind, left in report.left_out.items():
        lines.append(f"  {left.rows:>10,} left out, {LEFT_OUT[kind]}: {count(left.orders, 'order')}")
    if rows["rejected"]:
        lines.append(
            f"  {rows['rejected']:>10,} rejected: {count(len(report.rejects), 'order or row', 'orders or rows')}"
        )
    if rows["blank"]:
        lines.append(f"  {rows['blank']:>10,} empty")
    return lines


def _statuses(report: OrdersReport) -> list[str]:
    lines = []
    for status, fate, many in report.statuses[:_STATUSES]:
        words = {"kept": "kept", "unknown": "not known, rejected"}.get(fate, f"left out, {LEFT_OUT.get(fate, fate)}")
        lines.append(f"  {many:>10,} {status}: {words}")
    if len(report.statuses) > _STATUSES:
        lines.append(f"  and {len(report.statuses) - _STATUSES} more")
    return lines


def _money(report: OrdersReport) -> list[str]:
    money, currency = report.money, report.currency
    lines = [
        f"  {_text(money['in_file'], currency):>16} in the file",
        f"  {_text(money['used'], currency):>16} of orders that can be used",
    ]
    parts = [
        ("discount_given", "less points redeemed"),
        ("shipping", "shipping"),
        ("taxes", "taxes on top"),
        ("other", "other"),
    ]
    if any(money[name] for name, _ in parts):
        lines.append(f"  {'':>16}   = cart_amount {_text(money['cart_amount'], currency)}")
        for name, words in parts:
            if money[name]:
                sign = "-" if (name == "discount_given") != (money[name] < 0) else "+"
                lines.append(f"  {'':>16}     {sign} {words} {_text(abs(money[name]), currency)}")
    for kind, left in report.left_out.items():
        for other, amount in left.money.items():
            lines.append(f"  {_text(amount, other):>16} left out, {LEFT_OUT[kind]}")
    if report.rows["rejected"]:
        unread = f", and {report.unreadable_totals} whose total cannot be read" if report.unreadable_totals else ""
        lines.append(f"  {_text(money['rejected'], currency):>16} rejected{unread}")
    return lines


def _orders(report: OrdersReport) -> list[str]:
    orders, known = report.orders, report.known
    lines = []
    if "customer_id" in orders:
        customers = orders["customer_id"].nunique()
        by = [(known.by_id, "customer_id"), (known.by_phone, "phone"), (known.by_email, "e-mail address")]
        by += [(known.by_nothing, "nothing, as guests")]
        lines.append(
            f"  customers     {customers:,}, {len(orders) / max(customers, 1):.2f} orders each; known by "
            + ", ".join(f"{word} ({count(many, 'order')})" for many, word in by if many)
        )
    if "ordered_at" in orders and orders["ordered_at"].notna().any():
        at = orders["ordered_at"].dt.tz_convert(report.timezone)
        lines.append(f"  period        {at.min():%Y-%m-%d} to {at.max():%Y-%m-%d}")
    sizes = sorted(orders["cart_amount"].tolist())
    picks = [("smallest", 0.0), ("10 %", 0.1), ("median", 0.5), ("90 %", 0.9), ("largest", 1.0)]
    lines.append(
        "  cart sizes    "
        + ", ".join(f"{word} {_text(sizes[round(at * (len(sizes) - 1))], report.currency)}" for word, at in picks)
    )
    if "refunded_at" in orders:
        refunds = orders["refunded_at"].notna() | orders["refunded_amount"].notna()
        lines.append(
            f"  refunds       {count(int(refunds.sum()), 'order')}, {_sum(orders['refunded_amount'], report)} on items"
        )
    if "payment_method" in orders:
        kinds = Counter(orders["payment_method"].fillna("not said").tolist())
        lines.append("  paid          " + ", ".join(f"{kind} {many:,}" for kind, many in sorted(kinds.items())))
    if "points_balance" in orders:
        lines.append(f"  balances      median {count(int(orders['points_balance'].median()), 'point')}")
    return lines


def _sum(amounts: pd.Series, report: OrdersReport) -> str:
    return _text(sum(amounts.dropna().tolist(), Decimal(0)), report.currency)


def _problems(report: OrdersReport) -> list[str]:
    lines = []
    ranked = sorted(report.problems.items(), key=lambda item: (-item[1], item[0]))
    for kind, many in ranked[:_KINDS]:
        at = report.rejects.loc[report.rejects["reason"].str.contains(kind, regex=False), "row"]
        rows = ", ".join(map(str, at.head(_ROWS))) + (", ..." if len(at) > _ROWS else "")
        lines.append(f"  {many:>8,} x {kind} (row {rows})")
    if len(ranked) > _KINDS:
        lines.append(f"  and {len(ranked) - _KINDS} more kinds, in the file of rejects")
    return lines


def _next(report: OrdersReport) -> str:
    has_balances = "points_balance" in report.orders
    if not report.command:
        return (
            "ns.score(program, report.orders)" if has_balances else "read them again with balances=FILE, then ns.score"
        )
    if not len(report.orders):
        chosen = f" --currency {report.currency}" if "other_currency" in report.left_out else ""
        if set(report.left_out) == {"pending"} and not report.rows["rejected"]:
            kept = "".join(
                f" --keep-status {shlex.quote(one.status)}" for one in report.statuses if one.fate == "pending"
            )
            return (
                f"if these were paid, such as at the door, count them: nector-sim check {report.command}{chosen}{kept}"
            )
        return f"correct the file as said above, then again: nector-sim check {report.command}{chosen}"
    balances = "" if has_balances else " --balances balances.csv"
    return f"nector-sim score {report.command}{balances} --program program.toml --out scored.parquet"


def _why_none(report: OrdersReport) -> str:
    """Why no order can be used: in another currency, first of all, as no status would change that."""
    left = report.left_out
    orders = sum(one.orders for one in left.values())
    other = left.get("other_currency")
    if other is not None and other.orders == orders and not report.rows["rejected"]:
        codes = ", ".join(other.money) or "another currency"
        option = f"(--currency {codes.split(',')[0]})"
        return f"{count(orders, 'order is', 'orders are all')} in {codes}, and {report.currency} was asked for {option}"
    parts = [f"{one.orders:,} {LEFT_OUT[kind]}" for kind, one in left.items()]
    parts += [f"{len(report.rejects):,} rejected"] if len(report.rejects) else []
    kept = sorted({one.status for one in report.statuses if one.fate == "pending"})
    hint = f"; to count those not paid yet: keep_status={kept!r} (--keep-status {kept[0]})" if kept else ""
    return f"no order can be used: {', '.join(parts) or 'there is none'}{hint}"


def _text(amount: Decimal, currency: str) -> str:
    return money_text(amount, currency)
