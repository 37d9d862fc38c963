"""Assumptions: in, out, refused, drawn."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from nector_sim import Assumptions, InputError, load_assumptions

EXAMPLE = Path(__file__).parents[2] / "data" / "assumptions" / "example.toml"


def test_the_example_file_has_the_values_of_the_margin_page():
    rates = load_assumptions(EXAMPLE).rates()
    assert (rates.gross_margin, rates.tax, rates.prices_include_tax, rates.as_tender) == (0.55, 0.18, True, False)
    assert (rates.payment_fee, rates.payment_fee_fixed, rates.cod_fee) == (0.02, 0, 0)
    assert (rates.fulfilment_cost, rates.return_cost, rates.take_up, rates.ultimate_redemption) == (60, 0, 1, 0.7)


def test_toml_out_and_in_again_loses_nothing(tmp_path):
    assumptions = Assumptions(
        gross_margin_percent=[40, 55, 60.5], tax_percent="0.25%", take_up_percent=(40, 60, 80), cod_fee="12.345"
    )
    path = tmp_path / "assumptions.toml"
    path.write_text(assumptions.to_toml(), encoding="utf-8")
    assert load_assumptions(path) == assumptions
    assert assumptions.tax_percent == Decimal("0.25")
    assert assumptions.uncertain == ("gross_margin_percent", "take_up_percent")
    assert assumptions.replaced(cod_fee=3).tax_percent == Decimal("0.25")


def test_every_wrong_field_is_named_at_once_with_what_to_do():
    with pytest.raises(InputError) as caught:
        Assumptions.parse(
            {
                "gross_margin_percent": 0.55,
                "tax_percent": 180,
                "payment_fee_percent": 0.02,
                "take_up_percent": [0.4, 0.6, 0.8],
                "ultimate_redemption_percent": [80, 70, 60],
                "fulfilment_cost": -60,
                "return_cost": "free",
                "cod_fee": float("nan"),
                "payment_fee_fixed": [1, 2],
                "prices_include_tax": "yes",
                "points_count_as": "cash",
                "gross_margin": 55,
            }
        )
    said = str(caught.value)
    for text in (
        "gross_margin_percent: is 0.55; did you mean 55?",
        "tax_percent: is 180; a percentage goes from 0 to 100",
        "payment_fee_percent: is 0.02; did you mean 2?",
        "take_up_percent: is 0.4; did you mean 40?",
        "ultimate_redemption_percent: is [80, 70, 60]; write it as [low, likely, high], in that order",
        "fulfilment_cost: is -60; a cost is 0 or more",
        "return_cost: is 'free', which is not a number",
        "cod_fee: is nan, which is not a number (NaN); fill it in",
        "payment_fee_fixed: has 2 numbers; write one, or three: [low, likely, high]",
        "prices_include_tax: is 'yes'; write true or false",
        'points_count_as: is \'cash\'; points count as "discount" or as "tender"',
        "gross_margin: is not an assumption; did you mean gross_margin_percent?",
    ):
        assert text in said
    assert len(caught.value.problems) == 12


def test_a_fee_of_half_a_percent_is_a_fee():
    assert Assumptions(payment_fee_percent=0.5).rates().payment_fee == 0.005


@pytest.mark.parametrize(("text", "said"), [(None, "does not exist"), (b"\xff\xfe", "UTF-8"), (b"a = ", "not TOML")])
def test_a_file_that_cannot_be_read_is_said_so(tmp_path, text, said):
    path = tmp_path / "assumptions.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(InputError, match=said):
        load_assumptions(path)


def test_draws_are_made_again_from_the_seed_and_each_field_has_its_own_stream():
    both = Assumptions(gross_margin_percent=[40, 50, 60], take_up_percent=[20, 50, 80])
    one = Assumptions(gross_margin_percent=50, take_up_percent=[20, 50, 80])
    draws = both.draws(20_000, seed=3)
    assert np.array_equal(draws.take_up, one.draws(20_000, seed=3).take_up)
    assert not np.array_equal(draws.take_up, one.draws(20_000, seed=4).take_up)
    assert one.draws(20_000, seed=3).gross_margin == 0.5
    # A triangle's mean is the mean of its corners, its variance (a² + b² + c² − ab − ac − bc) / 18.
    assert abs(draws.take_up.mean() - 0.5) < 0.005
    assert abs(draws.take_up.var() - (0.04 + 0.25 + 0.64 - 0.1 - 0.16 - 0.4) / 18) < 0.001
    assert draws.take_up.min() >= 0.2
    assert draws.take_up.max() <= 0.8
