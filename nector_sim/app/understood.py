"""What the page of the orders shows: how files were understood, what is asked, what counts and what does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from nector_sim.app.counted import RETURNED_PERCENT
from nector_sim.app.reading import Looked, mapping_of
from nector_sim.orders.fates import LEFT_OUT
from nector_sim.orders.propose import Proposal
from nector_sim.orders.report import OrdersReport
from nector_sim.report.answer import brief
from nector_sim.report.words import plain
from nector_sim.results import count

#: Rejected rows that the page shows; all of them can be saved.
SHOWN = 20
#: What a column of a file can be, in the order of the page's choice.
ROLES = {
    "order_id": "Order number",
    "ordered_at": "Order date",
    "cart_amount": "Basket, before coins",
    "-cart_amount": "Taken off the basket",
    "customer_id": "Customer",
    "phone": "Phone",
    "email": "E-mail",
    "status": "Status",
    "payment_method": "Way of paying",
    "points_balance": "Coins of the customer",
    "discount_given": "Discount by coins",
    "coupons": "Coupon codes",
    "coupon_amount": "Discount by coupons",
    "shipping": "Shipping",
    "refunded": "Amount refunded",
    "cancelled_at": "Date of cancelling",
    "currency": "Currency",
    "cost": "Cost of the goods",
    "tier": "Tier",
    "line_sku": "Product code",
    "line_quantity": "Pieces",
}
_CODE = re.compile(r"coupon codes with “([^”]+)” in them: on (\d+) of the orders, with discounts of (\S+) in all")
_WAITING = re.compile(r"cash on delivery: (\d+)")


def page(found: Looked, source: Mapping[str, Any]) -> dict[str, Any]:
    """What the page of the orders shows."""
    days = {"days": source.get("days", {}), "span": _span(found), "rests": found.rests}
    if not source.get("files"):
        return {"files": [], "notices": [], "message": found.message, **days}
    return {
        **days,
        "files": [one["name"] for one in source["files"]],
        "balances": _balances_said(source),
        "how": source.get("how", {}),
        "message": found.message,
        "notices": found.notices + _notes(found),
        "confirm": found.needs_a_look,
        "columns": _columns(found.proposal, source),
        "questions": _questions(found, source),
        "report": None if found.report is None else _report(found.report, found),
        "choices": _choices(found, source),
    }


def _span(found: Looked) -> list[str]:
    """The first and the last day of all orders, chosen or not."""
    frames = [found.orders, None if found.counted is None else found.counted.outside]
    at = [frame["ordered_at"] for frame in frames if frame is not None and "ordered_at" in frame and len(frame)]
    if not at or not at[0].notna().any():
        return []
    ends = min(one.min() for one in at), max(one.max() for one in at)
    return [end.tz_convert(found.zone).date().isoformat() for end in ends]


def _baskets(orders: pd.DataFrame, currency: str) -> str:
    return brief(float(orders["cart_amount"].astype("float64").sum()), currency)


def _balances_said(source: Mapping[str, Any]) -> dict[str, Any]:
    given = source.get("balances") or {}
    return {"name": given.get("name", ""), "at": given.get("at", ""), "each": given.get("each", "")}


def _columns(proposal: Proposal | None, source: Mapping[str, Any]) -> list[dict[str, Any]]:
    if proposal is None or proposal.known_as is not None:
        return []
    columns = mapping_of(proposal, source)["columns"]
    used: dict[str, str] = {}
    for ours, theirs in columns.items():
        for part in [theirs] if isinstance(theirs, str) else theirs:
            used[part.removeprefix("-")] = f"-{ours}" if part.startswith("-") else ours
    rows = []
    for one in proposal.columns:
        ours = used.get(one.name, "")
        why = proposal.evidence.get(f"columns.{ours.removeprefix('-')}", "") if ours else ""
        role = ours if ours in ROLES or not ours else ours.removeprefix("-")
        rows.append({"name": one.name, "first": list(one.first), "role": role, "why": plain(why)})
    return rows


def _questions(found: Looked, source: Mapping[str, Any]) -> list[dict[str, Any]]:
    if found.proposal is None or found.proposal.known_as is not None:
        return []
    answers = source.get("answers", {})
    return [
        {
            "key": one.key,
            "text": _asked(one, found.own),
            "choices": [[c, _CHOICES.get(c, c)] for c in one.choices],
            "answer": answers.get(one.key, ""),
        }
        for one in found.proposal.questions
        if one.choices or one.key == "currency"
    ]


#: Answers in words.
_CHOICES = {
    "every": "each row repeats its order",
    "lines": "rows add up to the order",
    "keep": "sold",
    "refunded": "sold, then refunded",
    "pending": "not paid yet",
    "cancelled": "cancelled",
    "voided": "failed",
    "dd/mm/yyyy": "day first",
    "mm/dd/yyyy": "month first",
}


def _asked(question: Any, own: list[str]) -> str:
    text = plain(question.text, own).replace(" (every)", "").replace(" (lines)", "")
    return text[:1].upper() + text[1:]


def _report(report: OrdersReport, found: Looked) -> dict[str, Any]:
    currency = report.currency
    orders = report.orders if found.orders is None else found.orders
    outside = None if found.counted is None else found.counted.outside
    rows = [{"what": "used", "orders": len(orders), "money": brief(float(report.money["used"]), currency)}]
    if outside is not None:
        rows = [
            {"what": what, "orders": len(frame), "money": _baskets(frame, currency)}
            for what, frame in (("used (baskets)", orders), ("left out: not on the days chosen (baskets)", outside))
        ]
    for kind, left in report.left_out.items():
        amount = left.money.get(currency, Decimal(0))
        rows.append(
            {"what": f"left out: {LEFT_OUT[kind]}", "orders": left.orders, "money": brief(float(amount), currency)}
        )
    if len(report.rejects):
        rows.append(
            {
                "what": "cannot be used",
                "orders": len(report.rejects),
                "money": brief(float(report.money["rejected"]), currency),
            }
        )
    facts = [f"{plain(report.format)}; the basket is {plain(report.cart_amount_is, found.own)}."]
    if "customer_id" in orders:
        facts.append(f"{count(orders['customer_id'].nunique(), 'customer')}.")
    facts += found.rests
    table = report.rejects.head(SHOWN)
    rejects = [[str(row), str(number), plain(str(reason), found.own)] for row, number, reason in zip(
        table["row"], table.get("order_id", table["row"]), table["reason"], strict=True)]  # fmt: skip
    return {"rows": rows, "facts": facts, "rejects": rejects, "rejected": len(report.rejects)}


def _notes(found: Looked) -> list[str]:
    report = found.report
    if report is None:
        return []
    return [
        sentence[:1].upper() + sentence[1:]
        for note in report.notes
        if not _CODE.search(note) and not _WAITING.search(note) and not note.startswith("shipping is not part")
        for sentence in [plain(note, found.own)]
    ]


def _choices(found: Looked, source: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a merchant may count differently, as boxes to tick: each sets a part of ``how``."""
    report, how = found.report, source.get("how", {})
    if report is None:
        return []
    choices = []
    pending = sorted({one.status for one in report.statuses if one.fate == "pending"})
    kept = how.get("keep_status", [])
    if pending or kept:
        left = report.left_out.get("pending")
        amount = "" if left is None else f" ({brief(float(left.money.get(report.currency, 0)), report.currency)})"
        number = "" if left is None else f"{count(left.orders, 'order')} not paid yet{amount}"
        waiting = next((at[1] for note in report.notes if (at := _WAITING.search(note))), None)
        cash = f", {int(waiting):,} of them cash on delivery" if waiting else ""
        words = f"Count as sold: {number}{cash}" if number else f"Count orders not paid yet as sold ({', '.join(kept)})"
        choices.append({"name": "keep_status", "value": [*kept, *pending], "on": bool(kept), "words": words})
        if report.unpaid.any():
            rate = how.get("returned_percent", RETURNED_PERCENT)
            words = "Of these, returned at the door"
            choices.append({"name": "returned_percent", "value": rate, "on": True, "words": words})
    for one in report.statuses:
        if one.fate == "unknown":
            words = f"Count as sold: {count(one.orders, 'order')} with the status “{one.status}”"
            choices.append({"name": "keep_status", "value": [*kept, one.status], "on": False, "words": words})
    codes = next((at for note in report.notes if (at := _CODE.search(note))), None)
    if codes is not None or how.get("points_code"):
        code = how.get("points_code") or f"*{codes[1]}*"  # type: ignore[index]
        what = f"coupons with “{code.strip('*')}” in them"
        also = "" if codes is None else f", on {count(int(codes[2]), 'order')}, {codes[3]} in all"
        choices.append(
            {
                "name": "points_code",
                "value": code,
                "on": bool(how.get("points_code")),
                "words": f"These were coins: {what}{also}",
            }
        )
    if any(note.startswith("shipping is not part") for note in report.notes) or how.get("shipping"):
        choices.append(
            {
                "name": "shipping",
                "value": "in",
                "on": how.get("shipping") == "in",
                "words": "Coins may pay for shipping, too",
            }
        )
    given = source.get("balances") or {}
    if given.get("path") and any("balances of their own" in note for note in found.notices):
        choices.append(
            {
                "name": "balances_from",
                "value": "file",
                "on": False,
                "words": f"Use the balances of {given['name']} instead",
            }
        )
    elif how.get("balances_from") == "file":
        choices.append(
            {
                "name": "balances_from",
                "value": "file",
                "on": True,
                "words": f"Use the balances of {given.get('name', 'the file')}",
            }
        )
    return choices
