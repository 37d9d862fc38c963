"""Results of a replay as frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from nector_sim.calculator.reasons import REASONS
from nector_sim.frames.columns import decimal_array, write_money
from nector_sim.frames.currency import CURRENCY
from nector_sim.ledger.arrays import FLOWS, Int64, Movements, OrderOutcomes
from nector_sim.ledger.engine import Ran
from nector_sim.ledger.facts import REPLACED, ReadyHistory
from nector_sim.ledger.schedule import KINDS, SIGNS
from nector_sim.ledger.tables import ALWAYS
from nector_sim.rules.times import NEVER

_MONEY = ("cart_amount", "credits_used", "discount", "payable")
_COUNTS = ("orders", "orders_redeemed")


class Writer:
    """Results as frames.

    Parameters
    ----------
    facts : ReadyHistory
    decimals : int
        Of the currency.
    """

    def __init__(self, facts: ReadyHistory, decimals: int) -> None:
        self.facts = facts
        self.prepared = facts.prepared
        self.decimals = decimals

    def money(self, minor: Int64) -> Any:
        """Money in major units, as the carts came."""
        if not self.facts.exact:
            return write_money(minor, self.decimals, exact=False)
        kind = pd.ArrowDtype(pa.decimal128(18, self.decimals))
        return pd.array(decimal_array(minor, self.decimals), dtype=kind)

    def orders(self, outcome: OrderOutcomes) -> pd.DataFrame:
        """The orders as they came, with their results."""
        rows, n = self.prepared.rows, len(self.facts.orders)
        kept = None
        if len(rows) < n:
            kept = np.zeros(n, np.bool_)
            kept[rows] = True

        def back(values: Any) -> Any:
            in_rows = np.empty(n, values.dtype)
            in_rows[rows] = values
            return in_rows if kept is None else in_rows[kept]

        payable = self.prepared.history.cart - outcome.discount
        if self.facts.with_credits:
            payable -= outcome.credits_used
        columns = {
            "points_balance": back(outcome.balance),
            "tier": pd.Categorical.from_codes(back(outcome.tier), dtype=pd.CategoricalDtype(list(self.facts.tiers))),
            "points_redeemed": back(outcome.points),
            "discount": self.money(back(outcome.discount)),
            "payable": self.money(back(payable)),
            "limited_by": pd.Categorical.from_codes(back(outcome.limited_by), dtype=pd.CategoricalDtype(list(REASONS))),
            "points_earned": back(outcome.earned),
        }
        if self.facts.with_credits:
            columns["credits_used"] = self.money(back(outcome.credits_used))
        replayed = self.facts.orders.copy(deep=False) if kept is None else self.facts.orders[kept]
        naming = self.facts.naming
        if not any(naming):
            replayed = replayed.drop(columns=[name for name in REPLACED if name in replayed.columns])
        replayed.attrs[CURRENCY] = self.facts.currency
        for name, values in columns.items():
            replayed[naming.name(name)] = pd.Series(values, index=replayed.index, copy=False)
        return replayed

    def customer_ids(self, customers: Int64 | None = None) -> Any:
        """Ids of customers by their numbers."""
        ids = self.prepared.customers
        if isinstance(ids, np.ndarray):
            return ids if customers is None else ids[customers]
        return (ids if customers is None else ids.take(pa.array(customers))).to_pandas()

    def balances(self, outcome: OrderOutcomes) -> pd.DataFrame:
        """One row a customer."""
        return pd.DataFrame(
            {
                "customer_id": self.customer_ids(),
                "points_balance": outcome.spendable - outcome.overdraft,
                "points_pending": outcome.pending,
                "next_expiry": _times(outcome.next_expiry, NEVER),
            }
        )

    def totals(self, ran: Ran) -> pd.DataFrame:
        """One row."""
        flows = {kind: [ran.total(kind)] for kind in KINDS}
        counts = {name: [ran.total(name)] for name in _COUNTS}
        sums = {name: self.money(np.array([ran.total(name)])) for name in _MONEY}
        return pd.DataFrame({**flows, "closing": [ran.closing], **counts, **sums})

    def movements(self, parts: list[Movements]) -> pd.DataFrame:
        """The ledger itself, customer by customer and in the order of events."""
        customer, at, points, order, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
        has_order = order >= 0
        rows = self.prepared.rows[order[has_order]]
        if isinstance(self.facts.order_ids, np.ndarray):
            order_ids = pd.array(np.zeros(len(order), np.int64), dtype="Int64")
            order_ids[has_order] = self.facts.order_ids[rows]
            order_ids[~has_order] = pd.NA
        else:
            positions = np.zeros(len(order), np.int64)
            positions[has_order] = rows
            order_ids = self.facts.order_ids.take(pa.array(positions, mask=~has_order)).to_pandas()
        return pd.DataFrame(
            {
                "customer_id": self.customer_ids(customer),
                "at": _times(at, ALWAYS),
                "kind": pd.Categorical.from_codes(kind, dtype=pd.CategoricalDtype(list(KINDS))),
                "points": points,
                "order_id": order_ids,
            }
        )

    def timeline(self, months: list[str], flows: Int64) -> pd.DataFrame:
        """Flows by month, with what was outstanding before and after."""
        points = {kind: flows[1:, FLOWS.index(kind)] for kind in KINDS if kind != "opening"}
        change = sum(SIGNS[kind] * moved for kind, moved in points.items())
        outstanding = flows[0, FLOWS.index("opening")] + np.cumsum(change)
        counts = {name: flows[1:, FLOWS.index(name)] for name in _COUNTS}
        sums = {name: self.money(np.ascontiguousarray(flows[1:, FLOWS.index(name)])) for name in _MONEY}
        return pd.DataFrame(
            {"month": months, "opening": outstanding - change, **points, "outstanding": outstanding, **counts, **sums}
        )


def _times(instants: Int64, missing: int) -> Any:
    """Instants in UTC, shape as given."""
    stamps = np.where(instants == missing, np.iinfo(np.int64).min, instants).view("datetime64[us]")
    return pd.Series(stamps).dt.tz_localize("UTC")
