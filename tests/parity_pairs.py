"""Exact against compiled, order by order: what the tests and the long campaign share."""

import datetime as dt

import numpy as np

from nector_sim.calculator.compiled import COMPILED, Columns, answer
from nector_sim.calculator.exact import Law
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.frames.checks import ALL_OF_IT
from nector_sim.frames.columns import NOT_ASKED
from nector_sim.rules.times import NO_TIME

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def columns_of(program, orders):
    """Orders as the compiled law takes them, with only those columns that any of them needs."""
    names = {name: code for code, name in enumerate(compile_program(program).tier_names)}

    def column(values, kind=np.int64):
        return np.array(values, kind)

    def optional(values, blank, kind=np.int64):
        return (
            column([blank if value is None else value for value in values], kind)
            if any(value is not None for value in values)
            else None
        )

    instants = [None if order.at is None else (order.at - _EPOCH) // _MICROSECOND for order in orders]
    return Columns(
        cart=column([order.cart for order in orders]),
        balance=column([order.balance for order in orders]),
        credits=column([order.credits for order in orders]) if any(order.credits for order in orders) else None,
        requested=optional([order.requested for order in orders], NOT_ASKED),
        tier=column([names.get(order.tier, -1) for order in orders], np.int16) if names else None,
        at=optional(instants, NO_TIME),
        eligible=optional([order.eligible for order in orders], ALL_OF_IT),
        coupon=column([order.coupon for order in orders]) if any(order.coupon for order in orders) else None,
    )


def differences(program, orders, loops=COMPILED):
    """Every order on which the two laws do not agree, with both answers."""
    results = answer(compile_program(program), columns_of(program, orders), loops=loops)
    credits_used = [0] * len(orders) if results.credits_used is None else results.credits_used.tolist()
    given = zip(
        results.offer.tolist(),
        results.points.tolist(),
        results.discount.tolist(),
        results.payable.tolist(),
        credits_used,
        results.limited_by.tolist(),
        strict=True,
    )
    law = Law(program)
    found = []
    for order, compiled in zip(orders, given, strict=True):
        exact = law.answer(order)
        offer = -1 if exact.offer is None else exact.offer
        expected = (offer, exact.points, exact.discount, exact.payable, exact.credits_used, exact.limited_by)
        if (*compiled[:5], REASONS[compiled[5]]) != expected:
            found.append((order, expected, compiled))
    return found
