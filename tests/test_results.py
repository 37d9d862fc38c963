"""Results in a notebook: words, a table, HTML and pictures, all by one idiom."""

from html import escape
from xml.etree import ElementTree

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim import pictures
from nector_sim.results import Result


@pytest.fixture(scope="module")
def replayed():
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    return ns.replay(program, ns.demo_orders().head(4000))


@pytest.fixture(
    params=["replay", "liability", "ultimate", "parity", "deferral", "summary", "comparison", "facts", "best"]
)
def result(request, replayed):
    match request.param:
        case "replay":
            return replayed
        case "liability":
            return ns.liability(replayed, ultimate_percent=[60, 70, 80])
        case "ultimate":
            program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
            return ns.ultimate_redemption(ns.replay(program, ns.demo_orders()))
        case "parity":
            record = pd.DataFrame(
                {"cart_amount": ["500"], "points_balance": [50], "points_redeemed": [40], "discount": ["40"]}
            )
            return ns.check_parity(ns.load_program(ns.data_path("programs/gokwik-example.toml")), record)
        case "deferral":
            return ns.defer(100_000, 10_000, point_value=1, ultimate_percent=97)
        case "facts":
            return ns.facts(ns.data_path("programs/gokwik-example.toml"))
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    orders, believed = ns.demo_orders().head(2000), ns.Assumptions(gross_margin_percent=55)
    match request.param:
        case "summary":
            return ns.summarize(ns.score(program, orders), assumptions=believed, program=program)
        case "comparison":
            lower = program.replaced({"offers.0.max_discount": 100})
            return ns.compare(program, lower, orders, assumptions=believed, resamples=50)
        case _:
            table = ns.sweep(program, orders, grid={"offers.0.max_discount": [50, 100]}, assumptions=believed)
            return ns.recommend(table, discount_rate_at_most_percent=50)


def test_a_result_is_said_shown_and_drawn(result, tmp_path):
    assert isinstance(result, Result)
    assert str(result) == result.text()
    assert len(repr(result)) < 300
    assert isinstance(result.to_frame(), pd.DataFrame)
    ElementTree.fromstring(f"<div>{result._repr_html_()}</div>")
    assert tuple(dir(result.plot)) == tuple(sorted(type(result).PICTURES))
    for name in type(result).PICTURES:
        drawn = getattr(result.plot, name)()
        assert escape(drawn.description) in drawn._repr_html_()
        assert drawn.save(tmp_path / f"{name}.png").stat().st_size > 5000
        ax = pictures.new_axes()
        assert getattr(pictures, name)(result, ax) is ax


def test_a_picture_that_is_not_there_is_named_with_those_that_are(replayed):
    with pytest.raises(AttributeError, match="no picture 'pie' here; there are timeline"):
        _ = replayed.plot.pie


def test_a_replay_in_words_counts_by_hand():
    program = ns.Program.parse(
        {
            "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
            "earning": {"points_per_unit": "0.05"},
        }
    )
    orders = pd.DataFrame(
        {
            "order_id": ["a", "b"],
            "customer_id": ["c", "c"],
            "cart_amount": [1000.0, 500.0],
            "ordered_at": ["2026-11-01 10:00", "2026-11-20 10:00"],
        }
    )
    # 5 % of 1000 is 50; the second order pays 450 and earns 22.
    assert str(ns.replay(program, orders)).splitlines()[:2] == [
        "2 orders, of which 1 redeemed points: ₹50 off carts of ₹1,500.",
        "Opening 0, granted 0, earned 72, redeemed 50, expired 0, closing 22 points.",
    ]


def test_a_row_of_a_sweep_and_a_recommendation_are_programs():
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    grid = {"offers.0.max_discount": [200, None], "min_payable.percent": [0, 30]}
    believed = ns.Assumptions(gross_margin_percent=55)
    table = ns.sweep(program, ns.demo_orders().head(1000), grid=grid, assumptions=believed)
    assert ns.program_of(table, 1) == program.replaced({"offers.0.max_discount": 200, "min_payable.percent": 30})
    assert ns.program_of(table, 2).offers[0].max_discount is None
    best = ns.recommend(table, discount_rate_at_most_percent=50)
    assert best.program == program.replaced(
        {path: None if pd.isna(value) else value for path, value in best.setting.items()}
    )
    with pytest.raises(ns.InputError, match="no row 9"):
        ns.program_of(table, 9)
    table.attrs = {}
    with pytest.raises(ns.InputError, match="does not say of which program"):
        ns.program_of(table, 0)
