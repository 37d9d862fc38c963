"""A replay in buckets of customers is the replay in one."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from distributed import Client, LocalCluster

import nector_sim as ns
from nector_sim.batch import ids, inputs, replays, shuffle
from nector_sim.batch.cluster import dask_runner
from nector_sim.batch.replays import replay_in_buckets
from nector_sim.errors import InputError, OrdersError
from nector_sim.frames.kinds import as_frame

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1, "max_discount": 1000}],
        "min_payable": {"kind": "fixed", "amount": 100},
        "earning": {"points_per_unit": "0.05", "delay_days": 7},
        "expiry": {"months": 6},
    }
)


def history(rows=1500, customers=80):
    rng = np.random.default_rng(3)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    at = [start + timedelta(minutes=int(minute)) for minute in rng.integers(0, 400_000, rows)]
    refund = rng.random(rows) < 0.1
    return pl.DataFrame(
        {
            "order_id": [f"o{row}" for row in range(rows)],
            "customer_id": [f"c{customer}" for customer in rng.integers(0, customers, rows)],
            "ordered_at": at,
            "cart_amount": pl.Series([f"{amount / 100:.2f}" for amount in rng.integers(5000, 300_000, rows)]),
            "refunded_at": [when + timedelta(days=9) if back else None for when, back in zip(at, refund, strict=True)],
        }
    ).with_columns(pl.col("cart_amount").cast(pl.Decimal(12, 2)))


OPENING = pd.DataFrame({"customer_id": [f"c{number}" for number in range(0, 90, 7)], "points": range(13)})


@pytest.fixture
def orders(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "PIECE_ROWS", 100)
    monkeypatch.setattr(shuffle, "BUCKET_ROWS", 400)
    history().write_parquet(tmp_path / "orders.parquet", row_group_size=100)
    return tmp_path / "orders.parquet"


@pytest.fixture(scope="module")
def runners():
    with (
        LocalCluster(n_workers=2, processes=False, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield {"here": None, "dask": dask_runner(client)}


def table(folder, name):
    return pl.concat([pl.read_parquet(file) for file in sorted((folder / name).iterdir())])


@pytest.mark.parametrize(("engine", "buckets"), [("here", 1), ("here", 5), ("dask", 1), ("dask", 3), ("dask", 17)])
def test_buckets_give_the_rows_and_totals_of_one_replay(orders, tmp_path, runners, engine, buckets):
    how = {"take_up": 60, "seed": 4}
    whole = ns.replay(PROGRAM, as_frame(history()), opening=OPENING, **how)
    report = replay_in_buckets(
        [PROGRAM],
        orders,
        out=tmp_path / "out",
        opening=pl.from_pandas(OPENING).to_arrow(),
        buckets=buckets,
        runner=runners[engine],
        **how,
    )
    expected = replays.exact_table(whole.orders, 2)
    got = table(tmp_path / "out", "orders").sort("order_id")
    wanted = pl.DataFrame(pl.from_arrow(expected)).sort("order_id")
    assert got.columns == wanted.columns
    for name in got.columns:
        assert got[name].cast(pl.String).to_list() == wanted[name].cast(pl.String).to_list(), name
    balances = table(tmp_path / "out", "balances").sort("customer_id")
    assert balances["customer_id"].to_list() == sorted(whole.balances["customer_id"])
    by_customer = whole.balances.sort_values("customer_id")
    assert balances["points_balance"].to_list() == by_customer["points_balance"].tolist()
    assert {name: str(value) for name, value in report.totals.iloc[0].items()} == {
        name: str(value) for name, value in whole.totals.iloc[0].items()
    }
    assert pl.read_parquet(tmp_path / "out" / "totals.parquet")["closing"][0] == whole.totals["closing"][0]
    assert (report.orders, report.as_of, report.notices) == (1500, whole.as_of, whole.notices)


@pytest.mark.parametrize("buckets", [1, 2, 7])
def test_space_around_an_id_makes_no_other_customer(tmp_path, buckets):
    customers = [" c1", "c1", "c2\t", "c2", "c1 "]
    orders = pl.DataFrame(
        {
            "order_id": [f"o{row}" for row in range(5)],
            "customer_id": customers,
            "ordered_at": [datetime(2026, 1, 1 + row, tzinfo=UTC) for row in range(5)],
            "cart_amount": [1000.0] * 5,
        }
    )
    orders.write_parquet(tmp_path / "orders.parquet")
    opening = pa.table({"customer_id": ["c1", " c2"], "points": [40, 7]})
    replay_in_buckets([PROGRAM], tmp_path / "orders.parquet", out=tmp_path / "out", opening=opening, buckets=buckets)
    rows = table(tmp_path / "out", "orders").sort("order_id")
    # 40 points, of which the first order spends all; each order's own points are pending for a week.
    assert rows["points_redeemed"].to_list() == [40, 0, 7, 0, 0]
    balances = table(tmp_path / "out", "balances").sort("customer_id")
    # 5 points for every 100 paid: 48 + 50 + 50, and 49.65 rounded down + 50.
    assert balances.select("customer_id", "points_pending").rows() == [("c1", 148), ("c2", 99)]


@pytest.mark.parametrize(("engine", "buckets"), [("here", 1), ("here", 6), ("dask", 3)])
def test_a_table_of_refunds_is_split_with_its_orders(orders, tmp_path, runners, engine, buckets):
    rows = history().filter(pl.col("refunded_at").is_null())[::4]
    several = [
        pl.DataFrame(
            {
                "order_id": rows["order_id"],
                "refunded_at": rows["ordered_at"] + timedelta(days=days),
                "amount": rows["cart_amount"].cast(pl.Float64).floor() // 3,
            }
        )
        for days in (3, 400, 12)
    ]
    refunds = pl.concat(several)
    whole = ns.replay(PROGRAM, as_frame(history()), opening=OPENING, refunds=refunds)
    how = {"opening": pl.from_pandas(OPENING).to_arrow(), "refunds": refunds.to_arrow(), "runner": runners[engine]}
    report = replay_in_buckets([PROGRAM], orders, out=tmp_path / "out", buckets=buckets, **how)
    assert report.totals.astype(str).equals(replays.exact_table(whole.totals, 2).to_pandas().astype(str))
    assert (report.as_of, report.notices) == (whole.as_of, whole.notices)
    balances = table(tmp_path / "out", "balances").sort("customer_id")
    by_customer = whole.balances.sort_values("customer_id")
    assert balances["points_balance"].to_list() == by_customer["points_balance"].tolist()
    # The same call again is the same run; with other refunds it is another.
    assert replay_in_buckets([PROGRAM], orders, out=tmp_path / "out", buckets=buckets, **how).orders == 1500
    stray = pl.concat([refunds, refunds[:1].with_columns(order_id=pl.lit("nobody's"))])
    with pytest.raises(InputError, match=f"refunds, row {len(stray)}: order_id is no order of this history"):
        replay_in_buckets([PROGRAM], orders, out=tmp_path / "other", buckets=buckets, refunds=stray.to_arrow())


class Stop(Exception):
    pass


@pytest.mark.parametrize("stop_at", ["split_part", "replay_bucket"])
def test_a_stopped_replay_goes_on_and_ends_in_the_same_bytes(orders, tmp_path, stop_at):
    how = {"opening": pl.from_pandas(OPENING).to_arrow(), "buckets": 5, "take_up": 60, "seed": 4}
    for name in ("unbroken", "broken"):
        (tmp_path / name).mkdir()
    unbroken = replay_in_buckets([PROGRAM], orders, out=tmp_path / "unbroken" / "out", **how)
    done = []

    def stopping(function, shared, numbers):
        for number in numbers:
            if function.__name__ == stop_at and len(done) == 2:
                done.append("stop")
                raise Stop
            yield function(shared, number)
            if function.__name__ == stop_at:
                done.append(number)

    out = tmp_path / "broken" / "out"
    with pytest.raises(Stop):
        replay_in_buckets([PROGRAM], orders, out=out, runner=stopping, **how)
    with pytest.raises(InputError, match="other options"):
        replay_in_buckets([PROGRAM], orders, out=out, **{**how, "seed": 5})
    with pytest.raises(InputError, match="other programs"):
        replay_in_buckets([PROGRAM.model_copy(update={"enabled": False})], orders, out=out, **how)
    with pytest.raises(InputError, match="other opening balances"):
        replay_in_buckets([PROGRAM], orders, out=out, **{**how, "opening": None})
    report = replay_in_buckets([PROGRAM], orders, out=out, runner=stopping, **how)
    assert sorted(number for number in done if number != "stop") == list(range(len(done) - 1))
    assert report.notices == ("going on from an earlier run", *unbroken.notices)
    files = {file.relative_to(tmp_path / "unbroken") for file in (tmp_path / "unbroken").rglob("*") if file.is_file()}
    assert files == {file.relative_to(out.parent) for file in out.parent.rglob("*") if file.is_file()}
    assert all((tmp_path / "unbroken" / file).read_bytes() == (out.parent / file).read_bytes() for file in files)
    again = replay_in_buckets([PROGRAM], orders, out=out, **how)
    assert "nothing was done" in again.notices[0]
    pd.testing.assert_frame_equal(again.totals, unbroken.totals)
    assert (again.orders, again.customers, again.as_of) == (unbroken.orders, unbroken.customers, unbroken.as_of)
    manifest = json.loads(out.with_name("out.manifest.json").read_text())
    assert manifest["rows"] == {"read": 1500, "replayed": 1500, "rejected": 0}
    assert manifest["totals"]["closing"] == int(unbroken.totals["closing"][0])
    assert manifest["programs"][0]["sha256"] == hashlib.sha256(PROGRAM.to_toml().encode()).hexdigest()


def test_rows_that_cannot_be_replayed_are_named_by_their_row_in_the_file(orders, tmp_path):
    bad = history().with_columns(
        cart_amount=pl.when(pl.int_range(pl.len()) == 1234).then(-1).otherwise("cart_amount").cast(pl.Decimal(12, 2))
    )
    bad.write_parquet(orders)
    with pytest.raises(OrdersError, match="orders, row 1235: cart_amount is negative"):
        replay_in_buckets([PROGRAM], orders, out=tmp_path / "out", buckets=5)
    assert [file.name for file in tmp_path.iterdir()] == ["orders.parquet"]
    with pytest.raises(InputError, match="would be read as orders"):
        replay_in_buckets([PROGRAM], tmp_path, out=tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="other files in it"):
        replay_in_buckets([PROGRAM], orders, out=tmp_path / "out")


def test_the_last_instant_is_told_in_utc(orders, tmp_path):
    # A day alone is the whole day: 6 September in Kolkata ends at 18:30 in UTC.
    report = replay_in_buckets([PROGRAM], orders, out=tmp_path / "out", as_of="2026-09-06", buckets=3)
    assert report.as_of == datetime(2026, 9, 6, 18, 29, 59, 999999, tzinfo=UTC)
    assert report.orders == len(ns.replay(PROGRAM, as_frame(history()), as_of="2026-09-06").orders)


def test_a_customer_is_one_whether_written_with_a_point_or_without(tmp_path):
    numbers = pd.DataFrame({"order_id": range(40), "customer_id": [float(i) for i in range(40)], "cart_amount": 10})
    numbers.assign(ordered_at="2026-01-01T00:00Z").to_parquet(tmp_path / "orders.parquet")
    opening = pl.DataFrame({"customer_id": [str(i) for i in range(40)], "points": [5] * 40}).to_arrow()
    replay_in_buckets([PROGRAM], tmp_path / "orders.parquet", out=tmp_path / "out", opening=opening, buckets=7)
    assert table(tmp_path / "out", "orders")["points_balance"].to_list() == [5] * 40


@pytest.mark.parametrize("share", [300, 10_000])
@pytest.mark.parametrize(("engine", "buckets"), [("here", 2), ("here", 9), ("dask", 5)])
def test_an_id_that_two_customers_share_is_noticed_in_whatever_bucket(
    orders, tmp_path, runners, engine, buckets, share, monkeypatch
):
    monkeypatch.setattr(ids, "SHARE_ROWS", share)
    # Row 701 has the id of row 3 and its time; row 1400, with space around it, that of row 2; row 1500 that of row 3.
    again = {700: "o2", 1399: " o1 ", 1499: "o2"}
    made = history().to_pandas()
    for row, order in again.items():
        made.loc[row, "order_id"] = order
    made.loc[700, ["ordered_at", "refunded_at"]] = made.loc[2, ["ordered_at", "refunded_at"]]
    pl.from_pandas(made).write_parquet(orders, row_group_size=100)
    with pytest.raises(OrdersError) as whole:
        ns.replay(PROGRAM, as_frame(pl.read_parquet(orders)))
    with pytest.raises(OrdersError) as split:
        replay_in_buckets([PROGRAM], orders, out=tmp_path / "out", buckets=buckets, runner=runners[engine])
    assert str(split.value) == str(whole.value)
    assert split.value.rejects.to_dict("records") == whole.value.rejects.to_dict("records")
    assert split.value.rejects["row"].tolist() == [701, 1400, 1500]
    assert "stands already in row 3; an order occurs once" in str(split.value)
    assert "stands at another time in row 2" in str(split.value)
    assert not (tmp_path / "out").exists()


def test_blank_ids_are_not_alike_and_one_hash_is_not_one_id(orders, tmp_path, monkeypatch):
    blank = pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("")).otherwise("order_id")
    history().with_columns(order_id=blank).write_parquet(orders)
    with pytest.raises(OrdersError, match="cannot be replayed") as split:
        replay_in_buckets([PROGRAM], orders, out=tmp_path / "out", buckets=9)
    assert set(split.value.rejects["reason"]) == {"order_id is missing; fill it in"}
    history().write_parquet(orders)
    few = ids.hash_ids
    monkeypatch.setattr(ids, "hash_ids", lambda texts, seed: few(texts, seed) % np.uint64(50))
    assert replay_in_buckets([PROGRAM], orders, out=tmp_path / "out", buckets=3).orders == 1500


def test_whole_numbers_and_their_texts_are_one_id(tmp_path):
    frame = pd.DataFrame({"order_id": [7, 8, 7], "customer_id": ["a", "b", "c"], "cart_amount": 10})
    frame.assign(ordered_at="2026-01-01T00:00Z").to_parquet(tmp_path / "orders.parquet")
    with pytest.raises(OrdersError, match="orders, row 3: order_id stands already in row 1"):
        replay_in_buckets([PROGRAM], tmp_path / "orders.parquet", out=tmp_path / "out", buckets=3)
