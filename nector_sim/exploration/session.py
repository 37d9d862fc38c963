"""An exploration: orders, what the merchant believes, today's setting and a proposal, and what each of them earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.ranges import other_places
from nector_sim.economics.sales import Sales
from nector_sim.economics.summary import Summary
from nector_sim.errors import InputError, Problem
from nector_sim.exploration.basis import months_of
from nector_sim.exploration.prepared import Played, Prepared, prepare
from nector_sim.exploration.replays import Replays, read_replays
from nector_sim.ledger.take_up import TakeUp
from nector_sim.rules.program import Program
from nector_sim.scoring import score

#: Examples: orders at these shares of the carts, from small to large, and this many with the most points.
_CART_SHARES, _RICHEST = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95), 2
#: How balances came, by whether they were replayed.
_BALANCES = {
    False: "Each order by itself, with the balance that came with it: the same points may be spent on several orders.",
    True: "Replayed: each order meets what the orders before it earned and left, and what a setting does not use stays "
    "for the next order.",
}
#: What a replay reads from a program beside its redemption rule.
_LEDGER = ("earning", "expiry", "tiers", "reversal")
#: Of an offer, what a replay needs while it reads the orders; amounts come in when it runs.
_OF_OFFERS = ("kind", "tiers", "starts_at", "ends_at", "with_coupons")
NO_EARNING = (
    "Replayed, balances come from what orders earn, and this setting does not say what that is: switch on Earning in "
    "the form and fill in its Points per unit, or load a setting that has [earning]."
)


@dataclass(frozen=True)
class Outcome:
    """What a setting does on the orders."""

    program: Program
    orders: pd.DataFrame
    sales: Sales
    """With the discount that the setting gives; orders that were never paid are left out."""
    summary: Summary
    played: Played | None = None
    """What a replay gave; None for each order by itself."""

    @cached_property
    def replayed(self) -> pd.DataFrame | None:
        """The orders with the balances that a replay gives them, and its results; None for each order by itself."""
        return None if self.played is None or self.played.frame is None else self.played.frame()

    @cached_property
    def scored(self) -> pd.DataFrame:
        """The orders scored, for those who go on with them."""
        return score(self.program, self.orders) if self.replayed is None else self.replayed

    def scored_at(self, positions: Sequence[int]) -> pd.DataFrame:
        """A few orders, scored."""
        if self.played is not None and self.replayed is not None:
            # A replay leaves out orders that were never paid.
            kept = np.sort(self.played.rows)
            wanted = [position for position in positions if position in kept]
            return self.replayed.iloc[np.searchsorted(kept, wanted)]
        scored: pd.DataFrame = score(self.program, self.orders.iloc[list(positions)])
        return scored

    def discounts(self) -> pd.DataFrame:
        """Carts and discounts of all orders, in major units."""
        return pd.DataFrame({"cart_amount": self.sales.cart, "discount": self.sales.discount}, copy=False)


def in_currency(program: Program, currency: str) -> Program:
    """A program with its amounts read in another currency."""
    if currency == program.currency:
        return program
    return type(program).parse({**program.model_dump(), "currency": currency}, source="this setting")


@dataclass(slots=True)
class Session:
    """Orders, assumptions and today's setting; proposals are held against them.

    Parameters
    ----------
    orders : pandas.DataFrame
        As :func:`nector_sim.score` takes them.
    label : str
        What the orders are, shown wherever figures are.
    today : Program
        The setting in use.
    assumptions : Assumptions
        What the merchant believes.
    replayed : bool
        Whether balances run from order to order, or each order is worked out by itself.
    """

    orders: pd.DataFrame
    label: str
    today: Program
    assumptions: Assumptions
    replayed: bool = True
    _todays: dict[bool, Outcome] = field(default_factory=dict, init=False)
    _examples: list[int] | None = field(default=None, init=False)
    _prepared: dict[Any, Prepared] = field(default_factory=dict, init=False)
    _read_for: Any = field(default=None, init=False)
    _replays: dict[str, Replays] = field(default_factory=dict, init=False)
    _reading: Any = field(default_factory=Lock, init=False)

    def outcome(self, program: Program) -> Outcome:
        """Score or replay the orders under a setting and sum up what they earn."""
        if self.currency not in (None, program.currency):
            problem = Problem("currency", f"the orders are in {self.currency}, and this is {program.currency}")
            raise InputError("The orders and the setting are in two currencies:", [problem])
        if self.replayed:
            return self._replay(program)
        found = self.play(program)
        summary = found.summarize(program, assumptions=self.assumptions)
        return Outcome(program, self.orders, found.sales, summary)

    def play(self, program: Program) -> Played:
        """What a setting does to the orders, order by order."""
        if self.replayed:
            return self.replays(program).play(program)
        return self._prepare(program).score(program)

    def _replay(self, program: Program) -> Outcome:
        found = self.play(program)
        summary = found.summarize(program, assumptions=self.assumptions)
        in_rows = found.sales.taken(np.argsort(found.rows))
        return Outcome(program, self.orders, in_rows, summary, found)

    def replays(self, program: Program, who: TakeUp | None = None) -> Replays:
        """The history read once for all settings that differ in amounts alone; left out, as is likely who redeems.

        Balances of a later day are run back as today's setting earned and redeemed.
        """
        if program.earning is None:
            raise InputError(NO_EARNING)
        today = self.today_beside(program).model_copy(update={"timezone": program.timezone})
        # What comes from orders, and what settings share: an amount of an offer or a minimum changes none of it.
        reads = (today.to_json(), repr(self.assumptions.who_redeems()), *_needs(program))
        with self._reading:
            if self._read_for != reads:
                self._read_for, self._replays = reads, {}
            if repr(who) not in self._replays:
                self._replays[repr(who)] = read_replays(
                    [today, program], self.orders, assumptions=self.assumptions, take_up=who
                )
            return self._replays[repr(who)]

    def other_replays(self, program: Program) -> dict[tuple[str, float], Replays]:
        """The history where others redeem, at the ends of what is assumed of that."""
        places = other_places(self.assumptions, drawn=True, ends_only=True)
        return {at: self.replays(program, self.assumptions.who_redeems(**{at[0]: at[1]})) for at in places}

    def _prepare(self, program: Program) -> Prepared:
        """The orders made ready once for all settings that read the same columns of them."""
        reads = (
            program.currency,
            program.timezone,
            program.enabled,
            tuple(offer.tiers for offer in program.offers),
            any(offer.starts_at or offer.ends_at for offer in program.offers),
            all(offer.with_coupons for offer in program.offers),
        )
        if reads not in self._prepared:
            # One at a time: it holds every order.
            self._prepared = {reads: prepare(program, self.orders, assumptions=self.assumptions)}
        return self._prepared[reads]

    @property
    def currency(self) -> str | None:
        """ISO 4217 code of the orders' amounts, where it is known."""
        known: str | None = self.orders.attrs.get("currency")
        return known

    @property
    def balances(self) -> str:
        """How balances came, in words; said wherever figures are."""
        if not self.replayed or self.today.earning is not None:
            return _BALANCES[self.replayed]
        return (
            f"{_BALANCES[self.replayed]} Today's setting does not say what orders earn: it takes that of the proposal."
        )

    def today_beside(self, proposal: Program) -> Program:
        """Today's setting as it is held against a proposal.

        Where it does not say what orders earn, a replay takes that, expiry, tiers and reversal from the proposal.
        """
        if not self.replayed or self.today.earning is not None:
            return self.today
        taken = {name: getattr(self.today, name) or getattr(proposal, name) for name in _LEDGER}
        # How tiers are measured goes with the tiers.
        taken["tiering"] = (self.today if self.today.tiers else proposal).tiering
        return self.today.model_copy(update=taken)

    def todays(self, proposal: Program) -> Outcome:
        """The outcome of today's setting beside a proposal; worked out once, until what it rests on changes."""
        program = self.today_beside(proposal)
        found = self._todays.get(self.replayed)
        if found is None or found.program != program:
            found = self._todays[self.replayed] = self.outcome(program)
        return found

    def change(
        self,
        *,
        orders: pd.DataFrame | None = None,
        label: str | None = None,
        today: Program | None = None,
        assumptions: Assumptions | None = None,
        replayed: bool | None = None,
    ) -> None:
        """Replace what outcomes rest on."""
        self.orders = self.orders if orders is None else orders
        self.label = self.label if label is None else label
        self.today = today or self.today
        self.assumptions = assumptions or self.assumptions
        self.replayed = self.replayed if replayed is None else replayed
        if not (orders is None and today is None and assumptions is None):
            self._todays = {}
        if orders is not None:
            self._prepared, self._replays = {}, {}
        self._examples = self._examples if orders is None else None

    @property
    def months(self) -> float | None:
        """How many months the orders cover; None where they carry no times, or cover less than a day."""
        return months_of(self.orders, self.today.timezone)

    def examples(self) -> list[int]:
        """Positions of a few orders, from a small cart to a large one, and of those with the most points."""
        if self._examples is None:
            carts = self.orders["cart_amount"].to_numpy(dtype=np.float64)
            known = self.orders.get("points_balance", self.orders["cart_amount"])
            points = known.to_numpy(dtype=np.float64)
            by_cart, by_points = np.argsort(carts, kind="stable"), np.argsort(points, kind="stable")
            picked = [by_cart[int(share * (len(carts) - 1))] for share in _CART_SHARES] if len(carts) else []
            self._examples = list(dict.fromkeys(int(position) for position in [*picked, *by_points[-_RICHEST:]]))
        return self._examples


def _needs(program: Program) -> tuple[Any, ...]:
    """What a replay reads orders by, as text: a program holds lists, which are no keys."""
    plain = program.model_dump(exclude={"name", "points_label", "offers", "min_payable"})
    return str(plain), str([{name: getattr(offer, name, None) for name in _OF_OFFERS} for offer in program.offers])
