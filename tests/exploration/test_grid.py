"""Grids: settings in order, every one legal, everything wrong named."""

from decimal import Decimal

import numpy as np
import pytest

import nector_sim as ns
from nector_sim.exploration.grid import load_grid, make_settings

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))


def test_a_product_runs_like_nested_loops():
    grid = {"offers.0.max_discount": [200, None], "min_payable.amount": np.array([0, 50, 100])}
    settings = make_settings(PROGRAM, grid)
    assert [tuple(settings.setting(i).values()) for i in range(len(settings))] == [
        (200, 0),
        (200, 50),
        (200, 100),
        (None, 0),
        (None, 50),
        (None, 100),
    ]
    program = settings.program_of(5)
    assert program.offers[0].max_discount is None
    assert program.min_payable.amount == 100
    assert settings.column("offers.0.max_discount").tolist()[:3] == [200, 200, 200]
    assert np.isnan(settings.column("offers.0.max_discount")[3])
    assert settings.column("min_payable.amount").dtype == np.int64


def test_zip_takes_values_side_by_side():
    grid = {"offers.0.points_per_step": [1, 10], "offers.0.discount_per_step": ["0.5", 10]}
    settings = make_settings(PROGRAM, grid, mode="zip")
    offers = [settings.program_of(i).offers[0] for i in range(len(settings))]
    assert [(offer.points_per_step, offer.discount_per_step) for offer in offers] == [(1, Decimal("0.5")), (10, 10)]
    with pytest.raises(ns.InputError, match=r"min_payable\.amount: has 3 values"):
        make_settings(PROGRAM, grid | {"min_payable.amount": [1, 2, 3]}, mode="zip")


def test_a_percentage_takes_the_place_of_a_fixed_minimum_and_back():
    percent = make_settings(PROGRAM, {"min_payable.percent": ["20.5"]}).program_of(0)
    assert percent.min_payable.percent == Decimal("20.5")
    assert make_settings(percent, {"min_payable.amount": [50]}).program_of(0).min_payable.amount == 50
    without = PROGRAM.model_copy(update={"min_payable": None})
    assert make_settings(without, {"min_payable.amount": [50, None]}).program_of(1).min_payable is None


def test_every_variant_of_a_part_is_what_the_whole_program_would_be():
    grid = {
        "offers.0.discount_per_step": [1, 2],
        "offers.0.max_discount": [5, "none", 7],
        "min_payable.percent": [0, 10],
        "enabled": [True, False],
    }
    settings = make_settings(PROGRAM, grid)
    offers, minima, enabled = (settings.parts[key] for key in ("offers.0", "min_payable", "enabled"))
    for i in range(len(settings)):
        program = settings.program_of(i)
        assert offers.models[offers.codes[i]] == program.offers[0]
        assert minima.models[minima.codes[i]] == program.min_payable
        assert enabled.models[enabled.codes[i]] == program.enabled


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"offers.0.max_discout": [1]}, "offers.0.max_discout: is not a field here; did you mean max_discount?"),
        ({"offers.1.max_discount": [1]}, "offers are numbered from 0, and there are 1"),
        ({"offers": [1]}, "offers are numbered from 0"),
        ({"ofers.0.max_discount": [1]}, "is not in a program; did you mean offers?"),
        ({"offers.0.max_discount": [5, -1]}, "offers.0.max_discount: is -1; it must be above 0"),
        ({"offers.0.max_discount": ["0.001"]}, "finer than INR's 2 decimals"),
        ({"min_payable.percent": [120]}, "min_payable.percent: is 120; it must be at most 100"),
        ({"min_payable.percent": [0.2, 20]}, "min_payable.percent: is 0.2; did you mean 20?"),
        ({"min_payable.amount.x": [1]}, "goes too deep: min_payable.amount has no fields of its own"),
        ({"offers.0.max_discount.x": [1]}, "goes too deep: offers.0.max_discount has no fields of its own"),
        ({3: [1]}, "3: is no dotted path"),
        ({"offers.0.max_discount": 5}, "is 5; give a list of values"),
        ({"offers.0.max_discount": []}, "has no values"),
        ({}, "The grid is empty"),
        ({"min_payable.amount": [1], "min_payable.percent": [2]}, "exclude each other; sweep one at a time"),
    ],
)
def test_what_cannot_be_used_is_named(grid, said):
    with pytest.raises(ns.InputError) as caught:
        make_settings(PROGRAM, grid)
    assert said in str(caught.value)


def test_everything_wrong_is_named_at_once():
    with pytest.raises(ns.InputError) as caught:
        make_settings(PROGRAM, {"offers.0.max_discount": [-1, -2], "min_payable.amount": [-3, 0]})
    assert len(caught.value.problems) == 3


def test_a_small_percentage_that_is_meant_is_taken():
    settings = make_settings(PROGRAM, {"min_payable.percent": ["0.2%"]})
    assert settings.program_of(0).min_payable.percent == Decimal("0.2")


def test_a_grid_that_memory_would_not_hold_says_so_before_it_starts():
    with pytest.raises(ns.InputError, match=r"The grid gives 10,000,000,000 settings, whose table needs about .* GiB"):
        make_settings(PROGRAM, {"offers.0.max_discount": range(1, 10**5 + 1), "min_payable.amount": range(10**5)})


def test_grid_files_may_quote_paths_or_not(tmp_path):
    file = tmp_path / "grid.toml"
    text = 'mode = "zip"\n"offers.0.max_discount" = [200, 0.5]\nmin_payable.amount = [0, 100]\n'
    file.write_text(text, encoding="utf-8")
    grid = {"offers.0.max_discount": [200, Decimal("0.5")], "min_payable.amount": [0, 100]}
    found = load_grid(file)
    assert (found, found.mode) == (grid, "zip")
    with pytest.raises(ns.InputError, match="does not exist"):
        load_grid(tmp_path / "none.toml")
    file.write_text("a = [", encoding="utf-8")
    with pytest.raises(ns.InputError, match="is not TOML"):
        load_grid(file)


def test_a_fixed_percentage_given_as_a_share_is_asked_about():
    program = ns.Program(offers=[ns.FixedPercent(points=100, percent=10)])
    with pytest.raises(ns.InputError, match=r"offers.0.percent: is 0.1; did you mean 10\?"):
        make_settings(program, {"offers.0.percent": [0.1]})


def test_an_expiry_left_out_is_points_that_never_expire():
    program = PROGRAM.model_copy(update={"expiry": ns.Program.parse({"expiry": {"months": 6}}).expiry})
    settings = make_settings(program, {"expiry.months": [3, None]})
    assert [settings.program_of(0).expiry.months, settings.program_of(1).expiry] == [3, None]
