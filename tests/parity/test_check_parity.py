"""A calculator, or a record, held against the exact law."""

import json
import random
from decimal import Decimal
from fractions import Fraction
from xml.etree import ElementTree

import pandas as pd
import pytest
from recorded import as_function
from test_variants import BENCH, BY_HAND

import nector_sim as ns
from nector_sim.calculator.exact import Answer, Law
from nector_sim.errors import InputError, OrdersError
from nector_sim.parity.answers import Theirs, answer_fields, order_fields, read_number, read_reply
from nector_sim.parity.generate import generate
from nector_sim.parity.variants import IGNORING, VARIANTS, together
from nector_sim.rules.program import Program
from tests.sizes import size

EXAMPLE = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
PERCENT = Program.parse(
    {
        "offers": [{"kind": "variable_percent", "points_per_step": 10, "percent_per_step": "3.33", "max_discount": 99}],
        "min_payable": {"kind": "percent", "percent": "33.33"},
    }
)


#: Orders of a record; enough to tell variants apart.
RECORD = size(600, 1500)


def record_of(law, program, n=RECORD, seed=1, columns=("points_redeemed", "discount", "payable", "credits_used")):
    """What a checkout that follows `law` gave, as a frame of text."""
    [(_, orders)] = generate(n, seed=seed, program=program)
    rows = []
    for order in orders:
        answer = law(program).answer(order)
        fields = answer_fields(program, answer)
        given = {name: None if answer.limited_by == "refused" else fields[name] for name in columns}
        rows.append({"ordered_at": None, **order_fields(program, order), **given})
    return pd.DataFrame(rows, dtype=object)


def test_a_record_made_by_score_has_nothing_to_find():
    orders = ns.demo_orders().head(3000)
    record = ns.score(EXAMPLE, orders)
    report = ns.check_parity(EXAMPLE, record)
    assert report.agrees
    assert (report.compared, report.agreements, report.groups) == (3000, 3000, ())
    assert report.mismatches.empty
    assert report.explain() == "the record: agrees on 3,000 of 3,000 orders."


@pytest.mark.parametrize("program", [EXAMPLE, PERCENT], ids=["amount", "percent"])
def test_a_record_of_the_law_itself_agrees(program):
    report = ns.check_parity(program, record_of(Law, program))
    assert report.agrees
    assert sum(report.limited_by.values()) == RECORD


@pytest.mark.parametrize("name", BENCH)
def test_a_record_of_a_variant_is_named(name):
    variant, program = BENCH[name], BY_HAND[name][0]
    report = ns.check_parity(program, record_of(variant.law, program))
    [group] = report.groups
    assert str(variant) in group.explanation
    assert (variant.choice,) in group.choices
    # Whatever else fits as well cannot be told apart by these orders.
    assert all(len(names) == 1 for names in group.choices)


def test_a_record_of_two_variants_names_both():
    pair = (BENCH["min_payable_rounding: down"], BENCH["credits_first: points before credits"])
    program = BY_HAND["min_payable_rounding: down"][0]
    report = ns.check_parity(program, record_of(together(pair), program, 3000))
    assert report.groups[0].choices == (("min_payable_rounding", "credits_first"),)
    assert report.groups[0].explanation == (
        "agrees on all of them if `min_payable_rounding` is down and `credits_first` is points before credits"
    )
    assert len(report.groups) == 1


def test_noise_is_called_unexplained_and_the_rest_is_still_named():
    variant, program = BENCH["percent_rounding: half up"], PERCENT
    record = record_of(variant.law, program)
    wrong = [7, 400, 503]
    record.loc[wrong, "discount"] = Decimal("12345.67")
    report = ns.check_parity(program, record)
    named, unexplained = report.groups
    assert named.choices == (("percent_rounding",),)
    assert (unexplained.explanation, unexplained.count, unexplained.choices) == ("unexplained", 3, ())
    rows = report.mismatches.query("explanation == 'unexplained'")["row"]
    assert list(rows) == [row + 1 for row in wrong]


def test_nothing_is_named_that_a_matching_row_speaks_against():
    # Both rows would be rounded up by that variant; the checkout rounded up one of them.
    program = Program.parse({"offers": [{"kind": "fixed_percent", "points": 10, "percent": 10}]})
    record = pd.DataFrame(
        {"cart_amount": ["0.15", "0.25"], "points_balance": 50, "points_redeemed": 10, "discount": ["0.02", "0.02"]}
    )
    # 0.015 and 0.025: half to even gives 0.02 twice; up gives 0.02 and 0.03; half up the same.
    [group] = ns.check_parity(program, record).groups
    assert group.explanation == "agrees if `percent_rounding` is half to even"


def test_the_smallest_example_is_shown():
    record = pd.DataFrame(
        {
            "cart_amount": ["2000.50", "120.50", "1500.50"],
            "points_balance": 5000,
            "points_redeemed": [1000, 21, 1000],
            "discount": ["1000", "20.50", "1000"],
        }
    )
    report = ns.check_parity(EXAMPLE, record)
    assert (report.compared, report.agreements) == (3, 2)
    [group] = report.groups
    assert group.example["order"] == {"cart_amount": Decimal("120.50"), "points_balance": 5000}
    assert group.example["exact"]["points_redeemed"] == 20
    assert group.example["theirs"]["points_redeemed"] == 21
    assert report.mismatches.iloc[0].to_dict() == {
        "row": 2,
        "cart_amount": Decimal("120.50"),
        "points_balance": 5000,
        "points_redeemed": 20,
        "discount": Decimal("20.00"),
        "payable": Decimal("100.50"),
        "credits_used": Decimal("0.00"),
        "limited_by": "min_payable",
        "their_points_redeemed": 21,
        "their_discount": Decimal("20.50"),
        "their_payable": None,
        "their_credits_used": None,
        "explanation": group.explanation,
    }
    words = report.explain()
    assert "1 mismatch: agrees if `steps_whole` is clipped" in words
    assert "here, `steps_whole`: a limit inside a step gives the step below" in words
    assert "order: cart_amount 120.50, points_balance 5000" in words


def test_columns_can_be_named():
    record = pd.DataFrame({"total": ["500"], "coins": [5000], "used": [400], "off": ["400"], "discount": ["nonsense"]})
    columns = {"cart_amount": "total", "points_balance": "coins", "points_redeemed": "used", "discount": "off"}
    assert ns.check_parity(EXAMPLE, record, columns=columns).agrees
    with pytest.raises(InputError, match="there is no column sum"):
        ns.check_parity(EXAMPLE, record, columns={**columns, "cart_amount": "sum"})


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_record_may_be_a_file(tmp_path, ending):
    record, path = record_of(Law, EXAMPLE, 300), tmp_path / f"record.{ending}"
    if ending == "csv":
        record.to_csv(path, index=False)
    else:
        record.drop(columns="ordered_at").to_parquet(path)
    assert ns.check_parity(EXAMPLE, path).agrees
    assert ns.check_parity(EXAMPLE, str(path)).compared == 300


def test_blank_points_and_discount_say_that_the_order_was_refused():
    record = pd.DataFrame({"cart_amount": ["80"], "points_balance": 500, "points_redeemed": None, "discount": None})
    [group] = ns.check_parity(EXAMPLE, record).groups
    assert group.explanation == "agrees if `min_payable_excess` is refused"
    assert group.example["theirs"] == {"refused": "the order"}
    with pytest.raises(OrdersError, match="leave both blank"):
        ns.check_parity(EXAMPLE, record.assign(discount="0"))


def test_rows_that_cannot_be_used_are_all_named():
    record = pd.DataFrame(
        {"cart_amount": ["-1", "5", "5"], "points_balance": 1, "points_redeemed": ["0", "x", "1"], "discount": "0"}
    )
    with pytest.raises(OrdersError) as caught:
        ns.check_parity(EXAMPLE, record)
    assert list(caught.value.rejects["row"]) == [1]
    with pytest.raises(OrdersError) as caught:
        ns.check_parity(EXAMPLE, record.iloc[1:])
    assert caught.value.rejects[["row", "column"]].to_numpy().tolist() == [[1, "points_redeemed"]]


def test_a_record_without_points_is_compared_in_money_alone():
    record = pd.DataFrame({"cart_amount": ["749.95", "500", "500"], "points_balance": 5000})
    report = ns.check_parity(EXAMPLE, record.assign(discount=["649.95", "400", None]))
    assert (report.compared, report.agreements) == (3, 1)
    named, refused = report.groups
    assert (named.choices[0], named.count) == (("steps_whole",), 1)
    assert named.example["theirs"]["points_redeemed"] is None
    assert refused.example["theirs"] == {"refused": "the order"}


def test_an_export_with_a_points_coupon_is_a_record(tmp_path):
    header = (
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at"
    )
    rows = ["#1,a@shop.example,paid,INR,100.00,0,0,100.00,NECTOR-1,400.00,2026-01-05 10:00:00 +0530"]
    rows += ["#2,a@shop.example,paid,INR,100.95,0,0,100.95,NECTOR-2,649.00,2026-01-06 10:00:00 +0530"]
    (tmp_path / "export.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    orders = ns.read_orders(tmp_path / "export.csv", points_code="NECTOR-*", balances=5000, key_file=tmp_path / "key")
    report = ns.check_parity(EXAMPLE, orders)
    assert (report.compared, report.agreements) == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"program": EXAMPLE}, "nothing to compare"),
        ({"program": None, "orders": pd.DataFrame({"cart_amount": [1]})}, "nothing to compare"),
        ({"program": None, "orders": pd.DataFrame({"cart_amount": [1]}), "calculator": ns.quote}, "need the program"),
        ({"program": EXAMPLE, "orders": pd.DataFrame({"cart_amount": []})}, "no rows"),
        (
            {"program": EXAMPLE, "orders": pd.DataFrame({"cart_amount": [1], "points_balance": 1})},
            "no column discount",
        ),
        ({"program": EXAMPLE, "calculator": ns.quote, "n": 0}, "1 or more"),
        ({"program": EXAMPLE, "calculator": ns.quote, "leave_out": ["cart_amount"]}, "cannot do without cart_amount"),
        ({"program": EXAMPLE, "calculator": ns.quote, "columns": {"credits": "x"}}, "columns names those of orders"),
        ({"program": EXAMPLE, "orders": pd.DataFrame(), "leave_out": ["credits"]}, "leave_out is for generated"),
        ({"program": EXAMPLE, "calculator": "nonsense"}, "is not module:function"),
        ({"program": EXAMPLE, "calculator": "nector_sim:nothing"}, "has no nothing"),
        ({"program": EXAMPLE, "calculator": "no_such_module:nothing"}, "cannot be imported"),
        ({"program": EXAMPLE, "calculator": "ftp://host/path"}, "is not module:function"),
    ],
)
def test_what_cannot_be_compared_is_one_message(arguments, says):
    with pytest.raises(InputError, match=says):
        ns.check_parity(**arguments)


def test_a_function_named_by_its_place():
    report = ns.check_parity(EXAMPLE, calculator="nector_sim:quote", n=400, seed=3)
    assert report.agrees
    assert report.calculator == "nector_sim:quote"


def test_a_function_is_given_what_it_takes():
    def small(cart_amount, points_balance):
        discount = min(int(cart_amount) - 100, points_balance, 1000) if cart_amount > 100 else 0
        return discount, discount

    nothing_else = ("credits", "points_requested", "tier", "ordered_at", "eligible_amount", "coupon_discount")
    assert ns.check_parity(EXAMPLE, calculator=small, n=400, leave_out=nothing_else).agrees
    # Tiers, times and coupons decide nothing under this program; the other three are named together.
    report = ns.check_parity(EXAMPLE, calculator=small, n=400)
    assert [group.choices for group in report.groups] == [(("credits", "points_requested", "eligible_amount"),)]


def test_orders_of_ones_own_are_asked_for_with_all_their_columns():
    seen = []

    def calculate(program, cart_amount, points_balance, customer_id):
        seen.append((cart_amount, customer_id))
        return ns.quote(program, cart_amount=cart_amount, points_balance=points_balance)

    orders = pd.DataFrame({"cart_amount": [500.0, 80.5], "points_balance": [10, 20], "customer_id": ["a", "b"]})
    assert ns.check_parity(EXAMPLE, orders, calculator=calculate).agrees
    assert seen == [(Decimal("500.00"), "a"), (Decimal("80.50"), "b")]


def test_what_a_function_raises_is_a_finding():
    def calculate(cart_amount):
        if cart_amount > 1:
            raise ZeroDivisionError("by zero")
        return {"points_redeemed": 0, "discount": "much"} if cart_amount else {"discount": 0}

    report = ns.check_parity(EXAMPLE, calculator=calculate, n=300)
    assert {group.explanation for group in report.groups} == {
        "it raised ZeroDivisionError: by zero",
        "its reply holds something that is not a number",
        "its reply has no points_redeemed",
    }
    assert report.agreements == 0


@pytest.mark.parametrize(
    ("reply", "theirs"),
    [
        (None, Theirs(refused=True)),
        ({"refused": True}, Theirs(refused=True)),
        ((5, "1.50"), Theirs(Fraction(5), Fraction(150))),
        ([5, 1.5], Theirs(Fraction(5), Fraction(150))),
        (
            {"points_redeemed": "5.5", "discount": 1, "payable": "0"},
            Theirs(Fraction(11, 2), Fraction(100), Fraction(0)),
        ),
        (
            ns.Quote("", 5, Decimal("1.50"), Decimal("2"), "cart", Decimal("3")),
            Theirs(Fraction(5), Fraction(150), Fraction(200), Fraction(300)),
        ),
    ],
)
def test_replies(reply, theirs):
    assert read_reply(EXAMPLE, reply) == theirs


@pytest.mark.parametrize("value", ["x", "", None, True, float("nan"), "1e999999", float("inf")])
def test_what_is_not_a_number(value):
    with pytest.raises(ValueError, match="is not a number"):
        read_number(value, 2)


def test_numbers_are_read_exactly_and_floats_as_they_were_meant():
    assert read_number(0.1 + 0.2, 2) == 30
    assert read_number("0.30000000000000004", 2) == 30  # as a float was printed
    assert read_number(Decimal("0.30000000000000004"), 2) == Fraction(30000000000000004, 10**15)
    assert read_number(1 / 3, 0) == Fraction(Decimal(str(1 / 3)))


@pytest.mark.parametrize(
    ("theirs", "agrees"),
    [
        (Theirs(Fraction(5), Fraction(500)), True),
        (Theirs(Fraction(5), Fraction(500), Fraction(300), Fraction(200)), True),
        (Theirs(Fraction(4), Fraction(500)), False),
        (Theirs(Fraction(501, 100), Fraction(500)), False),
        (Theirs(Fraction(5), Fraction(501)), False),
        (Theirs(Fraction(5), Fraction(500), Fraction(301)), False),
        (Theirs(Fraction(5), Fraction(500), None, Fraction(201)), False),
        (Theirs(Fraction(5), Fraction(500), error="broken"), False),
        (Theirs(refused=True), False),
    ],
)
def test_agreement_is_equality(theirs, agrees):
    assert theirs.agrees(Answer(0, 5, 500, 300, 200, "balance")) is agrees


def test_the_report_as_json_and_for_test_systems():
    record = record_of(BENCH["min_payable_rounding: down"].law, PERCENT, columns=("points_redeemed", "discount"))
    report = ns.check_parity(PERCENT, record)
    data = json.loads(report.to_json())
    assert data["compared"] == RECORD
    assert data["agreements"] + sum(group["count"] for group in data["groups"]) == RECORD
    assert ["min_payable_rounding"] in data["groups"][0]["choices"]
    assert isinstance(data["groups"][0]["example"]["order"]["cart_amount"], str)
    suite = ElementTree.fromstring(report.to_junit())
    assert int(suite.get("tests")) == len(suite) == RECORD
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == [f"order {row}" for row in report.mismatches["row"]]
    assert int(suite.get("failures")) == len(failed) < len(suite)
    assert "min_payable_rounding" in suite.find(".//failure").get("message")


def test_assert_agrees():
    ns.check_parity(EXAMPLE, calculator=ns.quote, n=50).assert_agrees()
    with pytest.raises(AssertionError, match="it takes no notice of the points that were asked for"):
        ns.check_parity(EXAMPLE, calculator=as_function(IGNORING[1].law), n=200).assert_agrees()


@pytest.mark.parametrize("variant", IGNORING, ids=str)
def test_what_is_not_read_is_named_first(variant):
    report = ns.check_parity(None, calculator=as_function(variant.law), n=size(800, 2000), seed=1)
    assert [group.explanation for group in report.groups] == [f"agrees on all of them if {variant}"]


def test_a_fixed_offer_clipped_by_the_cart_is_named():
    program = Program.parse({"offers": [{"kind": "fixed_amount", "points": 100, "discount": 100}]})
    record = pd.DataFrame({"cart_amount": ["85", "60.50"], "points_balance": 500, "points_redeemed": 100})
    [group] = ns.check_parity(program, record.assign(discount=record["cart_amount"])).groups
    assert ("min_payable_fixed_offer",) in group.choices


def test_generated_programs_stand_beside_their_mismatches():
    variant = BENCH["best_offer: the first listed"]
    report = ns.check_parity(None, calculator=as_function(variant.law), n=1000, seed=1)
    example = report.groups[0].example
    program = Program.parse(example["program"])
    quote = ns.quote(program, **example["order"])
    assert quote.discount == example["exact"]["discount"] != example["theirs"]["discount"]
    assert Program.parse(json.loads(report.mismatches["program"][0])).offers


def test_the_order_of_the_rows_does_not_matter():
    record = record_of(BENCH["percent_rounding: up"].law, PERCENT, 800)
    shuffled = record.sample(frac=1, random_state=random.Random(5).randrange(100))
    one, other = ns.check_parity(PERCENT, record), ns.check_parity(PERCENT, shuffled)
    assert [(group.explanation, group.count) for group in one.groups] == [
        (group.explanation, group.count) for group in other.groups
    ]


def test_every_variant_has_a_sentence():
    assert str(VARIANTS[5]) == "`min_payable_rounding` is down"
