"""What a model that knows nothing of states says of the customers known: a second opinion beside a forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nector_sim.economics.bg_nbd import BgNbd, fit_bg_nbd
from nector_sim.errors import InputError
from nector_sim.ledger.arrays import Int64
from nector_sim.ledger.facts import ReadyHistory
from nector_sim.ledger.tables import DAY

Floats = npt.NDArray[np.float64]

#: Within this of what came, as a share, the model is said to fit its own history.
FITS = 0.1
WEEK = 7


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """A BG/NBD model of a history, and what it expects of the customers known; times in weeks.

    Attributes
    ----------
    model : BgNbd or None
        None where it cannot be fitted.
    orders : ndarray of float64, shape (months,)
        Expected of the customers known from the origin to the end of each month.
    expected, came : float
        Repeat orders that the model would have expected of the history, and those that came.
    why_not : str
        Why there is no model; empty where there is one.
    """

    model: BgNbd | None
    orders: Floats
    expected: float
    came: float
    why_not: str = ""

    @property
    def fits(self) -> bool:
        """Whether the model would have expected about what came."""
        return self.model is not None and abs(self.expected - self.came) <= FITS * self.came


def second_opinion(facts: ReadyHistory, ends: Int64) -> SecondOpinion:
    """Fit the model to a history, and ask it for the months ahead."""
    first, at, origin = facts.prepared.history.first_order, facts.prepared.history.at, facts.prepared.last
    orders = np.diff(first)
    there = np.flatnonzero(orders > 0)
    begins, last = at[first[there]], at[first[there + 1] - 1]
    # In whole days, so that many customers are alike and the fit is quick.
    recency, age = ((until - begins) // DAY / WEEK for until in (last, np.full(len(there), origin)))
    frequency = (orders[there] - 1).astype(np.float64)
    recency = np.where(frequency > 0, recency, 0.0)
    came = float(frequency.sum())
    try:
        model = fit_bg_nbd(frequency, recency, age)
    except InputError as error:
        return SecondOpinion(None, np.full(len(ends), np.nan), float("nan"), came, str(error))
    ahead = [
        float(model.expected_orders(frequency, recency, age, float(end - origin) / DAY / WEEK).sum()) for end in ends
    ]
    return SecondOpinion(model, np.array(ahead), float(model.expected_repeats(age).sum()), came)
