"""Beyond one machine: the parts of a run on the executors of a Spark cluster.

Each part of a score, and each part or bucket of a replay, is a task of its own, which reads and writes files as it does
on one machine. Spark carries numbers there and results back (``mapInArrow``), and runs a task anew whose executor was
lost. So the orders do not pass through the JVM, ours is the only shuffle, and a run resumes as any other does.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nector_sim._extras import library
from nector_sim.batch.runs import Engine
from nector_sim.batch.tasks import Cluster, Each, engine_of, runner_of, told
from nector_sim.errors import InputError

if TYPE_CHECKING:
    from nector_sim.batch.replays import Runner

#: A run is at most so many jobs of Spark, all given to it at once: none of its cores waits for work, and what is done
#: is known whenever a job ends.
JOBS = 64
#: How often a task that failed is begun again. Losses of executors Spark counts itself.
TRIES = 3
#: A session of this machine answers nobody else: on loopback, with a secret of its own, without its web pages.
_PRIVATE = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.ui.enabled": "false",
}
_HERE = "local[*,4]"  # a lost Python worker is begun again, as on a cluster


@contextmanager
def spark_cluster(address: str | None = None) -> Iterator[Cluster]:
    """Start a session on a Spark cluster, or on this machine, and stop it afterwards."""
    with spark_session(address) as spark:
        yield Cluster.of(_each(spark), int(spark.sparkContext.defaultParallelism))


@contextmanager
def spark_session(master: str | None = None) -> Iterator[Any]:
    """Give the session that is active already, or start one and stop it afterwards."""
    if master is not None and master.startswith("sc://"):
        raise InputError(
            f"{master} is a Spark Connect server, which runs no session of ours; name the cluster's master, such as "
            "spark://10.0.0.5:7077, yarn or k8s://…, or call ns.score_batch in mapInArrow"
        )
    with _quietly():
        sql = library("pyspark.sql", "the engine spark")
    if (active := sql.SparkSession.getActiveSession()) is not None:
        yield active
        return
    if master is None:
        # Else Spark takes the first python3 that it finds. On a cluster it is another machine's.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = sql.SparkSession.builder.master(master or _HERE).appName("nector_sim")
    settings = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
    for name, value in (settings | (_PRIVATE if master is None else {})).items():
        builder = builder.config(name, value)
    on_ctrl_c = signal.getsignal(signal.SIGINT)
    try:
        with _quietly():
            spark = builder.getOrCreate()
    except Exception as error:  # Spark's own kinds, and those of the bridge to Java
        raise InputError(f"no Spark cluster answers at {master or _HERE}: {_short(error)}{_java(error)}") from None
    if threading.current_thread() is threading.main_thread() and on_ctrl_c is not None:
        signal.signal(signal.SIGINT, on_ctrl_c)  # Spark takes it for its own
    try:
        yield spark
    finally:
        spark.stop()


def spark_engine(spark: Any) -> Engine:
    """Make an engine for :func:`nector_sim.score_files` of a session."""
    return engine_of(_each(spark))


def spark_runner(spark: Any) -> Runner:
    """Make a runner for :func:`nector_sim.replay_files` of a session.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        Of a cluster whose workers have this package, and see the same files.

    Returns
    -------
    callable
        Runs a function on what all share and on each number, and gives the results as they come.
    """
    return runner_of(_each(spark))


def _each(spark: Any) -> Each:
    def each(function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]) -> Iterator[tuple[int, Any]]:
        left = list(numbers)
        for _ in range(TRIES):
            failures: dict[int, Exception] = {}
            for number, result, problem in _once(spark, function, shared, left):
                if isinstance(problem, InputError):
                    raise problem
                if problem is not None:
                    failures[number] = problem
                else:
                    yield number, result
            if not failures:
                return
            left = sorted(failures)
        raise failures[left[0]]

    return each


def _once(
    spark: Any, function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]
) -> Iterator[tuple[int, Any, Exception | None]]:
    """Run the function on every number, and give its result or what it raised."""
    if not numbers:
        return
    context, tag = spark.sparkContext, f"nector_sim-{uuid4().hex}"
    try:
        everywhere = context.broadcast((function, shared))
        size = -(-len(numbers) // JOBS)
        jobs = [numbers[first : first + size] for first in range(0, len(numbers), size)]
        with ThreadPoolExecutor(len(jobs), thread_name_prefix="spark") as threads:
            running = [threads.submit(_job, spark, tag, everywhere, some) for some in jobs]
            try:
                for job in as_completed(running):
                    yield from job.result()
            finally:
                _stop(context, tag, running)
        everywhere.destroy()
    except Exception as error:
        raise _explained(error) from None


def _job(spark: Any, tag: str, everywhere: Any, numbers: Sequence[int]) -> list[tuple[int, Any, Exception | None]]:
    """Run one job, of a task for each number."""
    spark.sparkContext.addJobTag(tag)

    def task(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        function, shared = everywhere.value
        for batch in batches:
            for position in batch.column(0).to_pylist():
                answer = pickle.dumps((numbers[position], *answered(function, shared, numbers[position])))
                yield pa.record_batch([pa.array([answer], pa.binary())], ["answer"])

    with _quietly():
        frame = spark.range(0, len(numbers), 1, len(numbers)).mapInArrow(task, "answer binary")
    return [pickle.loads(row.answer) for row in frame.collect()]


def answered(function: Callable[[Any, int], Any], shared: Any, number: int) -> tuple[Any, Exception | None]:
    """Call the function, and give what it raised: of what Spark is told, only a text would come back."""
    try:
        return told(function, shared, number)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            return None, RuntimeError(f"{type(error).__name__}: {error}")
        return None, error


def _stop(context: Any, tag: str, running: Sequence[Future[Any]]) -> None:
    """End the jobs that are left; one that is only about to begin is not there to be ended yet."""
    while wait(running, timeout=0).not_done:
        context.cancelJobsWithTag(tag)
        wait(running, timeout=1)


@contextmanager
def _quietly() -> Iterator[None]:
    """Leave out that Spark's own pandas API wants an older pandas: nothing of it is used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        yield


def _explained(error: Exception) -> Exception:
    """What to tell of a failure of the cluster; any other is what it was."""
    said = str(error)
    theirs = type(error).__module__.startswith(("pyspark.", "py4j."))
    if not theirs and not isinstance(error, ConnectionError):
        return error
    if any(sign in said for sign in ("ModuleNotFoundError", "Can't get attribute", "PYTHON_VERSION_MISMATCH")):
        return InputError(
            f"the Python of Spark's workers is not like this one ({_reason(said)}); install the same Python with the "
            "same nector-sim there, and name it in PYSPARK_PYTHON"
        )
    if "ExecutorLostFailure" in said:
        return InputError(f"Spark's executors are lost at this work, as for want of memory: {_reason(said)}")
    return InputError(f"the Spark cluster failed: {_reason(said)}")


def _reason(said: str) -> str:
    """The line that says why, of all that Spark prints."""
    lines = [
        line.strip() for line in said.splitlines() if line.strip() and not line.lstrip().startswith(("at ", "File"))
    ]
    telling = [line for line in lines if any(word in line for word in ("Error:", "MISMATCH", "ExecutorLostFailure"))]
    telling += [line for line in lines if "Exception:" in line]
    return " ".join((telling or lines or ["it says nothing"])[0].removeprefix(":").split())[:400]


def _short(error: Exception) -> str:
    return _reason(str(error))


def _java(error: Exception) -> str:
    """What to look at where no Java machine has started."""
    if type(error).__name__ != "PySparkRuntimeError":
        return ""
    return "; Spark needs Java 17 or later: install it, and name it in JAVA_HOME"
