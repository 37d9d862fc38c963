"""``score``, ``score_batch`` and ``check_orders``: frames in and out, every row accounted for."""

import functools
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import nector_sim as ns

EXAMPLE = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
RICH = ns.Program.parse(
    {
        "offers": [
            {
                "kind": "variable_percent",
                "name": "gold",
                "points_per_step": 10,
                "percent_per_step": "2.5",
                "max_discount": 150,
                "tiers": ["Gold"],
            },
            {
                "kind": "variable_amount",
                "points_per_step": 3,
                "discount_per_step": "1.50",
                "min_cart": 200,
                "ends_at": "2026-06-01",
            },
            {"kind": "fixed_amount", "points": 50, "discount": 20, "max_cart": 400},
        ],
        "min_payable": {"kind": "percent", "percent": "12.5"},
    }
)


def random_orders(count, seed=1):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(count)],
            "cart_amount": draw.integers(0, 100_000, count) / 100,
            "points_balance": draw.integers(0, 1_000, count),
            "credits": draw.choice([0, 0, 0, 12.5, 900], count),
            "tier": draw.choice(["Gold", "Silver", None], count),
            "points_requested": draw.choice([np.nan, np.nan, 30, 500], count),
            "ordered_at": pd.Timestamp("2026-05-31 12:00") + pd.to_timedelta(draw.integers(0, 86_400, count), unit="s"),
            "note": "kept",
        },
        index=draw.permutation(count) + 7,
    )


def test_one_row_in_the_same_row_and_its_result_out():
    orders = pd.DataFrame({"cart_amount": [500.0, 749.95, 80.0], "points_balance": [5000, 5000, 5000]}, index=[9, 3, 5])
    before = orders.copy(deep=True)
    scored = ns.score(EXAMPLE, orders)
    pd.testing.assert_frame_equal(orders, before)
    assert list(scored.columns) == [
        *("cart_amount", "points_balance", "offer", "points_redeemed", "discount", "payable", "limited_by"),
    ]
    assert scored.index.tolist() == [9, 3, 5]
    assert scored["points_redeemed"].tolist() == [400, 649, 0]
    assert scored["discount"].tolist() == [400.0, 649.0, 0.0]
    assert scored["payable"].tolist() == [100.0, 100.95, 80.0]
    assert scored["offer"].tolist() == ["offers.0", "offers.0", ""]
    assert scored["limited_by"].tolist() == ["min_payable"] * 3
    assert isinstance(scored["limited_by"].dtype, pd.CategoricalDtype)
    assert scored["discount"].dtype == np.float64
    assert scored["points_redeemed"].dtype == np.int64
    scored.loc[9, "cart_amount"] = 1.0
    assert orders.loc[9, "cart_amount"] == 500.0


@pytest.mark.parametrize("program", [EXAMPLE, RICH], ids=["example", "rich"])
def test_every_row_is_what_quote_gives(program):
    orders = random_orders(400)
    scored = ns.score(program, orders)
    for (_, order), (_, result) in zip(orders.iterrows(), scored.iterrows(), strict=True):
        fields = ["cart_amount", "points_balance", "credits", "tier", "points_requested", "ordered_at"]
        arguments = {name: None if pd.isna(order[name]) else order[name] for name in fields}
        expected = ns.quote(program, **arguments)
        got = (result["offer"], result["points_redeemed"], result["limited_by"])
        assert got == (expected.offer, expected.points_redeemed, expected.limited_by)
        for name in ("discount", "payable", "credits_used"):
            assert result[name] == float(getattr(expected, name))
    assert list(scored.columns[-6:]) == [
        "offer",
        "points_redeemed",
        "discount",
        "payable",
        "limited_by",
        "credits_used",
    ]


KINDS = {
    "decimals": lambda carts: pd.Series([Decimal(str(cart)) for cart in carts]),
    "texts": lambda carts: pd.Series([str(cart) for cart in carts]),
    "arrow": lambda carts: pd.Series(
        [Decimal(f"{cart:.2f}") for cart in carts], dtype=pd.ArrowDtype(pa.decimal128(9, 2))
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_decimals_come_back_for_decimals_and_texts(kind):
    orders = random_orders(100).reset_index(drop=True)
    floats = ns.score(RICH, orders)
    exact = ns.score(RICH, orders.assign(cart_amount=KINDS[kind](orders["cart_amount"])))
    for name in ("discount", "payable", "credits_used"):
        assert all(isinstance(amount, Decimal) for amount in exact[name])
        assert [float(amount) for amount in exact[name]] == floats[name].tolist()
        assert {amount.as_tuple().exponent for amount in exact[name]} == {-2}


def test_rows_do_not_depend_on_each_other():
    orders = random_orders(500)
    scored = ns.score(RICH, orders)
    shuffled = orders.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(ns.score(RICH, shuffled).loc[orders.index], scored)
    parts = pd.concat([ns.score(RICH, orders.iloc[:123]), ns.score(RICH, orders.iloc[123:])])
    pd.testing.assert_frame_equal(parts, scored)
    assert len(ns.score(RICH, orders.iloc[:0])) == 0


def test_polars_and_arrow_come_back_as_they_came():
    orders = random_orders(50).reset_index(drop=True)
    expected = ns.score(RICH, orders)["payable"].tolist()
    from_polars = ns.score(RICH, pl.from_pandas(orders))
    from_arrow = ns.score(RICH, pa.Table.from_pandas(orders))
    assert isinstance(from_polars, pl.DataFrame)
    assert isinstance(from_arrow, pa.Table)
    assert from_polars["payable"].to_list() == from_arrow["payable"].to_pylist() == expected


def test_a_record_batch_in_and_out_and_pickled():
    orders = random_orders(50).reset_index(drop=True)
    batch = pa.RecordBatch.from_pandas(orders, preserve_index=False)
    scored = pickle.loads(pickle.dumps(functools.partial(ns.score_batch, RICH)))(batch)
    assert isinstance(scored, pa.RecordBatch)
    assert scored["payable"].to_pylist() == ns.score(RICH, orders)["payable"].tolist()
    assert pa.types.is_dictionary(scored.schema.field("limited_by").type)
    assert ns.score_batch(RICH, batch.slice(0, 0)).num_rows == 0


BAD = pd.DataFrame(
    {
        "order_id": list("abcdefg"),
        "cart_amount": [500, None, -1, "x", "1.005", 1e12, float("inf")],
        "points_balance": [10, 10, "many", 10, 10, 10, None],
    },
    index=list("ABCDEFG"),
)


def test_bad_rows_are_listed_together_and_parted_from_the_good():
    with pytest.raises(ns.OrdersError) as error:
        ns.score(EXAMPLE, BAD)
    rejects = error.value.rejects
    assert rejects.index.tolist() == list("BCDEFG")
    assert rejects["row"].tolist() == [2, 3, 4, 5, 6, 7]
    assert rejects["order_id"].tolist() == list("bcdefg")
    for row, words in {
        "B": "missing",
        "C": "negative",
        "D": "not a number",
        "E": "finer",
        "F": "large",
        "G": "infinite",
    }.items():
        assert words in rejects.loc[row, "reason"]
    assert "points_balance" in rejects.loc["C", "reason"]
    assert "row 3" in str(error.value)
    good, same = ns.check_orders(BAD, program=EXAMPLE)
    assert good["order_id"].tolist() == ["a"]
    pd.testing.assert_frame_equal(same, rejects)
    assert ns.score(EXAMPLE, good)["payable"].tolist() == [490.0]
    with pytest.raises(ns.OrdersError):
        ns.score_batch(EXAMPLE, pa.RecordBatch.from_pydict({"cart_amount": [-1.0], "points_balance": [1]}))


def test_many_bad_rows_make_a_short_message():
    orders = pd.DataFrame({"cart_amount": [-1.0] * 500, "points_balance": 1})
    with pytest.raises(ns.OrdersError, match="500 of 500") as error:
        ns.score(EXAMPLE, orders)
    assert len(error.value.rejects) == 500
    assert len(str(error.value).splitlines()) < 20


def test_odd_balances_are_counted_and_said_not_rejected():
    orders = pd.DataFrame({"cart_amount": [500.0] * 4, "points_balance": [99.5, -3, -0.5, 10]})
    scored = ns.score(EXAMPLE, orders)
    assert scored["points_redeemed"].tolist() == [99, 0, 0, 10]
    assert scored.attrs["notices"] == [
        "1 balance has a fraction of a point, which was dropped",
        "2 balances are negative, which redeems nothing",
    ]
    assert ns.check_orders(orders).good.attrs["notices"] == scored.attrs["notices"]


def test_columns_that_are_missing_twice_or_taken():
    orders = pd.DataFrame({"cart_amount": [1.0], "points_balance": [1]})
    with pytest.raises(ns.InputError, match="no column points_balance"):
        ns.score(EXAMPLE, orders[["cart_amount"]])
    with pytest.raises(ns.InputError, match="already have a column discount"):
        ns.score(EXAMPLE, orders.assign(discount=1))
    with pytest.raises(ns.InputError, match="more than one column cart_amount"):
        ns.score(EXAMPLE, pd.concat([orders, orders[["cart_amount"]]], axis=1))
    with pytest.raises(ns.InputError, match="ordered_at"):
        ns.score(RICH, orders)
    for no_table in ([1, 2], None, {"cart_amount": [1.0]}, orders["cart_amount"], pl.Series([1.0])):
        with pytest.raises(ns.InputError, match="give a pandas frame"):
            ns.score(EXAMPLE, no_table)
        with pytest.raises(ns.InputError, match="give a pandas frame"):
            ns.check_orders(no_table)
    with pytest.raises(ns.InputError, match="currency: 'XYZ' is not a currency"):
        ns.check_orders(orders, currency="XYZ")


@pytest.mark.parametrize("kind", ["int8", "uint64", "float16", "float32", "Int32", "Float64", "string", "category"])
def test_numbers_of_every_width(kind):
    numbers = pd.Series([110, 100, 0]).astype(kind)
    assert ns.score(EXAMPLE, pd.DataFrame({"cart_amount": numbers, "points_balance": 50}))["discount"].tolist() == [
        10,
        0,
        0,
    ]
    of_balance = ns.score(EXAMPLE, pd.DataFrame({"cart_amount": 160.0, "points_balance": numbers}))
    assert of_balance["discount"].tolist() == [60, 60, 0]


def test_a_sum_of_floats_that_misses_nothing_by_a_hair_is_nothing():
    miss = 0.3 - (0.1 + 0.2)
    assert miss < 0
    scored = ns.score(EXAMPLE, pd.DataFrame({"cart_amount": [miss, 5.0], "points_balance": 5}))
    assert scored["payable"].tolist() == [0.0, 5.0]
    assert not np.signbit(scored["payable"]).any()
    assert ns.quote(EXAMPLE, cart_amount=miss, points_balance=5).payable == 0


def test_a_tier_that_the_program_does_not_have_is_named_with_its_row():
    offer = ns.FixedAmount(points=5, discount=5)
    program = ns.Program(offers=[offer], tiers=[{"name": "Gold", "min_spend": 100}])
    orders = {"cart_amount": [100.0] * 3, "points_balance": 50, "tier": ["", "gold", "Gold"]}
    with pytest.raises(ns.OrdersError, match="row 2: tier 'gold' is not a tier of this program, which has 'Gold'"):
        ns.score(program, pd.DataFrame(orders))


CLOSED = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1, with_coupons=False)])
OPEN = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)])


@pytest.mark.parametrize("kind", [float, str])
def test_an_eligible_amount_is_a_part_of_the_cart(kind):
    """Blank is all of it; above the cart or negative is named with its row, by numbers as by texts."""
    cart, eligible = [500.0] * 4, [300.0, 500.0, None, 0.0]
    orders = pd.DataFrame({"cart_amount": cart, "points_balance": 1000, "eligible_amount": eligible})
    orders["cart_amount"] = orders["cart_amount"].astype(kind)
    assert ns.score(OPEN, orders)["points_redeemed"].tolist() == [300, 500, 500, 0]
    orders["eligible_amount"] = [500.01, 500.0, -1.0, 0.0]
    with pytest.raises(ns.OrdersError, match="row 1: eligible_amount is above cart_amount") as caught:
        ns.score(OPEN, orders)
    assert caught.value.rejects["row"].tolist() == [1, 3]
    history = orders.assign(order_id=range(4), customer_id=1, ordered_at="2026-01-01T10:00Z")
    with pytest.raises(ns.OrdersError, match="row 1: eligible_amount is above cart_amount"):
        ns.replay(OPEN, history.drop(columns="points_balance"))


def test_an_offer_closed_to_coupons_asks_for_them():
    orders = pd.DataFrame({"cart_amount": [500.0] * 3, "points_balance": 100})
    with pytest.raises(ns.InputError, match="no column coupon_discount"):
        ns.score(CLOSED, orders)
    orders["coupon_discount"] = [0.0, 20.0, None]
    assert ns.score(CLOSED, orders)["points_redeemed"].tolist() == [100, 0, 100]
    assert ns.score(CLOSED, orders)["limited_by"].tolist() == ["balance", "coupon", "balance"]
    history = orders.assign(order_id=range(3), customer_id=range(3), ordered_at="2026-01-01T10:00Z")
    opening = pd.DataFrame({"customer_id": range(3), "points": 100})
    replayed = ns.replay(CLOSED, history, opening=opening)
    assert replayed.orders["points_redeemed"].tolist() == [100, 0, 100]
    with pytest.raises(ns.InputError, match="no column coupon_discount"):
        ns.replay(CLOSED, history.drop(columns="coupon_discount"), opening=opening)
    orders["coupon_discount"] = -1.0
    with pytest.raises(ns.OrdersError, match="coupon_discount is negative"):
        ns.score(OPEN, orders)


def test_an_empty_tier_is_none():
    order = {"cart_amount": [100.0] * 3, "points_balance": 50, "tier": ["", None, "Gold"]}
    program = ns.Program(offers=[ns.FixedAmount(points=5, discount=5, tiers=["Gold"])])
    assert ns.score(program, pd.DataFrame(order))["limited_by"].tolist() == ["no_offer", "no_offer", "offer"]


def test_what_an_optional_column_may_leave_blank():
    orders = random_orders(6).drop(columns=["credits"])
    orders["ordered_at"] = pd.NaT
    orders["credits"] = [None, "", 5, None, None, None]
    scored = ns.score(RICH, orders)
    assert scored["credits_used"].astype(float).tolist() == [0, 0, min(5, orders["cart_amount"].iloc[2]), 0, 0, 0]
    # A blank time is inside every offer's dates; a bad one is refused.
    assert set(ns.check_orders(orders.assign(ordered_at="soon"), program=RICH).rejects["reason"].str[:10]) == {
        "ordered_at"
    }


def test_money_of_other_currencies():
    yen = ns.Program(currency="JPY", offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)])
    scored = ns.score(yen, pd.DataFrame({"cart_amount": ["50", "7"], "points_balance": [3, 9]}))
    assert [str(amount) for amount in scored["payable"]] == ["47", "0"]
    dinar = ns.Program(currency="KWD", offers=[ns.VariableAmount(points_per_step=1, discount_per_step="0.001")])
    assert ns.score(dinar, pd.DataFrame({"cart_amount": [1.234], "points_balance": [1]}))["payable"].tolist() == [1.233]
