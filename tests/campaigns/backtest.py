"""Forecasts against what came, by data set: ``python -m tests.campaigns.backtest [SHOPS] [SET …]``.

Simulated shops of each kind (SHOPS of each, 200 if left out) are forecast 1, 3 and 6 months ahead from the end of 24
months, under two programs in turn; seasons of seasonal shops peak in any month. Then the real sets: both demos, and
CDNOW (read from the wheel of `lifetimes`), folds of customers of which each is a shop, at several origins. A forecast
sees nothing after its origin. The table says how many of the outcomes the 90 % range holds, how wide it is and how it
scores, how far off the likely ones are in all, and the mean error of the logarithm beside that of "the last months
again". Exit code 1 if a set misses its gate. FIRST is the first seed, for shops that nobody looked at; WORKERS and ROWS
are as in :mod:`tests.campaigns.rows`.
"""

import os
import sys

import numpy as np
import pandas as pd

import nector_sim as ns
from nector_sim.simulation.shop import SHOPS
from tests.campaigns.published import cdnow_file
from tests.campaigns.rows import rows_of

HORIZONS = (1, 3, 6)
KINDS = ("steady", "growing", "shrinking", "seasonal", "heavy-tailed")
#: Months known, and all months, of a simulated shop.
KNOWN, ALL = 24, 30
CUSTOMERS = 120
FUTURES, DRAWS = 30, 400
#: The first seed: those before 1000 were looked at while the forecast was made.
FIRST = int(os.environ.get("FIRST", "1000"))
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


def backtest(program, orders, origin, seed, horizons=HORIZONS):
    """Rows of one shop and origin: a row for each horizon, of the discount."""
    begins = pd.Timestamp(origin)
    past = orders[orders["ordered_at"] <= begins]
    ahead = ns.forecast(program, past, months=max(horizons), as_of=begins, seed=seed, futures=FUTURES, draws=DRAWS)
    came = ns.replay(program, orders).orders
    for horizon in horizons:
        end = begins + pd.DateOffset(months=horizon)
        redeemed = came.loc[(came["ordered_at"] > begins) & (came["ordered_at"] <= end), "discount"].sum()
        said = ahead.table([horizon]).query("measure == 'discount'").iloc[0]
        yield {
            "origin": f"{begins:%Y-%m-%d}",
            "months": horizon,
            "redeemed": redeemed,
            **said[["low", "likely", "high", "last_months_again"]],
            "surprise": ahead.surprise,
        }


def simulated(kind, seed):
    """A simulated shop of a kind: of even seeds under the documented program, of odd ones under the other."""
    program = (DOCUMENTED, WEB)[seed % 2]
    shop = SHOPS[kind].model_copy(update={"customers_per_month": CUSTOMERS, "months": ALL})
    if kind == "seasonal":
        shop = shop.model_copy(update={"season_peak_month": 1 + seed // 2 % 12})
    made = ns.simulate(shop, seed=seed)
    bare = made.orders.drop(columns=["payment_method"])
    orders = with_half(bare) if seed % 2 else bare
    origin = pd.Timestamp(shop.starts).tz_localize(shop.timezone) + pd.DateOffset(months=KNOWN)
    return [{"set": kind, "shop": seed, "program": seed % 2, **row} for row in backtest(program, orders, origin, seed)]


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
    """Orders of a real set, and its origins with their horizons: no two forecasts of one horizon share a month."""
    if name == "cdnow":
        return cdnow(), {"1997-09-30": (1, 3), "1997-12-31": (1, 3, 6), "1998-03-31": (1, 3)}
    if name == "grocery":
        return ns.demo_orders().drop(columns="points_balance"), {"2017-06-30": (1, 3, 6), "2017-09-30": (1, 3)}
    orders = ns.demo_orders("web shop")[["order_id", "customer_id", "ordered_at", "cart_amount"]]
    quarters = {"2023-12-31": (1, 3, 6), "2024-03-31": (1, 3), "2024-06-30": (1, 3, 6), "2024-09-30": (1, 3)}
    return orders, quarters


def fold_of_real(name, fold):
    """One fold of customers of a real set, at each origin."""
    orders, origins = real(name)
    codes, _ = pd.factorize(orders["customer_id"], sort=True)
    mine = np.random.default_rng(7).permutation(codes.max() + 1)[codes] % FOLDS == fold
    shop = orders[mine].reset_index(drop=True)
    return [
        {"set": name, "shop": fold, "program": turn, **row}
        for origin, horizons in origins.items()
        for turn, program in enumerate((DOCUMENTED, WEB))
        for row in backtest(
            program, with_half(shop) if turn else shop, pd.Timestamp(f"{origin} 23:59:59", tz="UTC"), fold, horizons
        )
    ]


def summary(rows):
    """By set and horizon, and of each set in all.

    ``counts`` is how many independent tests would tell as little as these do: folds of one real shop share its months,
    horizons of one shop its customers. ``score`` is Winkler's interval score of the 90 % range (its width, and 20 times
    by how much it was missed), over the mean of what came.
    """
    rows = rows.copy()
    low, high, came = rows["low"], rows["high"], rows["redeemed"]
    rows["held"] = came.between(low, high)
    rows["above"], rows["below"] = came > high, came < low
    rows["error"] = (np.log(rows["likely"] + 1) - np.log(came + 1)).abs()
    rows["again"] = (np.log(rows["last_months_again"] + 1) - np.log(came + 1)).abs()
    # Where the history is too short for the last months again, nothing is there to compare with.
    rows["beside"] = rows["error"].where(rows["again"].notna())
    rows["width"] = (high - low) / rows["likely"]
    rows["score"] = high - low + 20 * ((low - came).clip(lower=0) + (came - high).clip(lower=0))
    rows["score"] /= came.groupby([rows["set"], rows["months"]]).transform("mean")
    both = pd.concat([rows, rows.assign(months="all")]).groupby(["set", "months"], sort=False)
    made = both.agg(
        tests=("held", "size"), redeemed=("redeemed", "sum"), likely=("likely", "sum"), held=("held", "mean"),
        above=("above", "mean"), below=("below", "mean"), width=("width", "mean"), score=("score", "mean"),
        error=("error", "mean"), beside=("beside", "mean"), again=("again", "mean"), surprise=("surprise", "mean"),
    )  # fmt: skip
    made["counts"] = [independent(part) for _, part in both]
    return made.assign(off=lambda table: table["likely"] / table["redeemed"] - 1)


def independent(rows):
    """How many independent tests tell as little, from how alike the tests of a shop and of a stretch of time are."""
    held = rows["held"].to_numpy(float)
    share = held.mean()
    if share in (0.0, 1.0):
        share = 0.9
    variance = share * (1 - share) / len(held)
    for by in (["shop"], ["origin"]):
        sums = (rows["held"] - held.mean()).groupby([rows[name] for name in by]).sum()
        if len(sums) > 1:
            variance = max(variance, float((sums**2).sum()) / len(held) ** 2 * len(sums) / (len(sums) - 1))
    return share * (1 - share) / variance


def misses(table):
    """What misses its gate, in words: too few or too many held (by their binomial error of real sets), bias, error."""
    for name, row in table.xs("all", level="months").iterrows():
        slack = 0 if name in KINDS else 1.645 * (0.9 * 0.1 / row["counts"]) ** 0.5
        if not HELD[0] - slack <= row["held"] <= HELD[1] + slack:
            yield f"{name}: {row['held']:.0%} held"
        if name in KINDS and abs(row["off"]) > OFF:
            yield f"{name}: {row['off']:+.1%} off"
        if name not in KINDS and row["beside"] > 1.05 * row["again"]:
            yield f"{name}: error {row['beside']:.3f}, the last months again {row['again']:.3f}"


def main(shops=200, sets=(*KINDS, "web shop", "grocery", "cdnow")):
    tables = []
    for name in sets:
        tasks = (
            [(simulated, name, FIRST + shop) for shop in range(shops)]
            if name in KINDS
            else [(fold_of_real, name, fold) for fold in range(FOLDS)]
        )
        tables.append(summary(rows_of(tasks, name)))
        shown = tables[-1].drop(columns=["redeemed", "likely"])
        print(shown.to_string(float_format=lambda number: f"{number:,.3f}"), flush=True)
    missed = list(misses(pd.concat(tables)))
    print("\n".join(["MISSED", *missed]) if missed else "all within their gates")
    return int(bool(missed))


if __name__ == "__main__":
    asked = [sys.argv[2:]] if sys.argv[2:] else []
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, *asked))
