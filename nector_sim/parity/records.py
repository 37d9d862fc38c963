"""Orders as the exact law takes them, and the record of what a checkout gave for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from nector_sim.batch.files import read_table
from nector_sim.calculator.exact import Order
from nector_sim.errors import InputError, Problem
from nector_sim.frames.checks import ALL_OF_IT, read_inputs, refuse, rejects_frame
from nector_sim.frames.columns import NOT_ASKED
from nector_sim.frames.currency import refuse_currency
from nector_sim.frames.kinds import as_frame
from nector_sim.frames.masking import shown_names
from nector_sim.parity.answers import Theirs, read_number
from nector_sim.rules.program import Program
from nector_sim.rules.times import NO_TIME
from nector_sim.rules.values import is_blank

#: What a record holds beside the orders; all but the discount where the checkout keeps it.
GIVEN = ("points_redeemed", "discount", "payable", "credits_used")
#: What a shop's export calls the discount that points gave, as it is read.
AS_EXPORTED = "discount_given"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_frame(orders: Any, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read a file or a frame, and give its columns our names."""
    frame = as_frame(read_table(orders) if isinstance(orders, str | Path) else orders)
    problems = [
        Problem(ours, f"there is no column {theirs}; there are {shown_names(frame.columns)}")
        for ours, theirs in columns.items()
        if theirs not in frame.columns
    ]
    if problems:
        raise InputError("the named columns are not all there:", problems)
    if frame.empty:
        raise InputError("there are no rows to hold against the exact calculator")
    named = set(columns.values())
    # A column that already has the name which another one gets is not the one that is meant.
    kept = frame[[name for name in frame.columns if name in named or name not in columns]]
    return kept.rename(columns={theirs: ours for ours, theirs in columns.items()})


def law_orders(program: Program, frame: pd.DataFrame) -> list[Order]:
    """Read the orders of a frame as the exact law takes them."""
    refuse_currency(frame, program.currency)
    inputs = read_inputs(program, frame.get, list(frame.columns))
    if inputs.refused:
        raise refuse(rejects_frame(frame, inputs.refused), len(frame))
    columns, n = inputs.columns, len(frame)
    tiers = list(frame["tier"]) if "tier" in frame else [None] * n
    return [
        Order(
            cart,
            balance,
            credit,
            None if requested == NOT_ASKED else requested,
            None if is_blank(tier) else str(tier),
            None if at == NO_TIME else _EPOCH + timedelta(microseconds=at),
            None if eligible == ALL_OF_IT else eligible,
            coupon,
        )
        for cart, balance, credit, requested, tier, at, eligible, coupon in zip(
            columns.cart.tolist(),
            columns.balance.tolist(),
            [0] * n if columns.credits is None else columns.credits.tolist(),
            [NOT_ASKED] * n if columns.requested is None else columns.requested.tolist(),
            tiers,
            [NO_TIME] * n if columns.at is None else columns.at.tolist(),
            [ALL_OF_IT] * n if columns.eligible is None else columns.eligible.tolist(),
            [0] * n if columns.coupon is None else columns.coupon.tolist(),
            strict=True,
        )
    ]


def read_given(program: Program, frame: pd.DataFrame) -> list[Theirs]:
    """Read what the checkout gave.

    A blank discount, and blank points where there are any, say that it refused the order.
    """
    if "discount" not in frame and AS_EXPORTED in frame:
        frame = frame.rename(columns={AS_EXPORTED: "discount"})
    if "discount" not in frame:
        raise InputError(
            f"the record has no column discount; it has {shown_names(frame.columns)}",
            [Problem("", "name it: columns={'discount': 'its name'}, or --column discount=NAME")],
        )
    refused: dict[int, list[tuple[str, str]]] = {}
    present = [name for name in GIVEN if name in frame]
    needed = [name for name in present if name in ("points_redeemed", "discount")]
    given = []
    for row, values in enumerate(zip(*(frame[name].tolist() for name in present), strict=True)):
        numbers: dict[str, Any] = {}
        for name, value in zip(present, values, strict=True):
            try:
                numbers[name] = (
                    None if is_blank(value) else read_number(value, 0 if name == GIVEN[0] else program.decimals)
                )
            except ValueError as error:
                refused.setdefault(row, []).append((name, str(error)))
        if row in refused:
            continue
        blank = [name for name in needed if numbers[name] is None]
        if not blank:
            points, payable, used = (numbers.get(name) for name in GIVEN if name != "discount")
            given.append(Theirs(points, numbers["discount"], payable, used))
        elif blank == needed:
            given.append(Theirs(refused=True))
        else:
            refused[row] = [(blank[0], "is blank; fill it in, or leave both blank where the order was refused")]
    if refused:
        raise refuse(rejects_frame(frame, refused), len(frame))
    return given


def _blank(value: Any) -> bool:
    return value is None or value is pd.NA or value != value or (isinstance(value, str) and not value.strip())
