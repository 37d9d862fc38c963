"""Programs: in and out without loss, and every mistake named with its place."""

import json
import re
import tomllib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pandas as pd
import pytest
from pydantic import ValidationError

import nector_sim as ns
from nector_sim.calculator.choices import CHOICES
from nector_sim.calculator.exact import Order
from nector_sim.errors import ProgramError
from nector_sim.rules.docs import field_docs
from nector_sim.rules.money import About
from nector_sim.rules.offers import FixedAmount, FixedPercent, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

MODELS = (Program, FixedMinPayable, PercentMinPayable, VariableAmount, FixedAmount, VariablePercent, FixedPercent)

WHOLE = """
name = "everything"
currency = "KWD"
points_label = "coins"
timezone = "Asia/Kuwait"
enabled = false

[[offers]]
kind = "variable_amount"
points_per_step = 100
discount_per_step = 0.1
max_discount = 20.125
max_discount_percent = 12.34
min_cart = 1
max_cart = 99.999
min_cart_multiple = 1.2345
tiers = ["Silver", "Gold"]
starts_at = 2026-01-01T00:00:00
ends_at = 2026-12-31T23:59:59+05:30

[[offers]]
kind = "variable_percent"
name = "per cent"
points_per_step = 1
percent_per_step = 0.01
max_percent = 50
max_discount = 3
tiers = []

[[offers]]
kind = "fixed_amount"
points = 5
discount = 1

[[offers]]
kind = "fixed_percent"
points = 5
percent = 120
max_discount = 2

[min_payable]
kind = "percent"
percent = 33.33
"""


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_in_and_out_without_loss(tmp_path, ending):
    source, copy = tmp_path / "program.toml", tmp_path / f"copy.{ending}"
    source.write_text(WHOLE, encoding="utf-8")
    program = ns.load_program(source)
    copy.write_text(program.to_toml() if ending == "toml" else program.to_json(), encoding="utf-8")
    again = ns.load_program(copy)
    assert again == program
    assert again.to_toml() == program.to_toml()
    assert program.offers[0].discount_per_step == Decimal("0.1")
    assert program.offers[0].starts_at.tzinfo is None


def test_a_number_in_json_is_the_decimal_that_it_says(tmp_path):
    file = tmp_path / "program.json"
    file.write_text(
        '{"offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 0.1}]}', encoding="utf-8"
    )
    assert ns.load_program(file).offers[0].discount_per_step == Decimal("0.1")


def test_defaults():
    assert Program().timezone == "Asia/Kolkata"
    assert Program(currency="USD").timezone == "UTC"
    assert Program(currency="USD", timezone="Asia/Tokyo").timezone == "Asia/Tokyo"


OFFER = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        ({"offers": [OFFER | {"max_discout": 5}]}, "offers.0.max_discout", "did you mean max_discount?"),
        ({"ofers": []}, "ofers", "did you mean offers?"),
        ({"offers": [OFFER | {"percent": 5}]}, "offers.0.percent", "not a field here"),
        ({"offers": [{"kind": "variable_amount", "points_per_step": 1}]}, "offers.0.discount_per_step", "missing"),
        ({"offers": [OFFER | {"min_cart": -1}]}, "offers.0.min_cart", "at least 0"),
        ({"offers": [OFFER | {"points_per_step": 0}]}, "offers.0.points_per_step", "at least 1"),
        ({"offers": [OFFER | {"points_per_step": True}]}, "offers.0.points_per_step", "not a number"),
        ({"offers": [OFFER | {"points_per_step": 1.5}]}, "offers.0.points_per_step", "whole number"),
        ({"offers": [OFFER | {"discount_per_step": 0}]}, "offers.0.discount_per_step", "above 0"),
        ({"offers": [OFFER | {"max_discount": 0}]}, "offers.0.max_discount", "leave the field out"),
        ({"offers": [OFFER | {"discount_per_step": "0.001"}]}, "offers.0.discount_per_step", "finer than INR's 2"),
        ({"offers": [OFFER | {"max_discount": 10**10}]}, "offers.0.max_discount", "too large"),
        ({"offers": [OFFER | {"min_cart": "NaN"}]}, "offers.0.min_cart", "is 'NaN'; it must be a finite number"),
        ({"offers": [OFFER | {"min_cart_multiple": "1.23456"}]}, "offers.0.min_cart_multiple", "4 decimals"),
        ({"offers": [OFFER | {"max_discount_percent": "0.001"}]}, "offers.0.max_discount_percent", "2 decimals"),
        ({"offers": [{"kind": "free"}]}, "offers.0", "'free' is unknown"),
        ({"offers": [{"points": 1}]}, "offers.0", "no kind"),
        ({"offers": [OFFER | {"name": "A"}, OFFER | {"name": "A"}]}, "offers.1.name", "offers.0"),
        ({"min_payable": {"kind": "percent", "percent": 120}}, "min_payable.percent", "at most 100"),
        ({"min_payable": {"kind": "percent", "percent": "20.005"}}, "min_payable.percent", "2 decimals"),
        ({"min_payable": {"kind": "fixed", "amount": -1}}, "min_payable.amount", "at least 0"),
        ({"min_payable": {"kind": "fixed", "amount": "0.001"}}, "min_payable.amount", "finer than INR's 2"),
        ({"min_payable": {"kind": "fixed", "percent": 5}}, "min_payable.percent", "not a field here"),
        ({"currency": "XYZ"}, "currency", "not a currency"),
        ({"timezone": "Mars/Olympus"}, "timezone", "not a time zone"),
        ({"enabled": "yes"}, "enabled", "true or false"),
        ({"offers": [OFFER | {"min_cart": [1]}]}, "offers.0.min_cart", "is [1]; it must be a number, such as 749.95"),
        (
            {"offers": [OFFER | {"points_per_step": "x"}]},
            "offers.0.points_per_step",
            "is 'x'; it must be a whole number",
        ),
        (
            {"offers": [OFFER | {"points_per_step": [1]}]},
            "offers.0.points_per_step",
            "is [1]; it must be a whole number",
        ),
        (
            {"offers": [OFFER | {"points_per_step": "9" * 5000}]},
            "offers.0.points_per_step",
            "; it must be a whole number",
        ),
        ({"offers": [5]}, "offers.0", "is 5; it must be a table of fields"),
        ({"offers": [{"points": 1}]}, "offers.0", "'variable_amount', 'fixed_amount', 'variable_percent', 'fixed_perc"),
        ({"earning": 5}, "earning", "is 5; it must be a table of fields"),
        ({"tiers": [{"name": "", "min_spend": 1}]}, "tiers.0.name", "it must be a name"),
        ({"name": ["x" * 56]}, "name", f"is ['{'x' * 56}']; it must be"),
        ({"name": ["x" * 57]}, "name", f"is ['{'x' * 55}...; it must be"),
        ({"name": 5}, "name", "text, in quotes"),
        ({"offers": 5}, "offers", "is 5; it must be a list"),
        ({"min_payable": 5}, "min_payable", "a table of fields"),
        ({"min_payable": {"amount": 5}}, "min_payable", "'fixed', 'percent'"),
        ({"min_payable": {"kind": "fixed", "amount": "much"}}, "min_payable.amount", "is 'much'; it must be a number"),
        ({"offers": [OFFER | {"name": ["x" * 99]}]}, "offers.0.name", "is ['xxx"),
        ({"offers": [OFFER | {"tiers": [""]}]}, "offers.0.tiers.0", "a name"),
        ({"offers": [OFFER | {"starts_at": 20260101}]}, "offers.0.starts_at", "20260101 is not a time; write it as"),
        ({"offers": [OFFER | {"ends_at": "1700000000"}]}, "offers.0.ends_at", "'1700000000' is not a time"),
        ({"offers": [OFFER | {"ends_at": True}]}, "offers.0.ends_at", "true is not a time"),
        ({"valid_from": "tomorrow"}, "valid_from", "'tomorrow' is not a time"),
    ],
)
def test_each_mistake_is_named_with_its_place(data, place, says):
    with pytest.raises(ns.ProgramError) as error:
        Program.parse(data)
    assert [problem.place for problem in error.value.problems if says in problem.what] == [place], str(error.value)
    assert all(len(line) < 200 for line in str(error.value).splitlines())


def test_a_needed_field_is_not_to_be_left_out():
    with pytest.raises(ns.ProgramError) as error:
        Program.parse({"offers": [OFFER | {"discount_per_step": 0}]})
    assert str(error.value.problems[0]) == "offers.0.discount_per_step: is 0; it must be above 0"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            {"offers": [OFFER | {"min_cart_multiple": "1.23456"}]},
            "offers.0.min_cart_multiple: is '1.23456'; a multiple has at most 4 decimals; round it first, in the way "
            "you mean",
        ),
        ({"currency": "XYZ"}, "currency: 'XYZ' is not a currency of ISO 4217; write its three letters, such as INR"),
    ],
)
def test_mistakes_are_said_word_for_word(data, says):
    with pytest.raises(ns.ProgramError) as error:
        Program.parse(data)
    assert [str(problem) for problem in error.value.problems] == [says]


def test_the_class_called_directly_says_what_is_wrong_too():
    with pytest.raises(ValidationError, match=r"offers\.0\.max_discount: 0\.001 is finer than INR's 2 decimals"):
        Program(offers=[OFFER | {"max_discount": "0.001"}])


def test_whole_amounts_are_written_without_decimals():
    lines = Program(offers=[OFFER | {"discount_per_step": "10.00", "max_discount": "99.50"}]).to_toml().splitlines()
    assert {"discount_per_step = 10", "max_discount = 99.50"} <= set(lines)


def test_times_are_dates_or_iso_texts():
    given = [date(2026, 1, 1), datetime(2026, 1, 1), "2026-01-01", " 2026-01-01 00:00 ", "20260101"]
    assert {Program(valid_from=time).valid_from for time in given} == {datetime(2026, 1, 1)}
    with_zone = Program(valid_from="2026-01-01T00:00+05:30")
    assert with_zone.valid_from == datetime(2025, 12, 31, 18, 30, tzinfo=UTC)
    assert Program.parse(tomllib.loads(with_zone.to_toml())) == with_zone


def test_an_instant_beyond_the_calendar_is_its_end():
    program = Program()
    assert program.instant(datetime.min) == datetime.min.replace(tzinfo=UTC)
    behind = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    assert program.instant(behind) == datetime.max.replace(tzinfo=UTC)


def test_of_two_equal_clock_times_the_first_is_meant():
    # London's clocks went back from 2:00 to 1:00 on 26 October 2025, when UTC was 1:00.
    for fold in (0, 1):
        clock = datetime(2025, 10, 26, 1, 30, fold=fold)
        assert Program(timezone="Europe/London").instant(clock) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_all_mistakes_together():
    with pytest.raises(ns.ProgramError) as error:
        Program.parse({"currency": "XYZ", "nam": "x", "offers": [OFFER | {"points_per_step": 0}, {"kind": "?"}]})
    assert {problem.place for problem in error.value.problems} == {
        "currency",
        "nam",
        "offers.0.points_per_step",
        "offers.1",
    }


def test_files_that_cannot_be_read(tmp_path):
    cases = {"no.toml": None, "bad.toml": b"= 1", "bad.json": b"{", "list.json": b"[]", "binary.toml": b"\xff\xfe\x00"}
    cases["twice.json"] = b'{"name":"A","name":"B"}'
    says = {
        "bad.toml": " is not TOML:",
        "bad.json": " is not JSON:",
        "twice.json": " is not JSON: a field appears twice",
    }
    for name, content in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ns.ProgramError, match=re.escape(name + says.get(name, " "))):
            ns.load_program(tmp_path / name)


def test_every_field_says_what_it_is_and_each_choice_stands_somewhere():
    carried = set()
    for model in MODELS:
        for name, field in model.model_fields.items():
            about = next((m for m in field.metadata if isinstance(m, About)), About())
            assert field_docs(model).get(name), f"{model.__name__}.{name} has no docstring"
            for choice in about.choices:
                assert choice in CHOICES
                carried.add(choice)
                assert f"`{choice}`" in field_docs(model)[name], f"{model.__name__}.{name} does not say {choice}"
    carried |= {choice for choice in CHOICES if f"`{choice}`" in Order.__doc__}
    assert carried == set(CHOICES)


def test_json_schema_can_be_made():
    assert "offers" in json.dumps(Program.model_json_schema())


def test_review_finds_what_is_legal_but_odd():
    def odd(**fields):
        return [f.place for f in ns.review(Program.parse(fields))]

    assert odd(offers=[OFFER]) == []
    assert odd() == ["offers"]
    assert odd(enabled=False, offers=[OFFER]) == ["enabled"]
    assert odd(offers=[OFFER], min_payable={"kind": "percent", "percent": 100}) == ["min_payable.percent"]
    assert odd(offers=[OFFER | {"discount_per_step": 10, "max_discount": 25}]) == ["offers.0.max_discount"]
    assert odd(offers=[OFFER | {"discount_per_step": 10, "max_discount": 5}]) == ["offers.0.max_discount"]
    assert odd(offers=[OFFER | {"max_discount": 20, "max_cart": 20}]) == ["offers.0.max_discount"]
    assert odd(offers=[OFFER | {"tiers": []}]) == ["offers.0.tiers"]
    assert odd(offers=[OFFER | {"min_cart": 5, "max_cart": 5}]) == ["offers.0.max_cart"]
    assert odd(offers=[OFFER | {"starts_at": "2026-02-01", "ends_at": "2026-01-01"}]) == ["offers.0.ends_at"]
    assert odd(offers=[OFFER | {"max_discount_percent": 100}]) == ["offers.0.max_discount_percent"]
    assert odd(offers=[OFFER | {"min_cart_multiple": 1}]) == ["offers.0.min_cart_multiple"]
    percent = {"kind": "variable_percent", "points_per_step": 1, "percent_per_step": 30}
    assert odd(offers=[percent]) == []
    assert odd(offers=[percent | {"max_percent": 50}]) == ["offers.0.max_percent"]
    assert odd(offers=[percent | {"max_percent": 20}]) == ["offers.0.max_percent"]
    assert odd(offers=[percent | {"percent_per_step": 120}]) == ["offers.0.percent_per_step"]
    # The example of the law: 50 %, cart 1000, minimum 600 gives 400 at a cap of 400 and nothing at 450.
    capped = percent | {"percent_per_step": 50, "max_discount": 400}
    assert odd(offers=[capped], min_payable={"kind": "fixed", "amount": 600}) == ["offers.0.max_discount"]


class TestChangingOneThing:
    """A field is changed by its dotted path, checked as any program is."""

    PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))

    def test_a_field_is_changed_and_the_program_is_not(self):
        lower = self.PROGRAM.replaced({"offers.0.max_discount": 200, "name": "lower"})
        assert (lower.offers[0].max_discount, lower.name) == (200, "lower")
        assert (self.PROGRAM.offers[0].max_discount, self.PROGRAM.name) == (1000, "Default at GoKwik")

    def test_a_percentage_takes_the_place_of_a_fixed_minimum_and_none_leaves_out(self):
        assert self.PROGRAM.replaced({"min_payable.percent": 20}).min_payable == ns.PercentMinPayable(percent=20)
        assert self.PROGRAM.replaced({"min_payable.amount": None}).min_payable is None
        assert self.PROGRAM.replaced({"min_payable": None}).min_payable is None

    def test_a_whole_part_is_replaced(self):
        offer = {"kind": "fixed_amount", "points": 100, "discount": 50}
        assert self.PROGRAM.replaced({"offers": [offer]}).offers == (ns.FixedAmount(points=100, discount=50),)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"min_payble.amount": 5}, "did you mean min_payable?"),
            ({"offers.0.max_discont": 5}, "did you mean max_discount?"),
            ({"offers.1.max_discount": 5}, "there are 1"),
            ({"offers.0.max_discount": -5}, "must be above 0"),
            ({"offers.0.max_discount": "0.001"}, "finer than INR's 2 decimals"),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, changes, said):
        with pytest.raises(ns.ProgramError, match=re.escape(said)):
            self.PROGRAM.replaced(changes)

    def test_a_copy_does_not_swallow_a_typo(self):
        with pytest.raises(ValueError, match="no field 'max_discont'; did you mean max_discount"):
            self.PROGRAM.offers[0].model_copy(update={"max_discont": 5})
        with pytest.raises(ValueError, match="greater than 0"):
            self.PROGRAM.offers[0].model_copy(update={"max_discount": -5})
        with pytest.raises(ValueError, match="finer than INR's 2 decimals"):
            self.PROGRAM.model_copy(update={"min_payable": ns.FixedMinPayable(amount="0.001")})
        copy = self.PROGRAM.offers[0].model_copy(update={"max_discount": 200})
        assert (copy.max_discount, type(copy.max_discount)) == (Decimal(200), Decimal)
        assert copy.model_fields_set == self.PROGRAM.offers[0].model_fields_set | {"max_discount"}
        assert self.PROGRAM.model_copy(update={"enabled": False}).enabled is False


class TestAPathOrADict:
    """Wherever a program is asked for, its file or its fields do as well."""

    def test_they_answer_alike(self, tmp_path):
        path = ns.data_path("programs/gokwik-example.toml")
        program = ns.load_program(path)
        fields = program.model_dump(exclude_none=True)
        asked = {"cart_amount": 749.95, "points_balance": 5000}
        orders = pd.DataFrame({k: [v] for k, v in asked.items()})
        history = orders.assign(order_id="a", customer_id="c", ordered_at="2026-01-01").drop(columns="points_balance")
        for given in (path, str(path), fields):
            assert ns.quote(given, **asked) == ns.quote(program, **asked)
            assert ns.explain(given, **asked) == ns.explain(program, **asked)
            assert ns.score(given, orders).equals(ns.score(program, orders))
            assert ns.replay(given, history).orders.equals(ns.replay(program, history).orders)
            assert ns.review(given) == ns.review(program)
            assert ns.check_orders(orders, program=given).good.equals(orders)

    def test_anything_else_is_refused(self):
        with pytest.raises(ns.ProgramError, match="a program is a Program, a path or a dict of its fields, not int"):
            ns.quote(7, cart_amount=1, points_balance=1)
        with pytest.raises(ns.ProgramError, match="does not exist"):
            ns.quote("nowhere.toml", cart_amount=1, points_balance=1)


def test_a_minimum_of_points_that_its_maximum_never_reaches_is_an_error():
    offer = {"kind": "variable_amount", "points_per_step": 10, "discount_per_step": 3, "max_discount": 10}
    # Three steps of 10 points fit under 10.
    assert Program.parse({"offers": [{**offer, "min_points": 30}]}).offers[0].min_points == 30
    with pytest.raises(ns.ProgramError, match=r"offers\.0\.min_points: is 31; under its max_discount .* at most 30"):
        Program.parse({"offers": [{**offer, "min_points": 31}]})
    with pytest.raises(ns.ProgramError, match=r"offers\.0\.min_points: is not a field here"):
        Program.parse({"offers": [{"kind": "fixed_amount", "points": 5, "discount": 5, "min_points": 5}]})


def test_of_very_many_problems_the_first_are_written_out():
    with pytest.raises(ProgramError) as stop:
        Program.parse({f"unknown_{number}": 1 for number in range(95_000)})
    assert len(stop.value.problems) == 101
    assert stop.value.problems[0].place == "unknown_0"
    assert str(stop.value.problems[-1]) == "and 94,900 more"


def test_a_program_has_a_thousand_offers_at_most():
    def many(count):
        return {"offers": [{"kind": "fixed_amount", "points": 1, "discount": 1, "name": f"o{n}"} for n in range(count)]}

    assert len(ns.Program.parse(many(1000)).offers) == 1000
    with pytest.raises(ns.ProgramError, match="offers: there are 1001; a program has at most 1000"):
        ns.Program.parse(many(1001))


def test_a_tier_is_unknown_where_the_program_has_others():
    offer = {"kind": "fixed_amount", "points": 1, "discount": 1}
    tiers = [{"name": "Silver", "min_orders": 1}, {"name": "Gold", "min_orders": 5}]
    program = ns.Program.parse({"offers": [offer], "tiers": tiers})
    assert program.unknown_tier("Gold") == ""
    assert program.unknown_tier("Gld") == "'Gld' is not a tier of this program, which has 'Silver', 'Gold'"
    named = ns.Program.parse({"offers": [offer, offer | {"tiers": ["Silver"]}], "tiers": tiers})
    assert named.unknown_tier("Gld")
    # A program without tiers of its own: customers may be of any.
    assert ns.Program.parse({"offers": [offer | {"tiers": ["Staff"]}]}).unknown_tier("Gld") == ""


@pytest.mark.parametrize(
    ("section", "field", "near"),
    [
        ("earning", "points_per_unt", "points_per_unit"),
        ("expiry", "month", "months"),
        ("tiering", "window_month", "window_months"),
        ("reversal", "overdrft", "overdraft"),
    ],
)
def test_a_misspelt_field_of_a_section_is_answered_with_the_one_meant(section, field, near):
    with pytest.raises(ns.ProgramError, match=rf"{section}\.{field}: .*did you mean {near}\?"):
        ns.Program.parse({section: {field: 1}})


def test_a_plain_copy_shares_what_is_frozen():
    program = ns.Program.parse({"offers": [{"kind": "fixed_amount", "points": 1, "discount": 1}]})
    assert program.model_copy().offers is program.offers
    assert program.model_copy(deep=True).offers is not program.offers
