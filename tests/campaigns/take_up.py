"""Who redeems, estimated where the truth is known: ``python -m tests.campaigns.take_up [SHOPS]``.

Simulated shops (100, if left out) of two worlds in turn: in one every customer tosses the same coin on every order, in
the other some customers use points on most orders and the rest never do. The estimate must tell the two apart; an
estimate that is refused counts as a miss. Then shops in which redeemers differ: the share of redeemers, their mean
take-up, and the discount under a setting that was never seen, beside what the same customers really do under it. Exit
code 1 if a gate is missed.
"""

import sys

import numpy as np

import nector_sim as ns

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
#: A setting that no shop has seen: half the cap, and at least half of the cart in money.
UNSEEN = PROGRAM.replaced({"offers.0.max_discount": 150, "min_payable.amount": 800})
SMALL = {"customers_per_month": 150, "months": 18, "established_months": 24}
COINS = ns.Shop(**SMALL, redeemers_percent=100, take_up_percent=40, take_up_concentration=1e6)
CUSTOMERS = ns.Shop(**SMALL, redeemers_percent=45, take_up_percent=90, take_up_concentration=10)
#: The gates: worlds told apart, of 100; and how far off redeemers, take-up and discount may be.
TOLD_APART, OFF = 95, {"redeemers": 0.10, "take_up": 0.10, "discount": 0.05}
#: Draws of who redeems, of which the discount under an unseen setting is the mean.
DRAWS = 8


def shop_of(seed):
    """A shop of its own: redeemers and take-up are drawn, and so is how alike redeemers are."""
    rng = np.random.default_rng([20, seed])
    return ns.Shop(
        customers_per_month=800,
        months=24,
        established_months=24,
        redeemers_percent=rng.uniform(15, 60),
        take_up_percent=rng.uniform(35, 75),
        take_up_concentration=rng.uniform(3, 12),
        coupon_percent=0,
    )


def made_of(shop, seed):
    """A simulated shop under the program that it had."""
    return ns.simulate(shop, PROGRAM, seed=seed)


def fitted_to(made):
    """The estimate of a simulated shop; everybody began with nothing."""
    nothing = made.orders.iloc[:0].assign(points=0)[["customer_id", "points"]]
    return ns.fit_take_up(made.orders, PROGRAM, opening=nothing)


def differ(shop, seed):
    """Whether customers differ, as estimated; None where the estimate is refused."""
    try:
        return fitted_to(made_of(shop, seed)).customers_differ
    except ns.InputError as error:
        print(f"seed {seed}, redeemers {shop.redeemers_percent:g} %: {error}")
        return None


def errors(shop, seed):
    """How far off the estimate of one shop is, as shares of the truth."""
    made = made_of(shop, seed)
    fitted = fitted_to(made)
    bare = made.orders.drop(columns=["points_balance", "discount_given"])
    # The truth is of the customers in the history: who redeems, and on which of the orders with points.
    buyers = made.customers[made.customers["customer_id"].isin(bare["customer_id"])]
    everyone = made.replay(PROGRAM).orders
    theirs = everyone[everyone["customer_id"].isin(buyers.loc[buyers["redeemer"], "customer_id"])]
    could = (theirs["points_redeemed"] > 0) | ((theirs["limited_by"] == "requested") & ~theirs["redeems"])
    came = made.replay(UNSEEN).orders["discount"].sum()
    paid = made.orders.drop(columns=["points_balance"])
    drawn = [
        float(ns.replay(UNSEEN, paid, take_up=fitted.take_up, seed=draw).totals["discount"].iloc[0])
        for draw in range(DRAWS)
    ]
    return {
        "redeemers": fitted.redeemers_percent[1] / 100 / buyers["redeemer"].mean() - 1,
        "take_up": fitted.take_up_percent[1] / 100 / (theirs.loc[could, "points_redeemed"] > 0).mean() - 1,
        "discount": np.mean(drawn) / came - 1,
    }


def main(shops=100):
    right = sum(differ(COINS, seed) is False for seed in range(shops))
    right += sum(differ(CUSTOMERS, seed) is True for seed in range(shops))
    print(f"two worlds told apart: {right} of {2 * shops}")
    missed = right < 2 * shops * TOLD_APART / 100
    found = [errors(shop_of(seed), seed) for seed in range(shops)]
    for name, most in OFF.items():
        off = np.array([each[name] for each in found])
        within = int((np.abs(off) <= most).sum())
        print(
            f"{name}: within {most:.0%} in {within} of {shops} shops; off {off.mean():+.2%} in the mean, "
            f"{np.sqrt((off**2).mean()):.2%} root mean square, worst {np.abs(off).max():.1%}"
        )
        missed |= within < shops
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
