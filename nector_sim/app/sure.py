"""How sure the answer is: what must happen for the change to lose or to pay, and which assumption moves it most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nector_sim.app.later import Asked
from nector_sim.economics.response import check_response
from nector_sim.exploration.compare import compare_read
from nector_sim.exploration.prepared import AsGiven
from nector_sim.exploration.replays import Replays, read_replays
from nector_sim.exploration.session import Outcome, Session
from nector_sim.ledger.take_up import TakeUp
from nector_sim.report.answer import RESAMPLES, pair_in_words
from nector_sim.report.figures import in_words
from nector_sim.report.words import FIELDS, called, plain


def sure(asked: Asked) -> dict[str, Any]:
    """The pair's break-even, and which assumption moves the answer most."""
    return how_sure(asked.session, asked.outcome, asked.go_on)


def how_sure(session: Session, outcome: Outcome, go_on: Callable[[], None]) -> dict[str, Any]:
    """Draw customers anew under today's setting and the proposal.

    Today's setting by itself is held against giving nothing.
    """
    go_on()
    today = session.today_beside(outcome.program)
    same = outcome.program == today
    before = today.model_copy(update={"enabled": False}) if same else today

    def read_for(who: TakeUp | None = None) -> Replays | AsGiven:
        """The session's own history; where others redeem, one that is let go again."""
        go_on()
        if not session.replayed:
            return AsGiven(session.orders, session.assumptions)
        if who is None:
            return session.replays(outcome.program)
        programs = [today, outcome.program]
        return read_replays(programs, session.orders, assumptions=session.assumptions, take_up=who)

    check_response(session.assumptions, replayed=session.replayed, view="cash")
    found = compare_read(
        (before, outcome.program),
        session.orders,
        read_for,
        assumptions=session.assumptions,
        resamples=RESAMPLES if "customer_id" in session.orders else 0,
        replayed=session.replayed,
    )
    lines = [found.break_even] if same else in_words(found)
    pair: Any = found.ranges.loc["incremental_break_even_uplift_users"]
    changed = not same and round(found.incremental_margin) != 0
    ranges: Any = found.ranges
    ends = ["low", "high"] if "low" in ranges else []
    break_even: Any = ranges.loc["candidate.break_even_uplift"]
    return {
        "pair": pair_in_words(float(pair["value"]), keeps=found.incremental_margin > 0) if changed else "",
        "period": _period(session.months),
        "lines": [called(plain(line), outcome.program.points_label) for line in lines],
        "against": "giving no coins" if same else "your current setting",
        "likely": found.answer,
        "currency": found.currency,
        "break_even": [float(break_even[name]) for name in ("value", *ends)],
        "tornado": [
            {"name": FIELDS.get(str(name), str(name)), **{str(key): value for key, value in row.items()}}
            for name, row in found.tornado.set_index(found.tornado.columns[0]).head(6).iterrows()
        ],
    }


def _period(months: float | None) -> str:
    """What the amounts are of, where the page's figures are of a month."""
    if not months or months < 1:
        return ""
    return f"Amounts here are of all these orders together, {months:.1f} months; the figures above are of one month."
