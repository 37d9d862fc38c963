"""Beyond one machine: the parts of a run on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from nector_sim._extras import pip_line
from nector_sim.batch.runs import Engine
from nector_sim.batch.tasks import Cluster, engine_of, runner_of, told
from nector_sim.errors import InputError

if TYPE_CHECKING:
    from nector_sim.batch.replays import Runner

#: How often lost work is begun again, and seconds for a worker to come.
TRIES, WAIT = 3, 60


@contextmanager
def dask_client(scheduler: str | None = None, *, workers: int | None = None) -> Iterator[Any]:
    """Connect to a Dask scheduler, or start a cluster on this machine and stop it afterwards."""
    try:
        import cryptography  # noqa: F401  # distributed makes certificates with it, and does not bring it
        from distributed import Client
    except ImportError:
        raise InputError(f"the engine dask needs the extra dask: {pip_line('dask')}") from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout="20s", set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(f"no Dask scheduler answers at {scheduler}: {error}{_tls(scheduler)}") from None
        with client:
            yield client
        return
    from nector_sim.batch.private_cluster import private_cluster

    with private_cluster(workers) as cluster, Client(cluster, set_as_default=False) as client:
        yield client


@contextmanager
def dask_cluster(address: str | None = None) -> Iterator[Cluster]:
    """Connect to a Dask cluster, or start one on this machine and stop it afterwards."""
    with dask_client(address) as client:
        yield Cluster.of(partial(_each, client), len(client.nthreads()))


def dask_engine(client: Any) -> Engine:
    """Make an engine for :func:`nector_sim.batch.runs.score_files`.

    Every part is one task that reads, scores and writes its rows, and notes at the end that it is whole. A task whose
    worker is lost runs again elsewhere and writes the same bytes under the same name, so nothing is lost or doubled.
    """
    return engine_of(partial(_each, client))


def dask_runner(client: Any) -> Runner:
    """Make a runner for :func:`nector_sim.replay_files`.

    Parameters
    ----------
    client : distributed.Client

    Returns
    -------
    callable
        Runs a function on what all share and on each number, and gives the results as they come.
    """
    return runner_of(partial(_each, client))


def _each(
    client: Any, function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]
) -> Iterator[tuple[int, Any]]:
    left = set(numbers)
    for _ in range(TRIES):
        for number, result in _once(client, function, shared, sorted(left)):
            left.discard(number)
            yield number, result
        if not left:
            return
    raise InputError(f"the workers of the Dask cluster were lost {TRIES} times; look into their logs (memory, disk)")


def _once(
    client: Any, function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]
) -> Iterator[tuple[int, Any]]:
    """Run the function on every number, and give what comes back until all workers that had `shared` are lost."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker, as_completed
    from distributed.comm.core import CommClosedError

    tasks: dict[Any, int] = {}
    try:
        client.wait_for_workers(1, timeout=WAIT)
        everywhere = client.scatter(shared, broadcast=True)
        tasks = {client.submit(told, function, everywhere, number, pure=False, retries=3): number for number in numbers}
        for task in as_completed(tasks, loop=client.loop):
            result, problem = task.result()
            if problem is not None:
                raise problem
            yield tasks[task], result
    except KilledWorker as error:
        raise InputError(f"the workers of the Dask cluster die at this work, as for want of memory: {error}") from None
    except (CommClosedError, TimeoutError) as error:
        raise _unreachable(error) from None
    except CancelledError as error:
        if client.status != "running":
            raise _unreachable(error) from None
    finally:
        if client.status == "running":
            client.cancel(list(tasks))


def _tls(scheduler: str) -> str:
    """What to look at where the address of a scheduler asks for certificates."""
    if not scheduler.startswith("tls://"):
        return ""
    return ("; for tls:// Dask must be told its certificates: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "..._TLS__CLIENT__CERT and ..._TLS__CLIENT__KEY")  # fmt: skip


def _unreachable(error: BaseException) -> InputError:
    why = " ".join(str(error).split())
    return InputError(f"the Dask cluster is out of reach or has no workers: {why}")
