"""Forecasts against what came, by data set: ``python -m tests.campaigns.backtest [SHOPS] [KIND …]``.

Simulated shops of each kind (SHOPS of each, 200 if left out) are forecast 1, 3 and 6 months ahead from the end of 18 months,
under two programs in turn; then the real sets: both demos, and CDNOW (read from the wheel of `lifetimes`), folds of
customers of which each is a shop. A forecast sees nothing after its origin. The table says how many of the outcomes the
90 % range holds, how far off the likely ones are in all, and the mean error beside that of "the last months again".
Exit code 1 if a set misses its gate.
"""

import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

import nector_sim as ns

HORIZONS = (1, 3, 6)
KINDS = ("steady", "growing", "shrinking", "seasonal", "heavy-tailed")
#: Months known, and all months, of a simulated shop.
KNOWN, ALL = 24, 30
CUSTOMERS = 120
FUTURES, DRAWS = 30, 400
#: The gate: ranges hold between these, the likely ones are off by at most this in all.
HELD, OFF = (0.85, 0.95), 0.10

DOCUMENTED = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
WEB = ns.load_program(ns.data_path("programs/web-shop.toml"))


def with_half(orders):
    """Half of the customers redeem, always."""
    codes, _ = pd.factorize(orders["customer_id"], sort=True)
    draws = np.random.default_rng(17).random(codes.max() + 1)
    return orders.assign(redeems=draws[codes] < 0.5)


def backtest(program, orders, origin, seed, *, last_months=True):
    """Rows of one shop and origin: a row for each horizon, of the discount."""
    begins = pd.Timestamp(origin)
    past = orders[orders["ordered_at"] <= begins]
    ahead = ns.forecast(program, past, months=max(HORIZONS), as_of=begins, seed=seed, futures=FUTURES, draws=DRAWS)
    came = ns.replay(program, orders).orders
    for horizon in HORIZONS:
        end = begins + pd.DateOffset(months=horizon)
        redeemed = came.loc[(came["ordered_at"] > begins) & (came["ordered_at"] <= end), "discount"].sum()
        said = ahead.table([horizon]).query("measure == 'discount'").iloc[0]
        yield {
            "months": horizon,
            "redeemed": redeemed,
            **said[["low", "likely", "high", "last_months_again"]],
            "surprise": ahead.surprise,
        }


def simulated(kind, seed):
    """A simulated shop of a kind: of even seeds under the documented program, of odd ones under the other."""
    program = (DOCUMENTED, WEB)[seed % 2]
    described = ns.simulation_shop(kind) if hasattr(ns, "simulation_shop") else _shop(kind)
    shop = described.model_copy(update={"customers_per_month": CUSTOMERS, "months": ALL})
    made = ns.simulate(shop, seed=seed)
    bare = made.orders.drop(columns=["payment_method"])
    orders = with_half(bare) if seed % 2 else bare
    origin = pd.Timestamp(shop.starts).tz_localize(shop.timezone) + pd.DateOffset(months=KNOWN)
    return [{"set": kind, "shop": seed, **row} for row in backtest(program, orders, origin, seed)]


def _shop(kind):
    from nector_sim.simulation.shop import SHOPS

    return SHOPS[kind]


def cdnow():
    """CDNOW's purchases of 1997 and 1998, from the wheel of `lifetimes`; dollars as rupees, × 40."""
    from lifetimes.datasets import load_dataset

    rows = load_dataset("CDNOW_master.txt", header=None, sep=r"\s+", names=["id", "date", "count", "value"])
    rows = rows[rows["value"] > 0].reset_index(drop=True)
    return pd.DataFrame(
        {
            "order_id": rows.index.astype(str),
            "customer_id": rows["id"].astype(str),
            "ordered_at": pd.to_datetime(rows["date"].astype(str)).dt.tz_localize("UTC") + pd.Timedelta(hours=12),
            "cart_amount": (rows["value"] * 40).round(2),
        }
    )


def real(name):
    """Orders, origins and number of folds of a real set."""
    if name == "cdnow":
        return cdnow(), ("1997-12-01", "1997-12-31"), 20
    if name == "grocery":
        return ns.demo_orders().drop(columns="points_balance"), ("2017-06-30", "2017-07-01"), 20
    orders = ns.demo_orders("web shop")[["order_id", "customer_id", "ordered_at", "cart_amount"]]
    return orders, ("2024-04-30", "2024-06-30"), 20


def fold_of_real(name, fold):
    """One fold of customers of a real set, at each origin."""
    orders, origins, folds = real(name)
    codes, _ = pd.factorize(orders["customer_id"], sort=True)
    mine = np.random.default_rng(7).permutation(codes.max() + 1)[codes] % folds == fold
    shop = orders[mine].reset_index(drop=True)
    made = []
    for origin in origins:
        for turn, program in enumerate((DOCUMENTED, WEB)):
            ours = with_half(shop) if turn else shop
            made += [
                {"set": name, "shop": f"{fold}/{origin}/{turn}", **row}
                for row in backtest(program, ours, pd.Timestamp(origin, tz="UTC"), fold)
            ]
    return made


def summary(rows):
    """By set and horizon, and of each set in all."""
    rows = pd.DataFrame(rows)
    rows["held"] = rows["redeemed"].between(rows["low"], rows["high"])
    rows["above"] = rows["redeemed"] > rows["high"]
    rows["error"] = (np.log(rows["likely"] + 1) - np.log(rows["redeemed"] + 1)).abs()
    rows["again"] = (np.log(rows["last_months_again"] + 1) - np.log(rows["redeemed"] + 1)).abs()
    rows["width"] = (rows["high"] - rows["low"]) / rows["likely"]
    return pd.concat([rows, rows.assign(months="all")]).groupby(["set", "months"], sort=False).agg(
        tests=("held", "size"), redeemed=("redeemed", "sum"), likely=("likely", "sum"), held=("held", "mean"),
        above=("above", "mean"), width=("width", "mean"), error=("error", "mean"), again=("again", "mean"),
        surprise=("surprise", "mean"),
    ).assign(off=lambda table: table["likely"] / table["redeemed"] - 1)  # fmt: skip


def main(shops=200, sets=(*KINDS, "web shop", "grocery", "cdnow")):
    tasks = [(simulated, kind, seed) for kind in KINDS if kind in sets for seed in range(shops)]
    tasks += [(fold_of_real, name, fold) for name in sets if name not in KINDS for fold in range(20)]
    with ProcessPoolExecutor(1) as pool:
        rows = [row for made in pool.map(_run, tasks) for row in made]
    table = summary(rows)
    print(table.drop(columns=["redeemed", "likely"]).to_string(float_format=lambda number: f"{number:,.3f}"))
    return 0


def _run(task):
    call, *arguments = task
    return call(*arguments)


if __name__ == "__main__":
    chosen = sys.argv[2:]
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, *([chosen] if chosen else [])))
