"""A merchant's own files: what each is, and how it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from nector_sim.app.counted import Counted, count_orders, with_earlier
from nector_sim.economics.assumptions import Assumptions
from nector_sim.errors import InputError
from nector_sim.orders.demo import SHOPS, demo_orders
from nector_sim.orders.propose import Proposal, propose_mapping
from nector_sim.orders.read import inspect_orders
from nector_sim.orders.report import OrdersReport
from nector_sim.report.words import plain
from nector_sim.rules.money import to_points
from nector_sim.rules.program import Program
from nector_sim.rules.values import ungrouped

#: The example shops as the page calls them.
EXAMPLES = {
    "grocery": "Example shop: groceries, not yours",
    "web shop": "Example shop: online store, not yours",
}
#: Questions whose answer nothing may wait for.
_OPTIONAL = ("columns.order_id", "currency")


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
    counted: Counted | None = None
    """What of the orders counts."""
    zone: str = "Asia/Kolkata"
    _begun: tuple[str, pd.DataFrame] | None = None

    @property
    def rests(self) -> list[str]:
        """What the figures rest on beside the files."""
        return [] if self.counted is None else self.counted.rests

    @property
    def left_out(self) -> list[tuple[str, int, float]]:
        """Orders that were read and are not of the days chosen."""
        outside = None if self.counted is None else self.counted.outside
        if outside is None or not len(outside):
            return []
        return [("not on the days chosen", len(outside), float(outside["cart_amount"].astype("float64").sum()))]

    @property
    def name(self) -> str:
        """What the orders are, with what the figures rest on."""
        return " ".join([f"{self.label}." if self.rests else self.label, *self.rests])

    @property
    def own(self) -> list[str]:
        """Names of the file's columns."""
        return [] if self.proposal is None else [one.name for one in self.proposal.columns]

    def begun(self, today: Program, believed: Assumptions) -> pd.DataFrame:
        """The orders that count, with the balances that orders before the first day leave."""
        assert self.orders is not None
        if self.counted is None or self.counted.earlier is None:
            return self.orders
        key = f"{today.to_json()} {believed.who_redeems()}"
        if self._begun is None or self._begun[0] != key:
            self._begun = key, with_earlier(self.orders, self.counted.earlier, today, believed)
        return self._begun[1]


def look(source: Mapping[str, Any], *, currency: str) -> Looked:
    """Read orders as a state names them; what is wrong becomes a message."""
    is_shop = "shop" in source
    found = Looked(label=EXAMPLES[source["shop"]] if is_shop else ", ".join(one["name"] for one in source["files"]))
    try:
        if is_shop:
            found.orders = demo_orders(source["shop"])
        else:
            _look(found, source, currency)
        if found.orders is not None:
            found.counted = count_orders(found.orders, source, zone=found.zone, report=found.report)
            found.orders = found.counted.orders
    except InputError as error:
        found.orders, found.message = None, plain(str(error), found.own)
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
    for name in ("balances_from", "returned_percent"):
        how.pop(name, None)
    stated = how.pop("currency", None)
    found.proposal = propose_mapping(paths, sheet=how.get("sheet"))
    mapping = None
    if found.proposal.known_as is None:
        found.needs_a_look = not source.get("confirmed")
        mapping = mapping_of(found.proposal, source)
        for name in ("dates", "numbers", "sheet", "rows"):
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
    found.report, found.zone = report, report.timezone
    if not len(report.orders):
        found.message = plain(
            f"No order of {report.source} can be used: {report.why_none().removeprefix('no order can be used: ')}"
        )
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
            return to_points(ungrouped(given["each"])), None
        except ValueError as error:
            raise InputError(f"The balance of every customer {error}") from None
    if "path" not in given:
        return None, None
    if "points_balance" in report.orders and source.get("how", {}).get("balances_from") != "file":
        notices.append(f"Your orders carry balances of their own. These are used, and {given['name']} is not.")
        return None, None
    return _there(given, notices), given.get("at") or None


def mapping_of(proposal: Proposal, source: Mapping[str, Any]) -> dict[str, Any]:
    """Which column is which: as proposed, as answered, and as somebody chose."""
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


def is_example(shop: str) -> bool:
    """Whether there is such an example shop."""
    return shop in SHOPS
