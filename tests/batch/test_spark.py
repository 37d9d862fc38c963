"""What a run on Spark is made of, without Spark; on Spark itself it is tests/campaigns/spark.py."""

import pickle
import sys
from threading import Lock

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.batch.spark import answered, spark_session
from nector_sim.batch.tasks import told
from nector_sim.errors import InputError, OrdersError, Problem


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
