"""The form is generated from the models: every field is on it, under its own words."""

from decimal import Decimal
from typing import Annotated

import pytest

import nector_sim as ns
from nector_sim.explorer.form import Form
from nector_sim.rules.fields import Field, data_of, fields_of, labels_of, values_of
from nector_sim.rules.money import About, PositiveAmount


def found(fields):
    return {field.path: field for top in fields for field in top.all()}


def test_the_form_says_what_the_gokwik_page_says_in_its_order(program):
    values = values_of(program.model_dump())
    labels = [field.label for top in fields_of(ns.Program, values) for field in top.all() if field.on_screen]
    page = [
        "Type of discount",
        "Coins Required",
        "Discount Amount",
        "Maximum Discount Amount",
        "Minimum Cart Amount",
        "Minimum amount customer needs to pay: Fixed",
    ]
    assert [label for label in labels if label in page] == page


def test_a_new_field_of_a_model_is_on_the_form_with_its_label(program):
    class Wider(ns.Program):
        """A program with one thing more."""

        surcharge: Annotated[PositiveAmount | None, About("money", "Surcharge Amount")] = None
        """What is added to every cart."""

    form = Form(Wider, program.model_dump(), title="x", units={"money": "₹"})
    new = next(field for field in form.fields if field["path"] == "surcharge")
    assert (new["label"], new["help"], new["unit"]) == ("Surcharge Amount", "What is added to every cart.", "₹")
    form.values = {**form.values, "surcharge": "₹ 1,250.50"}
    assert Wider.parse(form.data()).surcharge == Decimal("1250.50")


@pytest.mark.parametrize(
    "offer",
    [
        ns.VariableAmount(
            points_per_step=100, discount_per_step="0.5", max_discount_percent="12.5", tiers=["Gold", "A b"]
        ),
        ns.FixedAmount(points=10, discount=5, min_cart_multiple="2.5", name="five"),
        ns.VariablePercent(points_per_step=10, percent_per_step="1.25", max_percent=20, starts_at="2026-01-01T10:00"),
        ns.FixedPercent(points=10, percent=5, max_discount=99, max_cart=1000, ends_at="2026-01-01T10:00+05:30"),
    ],
)
@pytest.mark.parametrize("minimum", [None, ns.FixedMinPayable(amount="99.50"), ns.PercentMinPayable(percent="12.5")])
def test_every_program_comes_through_the_form_unchanged(offer, minimum):
    program = ns.Program(offers=[offer, ns.FixedAmount(points=1, discount=1)], min_payable=minimum, enabled=False)
    values = values_of(program.model_dump())
    assert ns.Program.parse(data_of(fields_of(ns.Program, values), values)) == program


def test_the_programs_other_half_comes_through_as_well():
    program = ns.Program.parse(
        {
            "earning": {"points_per_unit": "0.05", "base": "cart_amount", "on_redeeming_orders": False},
            "expiry": {"months": 12, "kind": "inactivity"},
            "tiers": [
                {"name": "Silver", "min_spend": 0},
                {"name": "Gold", "min_spend": 5000, "earning_factor": "1.5"},
            ],
            "reversal": {"overdraft": "forgive"},
            "valid_from": "2026-01-01T00:00",
        }
    )
    values = values_of(program.model_dump())
    assert ns.Program.parse(data_of(fields_of(ns.Program, values), values)) == program


def test_every_field_of_every_model_has_a_label_and_says_what_it_is():
    for kind in ("variable_amount", "fixed_amount", "variable_percent", "fixed_percent"):
        values = {"offers.0.kind": kind, "min_payable.kind": "percent", "earning": True, "expiry": True}
        for field in found(fields_of(ns.Program, values)).values():
            assert field.label, field.path
            assert field.help or field.path.endswith("kind") or field.shape == "group", field.path


TWO_OFFERS = {
    "offers": [
        {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1},
        {"kind": "fixed_percent", "points": 10, "percent": 5},
    ],
    "earning": {"points_per_unit": 1},
}


def test_what_must_be_filled_in_what_is_above_zero_and_what_is_on_the_screen():
    fields = found(fields_of(ns.Program, values_of(TWO_OFFERS)))
    first = {path.removeprefix("offers.0."): field for path, field in fields.items() if path.startswith("offers.0.")}
    assert {name for name, field in first.items() if field.needed} == {"points_per_step", "discount_per_step"}
    above_zero = {"discount_per_step", "max_discount", "max_discount_percent", "min_cart_multiple", "max_cart"}
    assert {name for name, field in first.items() if field.above_zero} == above_zero
    behind = {"min_points", "name", "max_cart", "min_balance", "with_coupons"}
    assert {name for name, field in first.items() if not field.on_screen} == behind
    # What is on Nector's screen comes first, each part in the order of its model.
    assert list(first)[-len(behind) :] == ["min_points", "name", "max_cart", "min_balance", "with_coupons"]
    names = list(dict.fromkeys(path.partition(".")[0] for path in fields))
    assert names[:4] == ["enabled", "offers", "min_payable", "name"]
    switch = fields["earning"]
    assert switch == Field("earning", "switch", "Earning", switch.help, "", False, False, False)
    assert switch.help
    rounding = [("floor", "Floor"), ("nearest", "Nearest"), ("ceil", "Ceil")]
    assert list(fields["earning.rounding"].options) == rounding
    assert list(fields["earning.base"].options) == [("payable", "Payable"), ("cart_amount", "Cart amount")]


def test_each_field_has_the_shape_of_its_type():
    fields = found(fields_of(ns.Program, values_of(TWO_OFFERS)))
    shapes = {
        "offers": "list", "offers.0": "group", "offers.0.kind": "choice", "offers.0.points_per_step": "number",
        "offers.0.max_discount": "number", "offers.0.tiers": "texts", "offers.0.starts_at": "time",
        "offers.0.with_coupons": "switch", "offers.0.name": "text", "min_payable.kind": "choice", "tiers": "list",
        "earning.base": "choice",
    }  # fmt: skip
    assert {path: fields[path].shape for path in shapes} == shapes
    assert fields["offers.1.kind"].options[:2] == (
        ("variable_amount", "Amount Discount, increment of points"),
        ("fixed_amount", "Amount Discount, fixed"),
    )
    # A list begins with what is typed of it: its items are groups, numbered for people from 1.
    tiers = found(fields_of(ns.Program, {"tiers.0.name": "Silver", "tiers.1.name": "Gold"}))
    assert [(tiers[path].shape, tiers[path].label) for path in ("tiers.0", "tiers.1")] == [
        ("group", "Tier 1"),
        ("group", "Tier 2"),
    ]
    assert "tiers.2" not in tiers
    assert "tiers.0" not in fields
    # The kind of an offer is asked once, by the group, not by its model again.
    paths = [field.path for top in fields_of(ns.Program, values_of(TWO_OFFERS)) for field in top.all()]
    assert paths.count("offers.0.kind") == 1


def test_an_empty_form_asks_for_an_offer_of_the_first_kind_and_for_no_minimum():
    fields = found(fields_of(ns.Program, {"offers.0.name": "first"}))
    assert fields["offers.0.points_per_step"].needed
    assert "offers.1" not in fields
    assert fields["min_payable.kind"].options[0] == ("", "None")
    assert [path for path in fields if path.startswith("min_payable")] == ["min_payable", "min_payable.kind"]
    assert [path for path in fields if path.startswith("expiry")] == ["expiry"]
    assert "expiry.days" in found(fields_of(ns.Program, {"expiry": True}))


def test_a_name_becomes_words_without_its_unit():
    labels = labels_of(ns.Assumptions, {})
    shown = {"gross_margin_percent": "Gross margin", "cod_fee": "COD fee", "take_up_table": "Take-up table"}
    assert {name: labels[name] for name in shown} == shown


def test_labels_name_the_offer_where_there_are_several():
    several = labels_of(ns.Program, values_of(TWO_OFFERS))
    assert several["offers.0"] == "Offer 1"
    assert several["offers.0.points_per_step"] == "Offer 1: Coins Required"
    assert several["offers.1.points"] == "Offer 2: Coins Required"
    assert several["min_payable"] == several["min_payable.kind"] == "Minimum amount customer needs to pay"
    alone = values_of({"offers": TWO_OFFERS["offers"][:1]})
    one = labels_of(ns.Program, alone)
    assert one["offers.0.points_per_step"] == "Coins Required"
    assert one.keys() == found(fields_of(ns.Program, alone)).keys()


def test_assumptions_come_through_the_form_unchanged():
    believed = ns.Assumptions(gross_margin_percent=[40, 55, 60], payment_fee_percent="0.05%", points_count_as="tender")
    values = values_of(believed.model_dump())
    again = ns.Assumptions.parse({**data_of(fields_of(ns.Assumptions, values), values), "payment_fee_percent": "0.05%"})
    assert values["gross_margin_percent"] == "40 / 55 / 60"
    assert again == believed


class TestForm:
    @pytest.fixture
    def form(self, program):
        return Form(ns.Program, program.model_dump(), title="The rule", units={"money": "₹", "points": "coins"})

    def type(self, form, **typed):
        form.values = {**form.values, **{path.replace("__", "."): value for path, value in typed.items()}}

    def test_the_point_value_moves_the_discount_amount(self, form):
        self.type(form, offers__0__points_per_step="100")
        assert form.values["offers.0.point_value"] == "0.01"
        self.type(form, offers__0__point_value="0.05")
        assert form.data()["offers"][0]["discount_per_step"] == "5"

    def test_what_is_wrong_is_marked_at_its_field(self, form):
        self.type(form, offers__0__max_discount="-5", min_payable__amount="1.005")
        with pytest.raises(ns.ProgramError) as error:
            ns.Program.parse(form.data())
        assert form.mark(error.value.problems) == []
        assert set(form.problems) == {"offers.0.max_discount"}  # what needs the whole program is said next
        self.type(form, offers__0__max_discount="5")
        with pytest.raises(ns.ProgramError) as error:
            ns.Program.parse(form.data())
        form.mark(error.value.problems)
        assert set(form.problems) == {"min_payable.amount"}
        form.mark([])
        assert form.problems == {}

    def test_a_percentage_that_was_just_chosen_restricts_nothing(self, form):
        self.type(form, min_payable__kind="percent")
        assert ns.Program.parse({**form.data(), "min_payable": {"kind": "percent", "percent": "0"}})

    def test_what_was_typed_while_the_kernel_worked_is_taken_as_it_was_typed(self, form):
        """A page that still shows the old point value types the discount; only what was typed counts."""
        said = []
        form.send = lambda content, buffers=None: said.append(content)
        form._asked(form, {"do": "type", "values": {"offers.0.points_per_step": "100"}}, [])
        form._asked(form, {"do": "type", "values": {"offers.0.discount_per_step": "10"}}, [])
        assert form.data()["offers"][0]["discount_per_step"] == "10"
        assert form.values["offers.0.point_value"] == "0.1"
        assert said == [{"do": "taken"}, {"do": "taken"}]

    def test_what_was_typed_comes_before_the_list_changes(self, form):
        form._asked(form, {"do": "add", "path": "offers"}, [])
        form._asked(form, {"do": "remove", "path": "offers", "position": 0, "values": {"offers.1.min_cart": "99"}}, [])
        assert form.data()["offers"] == [{"kind": "variable_amount", "min_cart": "99"}]

    def test_whatever_a_page_says_it_is_answered(self, form):
        said = []
        form.send = lambda content, buffers=None: said.append(content)
        before = dict(form.values)
        for content in ({}, {"do": "type", "values": ["x"]}, {"do": "remove", "path": "offers", "position": 7}):
            form._asked(form, content, [])
        assert form.values == before
        assert len(said) == 3

    def test_parts_that_nectors_screens_lack_are_out_of_sight_but_named(self, form):
        shown = {field["path"]: field["shown"] for field in form.fields}
        assert {path for path, is_shown in shown.items() if is_shown} == {"enabled", "offers", "min_payable"}
        self.type(form, earning=True)
        earning = next(field for field in form.fields if field["path"] == "earning")
        assert all(part["shown"] for part in earning["parts"])

    def test_offers_are_added_and_taken_away(self, form):
        form._asked(form, {"do": "add", "path": "offers"}, [])
        assert [offer["kind"] for offer in form.data()["offers"]] == ["variable_amount", "variable_amount"]
        self.type(form, offers__1__points_per_step="10", offers__1__discount_per_step="2")
        form._asked(form, {"do": "remove", "path": "offers", "position": 0}, [])
        assert form.data()["offers"] == [{"kind": "variable_amount", "points_per_step": "10", "discount_per_step": "2"}]
