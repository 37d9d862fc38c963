"""The first number is the true one: every door replays, labels hold, and the past stands beside it."""

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.economics.labels import LABELS
from nector_sim.exploration.grid import make_settings
from nector_sim.exploration.session import Session
from tests.sizes import size

EXAMPLE = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
BELIEVED = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
AT_LEAST_500 = EXAMPLE.model_copy(update={"min_payable": ns.FixedMinPayable(amount=500)})
#: Who does not redeem waits for the dearer step; and what is earned on what is paid, is earned by not redeeming.
LADDER = ns.Program.parse(
    {
        "offers": [
            {"kind": "fixed_amount", "points": points, "discount": discount}
            for points, discount in ((100, 5), (500, 50), (1000, 150))
        ],
        "earning": {"points_per_unit": "0.1"},
    }
)
PERCENT = ns.Program.parse(
    {
        "offers": [{"kind": "variable_percent", "points_per_step": 50, "percent_per_step": 5, "max_percent": 50}],
        "earning": {"points_per_unit": "0.1"},
    }
)


@pytest.fixture(scope="module")
def demo():
    """Some customers of the demo orders, whole."""
    orders = ns.demo_orders()
    return orders[orders["customer_id"].isin(pd.unique(orders["customer_id"])[:150])].reset_index(drop=True)


def opening_of(orders):
    first = orders.sort_values(["ordered_at", "order_id"]).drop_duplicates("customer_id")
    return pd.DataFrame({"customer_id": first["customer_id"], "points": first["points_balance"]})


def by_pandas(program, orders, **how):
    """Discount and cost of a program from replay, written out once more."""
    replayed = ns.replay(program, orders, opening=opening_of(orders), **how).orders
    discount = replayed["discount"].sum()
    return discount, discount / 1.18 - 0.02 * discount


def test_at_least_500_paid_at_every_door_is_what_a_replay_gives(demo, run, tmp_path):
    discount, cost = by_pandas(AT_LEAST_500, demo)
    table = ns.sweep(EXAMPLE, demo, grid={"min_payable.amount": [500]}, assumptions=BELIEVED)
    compared = ns.compare(EXAMPLE, AT_LEAST_500, demo, assumptions=BELIEVED, resamples=0)
    session = Session(demo, label="some", today=EXAMPLE, assumptions=BELIEVED)
    in_app = session.outcome(AT_LEAST_500).summary
    assert table["discount"][0] == compared.candidate.discount == in_app.discount == discount
    for found in (table["cost_of_program"][0], compared.candidate.cost_of_program, in_app.cost_of_program):
        assert found == pytest.approx(cost, abs=0.0051)
    orders, grid, out = tmp_path / "o.parquet", tmp_path / "grid.toml", tmp_path / "o.csv"
    demo.to_parquet(orders)
    grid.write_text('"min_payable.amount" = [500]\n', encoding="utf-8")
    program, believed = (
        ns.data_path("programs/gokwik-example-with-earning.toml"),
        ns.data_path("assumptions/example.toml"),
    )
    assert run("sweep", orders, "-p", program, "--grid", grid, "-a", believed, "--out", out)[0] == 0
    assert pd.read_csv(out)["discount"][0] == discount
    # Each order by itself makes far more of it than is saved.
    _, today = by_pandas(EXAMPLE, demo)
    kept = {"assumptions": BELIEVED, "resamples": 0}
    by_itself = ns.compare(EXAMPLE, AT_LEAST_500, demo, replayed=False, **kept).incremental_margin
    assert by_itself > 10 * (today - cost) > 0


def test_opening_grants_and_programs_are_those_of_replay(demo):
    opening = opening_of(demo).assign(points=300)
    grants = pd.DataFrame({"customer_id": demo["customer_id"].unique(), "granted_at": "2017-06-01", "points": 50})
    programs = [("2017-07-01", AT_LEAST_500)]
    how = {"opening": opening, "grants": grants, "programs": programs}
    expected = ns.replay(EXAMPLE, demo, **how).totals["discount"][0]
    table = ns.sweep(EXAMPLE, demo, grid={"enabled": [True]}, assumptions=BELIEVED, **how)
    compared = ns.compare(EXAMPLE, EXAMPLE, demo, assumptions=BELIEVED, resamples=0, **how)
    assert table["discount"][0] == compared.baseline.discount == expected
    capped = make_settings(EXAMPLE, {"offers.0.max_discount": [50]}).program_of(0)
    assert (
        ns.sweep(EXAMPLE, demo, grid={"offers.0.max_discount": [50]}, assumptions=BELIEVED, **how)["discount"][0]
        == ns.replay(capped, demo, **how).totals["discount"][0]
    )


@pytest.mark.parametrize("view", ["cash", "accrual"])
def test_the_few_sums_of_a_sweep_are_those_of_every_order(demo, view):
    rng = np.random.default_rng(2)
    count = len(demo)
    refunded = rng.random(count) < 0.1
    orders = demo.assign(
        payment_method=np.where(rng.random(count) < 0.3, "COD", "prepaid"),
        refunded_at=demo["ordered_at"].where(refunded),
        refunded_amount=np.where(refunded, (demo["cart_amount"] * rng.choice([0.5, 1], count)).round(2), np.nan),
        credits=rng.choice([0, 0, 100.5], count),
        cost=np.where(rng.random(count) < 0.5, (demo["cart_amount"] / 3).round(2), np.nan),
    )
    believed = BELIEVED.replaced(cod_fee=30, payment_fee_fixed=3, return_cost=40, resale_percent=80)
    grid = {"offers.0.max_discount": [20, 1000], "min_payable.amount": [0, 500]}
    table = ns.sweep(EXAMPLE, orders, grid=grid, assumptions=believed, view=view)
    settings = make_settings(EXAMPLE, grid)
    for i in range(len(settings)):
        program = settings.program_of(i)
        replayed = ns.replay(program, orders, opening=opening_of(orders)).orders
        margin = ns.margins(replayed, assumptions=believed, view=view, program=program)["margin"].sum()
        assert table["margin"][i] == pytest.approx(margin, abs=0.0051)
        assert table["payable"][i] == pytest.approx(replayed["payable"].sum())


@pytest.mark.parametrize("program", [EXAMPLE, LADDER, PERCENT], ids=["example", "ladder", "percent"])
def test_a_label_says_what_its_figure_is_and_none_is_a_bound(demo, program):
    """Adversarial redeemers: those who wait may cost more than everyone at once, so that is not called "at most"."""
    assert program.earning is not None
    for take_up in (20, 40, 60, 100):
        summary = (
            Session(demo, label="some", today=program, assumptions=BELIEVED.replaced(take_up_percent=take_up))
            .outcome(program)
            .summary
        )
        replayed = ns.replay(program, demo, opening=opening_of(demo), take_up=take_up).totals
        assert summary.discount == replayed["discount"][0]
        assert summary.label == ("everyone" if take_up == 100 else "take_up")
        assert "at most" not in summary.who_redeems
    waits = demo.assign(redeems=demo.groupby("customer_id").cumcount() % 5 == 4)
    summary = Session(waits, label="some", today=program, assumptions=BELIEVED).outcome(program).summary
    assert summary.label == "recorded"
    assert summary.discount == ns.replay(program, waits, opening=opening_of(demo)).totals["discount"][0]
    everyone = ns.replay(program, demo, opening=opening_of(demo)).totals["discount"][0]
    if program is LADDER:
        assert summary.discount > everyone  # so a take-up of 100 % is no bound
    assert not any("at most" in words for words in LABELS.values())


def test_the_break_even_of_the_pair_by_hand(demo):
    result = ns.compare(EXAMPLE, AT_LEAST_500, demo, assumptions=BELIEVED, resamples=0)
    before, after = (ns.replay(program, demo, opening=opening_of(demo)).orders for program in (EXAMPLE, AT_LEAST_500))
    margins = [ns.margins(each, assumptions=BELIEVED)["margin"] for each in (before, after)]
    redeeming = (before["points_redeemed"] > 0) | (after["points_redeemed"] > 0)
    users = demo["customer_id"].isin(demo.loc[redeeming, "customer_id"])
    missing = margins[0].sum() - margins[1].sum()
    for name, mine in (("_users", users), ("_redeeming", redeeming), ("", users | True)):
        value = result.ranges.loc[f"incremental_break_even_uplift{name}", "value"]
        assert value == pytest.approx(missing / margins[1][mine].sum())
    lost = -missing / margins[1][users].sum() * 100
    assert lost > 0
    first, second = result.text().splitlines()[:2]
    assert first.startswith("Instead of today's setting, the candidate: customers get ₹")
    shown = f"{lost:.1f}" if lost >= 0.1 else f"{lost:.1g}"
    assert (
        second == f"It pays unless more than {shown} in 100 orders of customers who use points are lost because of it."
    )
    turned = ns.compare(AT_LEAST_500, EXAMPLE, demo, assumptions=BELIEVED, resamples=0).text().splitlines()[1]
    assert turned.startswith("It pays if it brings more than ")
    assert "draws in which" not in result.text()


def test_deciles_are_no_experiment(demo):
    result = ns.compare(EXAMPLE, AT_LEAST_500, demo, assumptions=BELIEVED, resamples=0, by="customer_decile")
    assert any("Deciles of customers differ in more than points" in said for said in result.notices)


def test_what_really_happened_on_the_second_shop():
    """Points coupons beside other coupons, and refunds: a few lines of pandas, to the paisa."""
    orders = ns.demo_orders("web shop")
    program = ns.load_program(ns.data_path("programs/web-shop.toml"))
    result = ns.compare(program, program, orders, assumptions=BELIEVED, resamples=0)
    given = orders["discount_given"].fillna(0)
    happened = result.happened
    assert happened.discount == round(given.sum(), 2)
    assert (happened.orders, happened.orders_redeemed) == (len(orders), (given > 0).sum())
    assert happened.points == round(given.sum() * 2)  # 10 coins are ₹5
    month = orders["ordered_at"].dt.tz_convert("Asia/Kolkata").dt.strftime("%Y-%m")
    by_month = given.groupby(month).sum().round(2)
    assert happened.by_month.set_index("month")["discount"].round(2).to_dict() == by_month.to_dict()
    # Everyone at every order is four times what really happened, and that is said before all else.
    simulated = ns.replay(program, orders).totals["discount"][0]
    assert result.baseline.discount == simulated > 1.1 * given.sum()
    assert result.text().startswith("Look first: simulated, today's setting gives ₹")
    assert "take_up_percent" in result.text().splitlines()[0]


def test_who_redeemed_is_known_without_a_discount_too(demo):
    known = demo.assign(redeems=np.arange(len(demo)) % 2 == 0)
    result = ns.compare(EXAMPLE, EXAMPLE, known, assumptions=BELIEVED, resamples=0)
    assert (result.happened.orders_redeemed, result.happened.discount) == ((len(demo) + 1) // 2, None)
    assert "What really happened: " in result.text()
    assert ns.compare(EXAMPLE, EXAMPLE, demo, assumptions=BELIEVED, resamples=0).happened is None


def test_ranges_of_a_sweep_are_those_of_a_comparison(demo):
    table = ns.sweep(EXAMPLE, demo, grid={"min_payable.amount": [500]}, assumptions=BELIEVED, resamples=200, seed=4)
    result = ns.compare(EXAMPLE, AT_LEAST_500, demo, assumptions=BELIEVED, resamples=200, seed=4)
    for name in ("discount", "discount_rate", "margin", "cost_of_program", "break_even_uplift"):
        low, high = result.ranges.loc[f"candidate.{name}", ["low", "high"]]
        assert (table[f"{name}_low"][0], table[f"{name}_high"][0]) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("tail", ["lognormal", "gamma", "few"])
def test_ranges_of_totals_hold_in_heavy_tails(tail):
    """90 % ranges from 200 customers, 200 draws of them each, hold 85 to 95 %; the seeds are fixed."""
    from nector_sim.economics.intervals import corrected_draws, span
    from nector_sim.economics.ranges import Sums

    rng = np.random.default_rng(11)
    draw, mean = {
        "lognormal": (lambda: rng.lognormal(0, 1, 200), np.exp(0.5)),
        "gamma": (lambda: rng.gamma(0.3, 1, 200), 0.3),
        "few": (lambda: rng.lognormal(0, 0.7, 200) * (rng.random(200) < 0.25), 0.25 * np.exp(0.245)),
    }[tail]
    rates, held = BELIEVED.rates(), 0

    def numbers(sums, rates):
        return {"margin": sums.of("without", "cart")}

    samples = size(100, 200)
    for seed in range(samples):
        sums = Sums((("without", "cart"),), draw()[:, None])
        draws, _ = corrected_draws(sums, numbers, rates, draw=lambda s: numbers(s, rates), resamples=300, seed=seed)
        low, high = span(draws["margin"])
        held += low <= 200 * mean <= high
    assert 0.85 * samples <= held <= 0.95 * samples
