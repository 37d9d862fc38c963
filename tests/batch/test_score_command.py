"""Files of any size from the command line."""

import signal
import subprocess
import sys

import fsspec
import polars as pl
import pytest
from distributed import LocalCluster

import nector_sim as ns
from nector_sim.cli import bar

EXAMPLE = str(ns.data_path("programs/gokwik-example.toml"))
EARNING = str(ns.data_path("programs/gokwik-example-with-earning.toml"))
ASSUMPTIONS = str(ns.data_path("assumptions/example.toml"))


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
    monkeypatch.setattr(bar, "SOON", 0)
    code, out, err = run("score", orders, "-p", EXAMPLE, "--out", tmp_path / "scored.parquet")
    assert code == 0
    assert "2000 scored" in out
    assert "orders" in err


def test_a_cluster_by_its_address(run, tmp_path, orders):
    with LocalCluster(n_workers=1, processes=False, threads_per_worker=1, dashboard_address=":0") as cluster:
        on = ["--engine", "dask", "--scheduler", cluster.scheduler_address]
        assert run("score", orders, "-p", EXAMPLE, "--out", tmp_path / "scored", *on)[0] == 0
        code, out, _ = run("replay", orders, "-p", EARNING, "--out", tmp_path / "replayed", *on)
        assert code == 0
        assert "2,000 orders of" in out
        grid = tmp_path / "grid.toml"
        grid.write_text('"offers.0.max_discount" = [200, 500, 1000]\n')
        one = orders / "0.parquet"
        how = ["-p", EARNING, "--grid", grid, "-a", ASSUMPTIONS, "--out", tmp_path / "s.csv"]
        assert run("sweep", one, *how, *on)[0] == 0
        assert len(pl.read_csv(tmp_path / "s.csv")) == 3
    code, out, _ = run("replay", orders, "-p", EARNING, "--buckets", 3, "--out", tmp_path / "here")
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
        (["--balances", "50"], "a single file is written"),
    ):
        code, _, err = run("score", *sorted(orders.iterdir()), "-p", EXAMPLE, "--out", out, *arguments)
        assert code == 2
        assert says in err
    one, exists = orders / "0.parquet", ["--scheduler", "tcp://127.0.0.1:1"]
    earning = ns.data_path("programs/gokwik-example-with-earning.toml")
    (tmp_path / "grid.toml").write_text('"offers.0.max_discount" = [200, 500]\n')
    for arguments, says in (
        (["score", one, "-p", EXAMPLE, "--balances", "50", "--engine", "dask", "--out", "x.csv"], "without --engine"),
        (["score", one, "-p", EXAMPLE, "--balances", "50", "--out", tmp_path / "folder"], "a single file is written"),
        (["replay", one, "-p", earning, "--out", tmp_path / "r", *exists], "add --engine dask"),
        (["replay", one, "-p", earning, "--out", tmp_path / "r", "--buckets", 2, "--format", "csv"], "writes Parquet"),
        (["sweep", one, "-p", EXAMPLE, "--grid", tmp_path / "grid.toml", "-a", ASSUMPTIONS, "--out", "x.csv", *exists],
         "add --engine dask"),
    ):  # fmt: skip
        code, _, err = run(*arguments)
        assert (code, says in err) == (2, True), err


def test_a_sweep_takes_a_folder_and_a_url(run, tmp_path, orders):
    (tmp_path / "grid.toml").write_text('"offers.0.max_discount" = [200, 500]\n')
    pl.concat([pl.read_parquet(file) for file in sorted(orders.iterdir())]).write_parquet(tmp_path / "one.parquet")
    how = ["-p", EARNING, "--grid", tmp_path / "grid.toml", "-a", ASSUMPTIONS, "--out"]
    assert run("sweep", tmp_path / "one.parquet", *how, tmp_path / "one.csv")[0] == 0
    assert run("sweep", orders, *how, tmp_path / "folder.csv")[0] == 0
    fsspec.filesystem("memory").pipe("/swept/orders.parquet", (tmp_path / "one.parquet").read_bytes())
    assert run("sweep", "memory://swept/orders.parquet", *how, "memory://swept/url.csv")[0] == 0
    assert (tmp_path / "folder.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert fsspec.filesystem("memory").cat("/swept/url.csv") == (tmp_path / "one.csv").read_bytes()


def test_scoring_loads_no_linear_algebra(tmp_path, orders):
    command = [sys.executable, "-X", "importtime", "-m", "nector_sim", "score", orders]
    command += ["-p", EXAMPLE, "--out", tmp_path / "scored.parquet"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "numba" in loaded
    assert "scipy.linalg" not in loaded


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_what_is_kept(tmp_path, orders, number):
    out, work = tmp_path / "scored", tmp_path / ".scored.unfinished"
    code = (
        "import sys; from nector_sim.batch import inputs; inputs.PIECE_ROWS = 1\n"
        "from nector_sim._start import command\n"
        f"sys.argv = ['nector-sim', 'score', {str(orders)!r}, '-p', {EXAMPLE!r}, '--out', {str(out)!r}]\n"
        "sys.argv += ['--part-rows', '1']; command()"
    )
    for file in orders.iterdir():
        pl.read_parquet(file).write_parquet(file, row_group_size=5)
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(work.glob("part-*.json")):
        pass
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == 128 + number
    assert "nector-sim: stopped; " in said
    assert "parts are kept, and the same command resumes after them" in said
    assert "Traceback" not in said
    assert not list((work / "parts").glob(".*"))


def test_rows_of_a_part_are_refused_where_one_file_is_written(run, tmp_path, orders):
    code, _, err = run("score", orders, "-p", EXAMPLE, "--out", tmp_path / "scored.csv", "--part-rows", 700)
    assert (code, "--part-rows) is for a folder, and" in err) == (2, True)
    assert not (tmp_path / "scored.csv").exists()
    workbook = tmp_path / "orders.xlsx"
    ns.demo_orders().head(3).assign(ordered_at="2026-01-01", points_balance=5).to_excel(workbook, index=False)
    code, _, err = run("score", workbook, "-p", EXAMPLE, "--out", tmp_path / "scored.csv", "--part-rows", 700)
    assert (code, "--part-rows is for a folder" in err) == (2, True)


def test_a_row_of_names_that_is_not_there_is_said_as_such(run, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,cart_amount,points_balance\na,500,300\n", encoding="utf-8")
    code, _, err = run("score", file, "-p", EXAMPLE, "--out", tmp_path / "scored.csv", "--header-row", 3)
    assert (code, "has no row 3 to take the columns' names from" in err) == (2, True)
