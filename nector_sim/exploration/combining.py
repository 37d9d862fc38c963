"""Totals of many settings of one or two amount offers: each offer worked out once a variant, and then combined.

Settings of a grid share their parts. What one variant of an offer gives under one minimum payable is worked out once
for a block of orders and kept in the cache; a setting then only has to pick, order by order, the better of its offers.
The reasons are counted by adding up numbers with one field of ten bits for each reason, which a block cannot overflow.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim._compile import compiled
from nector_sim._progress import side_by_side
from nector_sim.rules.money import WHOLE

Int64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Orders that are worked on at a time; below 2¹⁰, so that a field cannot overflow.
BLOCK = 512
FIELD, MASK = 10, 1023
#: Variants that are held at a time, each with two numbers for each order of a block.
HELD = 192
#: Reasons by field: of orders that are given something, and of those that are not.
GIVEN = ("balance", "cart", "max_discount", "min_payable", "offer")
NOT_GIVEN = ("balance", "cart", "max_discount", "min_payable", "min_cart")

#: One offer under one minimum payable; money in minor units, the percentage in basis points.
VARIANT = np.dtype(
    [
        ("points", np.float64),
        ("amount", np.float64),
        ("most_steps", np.float64),
        ("is_fixed", np.int64),
        ("min_cart", np.float64),
        ("max_cart", np.float64),
        ("minimum", np.float64),
        ("minimum_percent", np.float64),
    ]
)


@dataclass(frozen=True, slots=True)
class Combined:
    """Totals of each setting, arrays of shape ``(settings,)``; discounts in minor units.

    Attributes
    ----------
    given : ndarray of int64
        Orders that are given something.
    points, discount : ndarray of int64
    nothing_paid : ndarray of int64
        Orders with something to pay whose whole cart is discounted.
    limited : dict of str to (ndarray, ndarray)
        For each reason the orders that are given nothing, and those that are given something.
    closed : ndarray of int64
        Orders whose cart is above the maximum cart of every offer.
    weighted : list of (ndarray, ndarray)
        For each weight of the orders, the discount and ``nothing_paid`` with every order counted so.
    """

    given: Int64
    points: Int64
    discount: Int64
    nothing_paid: Int64
    limited: dict[str, tuple[Int64, Int64]]
    closed: Int64
    weighted: list[tuple[Floats, Floats]]


def combine_settings(
    balance: Int64,
    cart: Int64,
    left: Int64,
    variants: Any,
    settings: npt.NDArray[np.intp],
    *,
    weights: Sequence[Floats] = (),
    threads: int | None = None,
) -> Combined:
    """Work out what many settings of one or two offers give."""
    threads = threads or os.cpu_count() or 1
    points, carts, lefts = (array.astype(np.float64) for array in (balance, cart, left))
    heavy = np.stack(list(weights)) if weights else np.zeros((0, len(cart)))
    by_variant = np.lexsort(settings.T[::-1])
    sums = np.zeros((len(settings), 4 + 2 * len(heavy)))
    counts = np.zeros((len(settings), len(GIVEN) + len(NOT_GIVEN)), dtype=np.int64)
    cuts = np.linspace(0, len(cart), threads + 1).round().astype(int)

    def work(part: tuple[int, int]) -> tuple[Floats, Int64]:
        own_sums, own_counts, mine = np.zeros_like(sums), np.zeros_like(counts), slice(*part)
        own_heavy = np.ascontiguousarray(heavy[:, mine])
        for chunk in _chunks(settings, by_variant):
            used, local = np.unique(settings[chunk], return_inverse=True)
            pairs = np.full((len(chunk), 2), len(used))
            pairs[:, : settings.shape[1]] = local.reshape(len(chunk), -1)
            _combine(
                points[mine], carts[mine], lefts[mine], variants[used], pairs, own_heavy, chunk, own_sums,
                own_counts,
            )  # fmt: skip
        return own_sums, own_counts

    for own_sums, own_counts in side_by_side(work, itertools.pairwise(cuts), threads=threads):
        sums += own_sums
        counts += own_counts
    column, count = sums.T, counts.T
    charged = np.zeros(len(settings), dtype=np.int64)
    for offer in range(settings.shape[1]):
        # Discounts are whole steps of what one step takes off.
        mine = variants[settings[:, offer]]
        charged += (column[1 + offer] / mine["amount"]).round().astype(np.int64) * mine["points"].astype(np.int64)
    zero = np.zeros(len(settings), dtype=np.int64)
    some, none = dict(zip(GIVEN, count, strict=False)), dict(zip(NOT_GIVEN, count[len(GIVEN) :], strict=True))
    return Combined(
        given=column[0].astype(np.int64),
        points=charged,
        discount=(column[1] + column[2]).astype(np.int64),
        nothing_paid=column[3].astype(np.int64),
        limited={reason: (none.get(reason, zero), some.get(reason, zero)) for reason in {*GIVEN, *NOT_GIVEN}},
        closed=len(cart) - counts.sum(axis=1),
        weighted=[(column[4 + 2 * i], column[5 + 2 * i]) for i in range(len(heavy))],
    )


def _chunks(settings: npt.NDArray[np.intp], order: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """Settings that are worked on together: as many as share so many variants as are held at a time."""
    chunks: list[npt.NDArray[np.intp]] = []
    begin, held = 0, set[int]()
    for place, setting in enumerate(order.tolist()):
        more = held | set(settings[setting].tolist())
        if len(more) > HELD and place > begin:
            chunks.append(order[begin:place])
            begin, more = place, set(settings[setting].tolist())
        held = more
    return [*chunks, order[begin:]]


# One compilation unit: the functions below inline into each other. Sums may be taken in any order (`reassoc`): of whole
# numbers below 2⁵³ it does not show.


@compiled(error_model="numpy")
def _work_out(v: Any, balance: Any, cart: Any, left: Any, discount: Any, word: Any) -> None:  # pragma: no cover
    """One variant on a block of orders: what it gives, and a field for what limits it; 0 where it is not for them.

    Half above a whole number, times a reciprocal, rounds down as the division does, for numbers below 2⁵⁰. Whole
    numbers below 2⁵³ divide exactly as floats (:mod:`nector_sim.calculator.parameters`).
    """
    d, most, low, high = v.amount, v.most_steps, v.min_cart, v.max_cart
    a_point, a_unit = 1 / v.points, 1 / d
    by_balance, by_cart, by_cap, by_minimum = 1, 1 << FIELD, 1 << 2 * FIELD, 1 << 3 * FIELD
    other = 1 << 4 * FIELD
    size = len(balance)
    if v.minimum_percent == 0:
        for i in range(size):
            discount[i] = np.floor((max(left[i] - v.minimum, 0.0) + 0.5) * a_unit)
    else:
        for i in range(size):
            room = left[i] * WHOLE - v.minimum_percent * cart[i]
            discount[i] = np.floor(max(room, 0.0) / (d * WHOLE))
    for i in range(size):
        u, c = np.floor((balance[i] + 0.5) * a_point), np.floor((left[i] + 0.5) * a_unit)
        # Without a minimum to pay the last limit equals the cart, which is named first.
        n = min(min(u, c), min(most, discount[i]))
        is_below = cart[i] < high
        is_open = is_below & (cart[i] >= low)
        n = n if is_open else 0.0
        limited = by_balance if u <= n else (by_cart if c <= n else (by_cap if most <= n else by_minimum))
        limited = other if v.is_fixed & (n > 0) else limited
        limited = limited if is_open else other
        word[i] = limited if is_below else 0
        discount[i] = n * d


@compiled(error_model="numpy", fastmath={"reassoc", "nsz"})
def _combine(
    balance: Any,
    cart: Any,
    left: Any,
    variants: Any,
    settings: Any,
    weights: Any,
    rows: Any,
    sums: Any,
    counts: Any,
) -> None:  # pragma: no cover
    """Go through the orders block by block: every variant, then every setting."""
    # Behind the variants stands one that gives nothing, for settings of a single offer.
    discount = np.zeros((len(variants) + 1, BLOCK))
    word = np.zeros((len(variants) + 1, BLOCK), dtype=np.int64)
    for begin in range(0, len(cart), BLOCK):
        end = min(begin + BLOCK, len(cart))
        size = end - begin
        paid = left[begin:end]
        for j in range(len(variants)):
            _work_out(
                variants[j], balance[begin:end], cart[begin:end], paid, discount[j, :size], word[j, :size],
            )  # fmt: skip
        for s in range(len(rows)):
            row, one, two = rows[s], settings[s, 0], settings[s, 1]
            first, second, first_word, second_word = discount[one], discount[two], word[one], word[two]
            # On a tie the offer that costs fewer points wins, then the first.
            tie = 0.0
            if two < len(variants):
                a, b = variants[one], variants[two]
                tie = 0.5 if b.points * a.amount < a.points * b.amount else 0.0
            of_first, of_second, given, nothing, some, every = 0.0, 0.0, 0, 0, 0, 0
            for i in range(size):
                better = (second[i] > 0) & (second[i] + tie > first[i])
                best = second[i] if better else first[i]
                gives = best > 0
                limited = first_word[i] if first_word[i] else second_word[i]
                limited = second_word[i] if better else limited
                of_first += 0.0 if better else first[i]
                of_second += second[i] if better else 0.0
                given += 1 if gives else 0
                nothing += 1 if gives & (best == paid[i]) else 0
                some += limited if gives else 0
                every += limited
            sums[row, 0] += given
            sums[row, 1] += of_first
            sums[row, 2] += of_second
            sums[row, 3] += nothing
            every -= some
            for field in range(5):
                counts[row, field] += (some >> (field * FIELD)) & MASK
                counts[row, 5 + field] += (every >> (field * FIELD)) & MASK
            for w in range(len(weights)):
                weight = weights[w, begin:end]
                heavy, full = 0.0, 0.0
                for i in range(size):
                    best = second[i] if (second[i] > 0) & (second[i] + tie > first[i]) else first[i]
                    heavy += best * weight[i]
                    full += weight[i] if (best > 0) & (best == paid[i]) else 0.0
                sums[row, 4 + 2 * w] += heavy
                sums[row, 5 + 2 * w] += full
