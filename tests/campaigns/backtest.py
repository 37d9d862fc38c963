"""Forecasts against what came, by data set: ``python -m tests.campaigns.backtest [SHOPS] [SET …]``.

Simulated shops of each kind (SHOPS of each, 200 if left out) are forecast 1, 3 and 6 months ahead from the end of 24
months, under two programs in turn; then the real sets: both demos, and CDNOW (read from the wheel of `lifetimes`),
folds of customers of which each is a shop. A forecast sees nothing after its origin. The table says how many of the
outcomes the 90 % range holds, how far off the likely ones are in all, and the mean error of the logarithm beside that
of "the last months again". Exit code 1 if a set misses its gate.
"""

import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

import nector_sim as ns
from nector_sim.simulation.shop import SHOPS
from tests.campaigns.published import cdnow_file

HORIZONS = (1, 3, 6)
KINDS = ("steady", "growing", "shrinking", "seasonal", "heavy-tailed")
#: Months known, and all months, of a simulated shop.
KNOWN, ALL = 24, 30
CUSTOMERS = 120
FUTURES, DRAWS = 30, 400
#: Parts of the customers of a real set.
FOLDS = 10
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
    shop = SHOPS[kind].model_copy(update={"customers_per_month": CUSTOMERS, "months": ALL})
    made = ns.simulate(shop, seed=seed)
    bare = made.orders.drop(columns=["payment_method"])
    orders = with_half(bare) if seed % 2 else bare
    origin = pd.Timestamp(shop.starts).tz_localize(shop.timezone) + pd.DateOffset(months=KNOWN)
    return [{"set": kind, "shop": seed, **row} for row in backtest(program, orders, origin, seed)]


def cdnow():
    """CDNOW's purchases of 1997 and 1998, from the wheel of `lifetimes`; dollars as rupees, × 40."""
    rows = pd.read_csv(
        cdnow_file("CDNOW_master.txt"), sep=r"\s+", header=0, names=["id", "date", "count", "value"], dtype={"id": str}
    )
    rows = rows[rows["value"] > 0].reset_index(drop=True)
    return pd.DataFrame(
        {
            "order_id": rows.index.astype(str),
            "customer_id": rows["id"],
            "ordered_at": pd.to_datetime(rows["date"].astype(str)).dt.tz_localize("UTC") + pd.Timedelta(hours=12),
            "cart_amount": (rows["value"] * 40).round(2),
        }
    )


def real(name):
    """Orders and origins of a real set."""
    if name == "cdnow":
        return cdnow(), ("1997-10-31", "1997-12-31")
    if name == "grocery":
        return ns.demo_orders().drop(columns="points_balance"), ("2017-06-30",)
    orders = ns.demo_orders("web shop")[["order_id", "customer_id", "ordered_at", "cart_amount"]]
    return orders, ("2024-03-31", "2024-06-30")


def fold_of_real(name, fold):
    """One fold of customers of a real set, at each origin."""
    orders, origins = real(name)
    codes, _ = pd.factorize(orders["customer_id"], sort=True)
    mine = np.random.default_rng(7).permutation(codes.max() + 1)[codes] % FOLDS == fold
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


def misses(table):
    """What misses its gate, in words: too few or too many held (by the binomial error of real sets), bias, error."""
    for name, row in table.xs("all", level="months").iterrows():
        slack = 0 if name in KINDS else 1.645 * (0.9 * 0.1 / (row["tests"] / len(HORIZONS))) ** 0.5
        if not HELD[0] - slack <= row["held"] <= HELD[1] + slack:
            yield f"{name}: {row['held']:.0%} held"
        if name in KINDS and abs(row["off"]) > OFF:
            yield f"{name}: {row['off']:+.1%} off"
        if name not in KINDS and row["error"] > 1.05 * row["again"]:
            yield f"{name}: error {row['error']:.3f}, the last months again {row['again']:.3f}"


def main(shops=200, sets=(*KINDS, "web shop", "grocery", "cdnow")):
    tables = []
    for name in sets:
        tasks = (
            [(simulated, name, seed) for seed in range(shops)]
            if name in KINDS
            else [(fold_of_real, name, fold) for fold in range(FOLDS)]
        )
        with ProcessPoolExecutor() as pool:
            rows = [row for made in pool.map(_run, tasks) for row in made]
        tables.append(summary(rows))
        shown = tables[-1].drop(columns=["redeemed", "likely"])
        print(shown.to_string(float_format=lambda number: f"{number:,.3f}"), flush=True)
    missed = list(misses(pd.concat(tables)))
    print("\n".join(["MISSED", *missed]) if missed else "all within their gates")
    return int(bool(missed))


def _run(task):
    call, *arguments = task
    return call(*arguments)


if __name__ == "__main__":
    asked = [sys.argv[2:]] if sys.argv[2:] else []
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, *asked))
