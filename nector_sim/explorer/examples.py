"""A table of example orders; a click on one says in words how its discount comes about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anywidget
import traitlets

from nector_sim.calculator.explain import explain
from nector_sim.exploration.session import Outcome
from nector_sim.explorer import FRONT
from nector_sim.pictures.style import SHORT
from nector_sim.report.figures import named
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program


class Examples(anywidget.AnyWidget):
    """Orders in the browser, one of them explained."""

    _esm = FRONT / "examples.js"

    columns: Any = traitlets.List().tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    chosen = traitlets.Int(0).tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._orders: list[dict[Any, Any]] = []
        self._program: Program | None = None
        self._replayed = False
        self.observe(lambda _: self._explain(), "chosen")

    def update(self, proposal: Outcome, today: Outcome, positions: list[int]) -> None:
        """Show orders under a proposal and under today's setting."""
        program = proposal.program
        picked, before = proposal.scored_at(positions), today.scored_at(positions)["discount"]
        self._orders, self._program = picked.to_dict("records"), program
        self._replayed = proposal.replayed is not None

        def money(amount: Any) -> str:
            return money_text(Decimal(str(amount)), program.currency)

        label = program.points_label
        how = "each order by itself" if proposal.replayed is None else "replayed"
        self.columns = [
            "Order",
            "Cart",
            f"Balance ({label}, {how})",
            f"{label} used",
            "Discount",
            "Today",
            "Pays",
            "Limited by",
        ]
        self.rows = [
            [
                str(order.get("order_id", position + 1)),
                money(order["cart_amount"]),
                f"{order['points_balance']:,}",
                f"{order['points_redeemed']:,}",
                money(order["discount"]),
                money(was),
                money(order["payable"]),
                SHORT[str(order["limited_by"])],
            ]
            for position, order, was in zip(positions, self._orders, before, strict=True)
        ]
        self._explain()

    def _explain(self) -> None:
        if self._program is None or not 0 <= self.chosen < len(self._orders):
            self.words = ""
            return
        order = self._orders[self.chosen]
        given = {
            name: order[name]
            for name in ("credits", "points_requested", "tier", "ordered_at", "eligible_amount", "coupon_discount")
            if _is_given(order.get(name))
        }
        if self._replayed and order["limited_by"] == "requested" and not order["points_redeemed"]:
            given["points_requested"] = 0  # take-up was drawn, or ``redeems`` says so
        # An overdraft of a replay is nothing to spend.
        balance = max(0, order["points_balance"]) if self._replayed else order["points_balance"]
        words = explain(self._program, cart_amount=order["cart_amount"], points_balance=balance, **given)
        self.words = named(words)


def _is_given(value: Any) -> bool:
    return value is not None and value == value
