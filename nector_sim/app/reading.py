"""A merchant's own files: what each is, how it is read, what is asked about it, and the page that says so."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from nector_sim.app.figures import brief
from nector_sim.app.words import count, plain
from nector_sim.errors import InputError
from nector_sim.orders.demo import SHOPS, demo_orders
from nector_sim.orders.fates import LEFT_OUT
from nector_sim.orders.propose import Proposal, propose_mapping
from nector_sim.orders.read import inspect_orders
from nector_sim.orders.report import OrdersReport
from nector_sim.rules.money import to_points

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
#: The example shops as the page calls them.
EXAMPLES = {
    "grocery": "Example shop: groceries, not yours",
    "web shop": "Example shop: online store, not yours",
}
#: Questions whose answer nothing may wait for.
_OPTIONAL = ("columns.order_id", "currency")
_CODE = re.compile(r"coupon codes with “([^”]+)” in them: on (\d+) of the orders, with discounts of (\S+) in all")
_WAITING = re.compile(r"cash on delivery: (\d+)")


def fingerprint(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Looked:
    """Orders as they are understood so far."""

    orders: pd.DataFrame | None = None
    label: str = ""
    report: OrdersReport | None = None
    proposal: Proposal | None = None
    message: str = ""
    notices: list[str] = field(default_factory=list)
    needs_a_look: bool = False
    """Whether somebody must confirm which column is which."""


def look(source: Mapping[str, Any], *, currency: str) -> Looked:
    """Read orders as a state names them; what is wrong becomes a message."""
    if "shop" in source:
        return Looked(demo_orders(source["shop"]), EXAMPLES[source["shop"]])
    found = Looked(label=", ".join(one["name"] for one in source["files"]))
    try:
        _look(found, source, currency)
    except InputError as error:
        found.orders, found.message = None, plain(str(error))
    except MemoryError:
        found.orders, found.message = None, "This computer's memory is not enough for these files."
    except Exception as error:
        kind = type(error).__name__  # alone: its text may hold a customer's data
        found.orders, found.message = None, f"They were not read, and that is a fault of the app, not yours ({kind})."
    return found


def _look(found: Looked, source: Mapping[str, Any], currency: str) -> None:
    files = [_there(one, found.notices) for one in source["files"]]
    paths: Any = files[0] if len(files) == 1 else files
    how = {name: value for name, value in source.get("how", {}).items() if value not in ("", None, [])}
    how.pop("balances_from", None)
    stated = how.pop("currency", None)
    found.proposal = propose_mapping(paths, sheet=how.get("sheet"))
    mapping = None
    if found.proposal.known_as is None:
        found.needs_a_look = not source.get("confirmed")
        mapping = _mapping(found.proposal, source)
        for name in ("dates", "numbers", "sheet"):
            if name in how:
                mapping[name] = how.pop(name)
        if stated or "currency" not in {*mapping, *mapping["columns"]}:
            mapping["currency"] = stated or currency
        missing = [one.text for one in open_questions(found.proposal, source) if one.key not in _OPTIONAL]
        if missing or "cart_amount" not in mapping["columns"]:
            found.message = "Please answer the questions below."
            return
        how = {name: value for name, value in how.items() if name in ("points_code", "keep_status", "shipping")}
    report = inspect_orders(paths, mapping=mapping, currency=None if mapping else stated, **how)
    if not stated and not report.currency_is_known and report.currency != currency:
        stated = currency
        mapping = mapping and {**mapping, "currency": currency}
        report = inspect_orders(paths, mapping=mapping, currency=None if mapping else stated, **how)
    balances, at = _balances(source, report, found.notices)
    if balances is not None:
        again = {"balances": balances, "balances_at": at}
        report = inspect_orders(paths, mapping=mapping, currency=None if mapping else stated, **again, **how)
    found.report = report
    if not len(report.orders):
        found.message = plain(f"No order of {report.source} can be used: {report.why_none()}")
        return
    found.orders = report.orders


def _there(one: Mapping[str, Any], notices: list[str]) -> Path:
    path = Path(one["path"])
    if not path.is_file():
        raise InputError(f"{one['name']} is not there any more. Drop it on the page again.")
    if one.get("sha256") and fingerprint(path) != one["sha256"]:
        notices.append(f"{one['name']} has changed since it was read the first time; these are its new numbers.")
    return path


def _balances(source: Mapping[str, Any], report: OrdersReport, notices: list[str]) -> tuple[Any, Any]:
    given = source.get("balances") or {}
    if "each" in given:
        try:
            return to_points(str(given["each"]).replace(",", "")), None
        except ValueError as error:
            raise InputError(f"The balance of every customer {error}") from None
    if "path" not in given:
        return None, None
    if "points_balance" in report.orders and source.get("how", {}).get("balances_from") != "file":
        notices.append(f"Your orders carry balances of their own. These are used, and {given['name']} is not.")
        return None, None
    return _there(given, notices), given.get("at") or None


def _mapping(proposal: Proposal, source: Mapping[str, Any]) -> dict[str, Any]:
    asked = {one.key for one in proposal.questions}
    answers = {key: value for key, value in source.get("answers", {}).items() if key in asked and value}
    answered = proposal.answered(answers)
    mapping = dict(answered.mapping)
    mapping["columns"] = dict(mapping.get("columns", {}))
    for column, role in source.get("columns", {}).items():
        _give_role(mapping["columns"], column, role)
    return mapping


def _give_role(columns: dict[str, Any], column: str, role: str) -> None:
    """Make a column of the file one of ours, or none."""
    for ours, theirs in list(columns.items()):
        parts = [theirs] if isinstance(theirs, str) else list(theirs)
        left = [part for part in parts if part.removeprefix("-") != column]
        if len(left) != len(parts):
            if left:
                columns[ours] = left[0] if len(left) == 1 else left
            else:
                del columns[ours]
    if role == "-cart_amount":
        cart = columns.get("cart_amount", [])
        columns["cart_amount"] = [*([cart] if isinstance(cart, str) else cart), f"-{column}"]
    elif role:
        columns[role] = column


def open_questions(proposal: Proposal, source: Mapping[str, Any]) -> list[Any]:
    """Questions that neither an answer nor a column that was chosen has settled."""
    answers, how = source.get("answers", {}), source.get("how", {})
    chosen = {f"columns.{role.removeprefix('-')}" for role in source.get("columns", {}).values() if role}
    settled = {key for key, value in answers.items() if value} | chosen | {name for name in how if how[name]}
    return [one for one in proposal.questions if one.key not in settled]


def page(found: Looked, source: Mapping[str, Any]) -> dict[str, Any]:
    """What the page of the orders shows."""
    if not source.get("files"):
        return {"files": [], "notices": [], "message": found.message}
    return {
        "files": [one["name"] for one in source["files"]],
        "balances": _balances_said(source),
        "how": source.get("how", {}),
        "message": found.message,
        "notices": found.notices + _notes(found.report),
        "confirm": found.needs_a_look,
        "columns": _columns(found.proposal, source),
        "questions": _questions(found, source),
        "report": None if found.report is None else _report(found.report),
        "choices": _choices(found, source),
    }


def _balances_said(source: Mapping[str, Any]) -> dict[str, Any]:
    given = source.get("balances") or {}
    return {"name": given.get("name", ""), "at": given.get("at", ""), "each": given.get("each", "")}


def _columns(proposal: Proposal | None, source: Mapping[str, Any]) -> list[dict[str, Any]]:
    if proposal is None or proposal.known_as is not None:
        return []
    columns = _mapping(proposal, source)["columns"]
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
            "text": _asked(one),
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


def _asked(question: Any) -> str:
    text = plain(question.text).replace(" (every)", "").replace(" (lines)", "")
    return text[:1].upper() + text[1:]


def _report(report: OrdersReport) -> dict[str, Any]:
    orders, currency = report.orders, report.currency
    rows = [{"what": "used", "orders": len(orders), "money": brief(float(report.money["used"]), currency)}]
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
    facts = [f"{report.format}; the basket is {plain(report.cart_amount_is)}."]
    if "customer_id" in orders:
        facts.append(f"{count(orders['customer_id'].nunique(), 'customer')}.")
    table = report.rejects.head(SHOWN)
    rejects = [[str(row), str(number), plain(str(reason))] for row, number, reason in zip(
        table["row"], table.get("order_id", table["row"]), table["reason"], strict=True)]  # fmt: skip
    return {"rows": rows, "facts": facts, "rejects": rejects, "rejected": len(report.rejects)}


def _notes(report: OrdersReport | None) -> list[str]:
    if report is None:
        return []
    return [
        sentence[:1].upper() + sentence[1:]
        for note in report.notes
        if not _CODE.search(note) and not _WAITING.search(note) and not note.startswith("shipping is not part")
        for sentence in [plain(note)]
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


def is_example(shop: str) -> bool:
    """Whether there is such an example shop."""
    return shop in SHOPS
