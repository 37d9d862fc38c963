"""Replays over frames: what comes in, what comes out, and what is refused."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from worked import minor, worked_ledgers

import nector_sim as ns
from nector_sim.ledger.draws import draw

OFFER = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
PROGRAM = ns.Program.parse({"offers": [OFFER], "earning": {"points_per_unit": "0.1"}})


def orders(**columns):
    n = len(next(iter(columns.values()))) if columns else 3
    plain = {
        "order_id": [f"o{number}" for number in range(n)],
        "customer_id": ["c"] * n,
        "ordered_at": pd.date_range("2026-11-01", periods=n, freq="D", tz="UTC", unit="us"),
        "cart_amount": [100.0] * n,
    }
    return pd.DataFrame(plain | columns)


@pytest.mark.parametrize("worked", worked_ledgers(), ids=lambda worked: worked.name)
def test_worked_ledger(worked):
    columns = ["order_id", "customer_id", "ordered_at", "cart_amount"]
    frame = pd.DataFrame(worked.orders, columns=sorted({*columns, *(name for o in worked.orders for name in o)}))
    opening = pd.DataFrame(worked.opening) if worked.opening else None
    grants = pd.DataFrame(worked.grants) if worked.grants else None
    refunds = pd.DataFrame(worked.refunds) if worked.refunds else None
    result = ns.replay(
        worked.program,
        frame,
        opening=opening,
        grants=grants,
        refunds=refunds,
        as_of=worked.as_of,
        movements=True,
        programs=worked.programs,
    )
    movements = [
        (m.customer_id, None if pd.isna(m.at) else m.at, m.kind, m.points, "" if pd.isna(m.order_id) else m.order_id)
        for m in result.movements.itertuples()
    ]
    assert movements == worked.movements
    by_id = {row["order_id"]: row for row in result.orders.to_dict("records")}
    for expected in worked.results:
        for name, value in expected.items():
            got = by_id[expected["order_id"]][name]
            got = minor(str(got)) if name in ("discount", "payable") else "" if pd.isna(got) else got
            assert got == (minor(value) if name in ("discount", "payable") else value)
    balances = {row["customer_id"]: row for row in result.balances.to_dict("records")}
    for expected in worked.balances:
        assert {name: balances[expected["customer_id"]][name] for name in expected} == expected
    assert (
        result.totals.loc[0, "closing"] == (result.balances["points_balance"] + result.balances["points_pending"]).sum()
    )


def test_the_demo_orders_get_their_own_balances_back():
    demo = ns.demo_orders()
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    result = ns.replay(program, demo)
    assert (result.orders["points_balance"].to_numpy() == demo["points_balance"].to_numpy()).all()
    # The figures of data/README.md.
    totals = result.totals.iloc[0]
    assert (totals["earned"], totals["redeemed"], totals["closing"]) == (8_643_545, 8_472_123, 8_643_545 - 8_472_123)
    timeline = result.timeline()
    assert timeline["earned"].sum() == 8_643_545
    assert timeline["outstanding"].iloc[-1] == totals["closing"]


def test_the_callers_frame_keeps_its_rows_columns_and_index():
    frame = orders(note=["x", "y", "z"]).iloc[[2, 0, 1]].set_index(pd.Index([7, 7, 9], name="key"))
    before = frame.copy()
    result = ns.replay(PROGRAM, frame)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(result.orders[before.columns], before)
    assert result.orders["points_balance"].tolist() == [9, 0, 10]
    assert list(result.orders.columns) == [
        *before.columns, "points_balance", "tier", "points_redeemed", "discount", "payable", "limited_by",
        "points_earned",
    ]  # fmt: skip


def test_money_comes_back_as_it_came():
    floats = ns.replay(PROGRAM, orders())
    assert floats.orders["payable"].dtype == np.float64
    assert floats.totals["discount"].dtype == np.float64
    for carts in ([Decimal("100.00")] * 3, ["100"] * 3):
        exact = ns.replay(PROGRAM, orders(cart_amount=carts))
        assert exact.orders["payable"].tolist() == [Decimal("100.00"), Decimal("90.00"), Decimal("91.00")]
        assert exact.totals.loc[0, "payable"] == Decimal("281.00")


def values(column):
    """A column of any kind of table as a list; missing is None."""
    return (column.to_pylist if isinstance(column, pa.ChunkedArray) else column.to_list)()


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "arrow"])
def test_other_tables_are_taken_and_given_too(convert):
    frame = orders(customer_id=["c", "d", "c"])
    expected = ns.replay(PROGRAM, frame, movements=True)
    result = ns.replay(PROGRAM, convert(frame), movements=True)
    assert type(result.orders) is type(convert(frame))
    assert values(result.orders["points_balance"]) == expected.orders["points_balance"].tolist()
    assert values(result.movements["points"]) == expected.movements["points"].tolist()
    early = ns.replay(PROGRAM, convert(frame), as_of="2026-11-02T00:00Z")
    assert values(early.orders["order_id"]) == ["o0", "o1"]
    with pytest.raises(ns.OrdersError, match="orders, row 1: cart_amount is negative") as refused:
        ns.replay(PROGRAM, convert(frame.assign(cart_amount=[-1.0, 1.0, 1.0])))
    assert refused.value.rejects["order_id"].tolist() == ["o0"]


def test_ids_as_numbers_and_as_texts_are_the_same_ids():
    frame = orders(order_id=[9, 10, 11], customer_id=[2, 10, 2], ordered_at=["2026-11-01"] * 3)
    texts = frame.assign(order_id=frame["order_id"].astype(str), customer_id=frame["customer_id"].astype(str))
    opening = pd.DataFrame({"customer_id": ["2"], "points": [50]})
    numbers = ns.replay(PROGRAM, frame, opening=opening.astype({"customer_id": int}), take_up=50, movements=True)
    as_text = ns.replay(PROGRAM, texts, opening=opening, take_up=50, movements=True)
    assert numbers.orders["points_redeemed"].tolist() == as_text.orders["points_redeemed"].tolist()
    assert numbers.balances["customer_id"].tolist() == [2, 10]
    assert as_text.balances["customer_id"].tolist() == ["10", "2"]
    mixed = ns.replay(PROGRAM, frame, opening=opening, take_up=50)
    assert mixed.balances["customer_id"].tolist() == ["10", "2"]
    assert mixed.orders["points_redeemed"].tolist() == numbers.orders["points_redeemed"].tolist()
    # "11" runs before "9" at the same instant.
    assert numbers.movements.loc[numbers.movements["kind"] == "earned", "order_id"].tolist() == [11, 9, 10]


def test_ids_beyond_int64_and_floats_that_are_no_whole_numbers_are_texts():
    large = [2**63 + 2, 2**63 + 1, 2**63 + 2]
    result = ns.replay(PROGRAM, orders(customer_id=np.array(large, np.uint64)))
    assert result.balances["customer_id"].tolist() == ["9223372036854775809", "9223372036854775810"]
    assert result.balances["points_balance"].tolist() == [10, 9]
    floats = ns.replay(PROGRAM, orders(customer_id=[2.0, 1e300, 2.0])).balances
    assert floats["customer_id"].tolist() == ["1e+300", "2"]
    whole = ns.replay(PROGRAM, orders(customer_id=[2.0, 10.0, 2.0])).balances
    assert whole["customer_id"].tolist() == [2, 10]


def test_instants_and_seeds_come_as_numpy_has_them_too():
    at = np.datetime64("2026-11-02T05:30")
    result = ns.replay(PROGRAM, orders(), as_of=at, seed=np.int64(3), take_up=40)
    assert str(result.as_of) == "2026-11-02 00:00:00+00:00"
    expected = ns.replay(PROGRAM, orders(), as_of="2026-11-02 05:30", seed=3, take_up=40)
    pd.testing.assert_frame_equal(result.orders, expected.orders)


def test_a_program_may_begin_on_a_date_in_its_own_zone():
    later = PROGRAM.model_copy(update={"enabled": False})
    frame = orders(ordered_at=["2026-11-01 10:00", "2026-11-01 23:59", "2026-11-02 00:00"])
    result = ns.replay(PROGRAM, frame, programs=[(date(2026, 11, 2), later)])
    assert (result.orders["limited_by"] == "not_live").tolist() == [False, False, True]


def test_the_column_the_argument_and_the_draw_decide_in_this_order():
    n = 400
    frame = orders(order_id=range(n), customer_id=range(n))
    opening = pd.DataFrame({"customer_id": range(n), "points": 10})
    redeems = [True, False, None, "yes"] * (n // 4)
    expected = [told in (True, "yes") if told is not None else draw(7, i) < 0.4 for i, told in enumerate(redeems)]
    result = ns.replay(PROGRAM, frame.assign(redeems=redeems), opening=opening, take_up=40, seed=7)
    assert (result.orders["points_redeemed"] > 0).tolist() == expected
    everybody = ns.replay(PROGRAM, frame.assign(redeems=redeems), opening=opening)
    assert (everybody.orders["points_redeemed"] > 0).tolist() == [told is not False for told in redeems]
    assert set(result.orders.loc[result.orders["points_redeemed"] == 0, "limited_by"]) == {"requested"}


def test_a_take_up_of_less_than_one_percent_says_so():
    n = 3000
    frame, opening = (
        orders(order_id=range(n), customer_id=range(n)),
        pd.DataFrame({"customer_id": range(n), "points": 9}),
    )
    result = ns.replay(PROGRAM, frame, opening=opening, take_up="0.5%", seed=2)
    assert (result.orders["points_redeemed"] > 0).tolist() == [draw(2, i) < 0.005 for i in range(n)]
    same = [ns.replay(PROGRAM, frame, opening=opening, take_up=all_of_it).totals for all_of_it in ("40 %", 40, "40")]
    assert same[0].equals(same[1])
    assert same[0].equals(same[2])


def test_a_draw_depends_on_nothing_but_the_seed_and_the_order():
    n = 300
    frame = orders(order_id=range(n), customer_id=[f"c{i % 50}" for i in range(n)])
    opening = pd.DataFrame({"customer_id": [f"c{i}" for i in range(50)], "points": 100_000})
    result = ns.replay(PROGRAM, frame, opening=opening, take_up=40, seed=1).orders.set_index("order_id")
    renamed = frame.assign(customer_id="x" + frame["customer_id"]).sample(frac=1, random_state=1)
    other = ns.Program.parse({"offers": [{**OFFER, "max_discount": 3}]})
    again = ns.replay(
        other, renamed, opening=opening.assign(customer_id="x" + opening["customer_id"]), take_up=40, seed=1
    )
    again = again.orders.set_index("order_id").loc[result.index]
    assert ((result["points_redeemed"] > 0) == (again["points_redeemed"] > 0)).all()


def test_tiers_of_the_orders_count_where_the_program_has_none():
    program = ns.Program.parse({"offers": [{**OFFER, "tiers": ["Gold"]}]})
    opening = pd.DataFrame({"customer_id": ["c"], "points": [500]})
    result = ns.replay(program, orders(tier=["Gold", None, "Silver"]), opening=opening)
    assert result.orders["limited_by"].tolist() == ["cart", "no_offer", "no_offer"]
    assert result.orders["tier"].astype(object).fillna("none").tolist() == ["Gold", "none", "Silver"]


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["Gold", "Silver"])], ids=str)
def test_tiers_and_answers_come_as_polars_has_them_too(kind):
    program = ns.Program.parse({"offers": [{**OFFER, "tiers": ["Gold"]}]})
    frame = pl.from_pandas(orders()).with_columns(
        tier=pl.Series(["Gold", None, "Gold"], dtype=kind), redeems=pl.Series([None, True, False])
    )
    opening = pl.DataFrame({"customer_id": ["c"], "points": [50]})
    result = ns.replay(program, frame, opening=opening)
    assert result.orders["points_redeemed"].to_list() == [50, 0, 0]
    assert result.orders["tier"].to_list() == ["Gold", None, "Gold"]


def test_credits_come_out_where_they_came_in():
    result = ns.replay(PROGRAM, orders(credits=[30, None, 500]))
    assert result.orders["credits_used"].tolist() == [30, 0, 100]
    assert result.orders["payable"].tolist() == [70, 93, 0]


def test_threads_and_parts_change_nothing():
    rng = np.random.default_rng(3)
    frame = orders(
        order_id=range(2000), customer_id=rng.integers(0, 150, 2000), cart_amount=rng.integers(1, 900, 2000) / 1.0
    )
    program = PROGRAM.model_copy(update={"expiry": ns.Program.parse({"expiry": {"days": 90}}).expiry})
    one, two = (ns.replay(program, frame, movements=True, threads=threads) for threads in (1, 2))
    for name in ("orders", "balances", "totals", "movements"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    as_of = frame["ordered_at"].max()
    parts = [ns.replay(program, part, as_of=as_of) for _, part in frame.groupby(frame["customer_id"] % 3)]
    together = pd.concat([part.orders for part in parts]).sort_index()
    pd.testing.assert_frame_equal(together, one.orders)


def test_as_of_leaves_out_and_says_so():
    result = ns.replay(PROGRAM, orders(), as_of="2026-11-02 05:30")
    assert result.orders["order_id"].tolist() == ["o0", "o1"]
    assert result.notices == ("orders later than as_of and left out: 1",)
    assert str(result.as_of) == "2026-11-02 00:00:00+00:00"


def test_times_without_a_zone_are_in_the_programs_and_it_says_so():
    result = ns.replay(
        PROGRAM, orders(ordered_at=["2026-12-01 05:29", "2026-12-01T00:00Z", "2026-12-01"]), movements=True
    )
    assert result.movements["at"].astype(str).tolist()[0] == "2026-11-30 18:30:00+00:00"
    assert result.notices == ("orders.ordered_at without a time zone, read as Asia/Kolkata: 2",)
    assert result.timeline()["month"].tolist() == ["2026-12"]


def test_an_opening_balance_without_expiry_is_said_once():
    program = ns.Program.parse({"expiry": {"months": 6}})
    opening = pd.DataFrame({"customer_id": ["c", "d"], "points": [5, 5], "expires_at": [None, "2027-01-01T00:00Z"]})
    result = ns.replay(program, orders(), opening=opening)
    assert result.notices == ("opening balances without expires_at, which never expire by themselves: 1",)


def test_nothing_at_all_is_replayed_too():
    empty = orders().iloc[:0]
    assert len(ns.replay(PROGRAM, empty, movements=True).timeline()) == 0
    result = ns.replay(PROGRAM, empty, opening=pd.DataFrame({"customer_id": ["c"], "points": [5]}))
    assert result.balances["points_balance"].tolist() == [5]
    assert result.as_of is None


def test_the_timeline_adds_up_month_by_month():
    frame = orders(
        ordered_at=["2026-01-10T00:00Z", "2026-02-10T00:00Z", "2026-04-10T00:00Z"],
        refunded_at=[None, "2026-04-09T00:00Z", None],
    )
    program = ns.Program.parse({"offers": [OFFER], "earning": {"points_per_unit": "0.1"}, "expiry": {"days": 40}})
    result = ns.replay(program, frame, opening=pd.DataFrame({"customer_id": ["c"], "points": [7]}), as_of="2026-04-30")
    timeline = result.timeline().set_index("month")
    # January: 7 spent, 9 earned on 93. February: 9 spent, 9 earned on 91. March: these expire, after 40 days.
    # April: the 9 are taken back and 9 given back, an overdraft paid at once; 10 earned on 100.
    assert timeline["redeemed"].tolist() == [7, 9, 0, 0]
    assert timeline["earned"].tolist() == [9, 9, 0, 10]
    assert timeline["expired"].tolist() == [0, 0, 9, 0]
    assert (timeline.loc["2026-04", "taken_back"], timeline.loc["2026-04", "given_back"]) == (9, 9)
    assert timeline["opening"].tolist() == [7, 9, 9, 0]
    assert timeline["outstanding"].tolist() == [9, 9, 0, 10]
