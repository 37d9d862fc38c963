"""Ultimate redemption, held against triangles that actuaries published, and by hand."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.economics.chain_ladder import develop
from nector_sim.economics.run_off import run_off
from nector_sim.rules.money import money_text

#: Taylor and Ashe (1983), as in Mack (1993), "Distribution-free calculation of the standard error of chain ladder
#: reserve estimates", ASTIN Bulletin 23: cumulative claims.
TAYLOR_ASHE = [
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
]
#: Its reserves in thousands.
MACK_RESERVES = [0, 95, 470, 710, 985, 1419, 2178, 3920, 4279, 4626]
#: The automatic facultative business of the Reinsurance Association of America, as in Mack (1994).
RAA = [
    [5012, 8269, 10907, 11805, 13539, 16181, 18009, 18608, 18662, 18834],
    [106, 4285, 5396, 10666, 13782, 15599, 15496, 16169, 16704],
    [3410, 8992, 13873, 16141, 18735, 22214, 22863, 23466],
    [5655, 11555, 15766, 21266, 23425, 26083, 27067],
    [1092, 9565, 15836, 22169, 25955, 26180],
    [1513, 6445, 11702, 12935, 15852],
    [557, 4020, 10946, 12314],
    [1351, 6947, 13112],
    [3133, 5395],
    [2063],
]


def square(rows):
    return np.array([row + [np.nan] * (len(rows) - len(row)) for row in rows], np.float64)


def reserves(rows, developed):
    return developed.ultimate - [row[-1] for row in rows]


def test_taylor_and_ashe():
    developed = develop(square(TAYLOR_ASHE))
    assert np.rint(reserves(TAYLOR_ASHE, developed) / 1000).tolist() == MACK_RESERVES
    # 18,681 thousand in all, with a standard error of 13 %.
    assert round(reserves(TAYLOR_ASHE, developed).sum() / 1000) == 18_681
    assert round(developed.standard_error / reserves(TAYLOR_ASHE, developed).sum(), 2) == 0.13


def test_raa():
    developed = develop(square(RAA))
    assert round(reserves(RAA, developed).sum()) == 52_135
    assert round(developed.standard_error) == 26_909


def history():
    """Five months: 100 points each; half of them are redeemed at once, and half of the rest a month later."""
    orders = []
    for month in range(1, 6):
        customer = f"c{month}"
        orders += [
            (f"{customer}-1", customer, f"2026-0{month}-01", 1000, 0),
            (f"{customer}-2", customer, f"2026-0{month}-02", 1000, 50),
            (f"{customer}-3", customer, f"2026-0{month + 1}-03", 1000, 25),
        ]
    names = ["order_id", "customer_id", "ordered_at", "cart_amount", "points_requested"]
    return pd.DataFrame(orders, columns=names)


def replayed(orders=None):
    program = ns.Program.parse(
        {"offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}], "timezone": "UTC"}
    )
    grants = pd.DataFrame(
        {
            "customer_id": [f"c{month}" for month in range(1, 6)],
            "granted_at": [f"2026-0{month}-01" for month in range(1, 6)],
            "points": 100,
        }
    )
    opening = pd.DataFrame({"customer_id": ["old"], "points": [40]})
    return ns.replay(
        program, history() if orders is None else orders, grants=grants, opening=opening, as_of="2026-06-01"
    )


def test_by_hand():
    estimate = ns.ultimate_redemption(replayed())
    assert estimate.table["month"].tolist() == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]
    assert estimate.table["issued"].tolist() == [100] * 5
    # As of 1 June, May's have been redeemed once, the others twice.
    assert estimate.table["redeemed"].tolist() == [75, 75, 75, 75, 50]
    assert estimate.table["outstanding"].tolist() == [25, 25, 25, 25, 50]
    # Half of what is there is redeemed at once, half of the rest a month later, and then nothing.
    assert estimate.shares.tolist() == [0.5, 0.5, 0, 0, 0]
    assert estimate.still_by_age["likely"].tolist()[:3] == [75, 50, 0]
    assert estimate.table["ultimate"].tolist() == [75.0] * 5
    # Months that are all alike do not tell how far off the next may be.
    assert estimate.percent == (70, 75, 100)
    assert estimate.breakage_percent == (0, 25, 30)
    # 25 of the 150 that are outstanding.
    assert estimate.still_percent == (0, 16.6667, 100)
    assert estimate.notices == (
        "40 points that customers brought along are left out: their age is not known",
        "only 5 months of credit tell; with a year or more the estimate is much surer",
        "the history does not tell how far off the estimate may be; its range is everything there is",
    )


def test_redemption_may_begin_a_month_later():
    late = history()[lambda orders: orders["order_id"].str.endswith("-3")]
    estimate = ns.ultimate_redemption(replayed(late))
    # 25 of each 100 in the month after; May's are still to come.
    assert estimate.shares.tolist() == [0, 0.25, 0, 0, 0]
    assert estimate.table["ultimate"].tolist() == [25.0] * 5


def test_too_little_is_said():
    with pytest.raises(ns.InputError, match="3 whole months"):
        ns.ultimate_redemption(replayed(), at="2026-04-20")
    program = ns.Program.parse({"offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}]})
    with pytest.raises(ns.InputError, match="too little was redeemed"):
        ns.ultimate_redemption(ns.replay(program, history()))


def test_a_month_of_which_nothing_was_redeemed_at_first_counts_too():
    nan = np.nan
    made = develop(np.array([[0, 10, 20, 20], [10, 20, 20, nan], [10, 20, nan, nan], [5, nan, nan, nan]], np.float64))
    # (10 + 20 + 20) ÷ (0 + 10 + 10), (20 + 20) ÷ (10 + 20), 20 ÷ 20.
    assert made.factors.tolist() == pytest.approx([5 / 2, 4 / 3, 1])
    assert made.ultimate.tolist() == pytest.approx([20, 20, 80 / 3, 50 / 3])


def test_the_page_says_what_the_demo_orders_give():
    page = ns.data_path("law/liability.md").read_text(encoding="utf-8")
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    run = ns.replay(program, ns.demo_orders())
    estimate = ns.ultimate_redemption(run)
    owed = ns.liability(run, at="2017-12-31 23:59:59.999999", ultimate=estimate)
    # No lots, no triangle: what was earned less what was redeemed by then.
    then = run.orders["ordered_at"] <= owed.at
    assert owed.points == run.orders.loc[then, "points_earned"].sum() - run.orders.loc[then, "points_redeemed"].sum()
    assert f"| {money_text(owed.face, 'INR')} (exact) |" in page
    expected = (owed.expected_low, owed.expected, owed.expected_high)
    assert f"| {' | '.join(money_text(round(amount), 'INR') for amount in expected)} |" in page
    assert f"| {' | '.join(f'{percent:.2f} %' for percent in estimate.percent)} |" in page
    assert f"| {' | '.join(f'{percent:.1f} %' for percent in estimate.still_percent)} |" in page


def seasonal(months, peak, groups=1):
    """Months of 1,000 points, of which a fifth, a tenth and a tenth are redeemed by age, more or fewer by season."""
    issued, spent = np.full((groups, months), 1000.0), np.zeros((groups, months, months))
    busy = 1 + 0.4 * np.cos(2 * np.pi * (np.arange(months) - peak) / 12)
    for month in range(months):
        left = issued[0, month]
        for age, share in enumerate((0.2, 0.1, 0.1)[: months - month]):
            spent[:, month, month + age] = left * share * busy[month + age]
            left -= left * share * busy[month + age]
    return issued, spent


@pytest.mark.parametrize("peak", [0, 3, 6, 9])
def test_a_season_is_none_of_the_ages(peak):
    issued, spent = seasonal(24, peak)
    outstanding = issued[0] - spent[0].sum(axis=1)
    made = run_off(issued, spent, outstanding, last_age=2)
    came = seasonal(26, peak)[1][0, :24].sum() - spent.sum()
    assert made.shares == pytest.approx([*(0.2, 0.1, 0.1), *[0] * 21], abs=0.01)
    assert made.to_come == pytest.approx(came, rel=0.06)


def test_customers_who_use_all_or_nothing_widen_the_range():
    issued, spent = seasonal(24, 0, groups=10)
    alike = run_off(issued, spent, issued.sum(axis=0) - spent.sum(axis=(0, 2)), last_age=2)
    spent[::2] = 0
    apart = run_off(issued, spent, issued.sum(axis=0) - spent.sum(axis=(0, 2)), last_age=2)
    widths = [np.ptp(np.percentile(made.to_come_draws, [5, 95])) / made.to_come for made in (alike, apart)]
    assert widths[1] > 2 * widths[0]


def test_what_is_owed_takes_the_rate_of_its_age():
    run = replayed()
    estimate = ns.ultimate_redemption(run)
    owed = ns.liability(run, ultimate=estimate)
    # Half of May's 50 are still to come, nothing of the older ones; of the 40 of an unknown age 25 in 150.
    assert owed.face == 190
    assert float(owed.expected) == pytest.approx(25 + 40 * 25 / 150, abs=0.01)
    with pytest.raises(ns.InputError, match="ultimate and ultimate_percent are both given"):
        ns.liability(run, ultimate=estimate, ultimate_percent=75)


def test_second_opinions_by_hand():
    opinions = ns.ultimate_redemption(replayed()).second_opinions().set_index("method")
    # Of 50, 75 became of each month, and stayed so: May's 50 will be 75 too.
    assert opinions.loc["chain ladder", "percent"] == pytest.approx(75)
    assert not opinions.loc["chain ladder", "differs"]
    # One curve from age 0 on through 250 of 500, 100 of 200, and nothing of 75, 50 and 25 falls with age and has a
    # tail, so it expects more than the 75 that come.
    assert 75 < opinions.loc["shifted beta-geometric", "percent"] < 100
