"""Orders by the piece: a few of them or one that is looked for, each in a sentence before its steps."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.app.later import Asked
from nector_sim.calculator.explain import explain
from nector_sim.calculator.reasons import SENTENCES
from nector_sim.exploration.session import Outcome, Session
from nector_sim.pictures.style import SHORT
from nector_sim.report.figures import named
from nector_sim.rules.money import money_text

#: Orders found by number that are shown.
MOST = 20
_GIVEN = ("credits", "points_requested", "tier", "ordered_at", "eligible_amount", "coupon_discount")


def found(asked: Asked) -> dict[str, Any]:
    """Some orders, or those that are looked for, each explained."""
    return examples(asked.session, asked.outcome, asked.query.get("order", "").strip())


def examples(session: Session, outcome: Outcome, wanted: str) -> dict[str, Any]:
    """Orders under the proposal and today's setting, with words for each."""
    positions = session.examples() if not wanted else _found(session.orders, wanted)
    picked = outcome.scored_at(positions)
    before = session.todays(outcome.program).scored_at(positions)["discount"]
    label = outcome.program.points_label
    name = label.capitalize()
    return {
        "columns": ["Order", "Cart", f"{name} before it", f"{name} used", "Discount", "Today", "Pays"],
        "rows": [
            _row(order, was, outcome, position)
            for position, (order, was) in enumerate(zip(picked.to_dict("records"), before, strict=True), start=1)
        ],
    }


def _found(orders: pd.DataFrame, wanted: str) -> list[int]:
    if "order_id" not in orders:
        return []
    ids = orders["order_id"].astype(str)
    at = np.flatnonzero((ids == wanted).to_numpy())
    if not len(at):
        at = np.flatnonzero(ids.str.contains(re.escape(wanted), case=False).to_numpy())
    return [int(position) for position in at[:MOST]]


def _row(order: dict[Any, Any], was: Any, outcome: Outcome, position: int) -> dict[str, Any]:
    program, replayed = outcome.program, outcome.replayed is not None
    label = program.points_label

    def money(amount: Any) -> str:
        return money_text(Decimal(str(amount)), program.currency)

    given = {name: order[name] for name in _GIVEN if name in order and not pd.isna(order[name])}
    if replayed and order["limited_by"] == "requested" and not order["points_redeemed"]:
        given["points_requested"] = 0  # take-up was drawn, or the orders say so
    # An overdraft of a replay is nothing to spend.
    balance = max(0, order["points_balance"]) if replayed else order["points_balance"]
    steps = named(explain(program, cart_amount=order["cart_amount"], points_balance=balance, **given))
    for reason, words in SHORT.items():
        steps = re.sub(rf"\b{reason}\b", words, steps) if "_" in reason else steps
    why = SENTENCES[str(order["limited_by"])]
    used = f"{order['points_redeemed']:,} {label} take {money(order['discount'])} off"
    return {
        "id": str(order.get("order_id", position)),
        "cells": [
            str(order.get("order_id", position)), money(order["cart_amount"]), f"{order['points_balance']:,}",
            f"{order['points_redeemed']:,}", money(order["discount"]), money(was), money(order["payable"]),
        ],
        "sentence": f"{used}, and the customer pays {money(order['payable'])}. {why}".replace("points", label),
        "steps": steps,
    }  # fmt: skip
