"""What benchmarks share: runs taken in turn, and a table of medians and ratios."""

import importlib.metadata
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Something to time.

    Parameters
    ----------
    name : str
    work : callable
        Called without arguments, once for each run.
    against : str, optional
        The case whose time is the unit; left out, this one is a unit itself.
    at_most : float, optional
        The ratio that it has to keep.
    """

    name: str
    work: Callable[[], object]
    against: str | None = None
    at_most: float | None = None


def compare(title: str, cases: list[Case], *, runs: int = 15) -> dict[str, float]:
    """Time the cases in turn, so that all see the same machine, and print them; the medians in seconds."""
    seconds: dict[str, list[float]] = {case.name: [] for case in cases}
    for case in cases:
        case.work()
    for _ in range(runs):
        for case in cases:
            start = time.perf_counter()
            case.work()
            seconds[case.name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"\n{title}; medians of {runs} runs taken in turn, and of the ratios in each turn")
    print(f"  {'':44}{'median ms':>10}{'least ms':>10}{'ratio':>8}{'at most':>9}")
    for case in cases:
        line = f"  {case.name:44}{medians[case.name] * 1e3:10.1f}{min(seconds[case.name]) * 1e3:10.1f}"
        if case.against:
            pairs = zip(seconds[case.name], seconds[case.against], strict=True)
            ratio = statistics.median(mine / unit for mine, unit in pairs)
            line += f"{ratio:8.2f}"
            line += f"{case.at_most:9.1f}{'  OVER' * (ratio > case.at_most)}" if case.at_most else ""
        print(line)
    return medians


def versions() -> str:
    """What it ran on."""
    libraries = [f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "numba", "pandas", "pyarrow")]
    return f"Python {platform.python_version()}, {', '.join(libraries)}; {platform.machine()}, {platform.system()}"
