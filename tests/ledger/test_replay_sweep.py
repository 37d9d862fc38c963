"""Many settings over one history."""

import itertools

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.calculator.reasons import REASONS
from nector_sim.ledger.facts import read_facts
from nector_sim.ledger.schedule import make_schedule

BASE = {
    "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
    "earning": {"points_per_unit": "0.1"},
    "tiers": [{"name": "Silver", "min_spend": 500, "earning_factor": "1.5"}],
}


def history(n=3000):
    rng = np.random.default_rng(11)
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 365 * 24, n), unit="h")
    frame = pd.DataFrame({"order_id": range(n), "customer_id": rng.integers(0, 200, n), "ordered_at": at.as_unit("us")})
    frame["cart_amount"] = rng.integers(100, 99_999, n) / 100
    refunded = rng.random(n) < 0.1
    frame["refunded_at"] = frame["ordered_at"].where(refunded) + pd.Timedelta(days=9)
    return frame


def settings():
    expiries = [None, {"months": 1}, {"days": 20, "kind": "inactivity"}]
    for expiry, delay, cap in itertools.product(expiries, [0, 7], [5, 50]):
        data = BASE | {"earning": {"points_per_unit": "0.1", "delay_days": delay}, "expiry": expiry}
        yield ns.Program.parse(data | {"offers": [{**BASE["offers"][0], "max_discount": cap}]})


@pytest.mark.parametrize("threads", [1, 2])
def test_each_row_is_what_the_replay_of_that_setting_gives(threads):
    frame, programs = history(), list(settings())
    grants = pd.DataFrame({"customer_id": range(200), "granted_at": "2026-03-01T00:00Z", "points": 40})
    table = ns.replay_sweep(programs, frame, grants=grants, take_up=60, seed=4, threads=threads)
    assert len(table) == len(programs)
    for program, row in zip(programs, table.to_dict("records"), strict=True):
        result = ns.replay(program, frame, grants=grants, take_up=60, seed=4)
        totals = result.totals.iloc[0]
        assert row["points_redeemed"] == totals["redeemed"]
        for name in (
            "orders",
            "orders_redeemed",
            "earned",
            "expired",
            "taken_back",
            "given_back",
            "forgiven",
            "closing",
        ):
            assert row[name] == totals[name]
        for name in ("cart_amount", "credits_used", "discount", "payable"):
            assert row[name] == totals[name]
        counts = result.orders["limited_by"].value_counts()
        assert [row[f"count_{reason}"] for reason in REASONS] == [counts[reason] for reason in REASONS]


def test_schedules_are_settings_too():
    frame = history(200)
    later = ns.Program.parse(BASE | {"earning": {"points_per_unit": "1"}})
    schedule = make_schedule(ns.Program.parse(BASE), [("2026-06-01", later)])
    row = ns.replay_sweep([schedule], frame).iloc[0]
    result = ns.replay(ns.Program.parse(BASE), frame, programs=[("2026-06-01", later)])
    assert row["earned"] == result.totals.loc[0, "earned"]


def test_facts_that_were_read_once_serve_settings_of_later():
    frame = history(300).assign(tier="Bronze")
    facts = read_facts([make_schedule(ns.Program.parse(BASE))], frame, take_up=50)
    offers = [{**BASE["offers"][0], "tiers": ["Bronze", "Gold"]}]
    later = [ns.Program.parse(BASE | {"offers": offers, "tiers": []}), ns.Program.parse(BASE | {"offers": offers})]
    expected = ns.replay_sweep(later, frame, take_up=50)
    pd.testing.assert_frame_equal(ns.replay_sweep(later, facts), expected)
    assert expected["discount"].tolist()[1] == 0 < expected["discount"].tolist()[0]


def test_settings_that_do_not_belong_together_are_refused():
    with pytest.raises(ns.InputError, match="a history has one currency; these programs have INR and USD"):
        ns.replay_sweep([ns.Program(), ns.Program(currency="USD")], history(10))
    with pytest.raises(ns.InputError, match="there is no setting"):
        ns.replay_sweep([], history(10))
