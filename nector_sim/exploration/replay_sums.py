"""What many replays of one history add up to: a few sums of each setting, and of each customer for ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim.calculator.reasons import REASONS
from nector_sim.economics.margin import View, drivers_of, fee_share, point_value
from nector_sim.economics.ranges import Sums
from nector_sim.economics.response import USERS
from nector_sim.exploration.replays import Replays
from nector_sim.ledger.engine import Ran
from nector_sim.rules.program import Program

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: What the sums over customers who use points begin with; they lie beside the setting's own, for draws of who redeems.
OF_USERS = "of users: "
#: Customers who get less than under today's setting, and customers who order.
GETS_LESS, BUYERS = "gets less", "buyers"


@dataclass(frozen=True, slots=True)
class CustomersGot:
    """What a replay gives each customer."""

    discount: Floats
    """Minor units; a whole number."""
    uses: Bools | None
    """Who uses points; None where nobody asks."""


@dataclass(frozen=True, slots=True)
class ReplaySums:
    """Sums of replays, with all that is the same under every setting worked out once.

    A replay changes a margin through its discounts alone (in the accrual view, through what is earned), so these few
    products are all that a setting needs.

    Attributes
    ----------
    replays : Replays
    view : {"cash", "accrual"}
    kept : ndarray of float64, or None
        What is kept of each order; None where nothing was refunded.
    fee : ndarray of bool, or None
        Orders that pay the payment fees; None where all do.
    room : ndarray of int64
        What is left to pay after credits, minor units; -1 where that is nothing, so that no discount equals it.
    codes : ndarray of int64
        Each order's customer, in the order of :attr:`without`.
    without : Sums
        By customer, with no redemption, and who orders at all.
    """

    replays: Replays
    view: View
    scale: int
    kept: Floats | None
    fee: Bools | None
    room: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    without: Sums
    fee_share: float

    @classmethod
    def of(cls, replays: Replays, view: View, decimals: int) -> ReplaySums:
        """Work out what does not depend on the setting."""
        sales, history = replays.sales, replays.facts.prepared.history
        codes, count = replays.customers
        room = history.cart
        if len(history.credits):
            room = history.cart - np.minimum(history.credits, history.cart)
        drivers = drivers_of(sales)
        found = {name: getattr(drivers, name) for name in drivers.__slots__} | {"cart": sales.cart}
        sums: dict[tuple[str, str], Any] = {
            ("without", name): np.bincount(codes, values, count)
            for name, values in found.items()
            if np.ndim(values) and np.any(values)
        }
        sums["without", BUYERS] = np.bincount(codes, minlength=count) > 0
        return cls(
            replays=replays,
            view=view,
            scale=10**decimals,
            kept=np.asarray(sales.kept_share) if sales.returned.any() else None,
            fee=~sales.cash_on_delivery if sales.cash_on_delivery.any() else None,
            room=np.where(room > 0, room, -1),
            codes=codes,
            without=Sums.stacked(sums, (count,)),
            fee_share=fee_share(sales),
        )

    def fits(self, program: Program) -> bool:
        """Whether these sums are all that a setting needs: switched off, credits would not be used either."""
        return program.enabled or not len(self.replays.facts.prepared.history.credits)

    @property
    def in_all(self) -> Sums:
        """The sums with no redemption, over all customers."""
        return Sums(self.without.names, self.without.amounts.sum(axis=0))

    @property
    def buyers(self) -> int:
        """Customers who order."""
        return int(self.without.of("without", BUYERS).sum())

    def got(self, ran: Ran, *, uses: bool) -> CustomersGot:
        """What a replay gives each customer, and if asked, who uses points."""
        points = self._by_customer(ran.outcome.points > 0) > 0 if uses else None
        return CustomersGot(self._by_customer(ran.outcome.discount), points)

    def in_total(self, program: Program, ran: Ran) -> dict[tuple[str, str], float]:
        """Add a replay up over all orders."""
        found = self._added(program, ran, ran.total("discount"), _all)
        return {name: float(total) for name, total in found.items()}

    def by_customer(self, program: Program, ran: Ran, got: CustomersGot) -> dict[tuple[str, str], Any]:
        """Add a replay up for each customer."""
        return self._added(program, ran, got.discount, self._by_customer)

    def _by_customer(self, values: Any) -> Floats:
        return np.bincount(self.codes, values, len(self.without.amounts)).astype(np.float64, copy=False)

    def _added(self, program: Program, ran: Ran, minor: Any, add: Callable[[Any], Any]) -> dict[tuple[str, str], Any]:
        """What `add` makes of a replay's orders; `minor` is what it makes of their discounts."""
        outcome, discount = ran.outcome, minor / self.scale
        sums = {"discount": discount}
        if self.view == "accrual":
            earned = outcome.earned if self.kept is None else self.kept * outcome.earned
            value = add(earned) * point_value(program)
            sums |= {"kept_points_value": value, "fee_points_value": value * self.fee_share}
        else:
            nothing = outcome.discount == self.room
            fee_discount, fee_nothing, cod_nothing = discount, add(nothing), 0.0
            if self.fee is not None:
                cod_nothing = add(nothing & ~self.fee)
                fee_nothing = fee_nothing - cod_nothing
                fee_discount = add(np.where(self.fee, outcome.discount, 0)) / self.scale
            kept = discount if self.kept is None else add(self.kept * outcome.discount) / self.scale
            sums |= {"kept_discount": kept, "fee_discount": fee_discount, "fee_payable": -fee_discount}
            sums |= {"fee_orders": -fee_nothing, "cod_orders": -cod_nothing}
        return {("0 fixed", name): total for name, total in sums.items() if np.any(total)}

    def users(self, got: CustomersGot, today: CustomersGot) -> dict[tuple[str, str], Any]:
        """Sums with no redemption of each customer who uses points under either setting, and today's discount."""
        assert got.uses is not None
        assert today.uses is not None
        mine = got.uses | today.uses
        of_users = {
            ("0 fixed", OF_USERS + name): self.without.of("without", name) * mine
            for _, name in self.without.names
            if name != BUYERS
        }
        return of_users | {("0 fixed", "discount today"): today.discount / self.scale}

    def answering(self, program: Program, ran: Ran, got: CustomersGot, today: CustomersGot) -> Sums:
        """All that the margin of a setting with a response needs, in total."""
        found = self.by_customer(program, ran, got) | self.users(got, today)
        return self.in_all.beside(Sums.stacked({name: np.sum(values) for name, values in found.items()}))


def responding(sums: Sums) -> Sums:
    """These sums, with those of :meth:`ReplaySums.users` under the names that the response reads."""
    places = {
        (f"{USERS} fixed", name.removeprefix(OF_USERS)): place
        for place, (_, name) in enumerate(sums.names)
        if name.startswith(OF_USERS)
    }
    places["today fixed", "discount"] = sums.names.index(("0 fixed", "discount today"))
    return sums.beside(Sums(tuple(places), sums.amounts[..., list(places.values())]))


def _all(values: Any) -> Any:
    return np.count_nonzero(values) if values.dtype == np.bool_ else values.sum()


def counts_of(ran: Ran) -> dict[str, Any]:
    """Give what a replay counts of all its orders, under the names of a sweep."""
    orders = ran.total("orders")
    return {
        "orders": orders,
        "orders_redeemed": ran.total("orders_redeemed"),
        "points_redeemed": ran.total("redeemed"),
        **{f"share_{reason}": ran.total(reason) / max(orders, 1) for reason in REASONS},
    }
