"""Files of any size from the command line."""

import sys

import polars as pl
import pytest
from distributed import LocalCluster

import nector_sim as ns
from nector_sim.cli import main

EXAMPLE = str(ns.data_path("programs/gokwik-example.toml"))
ASSUMPTIONS = str(ns.data_path("assumptions/example.toml"))


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["nector-sim", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        output = capsys.readouterr()
        assert "Traceback" not in output.out + output.err
        return stop.value.code or 0, output.out, output.err

    return call


@pytest.fixture
def orders(tmp_path):
    folder = tmp_path / "orders"
    folder.mkdir()
    demo = pl.from_pandas(ns.demo_orders().head(2000))
    for number in range(4):
        demo.slice(number * 500, 500).write_parquet(folder / f"{number}.parquet")
    return folder


def test_a_folder_into_a_folder(run, tmp_path, orders):
    code, out, err = run("score", orders, "-p", EXAMPLE, "--out", tmp_path / "scored", "--part-rows", 700)
    assert (code, err) == (0, "")
    assert f"2000 read, 2000 scored into {tmp_path / 'scored'}, 0 rejected" in out
    assert len(list((tmp_path / "scored").iterdir())) == 2
    code, out, _ = run("score", orders, "-p", EXAMPLE, "--out", tmp_path / "scored", "--part-rows", 700)
    assert code == 0
    assert "nothing was done" in out


def test_progress_is_shown_on_a_terminal(run, tmp_path, orders, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, out, err = run("score", orders, "-p", EXAMPLE, "--out", tmp_path / "scored.parquet")
    assert code == 0
    assert "2000 scored" in out
    assert "scoring" in err


def test_a_cluster_by_its_address(run, tmp_path, orders):
    with LocalCluster(n_workers=1, processes=False, threads_per_worker=1, dashboard_address=":0") as cluster:
        on = ["--engine", "dask", "--scheduler", cluster.scheduler_address]
        assert run("score", orders, "-p", EXAMPLE, "--out", tmp_path / "scored", *on)[0] == 0
        earning = tmp_path / "earning.toml"
        earning.write_text(ns.load_program(EXAMPLE).to_toml() + '\n[earning]\npoints_per_unit = "0.05"\n')
        code, out, _ = run("replay", orders, "-p", earning, "--out", tmp_path / "replayed", *on)
        assert code == 0
        assert "2000 orders of" in out
        grid = tmp_path / "grid.toml"
        grid.write_text('"offers.0.max_discount" = [200, 500, 1000]\n')
        one = orders / "0.parquet"
        assert (
            run("sweep", one, "-p", EXAMPLE, "--grid", grid, "-a", ASSUMPTIONS, "--out", tmp_path / "s.csv", *on)[0]
            == 0
        )
        assert len(pl.read_csv(tmp_path / "s.csv")) == 3
    code, out, _ = run("replay", orders, "-p", earning, "--buckets", 3, "--out", tmp_path / "here")
    assert code == 0
    dask, here = (
        pl.concat([pl.read_parquet(file) for file in (tmp_path / name / "orders").iterdir()]).sort("order_id")
        for name in ("replayed", "here")
    )
    assert dask.equals(here)


def test_what_does_not_fit_together_is_one_message(run, tmp_path, orders):
    out = tmp_path / "scored"
    for arguments, says in (
        (["--scheduler", "tcp://127.0.0.1:1"], "add --engine dask"),
        (["--balances", "50"], "one file at a time"),
    ):
        code, _, err = run("score", *sorted(orders.iterdir()), "-p", EXAMPLE, "--out", out, *arguments)
        assert code == 2
        assert says in err
