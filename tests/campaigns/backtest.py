"""Forecasts of what is held back, on the demo orders: ``python -m tests.campaigns.backtest``.

Each of 20 folds of customers is held back at each of three origins: the forecast sees the other customers, up to the
origin, and says what as many customers as the fold has will redeem in the three months after it. A second table has
each fold's own customers, their past known. Exit code 1 if a total is off by more than 10 %, or the 90 % ranges of what
is held back hold fewer than 85 % or more than 95 % of the outcomes.
"""

import sys

import numpy as np
import pandas as pd

import nector_sim as ns

FOLDS, MONTHS, RESAMPLES, FUTURES = 20, 3, 600, 12
ORIGINS = ("2017-07-01", "2017-08-15", "2017-10-01")


def backtest(program, orders, own, folds=FOLDS, origins=ORIGINS, resamples=RESAMPLES, futures=FUTURES):
    """One row a fold and origin: what was redeemed, and what had been said; `own` as in the second table."""
    outcome = ns.replay(program, orders).orders
    customers = np.sort(orders["customer_id"].unique())
    of_customer = dict(zip(customers, np.random.default_rng(7).permutation(len(customers)) % folds, strict=True))
    fold_of = orders["customer_id"].map(of_customer)
    for origin in origins:
        begins = pd.Timestamp(origin, tz="UTC")
        past, future = orders["ordered_at"] <= begins, orders["ordered_at"] > begins
        future &= orders["ordered_at"] <= begins + pd.DateOffset(months=MONTHS)
        for fold in range(folds):
            held = fold_of == fold
            ahead = ns.forecast(
                program, orders[past & (held if own else ~held)], months=MONTHS, as_of=begins, seed=fold,
                resamples=resamples, futures=futures, customers=orders.loc[past & held, "customer_id"].nunique(),
            )  # fmt: skip
            said = ahead.table([MONTHS]).query("measure == 'discount'").iloc[0]
            redeemed = outcome.loc[future & held, "discount"].sum()
            yield {"origin": origin, "fold": fold, "redeemed": redeemed, **said[["low", "likely", "high"]]}


def summary(rows):
    """By origin and in all: the totals, how far off, how many outcomes lie within their range, and how wide that is."""
    rows = pd.DataFrame(rows)
    rows["held"] = rows["redeemed"].between(rows["low"], rows["high"])
    rows["width"] = (rows["high"] - rows["low"]) / rows["likely"]
    table = pd.concat([rows, rows.assign(origin="all")]).groupby("origin", sort=False).agg(
        tests=("fold", "size"), redeemed=("redeemed", "sum"), likely=("likely", "sum"), held=("held", "mean"),
        width=("width", "mean"),
    )  # fmt: skip
    table["off"] = table["likely"] / table["redeemed"] - 1
    return table


def main():
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    orders = ns.demo_orders()
    tables = []
    for own, title in ((False, "customers held back"), (True, "the fold's own customers")):
        tables.append(summary(backtest(program, orders, own)))
        print(f"\n{title}; {FOLDS} folds, {MONTHS} months ahead, demo data, scaled")
        print(tables[-1].to_string(float_format=lambda number: f"{number:,.3f}"), flush=True)
    first = tables[0]
    missed = (first["off"].abs() > 0.1).any() or not 0.85 <= first.loc["all", "held"] <= 0.95
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
