"""Beyond one machine: the parts of a run on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nector_sim.batch.runs import Engine, Job, finish_part, write_part
from nector_sim.errors import InputError


@contextmanager
def dask_client(scheduler: str | None = None, *, workers: int | None = None) -> Iterator[Any]:
    """Connect to a Dask scheduler, or start a cluster on this machine and stop it afterwards.

    Parameters
    ----------
    scheduler : str, optional
        Address such as ``tcp://10.0.0.5:8786``; left out, a cluster on this machine.
    workers : int, optional
        Processes of that cluster; left out, one for each core.

    Yields
    ------
    distributed.Client

    Raises
    ------
    InputError
        If Dask is not installed, or the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("the engine dask needs the extra dask: pip install 'nector-sim[dask]'") from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout="20s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"no Dask scheduler answers at {scheduler}: {error}") from None
        with client:
            yield client
        return
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def dask_engine(client: Any) -> Engine:
    """Make an engine for :func:`nector_sim.batch.runs.score_files`.

    Every part is one task that reads, scores and writes its rows, and notes at the end that it is whole. A task whose
    worker is lost runs again elsewhere and writes the same bytes under the same name, so nothing is lost or doubled.

    Parameters
    ----------
    client : distributed.Client
        The workers must reach the inputs and the output under the same paths or URLs.

    Returns
    -------
    Engine
    """

    def engine(job: Job, numbers: Sequence[int], begin: Callable[[], None], done: Callable[[int], None]) -> None:
        if not job.work.is_folder:
            raise InputError(
                f"the engine dask writes a folder of parts; name one without an ending, not {job.work.out}"
            )
        for number, _ in _each(client, _score_part, job, numbers):
            begin()  # the inputs are hashed here while the workers work
            done(sum(piece.rows for piece in job.parts[number]))

    return engine


def dask_runner(client: Any) -> Callable[[Callable[[Any, int], Any], Any, Sequence[int]], Iterator[Any]]:
    """Make a runner for :func:`nector_sim.batch.replays.replay_files`.

    Parameters
    ----------
    client : distributed.Client

    Returns
    -------
    callable
        Runs a function on what all share and on each number, and gives the results as they come.
    """

    def run(function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]) -> Iterator[Any]:
        for _, result in _each(client, function, shared, numbers):
            yield result

    return run


def _each(
    client: Any, function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]
) -> Iterator[tuple[int, Any]]:
    from distributed import as_completed

    everywhere = client.scatter(shared, broadcast=True)
    tasks = {client.submit(function, everywhere, number, pure=False, retries=3): number for number in numbers}
    try:
        for task in as_completed(tasks, loop=client.loop):
            yield tasks[task], task.result()
    finally:
        client.cancel(list(tasks))


def _score_part(job: Job, number: int) -> None:
    if job.work.finished(number) is None:
        finish_part(job, number, write_part(job, number, _silent))


def _silent(rows: int) -> None:
    """Progress is told by whole parts."""
