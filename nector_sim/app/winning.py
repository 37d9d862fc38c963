"""Which setting wins where: over how strongly customers respond to coins, and how many of them use coins."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.app.choosing import limits_in_use, recommended
from nector_sim.app.figures import months_of
from nector_sim.app.later import CHOICE, Asked
from nector_sim.app.trying import Tried, try_settings
from nector_sim.economics.ranges import likely_of
from nector_sim.errors import InputError
from nector_sim.exploration.choose import frontier
from nector_sim.exploration.grid import make_settings
from nector_sim.exploration.limits import met_by_all
from nector_sim.exploration.replays import read_replays
from nector_sim.exploration.winners import OVER, map_of
from nector_sim.report.answer import money, setting_in_words

#: Settings that are tried for the map, beside today's.
MOST = 10
_SHARES = (0.0, 0.5, 1.0, 1.5, 2.0)


def winning(asked: Asked) -> dict[str, Any]:
    """The winner for each of some responses and shares of customers who use coins."""
    session = asked.session
    believed = session.assumptions
    if not believed.responds or not session.replayed:
        raise InputError("Say under “About your shop” how many more orders coins bring; then this map can be drawn.")
    tried: Tried = asked.remember("tried", CHOICE, lambda: try_settings(asked))
    today, most = session.today_beside(tried.base), likely_of(believed, "response_percent")
    limits = limits_in_use(asked, tried)
    best = frontier(tried.table[met_by_all(tried.table, limits)]).index.tolist()
    if not best:
        raise InputError("No setting that was tried meets all of your limits, so none can win.")
    evenly = [best[place] for place in np.unique(np.linspace(0, len(best) - 1, MOST).astype(int))]
    picked = sorted({*evenly, *recommended(asked, tried)})
    grid = {path: [tried.settings.setting(place)[path] for place in picked] for path in tried.settings.paths}
    settings = make_settings(tried.base, grid, mode="zip")
    axes = {
        "response_percent": [round(most * share, 2) for share in _SHARES],
        "redeemers_percent": list(OVER["redeemers_percent"]),
    }
    places = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    asked.pieces(len(axes["redeemers_percent"]) * (len(picked) + 2))
    found = map_of(
        today,
        settings,
        places,
        [believed.replaced(**place) for place in places],
        lambda who, programs: read_replays(programs, session.orders, assumptions=who),
        go_on=asked.go_on,
    )
    currency, months = today.currency, months_of(session)
    rows = found.table.astype({"setting": object}).to_dict("records")
    won = [None if pd.isna(row["setting"]) else int(row["setting"]) for row in rows]
    winners = list(dict.fromkeys(won))
    todays = {"words": f"your current setting: {setting_in_words(today)}", "use": None}
    return {
        "rows": axes["redeemers_percent"],
        "columns": axes["response_percent"],
        "winners": [
            todays if at is None else {"words": tried.words[picked[at]], "use": tried.used[picked[at]]}
            for at in winners
        ],
        "cells": [
            {
                "winner": winners.index(at),
                "column": row["response_percent"],
                "row": row["redeemers_percent"],
                "gain": f"{money(row['gain'] / months, currency)} a month more than today",
            }
            for at, row in zip(won, rows, strict=True)
        ],
    }
