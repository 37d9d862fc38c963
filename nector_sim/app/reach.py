"""How far the levers' sliders go."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np

from nector_sim.app.setting import WORTH, Lever
from nector_sim.exploration.session import Session
from nector_sim.pictures.discount_by_cart import usual_cart
from nector_sim.rules.program import Program

Reach = tuple[float, float, float]
#: Of the orders that use coins, how many take less off than the end of a cap's slider, if nothing caps it.
_SHARE = 0.995
_CAP = "max_discount"


class Reaches:
    """From, to and step of each lever's slider; what needs the orders is worked out once for a setting in use.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[Any, float] = {}

    def of(self, lever: Lever, proposal: Program) -> Reach:
        """Give the reach of a lever."""
        if lever.path == WORTH:
            return 0.05, 2.0, 0.05
        is_offer = "offers" in lever.path
        if lever.unit == "percent":
            return (1.0 if is_offer else 0.0), 100.0, 1.0
        if lever.path.endswith(_CAP):
            most = self._useful(proposal)
            step = _round(most / 100)
            return step, math.ceil(most / step) * step, step
        most = self._usual_cart()
        step = float(max(1, round(most / 500 / 10) * 10))
        return (step if is_offer else 0.0), most, step

    def _usual_cart(self) -> float:
        if "cart" not in self._known:
            carts = self._session.orders["cart_amount"].to_numpy(dtype="float64")
            self._known["cart"] = usual_cart(carts)
        return self._known["cart"]

    def _useful(self, proposal: Program) -> float:
        """What nearly all discounts stay below when nothing caps them: a cap above it changes nothing.

        It is what today's setting gives without its cap, times what a point is worth now.
        """
        today = self._session.today_beside(proposal)
        key = today.to_json(), self._session.replayed, repr(self._session.assumptions.who_redeems())
        if key not in self._known:
            given = self._session.outcome(_uncapped(today)).sales.discount
            given = given[given > 0]
            self._known[key] = float(np.quantile(given, _SHARE)) if len(given) else 0.0
        times = _worth(proposal) / _worth(today) if _worth(today) else Decimal(1)
        return self._known[key] * float(times) or self._usual_cart()


def _uncapped(program: Program) -> Program:
    """The setting without the cap of its first offer."""
    first = program.offers[0] if program.offers else None
    if first is None or getattr(first, _CAP, None) is None:
        return program
    return program.model_copy(update={"offers": (first.model_copy(update={_CAP: None}), *program.offers[1:])})


def _worth(program: Program) -> Decimal:
    """What a point takes off, of settings that say it in money."""
    offer = program.offers[0] if program.offers else None
    if offer is None or offer.step_discount is None or not offer.step_points:
        return Decimal(0)
    return Decimal(offer.step_discount) / offer.step_points


def _round(amount: float) -> float:
    """The nearest of 1, 2 and 5 with zeros, at least 1."""
    power = 10.0 ** math.floor(math.log10(max(amount, 1.0)))
    return max(1.0, min((one * power for one in (1, 2, 5, 10)), key=lambda one: abs(one - amount)))
