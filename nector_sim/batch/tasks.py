"""The parts of a run as tasks of a cluster, whichever cluster it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nector_sim.batch.runs import Engine, Job, finish_part, write_part
from nector_sim.errors import InputError

if TYPE_CHECKING:
    from nector_sim.batch.replays import Runner

#: Calls a function with what all tasks share and with each number, and gives number and result as they come.
Each = Callable[[Callable[[Any, int], Any], Any, Sequence[int]], Iterator[tuple[int, Any]]]


class Cluster(NamedTuple):
    """What a command needs of a cluster.

    Attributes
    ----------
    engine : Engine
        Of :func:`nector_sim.score_files`.
    runner : Runner
        Of :func:`nector_sim.replay_files` and sweeps.
    workers : int
        How many tasks run at once.
    """

    engine: Engine
    runner: Runner
    workers: int

    @classmethod
    def of(cls, each: Each, workers: int) -> Cluster:
        """Make one of the way that it calls functions."""
        return cls(engine_of(each), runner_of(each), workers)


def engine_of(each: Each) -> Engine:
    """Make an engine of scores; every part is one task."""

    def engine(job: Job, numbers: Sequence[int], begin: Callable[[], None], done: Callable[[int], None]) -> None:
        for number, _ in each(_score_part, job, numbers):
            begin()  # the inputs are hashed here while the workers work
            done(sum(piece.rows for piece in job.parts[number]))

    return engine


def runner_of(each: Each) -> Runner:
    """Make a runner of replays and sweeps."""

    def run(function: Callable[[Any, int], Any], shared: Any, numbers: Sequence[int]) -> Iterator[Any]:
        for _, result in each(function, shared, numbers):
            yield result

    return run


def told(function: Callable[[Any, int], Any], shared: Any, number: int) -> tuple[Any, InputError | None]:
    """Call the function; an input that cannot be used is told, since a task that fails is tried again."""
    try:
        return function(shared, number), None
    except InputError as error:
        return None, error


def _score_part(job: Job, number: int) -> None:
    if job.work.finished(number) is None:
        finish_part(job, number, write_part(job, number, _silent))


def _silent(rows: int) -> None:
    """Progress is told by whole parts."""
