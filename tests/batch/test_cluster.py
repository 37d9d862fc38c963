"""Beyond one machine: the same rows and the same totals from a Dask cluster, also where a worker dies."""

import json
from pathlib import Path

import fsspec
import pandas as pd
import polars as pl
import pytest
from distributed import Client, LocalCluster

import nector_sim as ns
from nector_sim.batch import inputs
from nector_sim.batch.cluster import dask_client, dask_engine, dask_runner
from nector_sim.batch.runs import score_files
from nector_sim.batch.sweeps import sweep_in_parts
from nector_sim.errors import InputError

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))


def frame(rows):
    cart = [f"{100 + row % 900}.{row % 100:02d}" if row % 97 else "-1" for row in range(rows)]
    orders = pl.DataFrame({"order_id": [f"o{row}" for row in range(rows)], "cart_amount": cart})
    return orders.with_columns(pl.col("cart_amount").cast(pl.Decimal(12, 2)), points_balance=pl.Series(range(rows)))


def scored(folder):
    return pl.concat([pl.read_parquet(file) for file in sorted(folder.glob("*.parquet"))])


def manifest(out):
    return json.loads(out.with_name(out.name + ".manifest.json").read_text())


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, processes=False, threads_per_worker=1, dashboard_address=":0") as threads,
        Client(threads, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def orders(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "PIECE_ROWS", 100)
    frame(1700).write_parquet(tmp_path / "orders.parquet", row_group_size=100)
    return tmp_path / "orders.parquet"


@pytest.mark.parametrize("parts", [1, 3, 17])
def test_dask_gives_the_rows_and_totals_of_the_local_engine(client, orders, tmp_path, parts):
    local, dask = tmp_path / "local", tmp_path / "dask"
    report = score_files(PROGRAM, orders, out=local, rejects=tmp_path / "local.csv")
    rows = -(-1700 // parts)
    same = score_files(
        PROGRAM, orders, out=dask, part_rows=rows, engine=dask_engine(client), rejects=tmp_path / "dask.csv"
    )
    assert len(list(dask.glob("*.parquet"))) == parts
    assert same == report
    assert scored(dask).sort("order_id").equals(scored(local).sort("order_id"))
    assert manifest(dask)["totals"] == manifest(local)["totals"]
    assert manifest(dask)["rows"] == manifest(local)["rows"]
    assert (tmp_path / "dask.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()


def test_object_stores_pass_through_fsspec(client, orders, tmp_path):
    store = fsspec.filesystem("memory")
    store.pipe("/shop/orders/a.parquet", orders.read_bytes())
    frame(50).write_csv(tmp_path / "b.csv")
    store.pipe("/shop/b.csv", (tmp_path / "b.csv").read_bytes())
    score_files(PROGRAM, orders, out=tmp_path / "local", part_rows=600)
    for name, engine in (("one", None), ("many", dask_engine(client))):
        score_files(PROGRAM, "memory://shop/orders", out=f"memory://shop/{name}", part_rows=600, engine=engine)
        for part in sorted((tmp_path / "local").iterdir()):
            assert store.cat(f"/shop/{name}/{part.name}") == part.read_bytes()
        there = json.loads(store.cat(f"/shop/{name}.manifest.json"))
        assert there["totals"] == manifest(tmp_path / "local")["totals"]
        assert len(store.find(f"/shop/{name}")) == 3
        assert not store.exists(f"/shop/{name}.unfinished")
    score_files(PROGRAM, "memory://shop/b.csv", out="memory://shop/b_scored.csv")
    assert store.cat("/shop/b_scored.csv").count(b"\n") == 50  # a heading, 49 good orders
    report = score_files(PROGRAM, "memory://shop/b.csv", out=f"file://{tmp_path}/b_scored.csv")
    assert report.read == 50
    with pytest.raises(InputError, match="does not exist"):
        score_files(PROGRAM, "memory://shop/none.csv", out=tmp_path / "x.csv")


@pytest.mark.parametrize("parts", [1, 3, 17])
@pytest.mark.parametrize("replayed", [False, True])
def test_a_sweep_in_parts_is_the_sweep(client, parts, replayed):
    grid = {"offers.0.max_discount": [200, None, 500], "min_payable.amount": [0, 100, 250, 400, 600, 900]}
    orders = ns.demo_orders().head(3000)
    program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    how = {"grid": grid, "assumptions": ns.Assumptions(gross_margin_percent=55), "replayed": replayed}
    whole = ns.sweep(program, orders, **how)
    table = sweep_in_parts(program, orders, runner=dask_runner(client), parts=parts, **how)
    pd.testing.assert_frame_equal(table, whole, check_exact=True)
    assert table.attrs == whole.attrs


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".xlsx"])
@pytest.mark.parametrize("rows", [100, 5000])
def test_a_single_file_is_joined_from_the_parts(client, orders, tmp_path, ending, rows):
    local, dask = tmp_path / f"local{ending}", tmp_path / f"dask{ending}"
    report = score_files(PROGRAM, orders, out=local, rejects=tmp_path / "local.txt.csv")
    same = score_files(
        PROGRAM, orders, out=dask, part_rows=rows, engine=dask_engine(client), rejects=tmp_path / "dask.txt.csv"
    )
    assert same == report
    if ending == ".csv":
        assert dask.read_bytes() == local.read_bytes()
    read = pl.read_excel if ending == ".xlsx" else pl.read_parquet if ending == ".parquet" else pl.read_csv
    assert read(dask).equals(read(local))
    assert manifest(dask)["totals"] == manifest(local)["totals"]
    assert (tmp_path / "dask.txt.csv").read_bytes() == (tmp_path / "local.txt.csv").read_bytes()
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_a_single_file_in_an_object_store_is_joined_from_the_parts(client, orders, tmp_path):
    score_files(PROGRAM, orders, out=tmp_path / "local.csv")
    score_files(PROGRAM, orders, out="memory://joined/dask.csv", part_rows=300, engine=dask_engine(client))
    store = fsspec.filesystem("memory")
    assert store.cat("/joined/dask.csv") == (tmp_path / "local.csv").read_bytes()
    assert sorted(store.find("/joined")) == ["/joined/dask.csv", "/joined/dask.csv.manifest.json"]


def test_a_scheduler_that_goes_away_is_one_message_and_the_parts_are_kept(orders, tmp_path):
    other = LocalCluster(n_workers=1, processes=False, threads_per_worker=1, dashboard_address=":0")
    with dask_client(other.scheduler_address) as client:

        def close(done, _):
            if done:
                other.close()

        with pytest.raises(InputError, match=r"out of reach.*parts are kept"):
            score_files(
                PROGRAM, orders, out=tmp_path / "dask", part_rows=100, engine=dask_engine(client), progress=close
            )
    score_files(PROGRAM, orders, out=tmp_path / "dask", part_rows=100, engine=None)
    score_files(PROGRAM, orders, out=tmp_path / "local", part_rows=100)
    assert scored(tmp_path / "dask").equals(scored(tmp_path / "local"))


def test_orders_that_cannot_be_used_are_told_by_the_worker_once(client, orders, tmp_path):
    def refuse(log, number):
        with Path(log).open("a") as file:
            file.write(f"{number} ")
        raise InputError("the row is bad")

    with pytest.raises(InputError, match="the row is bad"):
        list(dask_runner(client)(refuse, str(tmp_path / "log"), [0]))
    assert (tmp_path / "log").read_text() == "0 "
    with pytest.raises(InputError, match="no Dask scheduler answers"), dask_client("nowhere"):
        pass
