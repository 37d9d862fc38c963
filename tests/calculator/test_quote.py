"""``quote`` and ``explain``: one order at the public door."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.calculator.exact import Law, Order
from nector_sim.calculator.quote import read_order, taken_otherwise

EXAMPLE = ns.load_program(ns.data_path("programs/gokwik-example.toml"))


def test_an_exact_answer_in_major_units():
    answer = ns.quote(EXAMPLE, cart_amount="749.95", points_balance=5000)
    assert answer == ns.Quote("offers.0", 649, Decimal("649.00"), Decimal("100.95"), "min_payable", Decimal("0.00"))


@pytest.mark.parametrize("cart", [500, 500.0, "500", Decimal(500), "500.00"])
@pytest.mark.parametrize("balance", [250, 250.9, "250", Decimal("250.5")])
def test_amounts_come_in_any_form(cart, balance):
    answer = ns.quote(EXAMPLE, cart_amount=cart, points_balance=balance)
    assert (answer.points_redeemed, answer.payable, answer.limited_by) == (250, 250, "balance")


def test_a_tier_that_the_program_does_not_have_is_named():
    tiers = [{"name": "Gold", "min_spend": 100}]
    program = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)], tiers=tiers)
    order = {"cart_amount": 500, "points_balance": 500}
    assert ns.quote(program, **order, tier="Gold").discount == 500
    with pytest.raises(ns.InputError, match="tier: 'gold' is not a tier of this program, which has 'Gold'"):
        ns.quote(program, **order, tier="gold")


def test_credits_requests_tiers_and_times():
    offer = ns.VariableAmount(points_per_step=1, discount_per_step=1, tiers=["Gold"], starts_at="2026-01-01")
    program = ns.Program(offers=[offer])
    order = {"cart_amount": 500, "points_balance": 1000, "credits": 100, "points_requested": 30}
    assert ns.quote(program, **order, tier="Gold").payable == 370
    assert ns.quote(program, **order, tier="gold").limited_by == "no_offer"
    assert ns.quote(program, **order, tier="Gold", ordered_at="2025-12-31T23:59:59").limited_by == "no_offer"
    # Midnight in Kolkata is 18:30 in Greenwich.
    assert ns.quote(program, **order, tier="Gold", ordered_at="2025-12-31T18:30:00Z").limited_by == "requested"
    assert ns.quote(program, **order, tier="Gold", ordered_at="2025-12-31T18:29:59Z").limited_by == "no_offer"


def test_an_hour_that_comes_twice():
    # Clocks in London went back from 2:00 to 1:00 on 26 October 2025: 1:15 came again after the offer began at 1:30.
    zone = ZoneInfo("Europe/London")
    offer = ns.VariableAmount(points_per_step=1, discount_per_step=1, starts_at="2025-10-26 01:30")
    program = ns.Program(offers=[offer], timezone="Europe/London")
    order = {"cart_amount": 500, "points_balance": 10}
    for fold, redeemed in ((0, 0), (1, 10)):
        at = datetime(2025, 10, 26, 1, 15, tzinfo=zone, fold=fold)
        assert ns.quote(program, **order, ordered_at=at).points_redeemed == redeemed
        frame = pd.DataFrame({name: [value] for name, value in order.items()} | {"ordered_at": pd.Series([at])})
        assert ns.score(program, frame)["points_redeemed"].tolist() == [redeemed]


def test_every_argument_that_cannot_be_used_is_named():
    with pytest.raises(ns.InputError) as error:
        ns.quote(
            EXAMPLE,
            cart_amount="x",
            points_balance=float("inf"),
            credits=-1,
            points_requested="many",
            ordered_at="tomorrow",
        )
    places = [problem.place for problem in error.value.problems]
    assert places == ["cart_amount", "points_balance", "credits", "points_requested", "ordered_at"]


@pytest.mark.parametrize("blank", [None, "", " ", float("nan"), pd.NA, pd.NaT])
def test_an_empty_cell_is_an_argument_left_out(blank):
    dated = ns.VariableAmount(points_per_step=1, discount_per_step=1, ends_at="2026-01-01")
    gold = ns.VariableAmount(points_per_step=1, discount_per_step=2, tiers=["Gold"])
    program = ns.Program(offers=[dated, gold])
    order = {"cart_amount": 500, "points_balance": 30}
    optional = dict.fromkeys(["credits", "points_requested", "tier", "ordered_at"], blank)
    assert ns.quote(program, **order, **optional) == ns.quote(program, **order)


@pytest.mark.parametrize("time", [5, 5.5, True, [], pd.Timedelta(5), "tomorrow"])
def test_what_is_no_time_is_said_so(time):
    with pytest.raises(ns.InputError, match=r"ordered_at: .* is not a time; write it as 2026-11-23 18:30"):
        ns.quote(EXAMPLE, cart_amount=500, points_balance=5, ordered_at=time)


def test_the_first_day_of_the_calendar_is_a_time():
    program = ns.Program(offers=[ns.FixedAmount(points=5, discount=5, ends_at="2026-01-01")])
    for time in ("0001-01-01", datetime.min):
        assert ns.quote(program, cart_amount=500, points_balance=5, ordered_at=time).discount == 5


def test_explain_names_every_limit_and_the_one_that_bound():
    text = ns.explain(EXAMPLE, cart_amount=500, points_balance=5000)
    for part in ("5,000 coins", "₹1,000", "₹500 − ₹100 = ₹400", "the customer pays ₹100", "Limited by min_payable"):
        assert part in text
    marked = [line for line in text.splitlines() if "smallest" in line]
    assert len(marked) == 1
    assert "min_payable" in marked[0]


@pytest.mark.parametrize(
    ("program", "order", "says"),
    [
        ({"enabled": False}, {}, "switched off"),
        ({}, {}, "No offer is open"),
        ({"offers": [{"kind": "fixed_amount", "points": 5, "discount": 10}]}, {}, "all or nothing"),
        ({"offers": [{"kind": "fixed_amount", "points": 5, "discount": 10, "min_cart": 501}]}, {}, "minimum of ₹501"),
        ({"offers": [{"kind": "fixed_amount", "points": 5, "discount": 10, "max_cart": 500}]}, {}, "below ₹500 only"),
        (
            {"offers": [{"kind": "fixed_amount", "points": 5, "discount": 10, "tiers": ["A"]}]},
            {},
            "not open to this tier",
        ),
        ({"offers": [{"kind": "fixed_percent", "points": 5, "percent": 10}]}, {}, "10 % of the cart"),
        ({"offers": [{"kind": "fixed_percent", "points": 5, "percent": 10}]}, {"credits": 600}, "Credits first: ₹500"),
        (
            {
                "offers": [
                    {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "min_cart_multiple": 4}
                ]
            },
            {},
            "₹500 ÷ 4 = ₹125",
        ),
        (
            {
                "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
                "min_payable": {"kind": "percent", "percent": 20},
            },
            {"points_requested": 20},
            "at least ₹100 (20 % of the cart)",
        ),
    ],
)
def test_explain_has_words_for_everything(program, order, says):
    text = ns.explain(ns.Program.parse(program), **({"cart_amount": 500, "points_balance": 5000} | order))
    assert says in text


LEDGERS = [
    {
        "earning": {"points_per_unit": "0.05", "min_cart": 10, "max_points": 5, "base": "cart_amount"}
        | {"rounding": "ceil", "delay_days": 2, "on_redeeming_orders": False},
        "expiry": {"months": 6, "kind": "inactivity"},
        "tiers": [{"name": "Silver", "min_spend": 100, "earning_factor": 2}],
        "tiering": {"window_months": 12},
        "reversal": {"earned": False, "redeemed": False, "overdraft": "forgive"},
        "valid_from": "2026-01-01",
    },
    {
        "earning": {"points": 1, "per_amount": 100, "whole_steps": True},
        "expiry": {"days": 30},
        "tiers": [{"name": "Silver", "min_orders": 2}],
    },
    {"earning": {"points_per_unit": 1}, "tiers": [{"name": "Silver", "min_earned": 20}]},
]


@pytest.mark.parametrize("ledger", LEDGERS)
def test_what_becomes_of_points_later_is_known_and_changes_no_quote(ledger):
    program = ns.Program.parse(EXAMPLE.model_dump(mode="json", exclude_unset=True) | ledger)
    order = {"cart_amount": "749.95", "points_balance": 5000}
    assert ns.quote(program, **order) == ns.quote(EXAMPLE, **order)
    assert ns.score(program, pd.DataFrame([order]))["discount"].tolist() == [649]


class OnHolidays(ns.Program):
    """A program with a switch that nobody computes."""

    holiday: bool = False


def test_a_switch_that_nobody_computes_is_refused():
    program = OnHolidays(offers=EXAMPLE.offers, holiday=True)
    order = {"cart_amount": "749.95", "points_balance": 5000}
    for call in (lambda: ns.quote(program, **order), lambda: ns.score(program, pd.DataFrame([order]))):
        with pytest.raises(ns.ProgramError, match="holiday"):
            call()


def test_an_order_of_which_nothing_else_is_said_has_no_coupon_no_credits_and_no_request():
    offer = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "with_coupons": False}
    program = ns.Program.parse({"offers": [offer]})
    answer = Law(program).answer(Order(cart=50_000, balance=600))
    assert (answer.discount, answer.points) == (50_000, 500)
    quote = ns.quote(program, cart_amount=500, points_balance=600)
    assert (quote.discount, quote.points_redeemed, quote.credits_used) == (500, 500, 0)
    assert read_order(program, cart_amount=500, points_balance=600) == Order(cart=50_000, balance=600)


@pytest.mark.parametrize(
    ("balance", "cart", "points"), [(1000, 199, 0), (1000, 200, 200), (200, 1000, 200), (199, 1000, 0)]
)
def test_a_redemption_of_fewer_points_than_the_least_is_none(balance, cart, points):
    """Also where one step fits: 100 points are fewer than 200."""
    offer = {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 100, "min_points": 200}
    program = ns.Program.parse({"offers": [offer]})
    quote = ns.quote(program, cart_amount=cart, points_balance=balance)
    assert quote.points_redeemed == points
    assert (quote.limited_by == "min_points") == (points == 0)
    said = str(ns.explain(program, cart_amount=cart, points_balance=balance))
    assert ("A redemption uses at least 200 points" in said) == (points == 0)
    assert ("; 100 points would be used, so none are" in said) == (points == 0)


NAMES = (
    "cart_amount",
    "points_balance",
    "credits",
    "points_requested",
    "ordered_at",
    "eligible_amount",
    "coupon_discount",
)


@pytest.mark.parametrize("name", NAMES)
def test_an_argument_that_cannot_be_read_is_named(program, name):
    given = {"cart_amount": 500, "points_balance": 600, name: "many"}
    with pytest.raises(ns.InputError) as error:
        ns.quote(program, **given)
    assert [problem.place for problem in error.value.problems] == [name]


@pytest.mark.parametrize("name", NAMES[2:])
@pytest.mark.parametrize("blank", [None, "", float("nan")])
def test_a_blank_is_nothing_said(name, blank):
    offer = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "with_coupons": False}
    program = ns.Program.parse({"offers": [offer]})
    assert read_order(program, cart_amount=500, points_balance=600, **{name: blank}) == Order(50_000, 600)


def test_no_more_can_be_eligible_than_the_cart(program):
    with pytest.raises(ns.InputError, match=r"eligible_amount: '500\.01' is above cart_amount; it is a part"):
        ns.quote(program, cart_amount=500, points_balance=600, eligible_amount="500.01")
    assert ns.quote(program, cart_amount=500, points_balance=600, eligible_amount=500).discount > 0


@pytest.mark.parametrize(
    ("balance", "said"),
    [
        (5, ""),
        ("5.000001", ""),  # no more than the noise of floats
        ("5.0000011", "5.0000011 was given; a fraction of a point does not count"),
        (-1, "-1 was given; a negative balance redeems nothing"),
        ("-0.5", "-0.5 was given; a negative balance redeems nothing"),
    ],
)
def test_a_balance_that_is_taken_otherwise_is_said(balance, said):
    assert taken_otherwise(balance) == said
