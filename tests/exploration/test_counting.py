"""Counting gives what computing each setting gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nector_sim.exploration import counting
from nector_sim.exploration.counting import AmountSettings, count_settings
from nector_sim.rules.money import UNREACHED

REASONS = ("balance", "cart", "max_discount", "min_payable")


def test_too_many_steps_are_not_counted():
    one = np.array([1])
    setting = AmountSettings(one, one, one * UNREACHED, 0 * one, 0 * one, one < 0, 0 * one, 0 * one)
    assert count_settings(np.array([10**9]), np.array([10**9]), setting) is None


def computed(balance, cart, points, discount, most, min_cart, minimum, is_percent):
    """One setting by the law's limits, order by order: steps and reason."""
    rows = []
    for b, c in zip(balance.tolist(), cart.tolist(), strict=True):
        if c < min_cart:
            rows.append((0, "min_cart"))
            continue
        limits = [("balance", b // points), ("cart", c // discount), ("max_discount", most)]
        if is_percent and minimum * c:
            limits.append(("min_payable", max(0, c * 10_000 - minimum * c) // (10_000 * discount)))
        elif not is_percent and minimum:
            limits.append(("min_payable", max(0, c - minimum) // discount))
        steps = min(limit for _, limit in limits)
        rows.append((steps, next(name for name, limit in limits if limit == steps)))
    return rows


@st.composite
def cases(draw):
    whole = st.integers
    orders = draw(whole(1, 40))
    reach, cents = draw(st.sampled_from([5, 60, 3000])), draw(st.sampled_from([20, 1000, 10**9]))
    offers, minima, rows = draw(whole(1, 4)), draw(whole(1, 3)), 12
    size = draw(st.sampled_from([3, 300, 10**8]))

    def array(values, count):
        return np.array(draw(st.lists(values, min_size=count, max_size=count)))

    is_percent = array(st.booleans(), minima)
    percents, amounts = st.sampled_from([0, 1, 2000, 9999, 10_000]), st.sampled_from([0, 3, cents // 3])
    settings = AmountSettings(
        points_per_step=array(whole(1, 5), offers),
        discount_per_step=array(whole(max(1, size // 100), size), offers),
        most_steps=array(st.sampled_from([0, 1, 2, 7, 30, UNREACHED]), offers),
        min_cart=array(st.sampled_from([0, 10, cents // 2]), offers),
        minimum=np.where(is_percent, array(percents, minima), array(amounts, minima)),
        minimum_is_percent=is_percent,
        offer=array(whole(0, offers - 1), rows),
        min_payable=array(whole(0, minima - 1), rows),
    )
    weights = array(st.sampled_from([0.0, 0.25, 1.0]), orders)
    return array(whole(0, reach), orders), array(whole(0, cents), orders), settings, weights


@pytest.mark.parametrize(("chunk", "looked_up"), [(4_000_000, 2**23), (30, 16)])
@settings(max_examples=40)
@given(case=cases())
def test_counting_is_computing(chunk, looked_up, case):
    balance, cart, amounts, weights = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "CHUNK", chunk)
        patch.setattr(counting, "LOOKED_UP", looked_up)
        patch.setattr(counting, "AN_ENTRY", 0)  # count, however few the orders are
        counted = count_settings(balance, cart, amounts, weights=[weights])
    for setting, (o, m) in enumerate(zip(amounts.offer, amounts.min_payable, strict=True)):
        offer = [int(array[o]) for array in (amounts.points_per_step, amounts.discount_per_step, amounts.most_steps)]
        minimum = [int(amounts.min_cart[o]), int(amounts.minimum[m]), bool(amounts.minimum_is_percent[m])]
        rows = computed(balance, cart, *offer, *minimum)
        steps = np.array([row[0] for row in rows])
        assert counted.steps[setting] == steps.sum()
        assert counted.given[setting] == (steps > 0).sum()
        for reason in (*REASONS, "min_cart"):
            none = sum(row == (0, reason) for row in rows)
            some = sum(row[0] > 0 and row[1] == reason for row in rows)
            assert (counted.limited[reason][0][setting], counted.limited[reason][1][setting]) == (none, some)
        in_full = (steps * offer[1] == cart) & (cart > 0)
        assert counted.nothing_paid[setting] == in_full.sum()
        assert counted.weighted[0][0][setting] == (weights * steps).sum()
        assert counted.weighted[0][1][setting] == weights[in_full].sum()
