"""Pictures of settings and of how sure they are: what they say, and that they can be drawn over."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.pictures.discount_by_cart import DiscountByCart
from nector_sim.pictures.how_sure import BreakEven, Tornado
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.settings_map import Frontier, HeatMap
from nector_sim.pictures.style import new_figure, png
from nector_sim.pictures.waterfall import Waterfall
from nector_sim.rules.money import money_text

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
BELIEVED = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
X, Y = "offers.0.max_discount", "min_payable.amount"


@pytest.fixture(scope="module")
def table():
    orders = ns.demo_orders().iloc[:2000]
    return ns.sweep(PROGRAM, orders, grid={X: [20, 50, 1000, None], Y: [0, 100, 500]}, assumptions=BELIEVED)


def drawn(picture):
    assert png(picture.ax.figure)[:4] == b"\x89PNG"
    return [text.get_text() for text in picture.ax.texts], picture.ax.get_title(loc="left")


def test_the_waterfall_adds_up_and_names_its_data():
    orders = ns.demo_orders().iloc[:2000]
    summary = ns.summarize(ns.score(PROGRAM, orders), assumptions=BELIEVED)
    picture = Waterfall(new_figure().subplots(), currency="INR")
    picture.update(summary, data="demo data, scaled")
    texts, title = drawn(picture)
    assert title == "Where the money goes (INR, cash view)\ndemo data, scaled"
    heights = [bar.get_height() for bar in picture.ax.patches]
    assert heights[-1] == pytest.approx(summary.margin)
    assert sum(heights[:-1]) == pytest.approx(summary.margin)
    assert texts[-1] == money_text(round(summary.margin), "INR")
    picture.update(summary)  # over the last one
    assert len(picture.ax.patches) == len(heights)


def test_the_map_shows_every_setting_marks_today_and_draws_the_floor(table):
    picture = HeatMap(new_figure().subplots(), currency="INR")
    middle = float(np.median(table["margin"]))
    for _ in range(2):
        picture.update(table, x=X, y=Y, today={X: 1000, Y: 100}, floor=middle, data="demo data, scaled")
    _, title = drawn(picture)
    shown = picture.ax.images[0].get_array()
    assert shown.shape == (3, 4)
    assert shown[1, 2] == table[(table[X] == 1000) & (table[Y] == 100)]["margin"].iloc[0]
    assert [tick.get_text() for tick in picture.ax.get_xticklabels()] == ["₹20", "₹50", "₹1,000", "none"]
    assert "ring: today" in title
    assert "demo data, scaled" in title
    assert len(picture.ax.figure.axes) == 2  # one colour bar, however often it is drawn
    picture.update(table, x=X, y=Y, value="break_even_uplift", today={X: 7, Y: 100})
    assert "today" not in picture.describe()  # outside the grid


def test_today_may_lie_between_the_values_of_the_grid(table):
    picture = HeatMap(new_figure().subplots(), currency="INR")
    picture.update(table, x=X, y=Y, today={X: 35, Y: 100}, value="discount_rate")
    assert "today near" in picture.describe()


def test_the_frontier_marks_what_is_recommended(table):
    found = ns.recommend(table, discount_rate_at_most_percent=3)
    picture = Frontier(new_figure().subplots(), currency="INR")
    picture.update(table, recommended=found.row, today=table.iloc[0], data="demo data, scaled")
    _, title = drawn(picture)
    assert title == "What customers receive against what you keep (INR)\ndemo data, scaled"
    labels = [text.get_text() for text in picture.ax.get_legend().get_texts()]
    assert labels == ["a setting", "frontier", "today", "recommended"]


def test_break_even_with_and_without_ranges():
    picture = BreakEven(new_figure().subplots())
    picture.update(pd.DataFrame({"value": [0.05, np.nan]}, index=["today", "proposed"]))
    assert picture.describe() == "More orders needed in 100: today 5.0, proposed never."
    ranges = pd.DataFrame({"value": [0.05], "low": [0.02], "high": [np.nan]}, index=["proposed"])
    picture.update(ranges, data="demo data, scaled")
    texts, title = drawn(picture)
    assert texts == ["5.0 (2.0 to never)"]
    assert title == "Break-even – bars: 5th to 95th percentile\ndemo data, scaled"


def test_the_tornado_leaves_out_what_moves_nothing():
    names = ["assumption", "low", "likely", "high", "given", "answer_at_low", "answer_at_high", "swing"]
    rows = [
        ["take_up_percent", 40.0, 60.0, 80.0, True, -100.0, 300.0, 400.0],
        ["tax_percent", 16.2, 18.0, 19.8, False, 90.0, 110.0, 20.0],
        ["cod_fee", 27.0, 30.0, 33.0, False, 100.0, 100.0, 0.0],
    ]
    picture = Tornado(new_figure().subplots(), currency="INR")
    picture.update(pd.DataFrame(rows, columns=names), likely=100.0, answer="incremental margin")
    texts, _ = drawn(picture)
    assert [tick.get_text() for tick in picture.ax.get_yticklabels()] == ["take-up", "tax (±10 %)"]
    assert texts == ["40", "80", "16.2", "19.8"]
    assert "take-up 40 to 80 gives −₹100 to ₹300" in picture.describe()
    picture.update(pd.DataFrame(rows[2:], columns=names), likely=100.0, answer="incremental margin")
    assert picture.describe() == "Incremental margin, likely ₹100: no assumption moves it."


def test_the_curve_and_the_mix_name_their_data_above_the_legend():
    orders = ns.score(PROGRAM, ns.demo_orders().iloc[:2000])
    curve = DiscountByCart(new_figure().subplots(), currency="INR")
    mix = Limits(new_figure().subplots())
    for data in ("demo data, scaled", ""):
        curve.update(PROGRAM, orders=orders, data=data)
        mix.update({"balance": 0.75, "min_payable": 0.25}, data=data)
        below = f"\n{data}" if data else ""
        assert drawn(curve)[1] == f"Discount by cart size (INR){below}"
        assert drawn(mix)[1] == f"What limits the discounts (share of orders){below}"
    title, legend = (box.get_window_extent() for box in (curve.ax._left_title, curve.ax.get_legend()))
    assert title.y0 >= legend.y1
    assert title.y1 <= curve.ax.figure.bbox.y1
