"""The exported DuckDB SQL against ``nector-sim score``, files to files: ``python -m tests.bench exported``.

The orders, codec and row groups are those of :mod:`tests.bench.batch`, each side is a process of its own, and every row
of the two answers is equal. Another number of orders: ``python -m tests.bench.exported ORDERS [ROUNDS]``.
"""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

import polars as pl

import nector_sim as ns
from tests.bench.batch import EXAMPLE, ROUNDS, check_alike, peer, score, write_orders

#: Columns that these orders do not have.
LEFT_OUT = ("credits", "points_requested", "eligible_amount")
RUN = """
import sys, duckdb
source, out = sys.argv[1:]
duckdb.sql(f"create view orders as select * from '{source}'")
duckdb.sql("copy (" + SELECT.strip().rstrip(";") + f") to '{out}' "
    "(format parquet, compression zstd, compression_level 1, row_group_size 262144)")
"""


def run():
    """Time both with 10 million orders."""
    main(10_000_000, ROUNDS)


def main(rows, rounds):
    """Time both, in turn, and print medians, the least, and the totals."""
    keep = ("order_id", "customer_id", "cart_amount", "points_balance")
    select = ns.export(ns.load_program(EXAMPLE), to="sql", leave_out=LEFT_OUT, keep=keep)
    with tempfile.TemporaryDirectory() as name:
        orders, ours, theirs = (Path(name, f"{part}.parquet") for part in ("orders", "score", "exported"))
        write_orders(orders, rows)
        sides = {
            "nector-sim score": lambda: score(orders, ours),
            "exported SQL in DuckDB": lambda: peer(f"SELECT = {select!r}\n{RUN}", orders, theirs),
        }
        seconds = {side: [] for side in sides}
        for _ in range(rounds + 1):
            for side, timed in sides.items():
                seconds[side].append(timed()[0])
        check_alike(ours, theirs)
        sums = pl.col("points_redeemed", "discount", "payable").sum()
        totals = [pl.read_parquet(file).select(sums).row(0) for file in (ours, theirs)]
    assert totals[0] == totals[1], totals
    print(f"{rows:,} orders, Parquet to Parquet, {os.cpu_count()} cores; {rounds} runs in turn after one to warm up")
    for side, times in seconds.items():
        print(f"  {side:<24} median {median(times[1:]):6.2f} s, least {min(times[1:]):6.2f} s")
    print("  every row is equal; in all {:,} points, discount {:,}, payable {:,}".format(*totals[0]))


if __name__ == "__main__":
    given = [int(float(argument)) for argument in sys.argv[1:]]
    main(*(given + [10_000_000, ROUNDS][len(given) :]))
