"""Totals of very many settings of one variable amount offer, by counting instead of computing.

A step `t` of an offer (`k` points for `d`) is given to an order if its balance is at least `t·k` and its cart at least
a threshold `T(t)`: `t·d` above the minimum payable, or where that is a percentage, the smallest cart that leaves it.
The steps that a cap of `K` steps leaves are therefore the sum over `t = 1 … K` of the orders with `balance ≥ t·k` and
`cart ≥ T(t)`. So one pass over the orders by falling balance, with a structure that answers "how many of those seen
have a cart of at least this?", gives every cap at once, for all point values and minimum payables together.

What limits the discount is counted in the same way. With u, c and v the steps that the balance, the cart and the
minimum payable leave (v ≤ c), and `seen(t)` the orders with u ≥ t:

* `at[t]`     = orders in seen(t) with cart ≥ T(t):     u ≥ t and v ≥ t
* `beyond[t]` = orders in seen(t + 1) with cart ≥ T(t): u > t and v ≥ t
* `whole[t]`  = `at[t]` of the same offer with no minimum payable: u ≥ t and c ≥ t

=============  ====================================================================================
balance        u = 0, and for t = 1 … K: at[t] − beyond[t]                 (u = t ≤ v)
cart           for t = 0 … K: max(0, beyond[t] − whole[t + 1])             (c = v = t < u)
max_discount   min(beyond[K], whole[K + 1])                                (u > K, c > K, v ≥ K)
min_payable    for t = 0 … K − 1: min(beyond[t], whole[t + 1]) − at[t + 1] (v = t < u, v < c)
=============  ====================================================================================

Each term with t = 0 (for `max_discount`, K = 0) counts orders that are given nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim._progress import side_by_side
from nector_sim.exploration.counting_loops import find_places, reduce_counts, sweep_orders
from nector_sim.rules.money import WHOLE

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Entries of the counts that one thread holds at a time (3 × 4 bytes each, and 16 for each weight), and the most that a
#: group may have.
CHUNK, MOST = 4_000_000, 8_000_000
#: Counting an entry takes about as long as computing so many orders.
AN_ENTRY = 100
#: Carts up to so many minor units are found by looking them up; above, a few of them share an entry.
LOOKED_UP = 2**23


@dataclass(frozen=True, slots=True)
class SettingCounts:
    """Counts of each setting, arrays of shape ``(settings,)``.

    Attributes
    ----------
    steps : ndarray of int64
        Steps given, over all orders.
    given : ndarray of int64
        Orders that are given at least one.
    limited : dict of str to (ndarray, ndarray)
        For each reason the orders that are given nothing, and those that are given something.
    nothing_paid : ndarray of int64
        Orders with a cart above 0 whose whole cart is discounted.
    weighted : list of (ndarray, ndarray)
        For each weight of the orders, the steps and ``nothing_paid`` with every order counted so.
    """

    steps: Int64
    given: Int64
    limited: dict[str, tuple[Int64, Int64]]
    nothing_paid: Int64
    weighted: list[tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class AmountSettings:
    """Settings of one variable amount offer and a minimum payable, as whole numbers.

    The first four are arrays over the offer's variants, the next two over those of the minimum payable, the last two
    over the settings and say which of each a setting has. Money is in minor units, percentages in basis points.
    """

    points_per_step: Int64
    discount_per_step: Int64
    most_steps: Int64
    """Steps under the maximum discount; `UNREACHED` for none."""
    min_cart: Int64
    minimum: Int64
    minimum_is_percent: npt.NDArray[np.bool_]
    offer: npt.NDArray[np.intp]
    min_payable: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Families:
    """Settings that differ in their cap alone are a family; families that differ in the minimum payable, a group.

    Families are ordered by group, and each group begins with the family that has no minimum payable.
    """

    group: Int64
    minimum: Int64
    is_percent: npt.NDArray[np.bool_]
    top: Int64
    """The highest step that is counted."""
    of_setting: Int64
    points: Int64
    """Of each group, as the next two."""
    discount: Int64
    min_cart: Int64
    first: Int64
    """Where each group's families begin; one more entry for the end."""


def count_settings(
    balance: Int64, cart: Int64, settings: AmountSettings, *, weights: Sequence[Floats] = (), threads: int = 2
) -> SettingCounts | None:
    """Count what many settings give."""
    families = _families(balance, cart, settings)
    entries = _entries(families)
    if entries.max() > MOST or entries.sum() * AN_ENTRY > len(settings.offer) * len(cart):
        return None
    distinct, start, shift, rank = _ranks(cart, families)
    by_balance = _falling(balance, _highest(families))
    sorted_balance, sorted_rank = balance[by_balance], rank[by_balance].astype(np.int32)
    sorted_weights = np.stack([weight[by_balance] for weight in weights]) if weights else np.zeros((0, len(cart)))

    cap = settings.most_steps[settings.offer]
    by_family = np.lexsort((cap, families.of_setting))
    counts = np.zeros((len(cap), 11), dtype=np.int64)
    weighted = np.zeros((len(cap), 2 * len(weights)))

    def work(groups: tuple[int, int]) -> None:
        lo, hi = families.first[groups[0]], families.first[groups[1]]
        lengths = families.top[lo:hi] + 2
        offset = np.concatenate([[0], np.cumsum(lengths)])
        at, beyond, paid = (np.zeros(offset[-1], dtype=np.int32) for _ in range(3))
        heavy = np.zeros((2 * len(weights), offset[-1] if len(weights) else 0))
        chunk = slice(*groups)
        events, event_group = _events(families, groups)
        sweep_orders(
            events,
            event_group,
            families.points[chunk],
            families.discount[chunk],
            families.min_cart[chunk],
            families.first[groups[0] : groups[1] + 1] - lo,
            families.minimum[lo:hi],
            families.is_percent[lo:hi],
            families.top[lo:hi],
            offset,
            sorted_balance,
            sorted_rank,
            sorted_weights,
            distinct,
            start,
            shift,
            at,
            beyond,
            paid,
            heavy,
        )
        mine = by_family[slice(*np.searchsorted(families.of_setting[by_family], [lo, hi]))]
        base = families.first[families.group[lo:hi]] - lo
        reduce_counts(
            mine, families.of_setting[mine] - lo, cap, base, families.top[lo:hi], offset, at, beyond, paid, heavy,
            counts, weighted,
        )  # fmt: skip

    for _ in side_by_side(work, _chunks(families, threads), threads=threads):
        pass
    return _counted(counts, weighted, cart, settings, len(weights))


def _counted(counts: Int64, weighted: Floats, cart: Int64, settings: AmountSettings, weights: int) -> SettingCounts:
    lowest, which = np.unique(settings.min_cart, return_inverse=True)
    if len(lowest) > 8:
        below = np.searchsorted(np.sort(cart), lowest)
    else:
        below = np.array([np.count_nonzero(cart < amount) for amount in lowest])
    reached = len(cart) - below[which.reshape(-1)]
    offer, column = settings.offer, counts.T
    zero = np.zeros(len(offer), dtype=np.int64)
    return SettingCounts(
        steps=column[0],
        given=column[1],
        limited={
            # seen(1) are the orders with u ≥ 1; the others, of those that reach the minimum cart, have u = 0.
            "balance": (reached[offer] - column[2], column[3]),
            "cart": (column[4], column[5]),
            "max_discount": (column[6], column[7]),
            "min_payable": (column[8], column[9]),
            "min_cart": (len(cart) - reached[offer], zero),
        },
        nothing_paid=column[10],
        weighted=[(weighted[:, 2 * i], weighted[:, 2 * i + 1]) for i in range(weights)],
    )


def _families(balance: Int64, cart: Int64, settings: AmountSettings) -> _Families:
    terms = np.stack([settings.points_per_step, settings.discount_per_step, settings.min_cart])
    groups, group_of = np.unique(terms, axis=1, return_inverse=True)
    # No minimum payable, however it is written, is two zeros: prepended so that it is there, and sorted first.
    minima = np.stack([settings.minimum, np.where(settings.minimum == 0, 0, settings.minimum_is_percent)])
    minima = np.concatenate([np.zeros((2, 1), dtype=np.int64), minima], axis=1)
    minima, minimum_of = np.unique(minima, axis=1, return_inverse=True)
    count = minima.shape[1]
    key = group_of.reshape(-1)[settings.offer] * count + minimum_of.reshape(-1)[1:][settings.min_payable]
    bases = np.arange(groups.shape[1]) * count
    keys, of = np.unique(np.concatenate([key, bases]), return_inverse=True)
    of_setting = of.reshape(-1)[: len(key)]
    group, minimum = np.divmod(keys, count)

    # The cap of a family is that of its most generous setting; the family without a minimum goes one step further.
    cap = np.zeros(len(keys), dtype=np.int64)
    np.maximum.at(cap, of_setting, settings.most_steps[settings.offer])
    group_cap = np.maximum.reduceat(cap, np.searchsorted(group, np.arange(groups.shape[1])))
    cap = np.where(minimum == 0, group_cap[group] + 1, cap)
    most_points, most_cart = (int(array.max()) if len(array) else 0 for array in (balance, cart))
    top = np.minimum(cap, np.minimum(most_points // groups[0], most_cart // groups[1])[group])
    return _Families(
        group=group,
        minimum=minima[0][minimum],
        is_percent=minima[1][minimum].astype(np.bool_),
        top=top,
        of_setting=of_setting,
        points=groups[0],
        discount=groups[1],
        min_cart=groups[2],
        first=np.searchsorted(group, np.arange(groups.shape[1] + 1)),
    )


def _entries(families: _Families) -> Int64:
    """How many counts each group has."""
    return np.add.reduceat(families.top + 2, families.first[:-1])


def _highest(families: _Families) -> int:
    """A balance above which all orders are alike."""
    top = families.top[families.first[:-1]]
    return int(((top + 1) * families.points).max())


def _falling(balance: Int64, highest: int) -> npt.NDArray[np.intp]:
    """Order by falling balance, those above the highest in any order."""
    below = highest - np.minimum(balance, highest)
    # Sixteen bits are sorted by radix.
    return np.argsort(below.astype(np.uint16) if highest < 2**16 else below, kind="stable")


def _ranks(cart: Int64, families: _Families) -> tuple[Any, Any, int, Any]:
    """The distinct carts, where to look for an amount among them, and each order's place.

    Carts above every threshold are alike, so they are cut off there.
    """
    base = families.first[families.group]
    discounts = families.discount[families.group] * (families.top + 1)
    percent = np.where(families.is_percent, np.minimum(families.minimum, WHOLE - 1), 0)
    reached = np.where(families.is_percent, discounts * WHOLE // (WHOLE - percent) + 1, discounts + families.minimum)
    highest = int(max(reached.max(), families.min_cart.max(), (discounts[base]).max())) + 1
    cut = np.minimum(cart, highest)
    limit = int(cut.max()) if len(cut) else 0
    shift = max(0, limit.bit_length() - LOOKED_UP.bit_length() + 1)
    if shift:
        distinct = np.unique(cut)
        buckets = np.arange((limit >> shift) + 2, dtype=np.int64) << shift
        start = np.searchsorted(distinct, buckets).astype(np.int32)
        return distinct, start, shift, find_places(cut, distinct, start, shift)
    there = np.zeros(limit + 1, dtype=np.bool_)
    there[cut] = True
    # Each amount looks up how many distinct carts lie below it; one entry more for the end.
    start = np.zeros(limit + 2, dtype=np.int32)
    np.cumsum(there, out=start[1:])
    return np.flatnonzero(there), start, shift, start[cut]


def _chunks(families: _Families, threads: int) -> list[tuple[int, int]]:
    """Groups that are worked on together: at least one chunk a thread, none with more counts than fit."""
    held = np.cumsum(_entries(families))
    count = max(threads, -(-int(held[-1]) // CHUNK))
    cuts = np.searchsorted(held, held[-1] * np.arange(1, count) / count) + 1
    edges = np.unique(np.concatenate([[0], cuts, [len(held)]])).tolist()
    return list(itertools.pairwise(edges))


def _events(families: _Families, groups: tuple[int, int]) -> tuple[Int64, Int64]:
    """Balances at which something is counted, falling, and the group that counts."""
    top = families.top[families.first[groups[0] : groups[1]]]
    points = families.points[slice(*groups)]
    group = np.repeat(np.arange(len(top)), top + 1)
    step = np.arange(len(group)) - np.repeat(np.cumsum(top + 1) - (top + 1), top + 1) + 1
    events = step * points[group]
    order = np.argsort(-events, kind="stable")
    return events[order], group[order]
