"""The compiled loops of :mod:`nector_sim.exploration.counting`: one pass over the orders, and one over the counts.

They inline into each other, and a compiled loop kept on disk would not notice a change in another file; so they
stand together here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nector_sim._compile import compiled
from nector_sim.rules.money import UNREACHED, WHOLE


@compiled
def _threshold(step: int, discount: int, minimum: int, is_percent: bool, min_cart: int) -> int:  # pragma: no cover
    """The smallest cart to which a step is given."""
    if step == 0:
        return min_cart
    if not is_percent:
        return max(min_cart, minimum + step * discount)
    if minimum >= WHOLE:
        return UNREACHED
    return max(min_cart, -((-step * discount * WHOLE) // (WHOLE - minimum)))


@compiled
def _place(amount: int, distinct: Any, start: Any, shift: int) -> Any:  # pragma: no cover
    """How many distinct carts lie below an amount."""
    bucket = amount >> shift
    if bucket >= len(start) - 1:
        return len(distinct)
    lo, hi = start[bucket], start[bucket + 1]
    while lo < hi:
        middle = (lo + hi) >> 1
        if distinct[middle] < amount:
            lo = middle + 1
        else:
            hi = middle
    return lo


@compiled
def find_places(amounts: Any, distinct: Any, start: Any, shift: int) -> Any:  # pragma: no cover
    """How many distinct carts lie below each amount."""
    places = np.empty(len(amounts), dtype=np.int32)
    for i in range(len(amounts)):
        places[i] = _place(amounts[i], distinct, start, shift)
    return places


@compiled
def _insert(place: int, amount: Any, upto: Any, fine: Any, block: Any, coarse: Any) -> None:  # pragma: no cover
    """Count an order at a place; `fine`, `block` and `coarse` hold sums from a place to the end of its unit.

    All 64 sums of a unit are added to, most of them 0: a loop of fixed length is faster than a shorter one.
    """
    unit, inside = (place >> 6) << 6, upto[(place & 63) + 1]
    for i in range(64):
        fine[unit + i] += amount * inside[i]
    unit, inside = (place >> 12) << 6, upto[(place >> 6) & 63]
    for i in range(64):
        block[unit + i] += amount * inside[i]
    for i in range(place >> 12):
        coarse[i] += amount


@compiled
def sweep_orders(
    events: Any,
    event_group: Any,
    points: Any,
    discount: Any,
    min_cart: Any,
    first: Any,
    minimum: Any,
    is_percent: Any,
    top: Any,
    offset: Any,
    balance: Any,
    rank: Any,
    weights: Any,
    distinct: Any,
    start: Any,
    shift: int,
    at: Any,
    beyond: Any,
    paid: Any,
    heavy: Any,
) -> None:  # pragma: no cover
    """Pass the orders by falling balance and count at each event; see :mod:`nector_sim.exploration.counting`."""
    kinds, units = len(weights), (len(distinct) >> 12) + 1
    upto = (np.arange(64) < np.arange(65).reshape(65, 1)).astype(np.int32)
    fine = np.zeros(units << 12, dtype=np.int32)
    block = np.zeros(units << 6, dtype=np.int32)
    coarse = np.zeros(units, dtype=np.int32)
    heavy_fine = np.zeros((kinds, units << 12))
    heavy_block = np.zeros((kinds, units << 6))
    heavy_coarse = np.zeros((kinds, units))
    # The place of the threshold one step below the last one counted, for each family.
    place = np.full(len(minimum), -1, dtype=np.int64)
    seen = 0
    for event in range(len(events)):
        group = event_group[event]
        while seen < len(balance) and balance[seen] >= events[event]:
            _insert(rank[seen], np.int32(1), upto, fine, block, coarse)
            for kind in range(kinds):
                _insert(rank[seen], weights[kind, seen], upto, heavy_fine[kind], heavy_block[kind], heavy_coarse[kind])
            seen += 1
        if seen == 0:
            continue
        step, d, low = events[event] // points[group], discount[group], min_cart[group]
        for family in range(first[group], first[group + 1]):
            if step > top[family] + 1:
                continue
            here = place[family]
            if here < 0:
                amount = _threshold(step, d, minimum[family], is_percent[family], low)
                here = _place(amount, distinct, start, shift)
            i = offset[family] + step
            at[i] = fine[here] + block[here >> 6] + coarse[here >> 12]
            for kind in range(kinds):
                heavy[2 * kind, i] = (
                    heavy_fine[kind, here] + heavy_block[kind, here >> 6] + heavy_coarse[kind, here >> 12]
                )
            if family == first[group] and step * d >= low:
                # Without a minimum payable, carts of exactly so much are paid for in full.
                after = _place(step * d + 1, distinct, start, shift)
                paid[i] = at[i] - (fine[after] + block[after >> 6] + coarse[after >> 12])
                for kind in range(kinds):
                    heavy[2 * kind + 1, i] = heavy[2 * kind, i] - (
                        heavy_fine[kind, after] + heavy_block[kind, after >> 6] + heavy_coarse[kind, after >> 12]
                    )
            amount = _threshold(step - 1, d, minimum[family], is_percent[family], low)
            below = _place(amount, distinct, start, shift)
            beyond[i - 1] = fine[below] + block[below >> 6] + coarse[below >> 12]
            place[family] = below


@compiled
def reduce_counts(
    settings: Any,
    family: Any,
    cap: Any,
    base: Any,
    top: Any,
    offset: Any,
    at: Any,
    beyond: Any,
    paid: Any,
    heavy: Any,
    counts: Any,
    weighted: Any,
) -> None:  # pragma: no cover
    """Sum the counts up to each setting's cap; settings come by family and rising cap."""
    kinds = len(heavy) // 2
    sums = np.zeros(2 * kinds)
    last, step = -1, 0
    steps = balance = cart = held = whole_paid = 0
    for i in range(len(settings)):
        f, setting = family[i], settings[i]
        begin, whole = offset[f], offset[base[f]]
        if f != last:
            last, step = f, 0
            steps = balance = cart = held = whole_paid = 0
            sums[:] = 0
        is_base = base[f] == f
        most = min(cap[setting], top[f])
        while step < most:
            # Step `step` is left and step + 1 is given.
            reach = min(beyond[begin + step], at[whole + step + 1])
            if step > 0:
                cart += beyond[begin + step] - reach
                held += reach - at[begin + step + 1]
            step += 1
            steps += at[begin + step]
            balance += at[begin + step] - beyond[begin + step]
            if is_base:
                whole_paid += paid[begin + step]
            for kind in range(kinds):
                sums[2 * kind] += heavy[2 * kind, begin + step]
                if is_base:
                    sums[2 * kind + 1] += heavy[2 * kind + 1, begin + step]
        # The last step, `most`: nothing further is given.
        reach = min(beyond[begin + most], at[whole + most + 1])
        none = min(beyond[begin], at[whole + 1])
        row = counts[setting]
        row[0] = steps
        row[1] = at[begin + 1] if most > 0 else 0
        row[2] = beyond[begin]
        row[3] = balance
        row[4] = beyond[begin] - none
        row[5] = cart + (beyond[begin + most] - reach if most > 0 else 0)
        row[6] = reach if most == 0 else 0
        row[7] = reach if most > 0 else 0
        row[8] = none - at[begin + 1] if most > 0 else 0
        row[9] = held
        row[10] = whole_paid
        weighted[setting] = sums
