"""Calls that move points, in line: what waits together is moved together."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nector_sim.gokwik.wallets import Wallets
from nector_sim.gokwik.wire import PerformCall, RevertCall

#: Calls that are moved in one transaction at most.
TOGETHER = 64


class Queue:
    """Calls for one file, which has one writer at a time.

    While the disk is busy with a transaction, the calls that come in wait, and are the next transaction. So a slow disk
    makes a single call slow, but not few calls a second. For one event loop.

    Parameters
    ----------
    wallets : Wallets
    """

    def __init__(self, wallets: Wallets) -> None:
        self._wallets = wallets
        self._waiting: list[tuple[PerformCall | RevertCall, asyncio.Future[dict[str, Any]]]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sandbox")
        self._moving: asyncio.Task[None] | None = None

    async def answer(self, call: PerformCall | RevertCall) -> dict[str, Any]:
        """Answer a call when it is on disk; returns and raises as :meth:`Wallets.answer`."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._waiting.append((call, answered))
        if self._moving is None or self._moving.done():
            self._moving = loop.create_task(self._move())
        return await answered

    async def _move(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            # Whoever was told meanwhile that the database does not answer is not waiting any more.
            waiting = [entry for entry in self._waiting if not entry[1].done()]
            batch, self._waiting = waiting[:TOGETHER], waiting[TOGETHER:]
            if not batch:
                return
            calls = [call for call, _ in batch]
            outcomes = await loop.run_in_executor(self._thread, self._wallets.answer_together, calls)
            for (_, answered), outcome in zip(batch, outcomes, strict=True):
                if answered.done():  # whoever asked has gone
                    continue
                if isinstance(outcome, Exception):
                    answered.set_exception(outcome)
                else:
                    answered.set_result(outcome)
