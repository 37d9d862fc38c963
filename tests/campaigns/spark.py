"""Scores, replays and sweeps on Spark, as on one machine: ``python -m tests.campaigns.spark``.

On a cluster of two executors, each a process (``local-cluster[2,1,1024]``): the rows are those of one machine as a
multiset, the totals the same to the paisa, and the bytes of every part the same; also where executors are killed in the
middle of it. Then the command on this machine, which nobody else can reach, and the DataFrame of the pages.
Needs Java 17 or later.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import psutil
import pyarrow as pa

import nector_sim as ns
from nector_sim.batch import inputs, shuffle
from nector_sim.batch.replays import replay_in_buckets
from nector_sim.batch.runs import score_files
from nector_sim.batch.spark import spark_engine, spark_runner, spark_session
from nector_sim.batch.sweeps import sweep_in_parts
from nector_sim.errors import OrdersError
from tests.listening import listeners

CLUSTER = "local-cluster[2,1,1024]"
PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
EARNING = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
ROWS, CUSTOMERS = 24_000, 900


def main():
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # Pieces are cut on this side, and travel to the executors.
    inputs.PIECE_ROWS, shuffle.BUCKET_ROWS = 1000, 4000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orders = folder / "orders.parquet"
        history(bad=True).write_parquet(folder / "some_bad.parquet", row_group_size=1000)
        history().write_parquet(orders, row_group_size=1000)
        with spark_session(CLUSTER) as spark:
            print(scores(spark, folder, folder / "some_bad.parquet"), flush=True)
            print(replays(spark, folder, orders), flush=True)
            print(refused(spark, folder), flush=True)
            print(sweeps(spark), flush=True)
            print(kills(spark, folder, orders), flush=True)
            print(goes_on(spark, folder, orders), flush=True)
            print(frames(spark, orders), flush=True)
        print(command(folder, folder / "some_bad.parquet"), flush=True)
    shutil.rmtree(Path(find_spec("pyspark").origin).with_name("work"), ignore_errors=True)  # which its cluster leaves


def history(*, bad=False):
    """Orders of a shop; of the bad ones, every 97th has a cart below 0."""
    rng = np.random.default_rng(3)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    at = [start + timedelta(minutes=int(minute)) for minute in rng.integers(0, 400_000, ROWS)]
    back = rng.random(ROWS) < 0.1
    minor = [-1 if bad and row % 97 == 0 else int(cart) for row, cart in enumerate(rng.integers(5000, 300_000, ROWS))]
    return pl.DataFrame(
        {
            "order_id": [f"o{row}" for row in range(ROWS)],
            "customer_id": [f"c{customer}" for customer in rng.integers(0, CUSTOMERS, ROWS)],
            "ordered_at": at,
            "cart_amount": pl.Series([f"{cart / 100:.2f}" for cart in minor]).cast(pl.Decimal(12, 2)),
            "points_balance": rng.integers(0, 3000, ROWS),
            "refunded_at": [when + timedelta(days=9) if gone else None for when, gone in zip(at, back, strict=True)],
        }
    )


def rows(folder):
    """All rows of a folder of parts, in an order of their own."""
    return pl.concat([pl.read_parquet(file) for file in sorted(folder.iterdir())]).sort("order_id")


def parts(folder):
    """The bytes of all files below a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def manifest(out):
    return json.loads(out.with_name(f"{out.name}.manifest.json").read_text())


def scores(spark, folder, orders):
    for name, how in (("folder", {"part_rows": 2000}), ("file.parquet", {}), ("file.csv", {"part_rows": 5000})):
        here, there = folder / f"here {name}", folder / f"there {name}"
        alone = how if name == "folder" else {}  # only a cluster makes parts of what becomes one file
        report = score_files(PROGRAM, orders, out=here, rejects=folder / "here rejects.csv", **alone)
        same = score_files(
            PROGRAM, orders, out=there, rejects=folder / "there rejects.csv", engine=spark_engine(spark), **how
        )
        assert same == report
        assert report.rejected == len(range(0, ROWS, 97))
        assert (folder / "there rejects.csv").read_bytes() == (folder / "here rejects.csv").read_bytes()
        assert manifest(there)["totals"] == manifest(here)["totals"]
        assert manifest(there)["rows"] == manifest(here)["rows"]
        if here.is_dir():
            assert rows(there).equals(rows(here))
            assert parts(there) == parts(here)
            assert len(parts(here)) == 12
        else:
            read = pl.read_csv if name.endswith(".csv") else pl.read_parquet
            assert read(there).equals(read(here))
    return f"scores: {report.scored:,} rows, {report.rejected} rejects and all totals are those of one machine"


HOW = {"take_up": 60, "seed": 4, "movements": True}


def replays(spark, folder, orders):
    opening = pa.table({"customer_id": [f"c{number}" for number in range(0, 950, 7)], "points": list(range(136))})
    report = replay_in_buckets([EARNING], orders, out=folder / "here", opening=opening, buckets=7, **HOW)
    same = replay_in_buckets(
        [EARNING], orders, out=folder / "there", opening=opening, buckets=7, runner=spark_runner(spark), **HOW
    )
    pd.testing.assert_frame_equal(same.totals, report.totals)
    assert (same.orders, same.customers, same.as_of, same.notices) == (
        ROWS,
        report.customers,
        report.as_of,
        report.notices,
    )
    assert parts(folder / "there") == parts(folder / "here")
    whole = ns.replay(EARNING, history().to_pandas(), opening=opening, **HOW)
    found = rows(folder / "there" / "orders")
    wanted = pl.from_pandas(whole.orders).sort("order_id")
    for name in ("order_id", "points_balance", "points_redeemed", "points_earned", "discount", "payable"):
        assert found[name].cast(pl.Float64, strict=False).equals(wanted[name].cast(pl.Float64, strict=False)), name
    assert {name: str(value) for name, value in same.totals.iloc[0].items()} == {
        name: str(value) for name, value in whole.totals.iloc[0].items()
    }
    return f"replays: {ROWS:,} rows of {same.customers} customers and all totals are those of one replay in memory"


def refused(spark, folder):
    """A row that cannot be replayed is named as on one machine, and nothing is left."""
    said = []
    for runner in (None, spark_runner(spark)):
        try:
            replay_in_buckets([EARNING], folder / "some_bad.parquet", out=folder / "none", buckets=5, runner=runner)
        except OrdersError as error:
            said.append((error.heading.partition(" ")[2], error.problems[0], error.rejects["reason"].iloc[0]))
        assert not (folder / "none").exists()
    assert [place.place[:11] for _, place, _ in said] == ["orders, row"] * 2
    assert said[0][2] == said[1][2] == "cart_amount is negative; an amount is 0 or more", said
    return f"refused: on Spark {said[1][1]}"


def sweeps(spark):
    grid = {"offers.0.max_discount": [200, None, 500], "min_payable.amount": [0, 100, 250, 400]}
    how = {"grid": grid, "assumptions": ns.Assumptions(gross_margin_percent=55)}
    orders = ns.demo_orders().head(2000)
    whole = ns.sweep(EARNING, orders, **how)
    table = sweep_in_parts(EARNING, orders, runner=spark_runner(spark), parts=5, **how)
    pd.testing.assert_frame_equal(table, whole, check_exact=True)
    return f"sweeps: {len(table)} settings are those of one machine"


def executors():
    """The executors' processes, which the cluster's JVM has begun."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if any("CoarseGrainedExecutorBackend" in word for word in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:  # it has just ended
            continue
    return sorted(found)


def two_executors():
    for _ in range(600):
        if len(there := executors()) == 2:
            return there
        time.sleep(0.1)
    raise AssertionError(f"{len(executors())} executors, not 2")


def kills(spark, folder, orders):
    """One executor and both are killed while parts are written, of a score and of a replay."""
    score_files(PROGRAM, orders, out=folder / "unbroken", part_rows=1000)
    replay_in_buckets([EARNING], orders, out=folder / "replayed unbroken", buckets=12, **HOW)
    for how_many in (1, 2):
        there, killed = two_executors(), []

        def kill(done, _, there=there, killed=killed, how_many=how_many):
            if done and not killed:
                killed.extend(there[:how_many])
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)

        out = folder / f"killed {how_many}"
        score_files(PROGRAM, orders, out=out, part_rows=1000, engine=spark_engine(spark), progress=kill)
        assert len(killed) == how_many
        assert not set(killed) & set(two_executors())
        assert parts(out) == parts(folder / "unbroken")
        assert manifest(out)["totals"] == manifest(folder / "unbroken")["totals"]

        there, killed = two_executors(), []

        def runner(function, shared, numbers, there=there, killed=killed, how_many=how_many):
            for result in spark_runner(spark)(function, shared, numbers):
                if not killed and function.__name__ == "replay_bucket":
                    killed.extend(there[:how_many])
                    for pid in killed:
                        os.kill(pid, signal.SIGKILL)
                yield result

        out = folder / f"replayed killed {how_many}"
        replay_in_buckets([EARNING], orders, out=out, buckets=12, runner=runner, **HOW)
        assert len(killed) == how_many
        assert parts(out) == parts(folder / "replayed unbroken")
        assert manifest(out)["totals"] == manifest(folder / "replayed unbroken")["totals"]
    return "kills: one and both executors killed in a score and in a replay; the same bytes, nothing lost or doubled"


def goes_on(spark, folder, orders):
    """A run that is stopped keeps its parts, and the same call goes on after them."""
    out = folder / "stopped"

    def stop(done, _):
        if done > ROWS / 4:
            raise KeyboardInterrupt

    how = {"part_rows": 1000, "engine": spark_engine(spark)}
    try:
        score_files(PROGRAM, orders, out=out, progress=stop, **how)
    except KeyboardInterrupt as stopped:
        said = str(stopped)
    assert "parts are kept" in said, said
    report = score_files(PROGRAM, orders, out=out, **how)
    assert "going on from an earlier run" in report.notices[0]
    assert parts(out) == parts(folder / "unbroken")
    return f"goes on: {report.notices[0]}; the same bytes"


def frames(spark, orders):
    """The page's DataFrame, as it stands there."""
    page = (Path(ns.__file__).parents[1] / "data/docs/howto/spark.md").read_text()
    blocks = page.split("```")
    code = {}
    with chdir(ns.data_path("programs").parent):  # where the page's program is
        exec(next(block for block in blocks if "def score_partition" in block).removeprefix("python"), code)
    schema = next(block for block in blocks if 'schema = "' in block).partition('schema = "')[2].partition('"')[0]
    some = spark.read.parquet(str(orders)).select("order_id", "cart_amount", "points_balance")
    some = some.withColumn("cart_amount", some.cart_amount.cast("string")).repartition(5)
    found = pl.from_arrow(some.mapInArrow(code["score_partition"], schema).toArrow()).sort("order_id")
    frame = history().select("order_id", pl.col("cart_amount").cast(pl.String), "points_balance").to_arrow()
    wanted = pl.from_arrow(ns.score_batch(PROGRAM, frame.combine_chunks().to_batches()[0])).sort("order_id")
    for name in found.columns:
        assert found[name].cast(pl.String).equals(wanted[name].cast(pl.String)), name
    return f"frames: {len(found):,} rows of a DataFrame are those of ns.score_batch here"


def command(folder, orders):
    """``--engine spark`` without a master: a session of this machine, which answers on loopback alone."""
    one = [
        sys.executable,
        "-m",
        "nector_sim",
        "score",
        orders,
        "--program",
        ns.data_path("programs/gokwik-example.toml"),
    ]
    subprocess.run([*one, "--out", folder / "local"], capture_output=True, check=False)
    environment = {name: value for name, value in os.environ.items() if name != "PYSPARK_PYTHON"}
    run = subprocess.Popen(
        [*map(str, one), "--out", str(folder / "spark"), "--engine", "spark"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    seen = set()
    while run.poll() is None:
        seen |= listeners(run.pid)
        time.sleep(0.05)
    said, errors = run.communicate()
    assert run.returncode == 1, errors  # some rows are refused
    assert seen
    assert {host.removeprefix("::ffff:") for host, _ in seen} == {"127.0.0.1"}, seen
    assert rows(folder / "spark").equals(rows(folder / "local"))
    assert manifest(folder / "spark")["totals"] == manifest(folder / "local")["totals"]
    environment["PYSPARK_PYTHON"] = "/usr/bin/python3"
    lost = subprocess.run(
        [*map(str, one), "--out", str(folder / "lost"), "--engine", "spark"], capture_output=True, text=True,
        env=environment, check=False,
    )  # fmt: skip
    assert lost.returncode == 2, lost.stderr
    assert "install the same Python" in lost.stderr, lost.stderr
    return f"command: {said.splitlines()[0]}; listened on loopback alone ({len(seen)} ports)"


if __name__ == "__main__":
    main()
