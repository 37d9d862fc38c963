"""How long the explorer takes from a moved slider, in the kernel: the numbers alone, and with all pictures.

On the demo orders, then on a million orders drawn from them. Checked first: the figures are those of ``score`` and
``summarize``. The time of the processor stands beside that of the clock, which on a busy machine says little.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import nector_sim as ns
from nector_sim.views.session import Session

RUNS = 25
LARGE = 1_000_000


def run() -> None:
    """Time it and print the times."""
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    assumptions = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
    demo = ns.demo_orders()
    rows = np.random.default_rng(0).integers(0, len(demo), LARGE)
    large = demo.iloc[rows].reset_index(drop=True)
    print(f"\nThe explorer, from a moved slider; {RUNS} moves")
    print(f"  {'':44}{'median ms':>10}{'95 % ms':>10}{'processor ms':>14}{'at most':>9}")
    for label, orders, at_most in (("numbers, demo orders", demo, 60), ("numbers, a million orders", large, 250)):
        session = Session(orders, label=label, today=program, assumptions=assumptions)
        _check(session, program)
        settings = iter(_settings(program))
        _show(label, [_seconds(lambda: session.outcome(next(settings))) for _ in range(RUNS + 1)], at_most)  # noqa: B023
    explorer = ns.RuleExplorer()
    form = explorer.program_form

    def move(value: str) -> None:
        form.values = {**form.values, "offers.0.point_value": value}

    values = iter(_values())
    moves = [_seconds(lambda: move(next(values))) for _ in range(RUNS + 1)]
    _show("numbers, pictures and examples, demo orders", moves, 260)


def _values() -> list[str]:
    return [f"{(step % 39 + 1) / 20:g}" for step in range(RUNS + 1)]


def _settings(program: ns.Program) -> list[ns.Program]:
    offer = program.offers[0].model_dump()
    return [
        program.model_copy(
            update={"offers": (ns.VariableAmount.model_validate({**offer, "discount_per_step": value}),)}
        )
        for value in _values()
    ]


def _check(session: Session, program: ns.Program) -> None:
    expected = ns.summarize(ns.score(program, session.orders), assumptions=session.assumptions)
    assert session.outcome(program).summary == expected


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """By the clock, and of the processor."""
    clock, processor = time.perf_counter(), time.thread_time()
    work()
    return time.perf_counter() - clock, time.thread_time() - processor


def _show(name: str, seconds: list[tuple[float, float]], at_most: float) -> None:
    clock, processor = (1e3 * np.array(times[1:]) for times in zip(*seconds, strict=True))
    median, slow = float(np.median(clock)), float(np.quantile(clock, 0.95))
    over = "  OVER" * (median > at_most or slow > 2 * at_most)
    print(f"  {name:44}{median:10.0f}{slow:10.0f}{np.median(processor):14.0f}{at_most:9.0f}{over}")
