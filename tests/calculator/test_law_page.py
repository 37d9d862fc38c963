"""The law in words, the named choices and the fields that carry them say the same."""

import re

import pytest

import nector_sim as ns
from nector_sim.calculator.choices import CHOICES
from nector_sim.calculator.exact import Order
from nector_sim.calculator.reasons import REASONS, SENTENCES
from nector_sim.parity.variants import VARIANTS
from nector_sim.rules.docs import field_docs
from nector_sim.rules.money import About
from nector_sim.rules.offers import FixedAmount, FixedPercent, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

PAGE = ns.data_path("law/redemption.md").read_text(encoding="utf-8")
MODELS = [VariableAmount, FixedAmount, VariablePercent, FixedPercent, FixedMinPayable, PercentMinPayable, Program]
#: Choices about the order itself, which the exact order's docstring carries.
OF_ORDERS = {"excess_request", "credits_first", "undated_order", "credits_on_the_rest"}


def carried():
    for model in MODELS:
        for name, field in model.model_fields.items():
            for item in field.metadata:
                if isinstance(item, About):
                    yield from ((choice, model, name) for choice in item.choices)


@pytest.mark.parametrize("choice", CHOICES)
def test_each_choice_stands_where_it_is_made(choice):
    assert f"(`{choice}`" in PAGE.partition("## 8.")[0] or f"`{choice}`)" in PAGE.partition("## 8.")[0]
    if choice in OF_ORDERS:
        assert f"`{choice}`" in Order.__doc__
    else:
        assert any(name == choice for name, *_ in carried())


def test_a_field_that_carries_a_choice_says_so():
    for choice, model, name in carried():
        assert choice in CHOICES
        assert f"`{choice}`" in field_docs(model)[name], f"{model.__name__}.{name}"


def test_each_choice_has_a_variant_on_the_test_bench():
    assert list(dict.fromkeys(variant.choice for variant in VARIANTS)) == list(CHOICES)


def test_every_limit_has_its_sentence_and_its_row():
    section = PAGE.partition("## 5.")[2].partition("## 6.")[0]
    rows = [word for word in re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) if word != "limited_by"]
    assert sorted(rows) == sorted(REASONS)
    # The first six are named in this order on a tie.
    assert rows[:6] == list(REASONS[:6])
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_every_field_of_the_checkout_half_is_on_the_page():
    ours = {"kind", "name", "currency", "timezone", "points_label", "enabled", "offers", "min_payable"}
    for model in MODELS[:4]:
        for name in set(model.model_fields) - ours:
            assert f"`{name}`" in PAGE, name
