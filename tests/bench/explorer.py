"""How long the explorer takes from a moved slider: in the kernel, numbers alone and with all pictures; in a browser.

On the demo orders, then on a million orders drawn from them. Checked first: the figures are those of ``score`` and
``summarize``. The time of the processor stands beside that of the clock, which on a busy machine says little.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, sync_playwright

import nector_sim as ns
from nector_sim.exploration.session import Session
from tests.browser.conftest import FLAGS, chromium, serve, stop

RUNS = 25
LARGE = 1_000_000
#: Fewer: the slider ends.
KEYS = 16


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
        session = Session(orders, label=label, today=program, assumptions=assumptions, replayed=False)
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
    _in_the_browser()


def _in_the_browser() -> None:
    """From the command to the first figures, and from a key to a new figure on the screen."""
    found = chromium()
    if found is None:
        print("  in the browser: left out, there is no Chromium")
        return
    command = [sys.executable, "-m", "nector_sim", "app", "--no-browser", "--port", "8971"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        server, address, begun = serve(command, r"http://\S+token=\S+", Path(folder))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(address)
            cost = page.locator(".nector-value").first
            cost.wait_for()
            opened = 1e3 * (time.monotonic() - begun)
            page.get_by_label("What one coin is worth, slider").focus()
            moves = [_key_to_figure(page, cost) for _ in range(KEYS)]
            _show("in the browser, from a key to the new figure", moves, 500)
            over = "  OVER" * (opened > 8000)
            print(f"  {'from the command to the first figures':44}{opened:10.0f}{'':24}{8000:9}{over}")
        finally:
            stop(server)
            browser.close()


def _key_to_figure(page: Page, cost: Locator) -> tuple[float, float]:
    before, begun = cost.text_content(), time.perf_counter()
    page.keyboard.press("ArrowLeft")
    # In the page itself, so that asking takes no time.
    page.wait_for_function("before => document.querySelector('.nector-value').textContent !== before", arg=before)
    return time.perf_counter() - begun, 0.0


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
