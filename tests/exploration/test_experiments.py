"""Tests of two settings: planned, assigned and read, against named sources, other libraries and known truth."""

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from scipy.stats import norm

import nector_sim as ns
from nector_sim.exploration.experiments.looks import bounds, even_looks, price, seen
from nector_sim.exploration.experiments.outcomes import person_of
from nector_sim.exploration.experiments.statistics import (
    SideTotals,
    customers_a_side,
    difference,
    same_share,
    smallest_effect,
)
from nector_sim.orders.identity import hash_of
from tests.campaigns.experiments import false_alarms, half_range, heavy, light, power, ranges, ruinous_looks

ASSUMPTIONS = ns.Assumptions(gross_margin_percent=50)
START, END = "2024-07-01", "2024-10-01"


# Against what others have found.


def test_sixteen_times_the_variance_over_the_square_of_the_difference():
    # Kohavi, Tang and Xu: 5 % conversion changed by 5 %, and a mean of 3.75 with a standard deviation of 30.
    exact = 2 * (norm.ppf(0.975) + norm.ppf(0.8)) ** 2  # which the rule rounds to 16
    for sd, effect, rule in ((np.sqrt(0.05 * 0.95), 0.0025, 121_600), (30, 0.1875, 409_600)):
        assert 16 * sd**2 / effect**2 == pytest.approx(rule)
        assert customers_a_side(sd, effect) == pytest.approx(rule * exact / 16, rel=1e-4)
        assert smallest_effect(sd, rule * exact / 16) == pytest.approx(effect, rel=1e-3)


@pytest.mark.parametrize(
    ("looks", "published"),
    [
        (1, [1.9600]),
        (2, [2.9626, 1.9686]),
        (3, [3.7103, 2.5114, 1.9930]),
        (4, [4.3326, 2.9631, 2.3590, 2.0141]),
        (5, [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
    ],
)
def test_bounds_are_those_of_lan_and_demets(looks, published):
    # Reboussin, DeMets, Kim and Lan (2000), O'Brien-Fleming-type spending, two-sided 5 %.
    assert bounds(even_looks(looks)) == pytest.approx(published, abs=2e-4)


def test_looks_spend_what_they_say_and_cost_what_they_say():
    shares = even_looks(4)
    assert seen(shares, 0.0) == pytest.approx(0.05, abs=1e-6)
    once = norm.ppf(0.975) + norm.ppf(0.8)
    assert seen(shares, once * np.sqrt(price(shares))) == pytest.approx(0.8, abs=1e-6)
    assert price((1.0,)) == pytest.approx(1, abs=1e-4)
    # Simulated: 400,000 Brownian motions, by another way than the grid.
    steps = np.random.default_rng(1).standard_normal((400_000, 4)).cumsum(axis=1) / np.sqrt([1, 2, 3, 4])
    assert (np.abs(steps) > bounds(shares)).any(axis=1).mean() == pytest.approx(0.05, abs=0.0015)
    assert ruinous_looks(4, tests=20_000) > 0.11


@pytest.mark.parametrize("looks", [0, 21])
def test_looks_that_make_no_sense_are_refused(looks):
    with pytest.raises(ns.InputError, match="from 1"):
        even_looks(looks)
    with pytest.raises(ns.InputError, match="rising"):
        bounds([0.5, 0.5])


def test_differences_are_tea_tastings_and_those_of_the_formulas():
    draw = np.random.default_rng(7)
    table = pd.DataFrame({"side": draw.integers(0, 2, 3000), "before": draw.lognormal(3, 1, 3000)})
    table["value"] = table["before"] * 0.5 + draw.lognormal(2, 1, 3000)
    table["per"] = draw.poisson(2, 3000) + 1.0
    one, other = (table[table["side"] == side] for side in (0, 1))
    metrics = {"mean": tt.Mean("value", "before"), "ratio": tt.RatioOfMeans("value", "per")}
    expected = tt.Experiment(metrics, variant="side").analyze(table)
    means = difference(
        *(SideTotals(part["value"].to_numpy(), before=part["before"].to_numpy()) for part in (one, other))
    )
    ratios = difference(*(SideTotals(part["value"].to_numpy(), part["per"].to_numpy()) for part in (one, other)))
    for found, theirs in ((means, expected["mean"]), (ratios, expected["ratio"])):
        assert found.difference == pytest.approx(theirs.effect_size)
        assert (found.low, found.high) == pytest.approx((theirs.effect_size_ci_lower, theirs.effect_size_ci_upper))
    # By hand: the delta method's variance of a ratio.
    variance = 0.0
    for part in (one, other):
        ratio = part["value"].mean() / part["per"].mean()
        variance += (part["value"] - ratio * part["per"]).var() / part["per"].mean() ** 2 / len(part)
    assert (ratios.high - ratios.low) / 2 == pytest.approx(1.96 * np.sqrt(variance), rel=2e-3)


@pytest.mark.parametrize("kind", [light, heavy])
def test_ranges_hold_what_they_say_and_cuped_gains_what_the_correlation_predicts(kind):
    # 300 of the campaign's 10,000: four standard errors are 5 in 100.
    held, gain, predicted = ranges(kind, tests=300, customers=1000)
    assert (np.abs(held - 0.95) < 0.05).all()
    assert gain == pytest.approx(predicted, abs=0.05)


def test_false_alarms_and_power_are_as_planned():
    # 2,000 of the campaign's 10,000: four standard errors.
    assert false_alarms(4, tests=2000, customers=500) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))
    assert power(4, tests=2000, customers=500) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 2000))
    # They are simulated many at once, with the ranges that a reading has.
    sides = np.random.default_rng(4).gamma(0.5, 2.0, (2, 1, 500))
    one = difference(SideTotals(sides[0, 0]), SideTotals(sides[1, 0]), level=0.997)
    assert half_range(*sides, 0.997)[0] == pytest.approx((one.high - one.low) / 2)


def test_sizes_of_sides():
    assert same_share(5000, 5000) > 0.9
    assert same_share(5000, 5400) < 0.001
    assert same_share(9000, 1000, candidate_share=0.1) > 0.9


# A shop that is made up: each customer orders as a Poisson process, the same before and during the test.


@pytest.fixture(autouse=True)
def key(tmp_path):
    """Sides follow from the key: under one random key in some hundreds they differ too much to be read, rightly."""
    (tmp_path / "key").write_text("5" * 64 + "\n", encoding="ascii")


def shop(customers=1500, *, uplift=0.0, seed=0, discount=0.0, key=None):
    """Orders of a year, and who is on which side; the candidate's customers order so much more from the start on."""
    draw = np.random.default_rng(seed)
    rates = draw.gamma(2, 2, customers)
    rows = []
    side = np.where(draw.random(customers) < 0.5, "candidate", "baseline")
    begins = (pd.Timestamp(START) - pd.Timestamp("2024-01-01")).days
    lasts = (pd.Timestamp(END) - pd.Timestamp("2024-01-01")).days
    for who in range(customers):
        on = side[who] == "candidate"
        for first, last, more in ((0, begins, 0), (begins, lasts, uplift if on else 0)):
            count = draw.poisson(rates[who] * (last - first) / 365 * (1 + more))
            for day in draw.uniform(first, last, count):
                during = first > 0
                rows.append((f"c{who}", day, round(draw.gamma(4, 250), 2), discount if on and during else 0.0))
    orders = pd.DataFrame(rows, columns=["customer_id", "day", "cart_amount", "discount_given"])
    orders["ordered_at"] = pd.Timestamp("2024-01-01", tz="Asia/Kolkata") + pd.to_timedelta(orders["day"], unit="D")
    orders["order_id"] = range(len(orders))
    sides = pd.DataFrame({"customer_id": [f"c{who}" for who in range(customers)], "side": side})
    return orders.drop(columns="day"), sides


def read(orders, sides, **how):
    return ns.read_experiment(orders, sides, **{"assumptions": ASSUMPTIONS, "start": START, "end": END, **how})


def outcome(reading, name, group=None):
    rows = reading.frame[reading.frame["outcome"] == name]
    return (rows if group is None else rows[rows["group"] == group]).iloc[0]


def test_an_effect_that_is_there_is_found():
    reading = read(*shop(uplift=0.4))
    assert reading.verdict == "pays"
    assert reading.answer.endswith("it pays.")
    orders = outcome(reading, "orders")
    assert orders["low"] < 0.4 * orders["baseline"] < orders["high"]
    # The cart of an order is the same.
    assert outcome(reading, "cart of an order")["p_value"] > 0.001


def test_a_against_a_finds_nothing():
    verdicts = [read(*shop(400, seed=seed)).verdict for seed in range(8)]
    # Two or more alarms of eight come by chance in six of a hundred such tests.
    assert verdicts.count("not known yet") >= 7


def test_what_it_costs_is_said_and_that_it_does_not_pay():
    reading = read(*shop(discount=300.0))
    assert reading.verdict == "does not pay"
    assert reading.answer.startswith("It costs ₹")
    assert reading.answer.endswith("it does not pay.")
    cost = outcome(reading, "margin before discounts")["difference"] - outcome(reading, "margin")["difference"]
    orders = outcome(reading, "orders")["candidate"]
    assert cost == pytest.approx(300 * orders, rel=0.1)


def test_the_sums_of_a_reading_by_hand():
    # Four customers; the last of each side ordered nothing.
    rows = [
        ("a", "2024-08-01", 100.0, 0.0),
        ("a", "2024-08-02", 300.0, 0.0),
        ("b", "2024-08-01", 200.0, 50.0),
        ("z", "2024-08-01", 999.0, 0.0),
        ("a", "2024-05-01", 999.0, 0.0),
    ]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "cart_amount", "discount_given"])
    sides = pd.DataFrame({"customer_id": ["a", "c", "b", "d"], "side": ["baseline"] * 2 + ["candidate"] * 2})
    reading = read(orders, sides, cuped=False, as_of="2024-10-01")
    assert outcome(reading, "orders")[["baseline", "candidate"]].tolist() == [1.0, 0.5]
    # Half of 400 for two; half of 200 less all of the 50.
    assert outcome(reading, "margin")[["baseline", "candidate"]].tolist() == [100.0, 25.0]
    assert outcome(reading, "margin before discounts")["candidate"] == 50.0
    assert outcome(reading, "cart of an order")[["baseline", "candidate"]].tolist() == [200.0, 200.0]
    assert outcome(reading, "share of orders that redeem")["candidate"] == 1.0
    assert any(
        "1 order during the test of customers who were not assigned: not counted." in line for line in reading.said
    )
    assert any(line.startswith("1 order before the start") for line in reading.said)


def test_an_early_look_has_its_price():
    orders, sides = shop(uplift=0.4)
    half = read(orders, sides, as_of="2024-08-16", looks=2)
    assert half.level == pytest.approx(2 * norm.cdf(2.9626) - 1, abs=1e-4)
    assert any("is not reached" in line for line in half.said)
    assert read(orders, sides, as_of="2024-08-16").verdict == "not known yet"
    whole = read(orders, sides, looks=2)
    assert whole.level == pytest.approx(2 * norm.cdf(1.9686) - 1, abs=1e-4)
    assert not any("is not reached" in line for line in whole.said)


def test_groups_and_winsorising_are_said():
    orders, sides = shop(800)
    orders["city"] = np.where(orders["customer_id"].str[-1].isin(list("02468")), "even", "odd")
    reading = read(orders, sides, by="city", winsorise_percent=99)
    assert set(reading.frame["group"]) == {"all", "even", "odd"}
    assert any(line.startswith("Outcomes are cut at the 99th percentile") for line in reading.said)
    assert any(line.startswith("2 groups are as many more answers") for line in reading.said)
    assert not any("cut" in line for line in read(orders, sides).said)
    with pytest.raises(ns.InputError, match="no column town"):
        read(orders, sides, by="town")
    with pytest.raises(ns.InputError, match="above 50"):
        read(orders, sides, winsorise_percent=5)


def test_what_is_wrong_with_a_test_is_said():
    orders, sides = shop(300)
    lost = sides[(sides["side"] == "baseline") | (np.arange(len(sides)) % 2 == 0)]
    assert read(orders, lost).verdict == "cannot be read"
    assert "do not come from this assignment" in read(orders, lost).text()
    both = pd.concat([sides, sides.head(3).assign(side="baseline"), sides.head(3).assign(side="candidate")])
    with pytest.raises(ns.InputError, match="3 customers are on both sides"):
        read(orders, both)
    for change, says in (
        (sides.assign(side="baseline"), "the side candidate has 0 customers"),
        (sides.assign(side="treated"), "other words than baseline and candidate"),
        (sides.rename(columns={"side": "group"}), "no column side"),
    ):
        with pytest.raises(ns.InputError, match=says):
            read(orders, change)
    baseline_only = orders[orders["customer_id"].isin(sides[sides["side"] == "baseline"]["customer_id"])]
    with pytest.raises(ns.InputError, match="no customer of the side candidate has an order"):
        read(baseline_only, sides)
    with pytest.raises(ns.InputError, match="no orders from the start"):
        read(orders[orders["ordered_at"] < START], sides)
    with pytest.raises(ns.InputError, match="not after its start"):
        read(orders, sides, end=START)
    with pytest.raises(ns.InputError, match="the start of the test is missing"):
        read(orders, sides, start=None)
    sale = ns.VariableAmount(points_per_step=1, discount_per_step=1, starts_at="2024-08-10", ends_at="2024-08-20")
    changed = read(orders, sides, programs=[ns.Program(offers=[sale])])
    # From midnight in India on, and until the last day is over there.
    assert any("The rules changed during the test (2024-08-10, 2024-08-21)" in line for line in changed.said)
    unknown = pd.concat([sides, pd.DataFrame({"customer_id": ["new"], "side": ["baseline"]})])
    never = sum(~sides["customer_id"].isin(orders["customer_id"]))
    assert any(line.startswith(f"{never + 1} of 301 assigned customers") for line in read(orders, unknown).said)


# Sides.


def test_sides_are_stable_balanced_and_of_persons(tmp_path):
    orders, _ = shop(600)
    orders["customer_id"] = "+91 98765 " + orders["customer_id"].str[1:].str.zfill(5)
    twice = pd.concat([orders, orders.head(500).assign(customer_id=lambda f: "0" + f["customer_id"].str[4:])])
    how = {"start": START, "key_file": tmp_path / "key"}
    sides = ns.assign_experiment(twice, **how)
    table = sides.frame.assign(person=sides.frame["customer_id"].map(person_of))
    assert len(table) > table["person"].nunique()
    assert len(table.drop_duplicates(["person", "side"])) == table["person"].nunique()
    assert sides.balance["standardised_difference"].abs().max() < 0.1
    # The same key and seed give the same sides, whatever the order of the rows; another key others.
    again = ns.assign_experiment(twice.sample(frac=1, random_state=1), **{**how, "seed": sides.seed})
    assert (
        again.frame.set_index("customer_id")["side"].to_dict() == sides.frame.set_index("customer_id")["side"].to_dict()
    )
    for who, side in sides.frame.head(20).itertuples(index=False):
        assert sides.side_of(who) == side
    other = ns.assign_experiment(twice, start=START, key_file=tmp_path / "other")
    assert (other.frame["side"] != sides.frame["side"]).any()
    key = (tmp_path / "key").read_text().strip()
    assert key not in repr(sides)
    assert repr(bytes.fromhex(key)) not in repr(sides)
    assert pd.read_csv(sides.save(tmp_path / "sides.csv")).columns.tolist() == ["customer_id", "side"]


def test_sides_of_another_share_and_draws_until_they_are_alike(tmp_path):
    orders, _ = shop(60)
    sides = ns.assign_experiment(orders, start=START, candidate_percent=30, key_file=tmp_path / "key")
    assert sides.seed == sides.tries - 1
    assert sides.balance["standardised_difference"].abs().max() < 0.1
    with pytest.raises(ns.InputError, match="above 0 and below 100"):
        ns.assign_experiment(orders, start=START, candidate_percent=100, key_file=tmp_path / "key")
    few = orders[orders["customer_id"].isin([f"c{number}" for number in range(9)])]
    with pytest.raises(ns.InputError, match="a test needs many more"):
        ns.assign_experiment(few, start=START, key_file=tmp_path / "key")
    with pytest.raises(ns.InputError, match="write it as 2026-04-01"):
        ns.assign_experiment(orders, start="soon", key_file=tmp_path / "key")


def test_customers_known_by_a_hash_alone_get_no_side(tmp_path):
    orders, _ = shop(60)
    guest = hash_of("9876543210", b"key")
    orders.loc[orders["customer_id"] == orders["customer_id"].iloc[0], "customer_id"] = guest
    sides = ns.assign_experiment(orders, start=START, key_file=tmp_path / "key")
    assert len(sides.frame) == orders["customer_id"].nunique() - 1
    assert guest not in set(sides.frame["customer_id"])
    assert f"1 of {len(sides.frame) + 1} customers get no side" in sides.text()
    with pytest.raises(ns.InputError, match="give a table with the shop's own customer ids"):
        ns.assign_experiment(orders.assign(customer_id=guest), start=START, key_file=tmp_path / "key")


def test_an_assignment_is_read_as_it_is(tmp_path):
    orders, _ = shop(400)
    sides = ns.assign_experiment(orders, start=START, key_file=tmp_path / "key")
    reading = ns.read_experiment(orders, sides, assumptions=ASSUMPTIONS, end=END)
    assert sum(reading.customers.values()) == len(sides.frame)
    assert reading.verdict == "not known yet"


# The plan.


def few_orders():
    """Those of a fifth of the demo's customers."""
    orders = ns.demo_orders()
    customers = sorted(orders["customer_id"].unique())[::5]
    return orders[orders["customer_id"].isin(customers)]


@pytest.fixture(scope="module")
def planned():
    today = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    half = today.replaced({"offers.0.discount_per_step": "0.5"})
    return ns.plan_experiment(today, half, few_orders(), assumptions=ASSUMPTIONS, looks=4, changes_percent=[5])


def test_a_plan_is_the_formula_on_the_shops_own_spread(planned):
    for row in planned.needed.merge(planned.seen, on=["weeks", "outcome", "cuped"]).to_dict("records"):
        if row["outcome"] == "orders":
            by_hand = 2 * (1.959964 + 0.841621) ** 2 * (row["sd"] / (row["change"] * row["mean"])) ** 2 * planned.price
            assert row["customers_a_side"] == pytest.approx(by_hand, rel=1e-3)
        # What is seen and what is needed are one thing from two sides.
        seen_then = row["smallest"] * np.sqrt(planned.customers / 2 / row["customers_a_side"])
        assert row["change"] == pytest.approx(seen_then, rel=0.15)
    assert set(planned.needed["is_break_even"]) == {True, False}
    with_cuped, without = (planned.seen[planned.seen["cuped"] == cuped] for cuped in (True, False))
    ratio = with_cuped["sd"].to_numpy() / without["sd"].to_numpy()
    assert ratio == pytest.approx(np.sqrt(1 - without["correlation"].to_numpy() ** 2))


def test_a_plan_says_what_it_sees(planned):
    text = planned.text()
    assert text.startswith("Break-even of the pair: the candidate pays unless it loses")
    assert "show a change of orders of" in text
    assert "4 looks cost" in text
    drawn = planned.plot.what_can_be_seen()
    assert drawn.ax.get_xlabel() == "weeks of the test"
    assert ("can be seen in" in text) == bool(planned.seen["sees_break_even"].any())


def test_a_plan_for_too_short_a_time_says_so():
    today = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    orders = few_orders()
    at = pd.to_datetime(orders["ordered_at"], utc=True)
    short = orders[at > at.max() - pd.Timedelta(weeks=10)]
    plan = ns.plan_experiment(today, today, short, assumptions=ASSUMPTIONS, weeks=[4, 26])
    assert set(plan.seen["weeks"]) == {4}
    assert any("26 weeks" in note for note in plan.notes)
    for wrong in ({"weeks": [0]}, {"changes_percent": [-5]}, {"power_percent": 100}):
        with pytest.raises(ns.InputError):
            ns.plan_experiment(today, today, short, assumptions=ASSUMPTIONS, **wrong)


def test_pictures_of_a_reading_and_of_sides(tmp_path):
    orders, given = shop(300)
    reading = read(orders, given)
    assert reading.plot.differences().save(tmp_path / "d.png").stat().st_size > 5000
    sides = ns.assign_experiment(orders, start=START, key_file=tmp_path / "key")
    assert sides.plot.sides().save(tmp_path / "s.png").stat().st_size > 5000
    assert reading.answer in reading._repr_html_().replace("<br/>", "\n")


def test_the_commands(tmp_path, run):
    orders, _ = shop(300, uplift=0.2)
    orders["points_balance"] = 0
    path, sides, assumptions = tmp_path / "orders.parquet", tmp_path / "sides.csv", tmp_path / "a.toml"
    orders.to_parquet(path)
    assumptions.write_text("gross_margin_percent = 50\n", encoding="utf-8")
    key = ("--key-file", tmp_path / "key")
    code, out, _ = run("experiment", "assign", path, "--start", START, "--out", sides, *key)
    assert (code, "Worst standardised difference" in out, sides.exists()) == (0, True, True)
    dates = ("--start", START, "--end", END)
    code, out, _ = run("experiment", "read", path, sides, *dates, "-a", assumptions)
    assert (code, "it brought" in out, "share of orders that redeem" in out) == (0, True, True)
    table = pd.read_csv(sides)
    table[(table["side"] == "baseline") | (table.index % 3 == 0)].to_csv(sides, index=False)
    code, out, _ = run("experiment", "read", path, sides, *dates, "-a", assumptions)
    assert (code, "cannot be read" in out) == (1, True)
    code, _, err = run("experiment", "assign", path, "--start", "soon", "--out", sides, *key)
    assert (code, "2026-04-01" in err) == (2, True)


def test_the_plan_of_the_command(tmp_path, run):
    programs = []
    for name, value in (("today", "1"), ("new", "0.5")):
        program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
        programs.append(tmp_path / f"{name}.json")
        programs[-1].write_text(program.replaced({"offers.0.discount_per_step": value}).to_json(), encoding="utf-8")
    orders = tmp_path / "orders.parquet"
    few_orders().to_parquet(orders)
    pair = ("--baseline", programs[0], "--candidate", programs[1])
    picture = tmp_path / "seen.svg"
    assumptions = ns.data_path("assumptions/example.toml")
    code, out, _ = run(
        "experiment",
        "plan",
        orders,
        *pair,
        "-a",
        assumptions,
        "--weeks",
        "8",
        "--change-percent",
        "5",
        "--picture",
        picture,
    )
    assert (code, "Break-even of the pair" in out, "customers a side" in out) == (0, True, True)
    assert picture.exists()
