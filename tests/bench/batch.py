"""How fast and how large scoring files is, as ratios in one run: ``python -m tests.bench batch``, and with
another number of orders ``python -m tests.bench.batch ORDERS``.

Against Polars' streaming engine and DuckDB's SQL, both with the rule of the documented example written by hand:
the same columns, types, codec (zstd, level 1) and row groups (262,144). Each side is a process of its own, timed from
start to end; ours includes its checks, the SHA-256 of the input, the manifest and the flush to disk. That all give the
same answers is checked. Times are taken in turn, and ratios are medians of those of each turn. The latter's exit code
is 1 if a target is missed.

What bounds the first ratio: ours and Polars take as much processor time (ours less at 40 million), most of it to unpack
and pack columns. Ours starts 0.4 s later: one processor loads pydantic, typer and pyarrow while the other reads.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import nector_sim as ns

ROUNDS = 7
EXAMPLE = ns.data_path("programs/gokwik-example.toml")

OURS = "import sys; from nector_sim._start import command; sys.argv[0] = 'nector-sim'; command()"
POLARS = """
import sys, polars as pl
source, out = sys.argv[1:]
text = source.endswith(".csv")
orders = pl.scan_csv(source, schema_overrides={"order_id": pl.String, "customer_id": pl.String,
    "cart_amount": pl.Decimal(12, 2)}) if text else pl.scan_parquet(source)
minor = (pl.col("cart_amount") * 100).cast(pl.Int64)
orders = orders.with_columns(
    _balance=pl.col("points_balance").clip(0), _cart=minor // 100, _room=(minor - 10_000).clip(0) // 100)
orders = orders.with_columns(points_redeemed=pl.min_horizontal("_balance", "_cart", pl.lit(1000), "_room"))
points = pl.col("points_redeemed")
discount = points.cast(pl.Decimal(18, 2))
reason = (pl.when(points == pl.col("_balance")).then(pl.lit("balance")).when(points == pl.col("_cart"))
    .then(pl.lit("cart")).when(points == 1000).then(pl.lit("max_discount")).otherwise(pl.lit("min_payable")))
offer = pl.when(points > 0).then(pl.lit("offers.0")).otherwise(pl.lit(""))
scored = orders.select("order_id", "customer_id", "cart_amount", "points_balance",
    offer.cast(pl.Enum(["", "offers.0"])).alias("offer"), "points_redeemed", discount.alias("discount"),
    (pl.col("cart_amount") - discount).cast(pl.Decimal(18, 2)).alias("payable"),
    reason.cast(pl.Enum(["balance", "cart", "max_discount", "min_payable"])).alias("limited_by"))
if text:
    scored.sink_csv(out)
else:
    scored.sink_parquet(out, compression="zstd", compression_level=1, row_group_size=262_144)
"""
DUCKDB = """
import sys, duckdb
source, out = sys.argv[1:]
duckdb.sql(f'''
copy (
  select order_id, customer_id, cart_amount, points_balance, case when points > 0 then 'offers.0' else '' end as offer,
    points as points_redeemed, points::decimal(18, 2) as discount, (cart_amount - points)::decimal(18, 2) as payable,
    case when points = balance then 'balance' when points = cart then 'cart' when points = 1000 then 'max_discount'
      else 'min_payable' end as limited_by
  from (select *, least(balance, cart, 1000, room) as points from (
    select *, greatest(points_balance, 0) as balance, minor // 100 as cart, greatest(minor - 10000, 0) // 100 as room
    from (select *, (cart_amount * 100)::bigint as minor from '{source}'))))
to '{out}' (format parquet, compression zstd, compression_level 1, row_group_size 262144)''')
"""


# Starts a process and prints its seconds and its peak in KiB. It is small: a system counts what a process had before
# it became another program, and so the memory of the one that started it, into its peak.
WATCH = """
import os, subprocess, sys, time
start = time.perf_counter()
run = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(run.pid, 0)
run.returncode = os.waitstatus_to_exitcode(status)
print(time.perf_counter() - start, usage.ru_maxrss)
sys.exit(run.returncode)
"""


def run():
    main(10_000_000)


def main(rows):
    missed = []

    def say(what, value, at_most, unit):
        missed.extend([what] if value > at_most else [])
        print(
            f"{what:<58}{value:9,.2f} {unit:<6} at most {at_most:,g}{'' if value <= at_most else '   MISSED'}",
            flush=True,
        )

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_orders(folder / "orders.parquet", rows)
        ours, polars, duckdb = folder / "ours.parquet", folder / "polars.parquet", folder / "duckdb.parquet"
        sides = {
            "ours": lambda: score(folder / "orders.parquet", ours),
            "polars": lambda: peer(POLARS, folder / "orders.parquet", polars),
            "duckdb": lambda: peer(DUCKDB, folder / "orders.parquet", duckdb),
        }
        times, memory, ratio = timed(sides)
        check_alike(ours, polars, duckdb)
        print(f"{rows:,} orders, Parquet to Parquet, {os.cpu_count()} cores; medians of {ROUNDS} interleaved runs")
        for side in sides:
            print(f"  {side:<8}{times[side]:7.2f} s   {memory[side]:7,.0f} MiB")
        say("Parquet: wall time, of the faster peer", ratio, 1.1, "times")
        say("Parquet: peak memory", memory["ours"], 640, "MiB")
        write_orders(folder / "large.parquet", 4 * rows)
        sides = {
            "ours": lambda: score(folder / "large.parquet", ours),
            "polars": lambda: peer(POLARS, folder / "large.parquet", polars),
        }
        times, large, ratio = timed(sides)
        print(f"{4 * rows:,} orders: ours {times['ours']:.2f} s, Polars {times['polars']:.2f} s")
        (folder / "large.parquet").unlink()
        say("Parquet: wall time at four times the orders, of Polars", ratio, 1.05, "times")
        say("Parquet: peak memory at four times the orders", large["ours"] / memory["ours"], 1.1, "times")

        pl.scan_parquet(folder / "orders.parquet").sink_csv(folder / "orders.csv")
        for file in (ours, polars, duckdb):
            file.unlink()
        times, memory, ratio = timed(
            {
                "ours": lambda: score(folder / "orders.csv", folder / "ours.csv"),
                "polars": lambda: peer(POLARS, folder / "orders.csv", folder / "polars.csv"),
            }
        )
        print(f"CSV to CSV: ours {times['ours']:.2f} s, {memory['ours']:,.0f} MiB; Polars {times['polars']:.2f} s")
        say("CSV: wall time, of Polars", ratio, 3, "times")
        parts = ("--part-rows", str(max(1, rows // 8)))
        times, _, _ = timed(
            {
                "local": lambda: score(folder / "orders.parquet", folder / "local", *parts),
                "dask": lambda: score(folder / "orders.parquet", folder / "dask", *parts, "--engine", "dask"),
            }
        )
        print(
            f"Folder of 8 parts: local {times['local']:.2f} s; Dask, two workers of this machine, {times['dask']:.2f} s"
        )
        replays(folder, rows, say)
        say("Dask: wall time, of the local engine", times["dask"] / times["local"], 3, "times")
    return missed


def replays(folder, rows, say):
    """A history that does not fit the memory is replayed in buckets, each with all of its orders."""
    write_orders(folder / "history.parquet", rows, history=True)
    earning = ns.data_path("programs/gokwik-example-with-earning.toml")

    def replay(out, *more):
        clear(folder / out)
        words = ["replay", folder / "history.parquet", "--program", earning, "--out", folder / out, *more]
        return process([sys.executable, "-c", OURS, *words])

    sides = {
        "buckets": lambda: replay("buckets", "--buckets", max(1, rows // 500_000)),
        "whole": lambda: replay("whole"),
    }
    times, memory, ratio = timed(sides, rounds=3)
    said = {side: f"{times[side]:.1f} s, {memory[side]:,.0f} MiB" for side in sides}
    print(f"Replay of {rows:,} orders: in one piece {said['whole']}; in buckets of half a million {said['buckets']}")
    totals = [pl.read_parquet(folder / side / "totals.parquet") for side in sides]
    assert totals[0].equals(totals[1])
    say("Replay in buckets: wall time, of one in one piece", ratio, 2, "times")


def write_orders(path, rows, *, history=False):
    """Random carts of ₹1 to ₹5000 and balances up to 3000 points; ids as texts of digits."""
    rng, writer = np.random.default_rng(7), None
    for first in range(0, rows, 1_000_000):
        some = min(1_000_000, rows - first)
        words = np.zeros((some, 2), np.int64)
        words[:, 0] = rng.integers(100, 500_000, some)
        table = pa.table(
            {
                "order_id": pa.array(np.arange(10**10 + first, 10**10 + first + some)).cast(pa.string()),
                "customer_id": pa.array(rng.integers(10**6, 10**6 + rows // 20 + 1, some)).cast(pa.string()),
                "cart_amount": pa.Array.from_buffers(pa.decimal128(12, 2), some, [None, pa.py_buffer(words)]),
                "points_balance": rng.integers(0, 3000, some),
            }
        )
        if history:
            seconds = rng.integers(0, 700 * 86_400, some).astype("timedelta64[s]")
            at = pa.array(np.datetime64("2024-01-01", "us") + seconds).cast(pa.timestamp("us", "UTC"))
            table = table.drop_columns("points_balance").append_column("ordered_at", at)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=262_144)
    writer.close()


def timed(sides, *, rounds=ROUNDS):
    """Median wall time and largest peak of each, of interleaved runs after one to warm up.

    And the ratio of the first to the fastest other, the median of all turns.
    """
    times, peaks = {side: [] for side in sides}, dict.fromkeys(sides, 0.0)
    for round_ in range(rounds + 1):
        for side, run in sides.items():
            seconds, peak = run()
            if round_:
                times[side].append(seconds)
                peaks[side] = max(peaks[side], peak)
    medians = {side: median(found) for side, found in times.items()}
    first, *others = sides
    fastest = min(others, key=medians.__getitem__)
    ratios = [mine / other for mine, other in zip(times[first], times[fastest], strict=True)]
    return medians, peaks, median(ratios)


def score(orders, out, *more):
    clear(out)
    return process([sys.executable, "-c", OURS, "score", orders, "--program", EXAMPLE, "--out", out, *more])


def peer(code, orders, out):
    clear(out)
    return process([sys.executable, "-c", code, orders, out])


def process(command):
    """Wall time in seconds and peak memory in MiB of a process."""
    watched = [sys.executable, "-S", "-c", WATCH, *map(str, command)]
    seconds, peak = map(float, subprocess.run(watched, stdout=subprocess.PIPE, text=True, check=True).stdout.split())
    return seconds, peak / (1024 if sys.platform != "darwin" else 1024**2)


def clear(out):
    if out.is_dir():
        shutil.rmtree(out)
    out.unlink(missing_ok=True)
    out.with_name(f"{out.name}.manifest.json").unlink(missing_ok=True)


def check_alike(*files):
    columns = ["order_id", "points_redeemed", "discount", "payable", "limited_by"]
    tables = [
        pl.read_parquet(file, columns=columns).with_columns(pl.col("limited_by").cast(pl.String)) for file in files
    ]
    first = tables[0]
    for other in tables[1:]:
        assert first.equals(other if other["order_id"].equals(first["order_id"]) else other.sort("order_id")), files


if __name__ == "__main__":
    sys.exit(1 if main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000) else 0)
