"""How sure: customers resampled, assumptions drawn along, and what moves the answer most.

A customer's orders hang together, so whole customers are drawn, with replacement. Every total is linear in the orders;
so each customer's sums are taken once, and a resample is a product of those with how often each customer was drawn.
Programs that are compared share each resample and each draw of the assumptions.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._progress import side_by_side
from nector_sim.economics.assumptions import Assumptions
from nector_sim.economics.margin import Drivers, View, break_even_share, drivers_in_view, drivers_of, margin_of
from nector_sim.economics.rates import Rates
from nector_sim.economics.sales import Sales
from nector_sim.errors import InputError
from nector_sim.frames.ids import id_keys
from nector_sim.rules.program import Program

Floats = npt.NDArray[np.float64]

#: Draws of customers that are held at a time, as numbers; and draws that a thread adds up at a time.
HELD, DRAWS = 50_000_000, 100
#: Multiplications of one product of matrices. OpenBLAS does so many in the thread that asks; more of them it gives to
#: threads of its own, which wait for each other at full speed: where other work runs, that took eight times as long.
PRODUCT = 4 * 65_536
#: How far a tornado moves an assumption that was given as a single number, of itself.
SWING = 0.1

_DRIVERS = tuple(field.name for field in fields(Drivers))
#: Orders that the break-even of a pair is counted among, besides all: of customers who use points, and that redeem.
BASES = ("users", "redeeming")
_COUNTS = ("orders_could_redeem", "orders_redeemed", "points_redeemed", "discount")


@dataclass(frozen=True, slots=True)
class Side:
    """One program on the orders, order by order.

    Parameters
    ----------
    program : Program
    sales : Sales
        With the program's discount; major units.
    points : ndarray of float64, shape (orders,)
        Points redeemed.
    could : ndarray of bool, shape (orders,)
        Which orders could redeem.
    view : {"cash", "accrual"}
    replayed : bool
        Take-up has played its part already.
    """

    program: Program
    sales: Sales
    points: Floats
    could: npt.NDArray[np.bool_]
    view: View = "cash"
    replayed: bool = False

    def fixed(self) -> npt.NDArray[np.bool_]:
        """Orders of which it is known whether they redeem, so that no take-up is assumed."""
        if self.replayed or self.view == "accrual":
            return np.ones(len(self.points), dtype=np.bool_)
        if self.sales.redeems is None:
            return np.zeros(len(self.points), dtype=np.bool_)
        return ~np.isnan(self.sales.redeems)

    def known(self) -> float | Floats:
        """How far each order counts as redeemed where that is known; 1 elsewhere."""
        if self.replayed or self.sales.redeems is None:
            return 1.0
        return np.nan_to_num(self.sales.redeems, nan=1.0)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums that every headline number is worked out from, of all orders or of each group or resample.

    Attributes
    ----------
    names : tuple of str
        What each column is.
    amounts : ndarray of float64, shape (..., columns)
        Only columns that are not always 0.
    """

    names: tuple[tuple[str, str], ...]
    amounts: Floats

    @classmethod
    def stacked(cls, columns: Mapping[tuple[str, str], Any], shape: tuple[int, ...] = ()) -> Sums:
        """Make them of columns of one shape; each lies in one piece, since numbers are worked out column by column."""
        amounts = np.array(list(columns.values()), dtype=np.float64).reshape(len(columns), *shape)
        return cls(tuple(columns), np.moveaxis(amounts, 0, -1))

    def of(self, part: str, name: str) -> Any:
        """One sum; 0 where it always is."""
        return self.amounts[..., self.names.index((part, name))] if (part, name) in self.names else 0.0

    def part(self, part: str, called: str = "0 fixed") -> Sums:
        """The sums of one part, under another name."""
        places = [place for place, (of_part, _) in enumerate(self.names) if of_part == part]
        return Sums(tuple((called, self.names[place][1]) for place in places), self.amounts[..., places])

    def beside(self, more: Sums) -> Sums:
        """These sums and others of the same orders, groups or resamples."""
        return Sums((*self.names, *more.names), np.concatenate([self.amounts, more.amounts], axis=-1))

    def drivers(self, side: int, take_up: Any) -> Drivers:
        """Give the drivers of a side, or with -1 those without redemption."""
        drivers = {name: self.of("without", name) for name in _DRIVERS}
        if side >= 0:
            for name in _DRIVERS:
                drivers[name] = drivers[name] + self._extra(side, name, take_up)
        return Drivers(**drivers)

    def drivers_among(self, base: str, side: int, take_up: Any) -> Drivers:
        """Give the drivers of a side on the orders of a base, which hold all that redeem."""
        return Drivers(
            **{
                name: self.of(f"{base} fixed", name)
                + take_up * self.of(f"{base} open", name)
                + self._extra(side, name, take_up)
                for name in _DRIVERS
            }
        )

    def has(self, part: str) -> bool:
        """Whether there is a sum of this part that is not always 0."""
        return any(name == part for name, _ in self.names)

    def count(self, side: int, name: str, take_up: Any) -> Any:
        """Give one of the totals that the drivers do not hold."""
        return self.of(f"{side} fixed", name) if name == "orders_could_redeem" else self._extra(side, name, take_up)

    def _extra(self, side: int, name: str, take_up: Any) -> Any:
        return self.of(f"{side} fixed", name) + take_up * self.of(f"{side} open", name)


def sums_by(
    sides: Sequence[Side],
    groups: npt.NDArray[np.intp],
    count: int,
    *,
    bases: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> Sums:
    """Sum what every headline number needs, by group of orders."""
    columns: dict[tuple[str, str], Any] = {}

    def add(part: str, name: str, amounts: Any) -> None:
        amounts = np.asarray(amounts, dtype=np.float64)
        if amounts.ndim and amounts.any():
            columns[part, name] = np.bincount(groups, amounts, count)

    without = drivers_of(sides[0].sales.without_points())
    for name in _DRIVERS:
        add("without", name, getattr(without, name))
    add("without", "cart", sides[0].sales.cart)
    for number, side in enumerate(sides):
        before = drivers_of(side.sales.without_points()) if number else without
        after, fixed = drivers_in_view(side.sales, side.view, side.program), side.fixed()
        amounts = {name: getattr(after, name) - getattr(before, name) for name in _DRIVERS}
        redeemed = side.points > 0
        amounts |= {"orders_redeemed": redeemed, "points_redeemed": side.points, "discount": side.sales.discount}
        add(f"{number} fixed", "orders_could_redeem", side.could)
        known = side.known()
        for name, amount in amounts.items():
            if fixed.any():
                add(f"{number} fixed", name, np.where(fixed, amount * known, 0.0))
            if not fixed.all():
                add(f"{number} open", name, np.where(fixed, 0.0, amount) if fixed.any() else amount)
    for base, mine in (bases or {}).items():
        # An order that may redeem counts among those that do as far as it does; a customer's orders count whole.
        open_ones = ~sides[-1].fixed() if base == "redeeming" else np.zeros_like(mine)
        for name in _DRIVERS:
            amounts_without = np.broadcast_to(getattr(without, name), mine.shape)
            add(f"{base} fixed", name, np.where(mine & ~open_ones, amounts_without, 0.0))
            if open_ones.any():
                add(f"{base} open", name, np.where(mine & open_ones, amounts_without, 0.0))
        add(f"{base} fixed", "cart", np.where(mine, sides[0].sales.cart, 0.0))
    return Sums.stacked(columns, (count,))


def resample(sums: Sums, *, resamples: int, seed: int) -> Sums:
    """Draw customers with replacement, as many as there are, and sum what they bring.

    Parameters
    ----------
    sums : Sums
        By customer, shape ``(customers, columns)``; customers in an order of their own, not in that of the rows.
    resamples : int
    seed : int
        Resample `i` depends on the seed and `i` alone.

    Returns
    -------
    Sums
        Amounts of shape ``(resamples, columns)``.
    """
    (added,) = Drawn(len(sums.amounts), resamples=resamples, seed=seed).added([sums.amounts])
    return Sums(sums.names, added)


class Drawn:
    """Customers drawn with replacement, as :func:`resample` draws them, for many sums of the same customers.

    Drawing takes longer than adding up, so what was drawn is kept where it fits into memory.
    """

    def __init__(self, customers: int, *, resamples: int, seed: int) -> None:
        self.customers, self.resamples, self.seed = customers, resamples, seed
        self.together = max(1, min(resamples, HELD // max(customers, 1)))
        self.kept = self._times(0) if self.together == resamples else None

    def added(self, some: Sequence[Floats]) -> list[Floats]:
        """Sum columns over the customers of each resample, of each of some tables of customers and columns."""
        added = [np.zeros((self.resamples, columns.shape[1])) for columns in some]
        for first in range(0, self.resamples, self.together):
            times = self._times(first) if self.kept is None else self.kept

            def add(start: int, times: npt.NDArray[np.uint16] = times, first: int = first) -> None:
                mine = [each[first : first + self.together][start : start + DRAWS] for each in added]
                _add(times[start : start + DRAWS], some, mine)

            for _ in side_by_side(add, range(0, len(times), DRAWS), threads=_two()):
                pass
        return added

    def _times(self, first: int) -> npt.NDArray[np.uint16]:
        """How often each customer was drawn, a handful of times at most, in as many resamples as fit into memory."""
        numbers = range(first, min(first + self.together, self.resamples))
        drawn = side_by_side(lambda number: _times_drawn(self.customers, [self.seed, number]), numbers, threads=_two())
        return np.stack(list(drawn))


def _add(times: npt.NDArray[np.uint16], some: Sequence[Floats], added: list[Floats]) -> None:
    """Add to sums what the customers bring, as often as each was drawn."""
    widest = max((columns.shape[1] for columns in some), default=1)
    step = max(1, PRODUCT // (DRAWS * max(1, widest)))
    for start in range(0, times.shape[1], step):
        customers = slice(start, start + step)
        drawn = times[:, customers].astype(np.float64)
        for sums, columns in zip(added, some, strict=True):
            sums += drawn @ columns[customers]


def _two() -> int:
    return min(2, os.cpu_count() or 1)


def _times_drawn(customers: int, seed: list[int]) -> npt.NDArray[np.uint16]:
    picked = np.random.default_rng(seed).integers(customers, size=customers, dtype=np.int32)
    return np.bincount(picked, minlength=customers).astype(np.uint16)


def between(parts: Mapping[float, Sums], at: Floats) -> Sums:
    """Interpolate resampled sums between the values of an assumption that they were worked out for."""
    places = sorted(parts)
    names = tuple(dict.fromkeys(name for place in places for name in parts[place].names))
    amounts = np.zeros((len(at), len(names)))
    for place in places:
        weight = np.interp(at, places, [float(other == place) for other in places])
        for column, name in enumerate(names):
            amounts[:, column] += weight * parts[place].of(*name)
    return Sums(names, amounts)


def together(likely: Sums, moved: Sequence[Sums]) -> Sums:
    """Add up what several assumptions change, each by itself, at the sums where all are likely."""
    names = tuple(dict.fromkeys(name for sums in (likely, *moved) for name in sums.names))
    columns = [likely.of(*name) + sum(sums.of(*name) - likely.of(*name) for sums in moved) for name in names]
    return Sums(names, np.stack(np.broadcast_arrays(*columns), axis=-1) if columns else likely.amounts)


def headline(sums: Sums, rates: Rates, *, sides: int) -> dict[str, list[Any]]:
    """Work out the headline numbers of each side."""
    numbers: dict[str, list[Any]] = {}
    margin_without = margin_of(sums.drivers(-1, 0.0), rates).margin
    orders, cart = sums.of("without", "orders"), sums.of("without", "cart")
    with np.errstate(divide="ignore", invalid="ignore"):
        for side in range(sides):
            margin = margin_of(sums.drivers(side, rates.using), rates).margin
            discount = sums.count(side, "discount", rates.using)
            could = sums.count(side, "orders_could_redeem", rates.using)
            found = {
                "margin_without": margin_without,
                "margin": margin,
                "cost_of_program": margin_without - margin,
                "break_even_uplift": break_even_share(margin_without - margin, margin),
                "discount": discount,
                "discount_rate": np.where(np.asarray(cart) > 0, discount / np.asarray(cart), 0.0),
                "share_could_redeem": np.where(np.asarray(orders) > 0, could / np.asarray(orders), 0.0),
                "orders_redeemed": sums.count(side, "orders_redeemed", rates.using),
                "points_redeemed": sums.count(side, "points_redeemed", rates.using),
            }
            for name, number in found.items():
                numbers.setdefault(name, []).append(number)
    return numbers


def ends_of(assumptions: Assumptions, name: str) -> tuple[float, float, float]:
    """Give low, likely and high of an assumption; a single number is moved by a tenth of itself."""
    belief = getattr(assumptions, name)
    low, likely, high = map(float, belief) if isinstance(belief, tuple) else _swung(float(belief), name)
    return low, likely, high


#: Assumptions that say who redeems: they change what happens, so that other values are replayed.
WHO = ("redeemers_percent", "take_up_percent")


def likely_of(assumptions: Assumptions, name: str) -> float:
    """The likely value of an assumption."""
    return ends_of(assumptions, name)[1]


def other_places(assumptions: Assumptions, *, drawn: bool, ends_only: bool = False) -> list[tuple[str, float]]:
    """Where else to replay: the ends of who redeems; where it is drawn also half-way, since it is no straight line."""
    places = []
    for name in WHO:
        given = name in assumptions.uncertain
        if not given and (ends_only or (name == "redeemers_percent" and getattr(assumptions, name) == 100)):
            continue
        low, likely, high = ends_of(assumptions, name)
        half_way = {(low + likely) / 2, (likely + high) / 2} if drawn and given and not ends_only else set()
        places += [(name, place) for place in sorted(({low, high} | half_way) - {likely})]
    return places


def customer_codes(orders: pd.DataFrame) -> tuple[npt.NDArray[np.intp], int]:
    """Number the customers in the order of their ids; an order without one is a customer of its own."""
    if "customer_id" not in orders:
        raise InputError(
            "Ranges need a column customer_id, since whole customers are drawn; add it, or give resamples=0"
        )
    codes, ids = pd.factorize(id_keys(orders["customer_id"]), sort=True)
    blank = codes < 0
    codes[blank] = len(ids) + np.arange(np.count_nonzero(blank))
    return codes, len(ids) + int(np.count_nonzero(blank))


def _swung(value: float, name: str) -> tuple[float, float, float]:
    high = value * (1 + SWING)
    return value * (1 - SWING), value, min(high, 100.0) if name.endswith("_percent") else high
