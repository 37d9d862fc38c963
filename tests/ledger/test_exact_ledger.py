"""The exact ledger against the worked ones."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from worked import Worked, minor, worked_ledgers

from nector_sim.ledger.exact import replay


@pytest.mark.parametrize("worked", worked_ledgers(), ids=lambda worked: worked.name)
def test_worked_ledger(worked: Worked) -> None:
    orders, openings, grants = worked.plain()
    replayed = replay(worked.schedule, orders, openings, grants, worked.as_of, worked.told_refunds())
    assert [astuple(movement) for movement in replayed.movements] == worked.movements
    got = {
        result.order_id: {
            "order_id": result.order_id,
            "points_balance": result.balance,
            "tier": result.tier or "",
            "points_redeemed": result.answer.points,
            "discount": result.answer.discount,
            "payable": result.answer.payable,
            "limited_by": result.answer.limited_by,
            "points_earned": result.earned,
        }
        for result in replayed.results
    }
    for expected in worked.results:
        expected = {k: minor(v) if k in ("discount", "payable") else v for k, v in expected.items()}
        assert {k: got[expected["order_id"]][k] for k in expected} == expected
    balances = {
        b.customer_id: {
            "customer_id": b.customer_id,
            "points_balance": b.points,
            "points_pending": b.pending,
            "next_expiry": b.next_expiry,
        }
        for b in replayed.balances
    }
    assert len(balances) == len(worked.balances)
    for balance in worked.balances:
        assert {k: balances[balance["customer_id"]][k] for k in balance} == balance
