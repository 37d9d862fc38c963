"""What is left of each credit, held against the exact ledger's balances and movements."""

from collections import Counter

import pytest
from histories import compiled_replay, compiled_run, random_case, without_offer

from nector_sim.ledger.exact import replay
from tests.sizes import size


@pytest.mark.parametrize("part", range(size(2, 5)))
def test_lots_are_the_balances_and_change_nothing(part):
    for seed in range(part * 40, part * 40 + 40):
        case = random_case(seed, customers=10)
        expected = without_offer(replay(*case))
        assert compiled_replay(*case, lots=True) == expected, f"random_case({seed}, customers=10)"
        prepared, _, ran, _ = compiled_run(*case, lots=True)
        names = prepared.customers.to_pylist()
        spendable, pending = Counter(), Counter()
        for left in ran.left:
            rows = zip(left.customer.tolist(), left.points.tolist(), left.pending.tolist(), strict=True)
            for customer, points, waits in rows:
                (pending if waits else spendable)[names[customer]] += points
        for balance in expected.balances:
            assert pending[balance.customer_id] == balance.pending
            # An overdraft is paid by whatever comes, so nobody has both.
            assert spendable[balance.customer_id] == max(0, balance.points)


def test_what_was_credited_was_redeemed_or_expired_or_is_there():
    spent = 0
    for seed in range(size(50, 120)):
        case = random_case(seed, customers=10)
        movements = replay(*case).movements
        _, _, ran, _ = compiled_run(*case, lots=True)
        (left,) = ran.left
        there = int(left.points[~left.pending].sum())
        redeemed = -sum(movement.points for movement in movements if movement.kind == "redeemed")
        expired = -sum(movement.points for movement in movements if movement.kind == "expired")
        assert left.spent.sum() == redeemed
        assert left.issued.sum() == redeemed + expired + there, f"random_case({seed}, customers=10)"
        assert (left.issued - left.spent.sum(axis=1) >= 0).all()
        spent += redeemed
    assert spent > size(3_000, 10_000)
