"""The compiled law against loops that only copy as many bytes in and out, on one thread."""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta

import numpy as np
from numba import njit

from nector_sim.calculator.compiled import Columns, Results, answer, answer_floats
from nector_sim.calculator.exact import Law, Order
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.reasons import REASONS
from nector_sim.rules.program import Program
from tests.bench.harness import Case, compare

ROWS = 10_000_000
CHECKED = 2_000
START, EPOCH, DAYS = datetime(2025, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), 100

COPYING = "copying loop, 16 bytes in and 25 out"

FIXED = {"kind": "fixed", "amount": 100}
PERCENT = {"kind": "percent", "percent": 20}
PLAIN = {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 7, "max_discount": 200}
KINDS = [
    PLAIN | {"max_discount_percent": 50},
    {"kind": "fixed_amount", "points": 300, "discount": 77},
    {
        "kind": "variable_percent",
        "points_per_step": 100,
        "percent_per_step": 7,
        "max_percent": 50,
        "max_discount": 200,
    },
    {"kind": "fixed_percent", "points": 300, "percent": 7, "max_discount": 100},
]
EVERY = {
    "min_cart": 5,
    "max_cart": 2900,
    "min_cart_multiple": 3,
    "tiers": ["gold", "silver"],
    "starts_at": START + timedelta(days=5),
    "ends_at": START + timedelta(days=95),
    "min_balance": 100,
    "with_coupons": False,
}


def run():
    """Print all of it."""
    columns = orders(ROWS)
    plain_offer(Columns(columns.cart, columns.balance))
    whole_law(columns)
    floats(Columns(columns.cart / 100, columns.balance.astype(np.float64)))
    first_use()


def plain_offer(columns):
    """One offer with a cap and a minimum payable: what most merchants have."""
    out = results(ROWS)._replace(offer=None)
    copied = (*columns[:2], out.points, out.discount, out.payable, out.limited_by)
    cases = [Case(COPYING, lambda: copy_two(*copied))]
    for name, minimum, at_most in (("fixed minimum payable", FIXED, 1.1), ("percentage minimum payable", PERCENT, 1.5)):
        tables = checked(Program(offers=[PLAIN], min_payable=minimum), columns)
        cases.append(Case(name, lambda t=tables: answer(t, columns, out), COPYING, at_most))
    compare(f"One variable_amount offer with a cap, {ROWS:,} rows", cases, runs=25)


def whole_law(columns):
    """Every kind with every restriction, and several offers."""
    out = results(ROWS, credits_used=True)
    copied = (*columns, out.points, out.discount, out.payable, out.credits_used, out.limited_by)
    copying = "copying loop, 58 bytes in and 33 out"
    cases = [Case(copying, lambda: copy_all(*copied))]
    programs = {f"one {kind['kind']}": [kind] for kind in KINDS} | {f"{n} offers": (KINDS * 2)[:n] for n in (2, 4, 8)}
    for name, kinds in programs.items():
        tables = checked(Program(offers=[kind | EVERY for kind in kinds], min_payable=PERCENT), columns)
        cases.append(Case(name, lambda t=tables: answer(t, columns, out), copying, 3.0 * len(kinds)))
    medians = compare(f"Every restriction and column, {ROWS:,} rows", cases, runs=9)
    further = (medians["8 offers"] - medians["4 offers"]) / 4 / medians[copying]
    print(f"  a further offer adds {further:.2f} (at most 3.0)")


def floats(columns):
    """Carts and balances as floats, checked in the same pass; and what fresh memory for the results costs."""
    out, tables = results(ROWS, np.float64), compile_program(Program(offers=[PLAIN], min_payable=FIXED))
    copied = (out.points, out.discount, out.payable, out.limited_by)
    cases = [
        Case(COPYING, lambda: copy_two(*columns[:2], *copied)),
        Case("floats", lambda: answer_floats(tables, columns, out, scale=100.0), COPYING),
        Case("floats into new arrays", lambda: answer_floats(tables, columns, scale=100.0), COPYING),
        Case("copying loop into new arrays", lambda: copy_two(*columns[:2], *map(np.empty_like, copied)), COPYING),
    ]
    compare(f"Floats in and out, {ROWS:,} rows", cases)


FIRST_USE = """
import time, numpy as np, nector_sim as ns
from nector_sim.calculator.compiled import Columns, answer
from nector_sim.calculator.parameters import compile_program
offer, orders = ns.VariableAmount(points_per_step=1, discount_per_step=1), Columns(np.arange(9), np.arange(9))
for name, offers in (("one plain offer", [offer]), ("any program", [offer, offer])):
    start = time.perf_counter()
    answer(compile_program(ns.Program(offers=offers)), orders)
    print(f"  {name:44}{time.perf_counter() - start:9.2f}s")
"""


def first_use():
    """Compiling, which happens once on a machine."""
    with tempfile.TemporaryDirectory() as folder:
        for title in ("First use on a machine", "First use of a later run"):
            print(f"\n{title}", flush=True)
            subprocess.run([sys.executable, "-c", FIRST_USE], env=os.environ | {"NUMBA_CACHE_DIR": folder}, check=True)


@njit(nogil=True)
def copy_two(cart, balance, points, discount, payable, limited_by):
    for i in range(len(cart)):
        points[i] = balance[i]
        discount[i] = cart[i]
        payable[i] = cart[i]
        limited_by[i] = 1


@njit(nogil=True)
def copy_all(
    cart, balance, credits, requested, tier, at, eligible, coupon, points, discount, payable, credits_used, limited_by
):
    for i in range(len(cart)):
        points[i] = balance[i] + coupon[i]
        discount[i] = requested[i] + eligible[i]
        payable[i] = cart[i] + at[i]
        credits_used[i] = credits[i]
        limited_by[i] = tier[i]


def orders(rows):
    """Carts to ₹3,000 of customers with up to 5,000 points, in tiers and over a hundred days."""
    luck = np.random.default_rng(0)
    start = (START - EPOCH) // timedelta(microseconds=1)
    cart = luck.integers(0, 300_000, rows)
    return Columns(
        cart=cart,
        balance=luck.integers(0, 5_000, rows),
        credits=luck.integers(0, 3_000, rows),
        requested=luck.integers(-1, 3_000, rows),
        tier=luck.integers(-1, 2, rows).astype(np.int16),
        at=luck.integers(start, start + DAYS * 86_400 * 10**6, rows),
        eligible=cart - np.minimum(cart, luck.integers(-50_000, 50_000, rows).clip(0)),
        coupon=luck.integers(-9, 2, rows).clip(0),
    )


def results(rows, money=np.int64, *, credits_used=False):
    """Arrays whose memory is there already."""
    offer, points, discount, payable, limited_by = (
        np.ones(rows, kind) for kind in (np.int16, np.int64, money, money, np.int8)
    )
    return Results(offer, points, discount, payable, np.ones(rows, money) if credits_used else None, limited_by)


def checked(program, columns):
    """The program's tables, once the first orders got the exact answer."""
    tables, law = compile_program(program), Law(program)
    found = answer(tables, Columns(*(None if column is None else column[:CHECKED] for column in columns)))
    for i in range(CHECKED):
        exact = law.answer(exact_order(tables, columns, i))
        compiled = found.points[i], found.discount[i], found.payable[i], REASONS[found.limited_by[i]]
        assert compiled == (exact.points, exact.discount, exact.payable, exact.limited_by), (program, i)
    return tables


def exact_order(tables, columns, i):
    """One of the orders for the exact law."""
    cart, balance = int(columns.cart[i]), int(columns.balance[i])
    if columns.credits is None:
        return Order(cart, balance)
    requested, tier = int(columns.requested[i]), int(columns.tier[i])
    return Order(
        cart,
        balance,
        int(columns.credits[i]),
        requested if requested >= 0 else None,
        tables.tier_names[tier] if tier >= 0 else None,
        EPOCH + timedelta(microseconds=int(columns.at[i])),
        int(columns.eligible[i]),
        int(columns.coupon[i]),
    )
