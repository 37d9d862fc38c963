"""What runs on a cluster or into an object store are made of; on Spark and S3 they are in tests/campaigns."""

import pickle
import sys
from threading import Lock

import fsspec
import pandas as pd
import polars as pl
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

import nector_sim as ns
from nector_sim.batch.runs import one_by_one, score_files
from nector_sim.batch.spark import _reason, answered, spark_session
from nector_sim.batch.tasks import told
from nector_sim.errors import InputError, OrdersError, Problem
from nector_sim.places import Place

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
ORDERS = "order_id,cart_amount,points_balance\na,749.95,5000\nb,-1,3\nc,80,9\nd,x,9\n"


def test_an_error_of_a_worker_comes_back_whole():
    rejects = pd.DataFrame({"row": [3], "reason": ["cart_amount is negative"]})
    error = OrdersError("1 row cannot be used:", [Problem("row 3", "cart_amount is negative")], rejects=rejects)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.problems) == (OrdersError, str(error), error.problems)
    pd.testing.assert_frame_equal(again.rejects, rejects)


def fails(error, _):
    raise error


class Unpicklable(Exception):
    def __init__(self, said):
        super().__init__(said)
        self.held = Lock()


def test_what_a_task_raises_is_an_answer():
    assert answered(lambda shared, number: shared + number, 40, 2) == (42, None)
    refused, full = InputError("the row is bad"), OSError(28, "No space left on device")
    assert answered(fails, refused, 0) == (None, refused) == told(fails, refused, 0)
    assert answered(fails, full, 0) == (None, full)
    with pytest.raises(OSError, match="No space left"):
        told(fails, full, 0)
    _, other = answered(fails, Unpicklable("this"), 0)
    assert (type(other), str(other)) == (RuntimeError, "Unpicklable: this")


@pytest.mark.parametrize(("command", "out"), [("score", "out"), ("replay", "out"), ("sweep", "out.csv")])
def test_without_spark_its_extra_is_named(run, tmp_path, monkeypatch, command, out):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    orders = tmp_path / "orders.csv"
    orders.write_text("order_id,customer_id,ordered_at,cart_amount,points_balance\n1,a,2026-01-01,749.95,5000\n")
    (tmp_path / "grid.toml").write_text('"min_payable.amount" = [0, 100]\n')
    more = ["--grid", tmp_path / "grid.toml", "-a", ns.data_path("assumptions/example.toml")] * (command == "sweep")
    example = ns.data_path("programs/gokwik-example.toml")
    code, _, err = run(command, orders, "--program", example, "--out", tmp_path / out, "--engine", "spark", *more)
    assert code == 2
    assert 'the engine spark needs pyspark, which is not installed: pip install "nector-sim[spark]"' in err


def test_spark_connect_is_refused_by_name():
    with (
        pytest.raises(InputError, match=r"Spark Connect.*ns\.score_batch in mapInArrow"),
        spark_session("sc://spark:15002"),
    ):
        pass


def test_two_attempts_at_one_file_do_not_meet(tmp_path):
    place = Place.of(tmp_path / "part")
    with place.written(attempt=True) as first:
        first.write_text("whole")
        with place.written(attempt=True) as second:
            second.write_text("whole")
        assert place.read_text() == "whole"
    assert [file.name for file in tmp_path.iterdir()] == ["part"]


def test_what_a_killed_attempt_left_is_not_in_the_output(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)

    def engine(job, *more):
        (job.work.parts.local / ".part-00000.parquet.0a1b2c3d.unfinished").write_text("half")
        one_by_one(job, *more)

    score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "out", engine=engine)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["part-00000.parquet"]


def test_workers_that_write_elsewhere_are_noticed(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    said = "written by a worker, and is not there for this machine"
    with pytest.raises(InputError, match=said):
        score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "out", engine=lambda *_: None)
    history = "order_id,customer_id,ordered_at,cart_amount\n1,a,2026-01-01,749.95\n"
    (tmp_path / "history.csv").write_text(history)
    with pytest.raises(InputError, match=said):
        ns.replay_files(PROGRAM, tmp_path / "history.csv", out=tmp_path / "out", runner=lambda *_: [None])
    assert not (tmp_path / "out").exists()


class Shown(MemoryFile):
    """A file as a store shows it: what it has when it is committed, and nothing before."""

    def commit(self):
        self.fs.store[self.path] = MemoryFile(self.fs, self.path, self.getvalue())


class Store(MemoryFileSystem):
    protocol, store, pseudo_dirs = "shown", {}, [""]

    def _open(self, path, mode="rb", **options):
        return Shown(self, path) if mode == "wb" else super()._open(path, mode, **options)

    @classmethod
    def _strip_protocol(cls, path):
        return MemoryFileSystem._strip_protocol(path.removeprefix("shown:/"))


def test_each_object_is_committed_when_it_is_whole(tmp_path):
    fsspec.register_implementation("shown", Store, clobber=True)
    (tmp_path / "orders.csv").write_text(ORDERS)
    report = score_files(
        PROGRAM, tmp_path / "orders.csv", out="shown://shop/scored", rejects="shown://shop/rejects.csv"
    )
    score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "scored", rejects=tmp_path / "rejects.csv")
    assert (report.scored, report.rejected) == (2, 2)
    store = fsspec.filesystem("shown")
    assert store.cat("/shop/rejects.csv") == (tmp_path / "rejects.csv").read_bytes()
    part = store.cat("/shop/scored/part-00000.parquet")
    assert pl.read_parquet(part).equals(pl.read_parquet(tmp_path / "scored" / "part-00000.parquet"))


def test_of_all_that_spark_prints_the_line_that_says_why():
    java = "An error occurred while calling None.X.\n: java.io.IOException: no room\n\tat org.apache.spark.X(X.scala:1)"
    assert _reason(java) == "java.io.IOException: no room"
    worker = (
        "o1.collect.\n: org.apache.spark.SparkException: failed: PythonException: Traceback\n  File x\nKeyError: 'a'\n"
    )
    assert _reason(worker) == "KeyError: 'a'"
    assert _reason("") == "it says nothing"
