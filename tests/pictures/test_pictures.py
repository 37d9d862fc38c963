"""Pictures: what they draw is what the calculator says, and updating draws the same as drawing anew."""

import numpy as np
import pytest

import nector_sim as ns
from nector_sim.calculator.reasons import REASONS
from nector_sim.pictures.discount_by_cart import DiscountByCart, average_by_band, discount_curve
from nector_sim.pictures.limits import Limits
from nector_sim.pictures.showing import demo_picture
from nector_sim.pictures.style import COLOURS, SHORT, new_figure, svg


def changed(program, **fields):
    return program.model_copy(update={"offers": (program.offers[0].model_copy(update=fields),)})


def test_every_reason_has_a_name_and_a_colour():
    assert list(SHORT) == list(COLOURS) == list(REASONS)


def test_the_curve_is_what_quote_gives(program):
    curve = discount_curve(program, up_to=2000, carts=40)
    for cart, discount, limited_by in curve[["cart_amount", "discount", "limited_by"]].itertuples(index=False):
        quote = ns.quote(program, cart_amount=cart, points_balance=10**12)
        assert (float(quote.discount), quote.limited_by) == (discount, limited_by)


def test_each_stretch_of_the_curve_has_the_colour_of_what_limits_it(program):
    ax = new_figure().subplots()
    picture = DiscountByCart(ax, currency="INR")
    picture.update(program, up_to=2000)
    held_back, capped = picture._lines["min_payable"], picture._lines["max_discount"]
    assert np.nanmax(held_back.get_ydata()) == 1000  # reaches to where the cap begins
    assert set(np.unique(capped.get_ydata()[~np.isnan(capped.get_ydata())])) <= {1000.0} | set(
        held_back.get_ydata()[~np.isnan(held_back.get_ydata())]
    )
    assert not picture._lines["balance"].get_visible()


def test_an_update_draws_the_same_as_a_new_picture(program, orders):
    other = changed(
        program, max_discount=ns.load_program(ns.data_path("programs/gokwik-example.toml")).min_payable.amount
    )
    scored = ns.score(other, orders)
    updated, new = (DiscountByCart(new_figure().subplots(), currency="INR") for _ in range(2))
    updated.update(program, orders=ns.score(program, orders))
    svg(updated.ax.figure, "")
    for picture in (updated, new):
        picture.update(other, orders=scored, today=program)
    assert svg(updated.ax.figure, "x") == svg(new.ax.figure, "x")


def test_the_average_counts_only_orders_that_are_there(orders):
    middle, average = average_by_band(orders.assign(discount=[0.0, 250.0, 0, 0, 0, 0]), up_to=2400)
    assert average[5] == 250  # ₹500 to below ₹600
    assert np.isnan(average[1])
    assert middle[5] == 550


def test_limits_update_as_they_would_be_drawn_anew():
    updated, new = (Limits(new_figure().subplots()) for _ in range(2))
    updated.update({"balance": 1.0})
    for picture in (updated, new):
        picture.update({"balance": 0.5, "cart": 0.5}, today={"balance": 1.0})
    assert svg(updated.ax.figure, "x") == svg(new.ax.figure, "x")
    assert "cart amount 50.0 %" in new.describe()


def test_a_picture_in_a_page_asks_for_nothing_and_has_words(program):
    picture = DiscountByCart(new_figure().subplots(), currency="INR")
    picture.update(program)
    drawn = svg(picture.ax.figure, 'a "description"')
    assert 'aria-label="a &quot;description&quot;"' in drawn
    assert 'href="http' not in drawn
    assert "₹1,000" in drawn


def test_the_demo_picture_is_a_png(program, orders, tmp_path):
    demo_picture(program, ns.score(program, orders), tmp_path / "demo.png")
    assert (tmp_path / "demo.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("amount", [0.4, 1, 999, 1000, 1001, 38459.6])
def test_rounding_up_never_goes_below(amount):
    from nector_sim.pictures.style import round_up

    assert amount <= round_up(amount) <= max(2 * amount, 1)
