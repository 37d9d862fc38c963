"""Every public function with every kind of table: any in, the same out, lazy ones refused by name."""

import datetime as dt
import inspect
import json
from decimal import Decimal
from random import Random

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import nector_sim as ns
from nector_sim.errors import InputError
from nector_sim.frames.kinds import as_frame

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
        "earning": {"points_per_unit": "0.1"},
    }
)
CAPPED = PROGRAM.replaced({"offers.0.max_discount": 50})
HALF = ns.Assumptions(gross_margin_percent=50)
#: One customer's two orders; what they get is worked out by hand below.
ORDERS = pd.DataFrame(
    {
        "order_id": ["a", "b"],
        "customer_id": ["c", "c"],
        "ordered_at": pd.to_datetime(["2026-11-02T10:00Z", "2026-11-05T10:00Z"]),
        "cart_amount": [Decimal("1000.00"), Decimal("500.00")],
        "points_balance": [100, 40],
    }
)
OPENING = pd.DataFrame({"customer_id": ["c"], "points": [20]})
GRANTS = pd.DataFrame({"customer_id": ["c"], "granted_at": ["2026-11-01T10:00Z"], "points": [30]})
REFUNDS = pd.DataFrame({"order_id": ["b"], "refunded_at": ["2026-11-06T10:00Z"]})
BALANCES = pd.DataFrame({"customer_id": ["c"], "points": [120]})

#: A connection beside DuckDB's own, so that a result is seen to stay on it.
CONNECTION = duckdb.connect()


def arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def relation(frame):
    return CONNECTION.from_arrow(arrow(frame))


#: Makes a table of each kind, and the class that comes out.
KINDS = {
    "pandas": (lambda frame: frame, pd.DataFrame),
    "pandas of Arrow types": (lambda frame: arrow(frame).to_pandas(types_mapper=pd.ArrowDtype), pd.DataFrame),
    "Polars": (pl.from_pandas, pl.DataFrame),
    "Arrow": (arrow, pa.Table),
    "a record batch": (lambda frame: arrow(frame).to_batches()[0], pa.RecordBatch),
    "DuckDB": (relation, duckdb.DuckDBPyRelation),
}
LAZY = {
    "LazyFrame": lambda frame: pl.from_pandas(frame).lazy(),
    "Dask": lambda frame: dd.from_pandas(frame, npartitions=1),
}


def values(table, *names):
    """Rows as plain numbers and texts."""
    frame = as_frame(table)[list(names)]
    return [tuple(one if isinstance(one, str) else float(one) for one in row) for row in frame.itertuples(index=False)]


def scored(make):
    return ns.score(PROGRAM, make(ORDERS))


def replayed(make):
    tables = {"opening": make(OPENING), "grants": make(GRANTS), "refunds": make(REFUNDS)}
    return ns.replay(PROGRAM, make(ORDERS), movements=True, **tables)


def checked(make):
    return ns.check_orders(make(ORDERS.assign(points_balance=pd.array([100, None], "Int64"))), program=PROGRAM)


#: What gives back rows: the table that it gives, the columns that are looked at, and what they hold, by hand.
TABLES = {
    # 1 point is ₹1, and each order has its own balance.
    "score": (
        scored,
        ["order_id", "discount", "payable", "limited_by"],
        [("a", 100, 900, "balance"), ("b", 40, 460, "balance")],
    ),
    # Half of each cart is the cost of its goods: 900 - 500, 460 - 250.
    "margins": (
        lambda make: ns.margins(scored(make), assumptions=HALF),
        ["net_sales", "margin"],
        [(900, 400), (460, 210)],
    ),
    # 400 of 900 is 44 %, 210 of 460 is 46 %.
    "orders_below_floor": (
        lambda make: ns.orders_below_floor(scored(make), assumptions=HALF, floor_percent=45),
        ["order_id", "margin"],
        [("a", 400)],
    ),
    "check_orders": (lambda make: checked(make).good, ["order_id", "points_balance"], [("a", 100)]),
    "check_orders: rejects": (lambda make: checked(make).rejects, ["row", "column"], [(2, "points_balance")]),
    # 20 and 30 before the first order, a tenth of 950 earned by it, a tenth of 405 by the second.
    "replay": (
        lambda make: replayed(make).orders,
        ["order_id", "points_balance", "discount", "payable", "points_earned"],
        [("a", 50, 50, 950, 95), ("b", 95, 95, 405, 40)],
    ),
    # The refund takes back what the second order earned, and gives back what it used.
    "replay: balances": (lambda make: replayed(make).balances, ["customer_id", "points_balance"], [("c", 95)]),
    "replay: totals": (
        lambda make: replayed(make).totals,
        ["opening", "granted", "earned", "redeemed", "given_back", "taken_back", "closing"],
        [(20, 30, 135, 145, 95, 40, 95)],
    ),
    "replay: movements": (
        lambda make: replayed(make).movements,
        ["customer_id", "points"],
        [("c", points) for points in (20, 30, -50, 95, -95, 40, -40, 95)],
    ),
    # All that the orders earned by then was 150, and nothing was redeemed before: 160 - 150.
    "opening_from": (
        lambda make: ns.opening_from(make(BALANCES.assign(points=160)), make(ORDERS), PROGRAM, at="2026-11-10"),
        ["customer_id", "points"],
        [("c", 10)],
    ),
    # With ₹50 at most: 50 of 50, then 50 of the 95 earned; 20 + 30 + 95 + 45 less 100.
    "replay_sweep": (
        lambda make: ns.replay_sweep([CAPPED], make(ORDERS), opening=make(OPENING), grants=make(GRANTS)),
        ["discount", "closing"],
        [(100, 90)],
    ),
}

HISTORY = {"opening": OPENING, "grants": GRANTS, "refunds": REFUNDS}
TODAY = {"assumptions": HALF}
#: What gives something else than rows: it, in figures.
OTHERS = {
    "summarize": lambda make: ns.summarize(scored(make), **TODAY).row(),
    "sweep": lambda make: ns.sweep(PROGRAM, make(ORDERS), grid=GRID, **TODAY, **_made(make)).to_dict(),
    "compare": lambda make: ns.compare(PROGRAM, CAPPED, make(ORDERS), resamples=0, **TODAY, **_made(make)).text(),
    "winners": lambda make: _table(
        ns.winners(PROGRAM, make(ORDERS), grid=GRID, assumptions=RESPONDS, over=OVER, **_made(make))
    ),
    "first_grid": lambda make: ns.first_grid(PROGRAM, make(ORDERS), **_made(make)),
    "forecast": lambda make: _table(ns.forecast(PROGRAM, make(_a_year()), opening=make(OPENING), **A_FEW)),
    "liability": lambda make: ns.liability(make(BALANCES), program=PROGRAM, at="2026-11-10").text(),
    "inspect_orders": lambda make: ns.inspect_orders(make(ORDERS), balances=make(BALANCES), **INR).orders.to_dict(),
    "read_orders": lambda make: ns.read_orders(make(ORDERS), **INR).to_dict(),
    "read_balances": lambda make: ns.read_balances(make(BALANCES)).to_dict(),
    "propose_mapping": lambda make: str(ns.propose_mapping(make(ORDERS))),
    "check_parity": lambda make: ns.check_parity(PROGRAM, scored(make)).text(),
    "plan_experiment": lambda make: _table(ns.plan_experiment(PROGRAM, CAPPED, make(_a_year()), weeks=(4,), **TODAY)),
    "assign_experiment": lambda make: ns.assign_experiment(make(_a_year()), start="2026-11-01", key_file=KEY[0]).text(),
    "read_experiment": lambda make: ns.read_experiment(make(_a_year()), make(_sides()), **PERIOD, **TODAY).text(),
    "fit_take_up": lambda make: ns.fit_take_up(make(_a_year()), PROGRAM, opening=make(OPENING)).text(),
    "RuleExplorer": lambda make: ns.RuleExplorer(PROGRAM, orders=make(ORDERS), assumptions=HALF).outcome.summary.row(),
}
RESPONDS = {"gross_margin_percent": 50, "response_half_at_percent": 3}
OVER = {"response_percent": [0, 20], "redeemers_percent": [50, 100]}
INR = {"currency": "INR"}
GRID = {"offers.0.max_discount": [50, 100]}
PERIOD = {"start": "2026-06-01", "end": "2026-10-01"}
A_FEW = {"months": 1, "draws": 2, "futures": 2}
KEY = []


@pytest.fixture(autouse=True)
def _key(tmp_path_factory):
    if not KEY:
        KEY.append(tmp_path_factory.mktemp("keys") / "key")


def _made(make, *names):
    return {name: make(HISTORY[name]) for name in names or HISTORY}


def _a_year():
    """Orders of 60 customers in each month of a year."""
    rows = [(month, customer) for month in range(1, 13) for customer in range(60)]
    begin, random = dt.datetime(2025, 10, 5, 10, tzinfo=dt.UTC), Random(7)
    return pd.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(len(rows))],
            "customer_id": [f"c{customer}" if customer else "c" for _, customer in rows],
            "ordered_at": [begin + dt.timedelta(days=30 * month, hours=random.randrange(300)) for month, _ in rows],
            "cart_amount": [float(random.randrange(200, 2000)) for _ in rows],
            "discount_given": [float(random.choice([0, 20, 50])) for _ in rows],
        }
    )


def _table(result):
    return result.to_frame().to_dict()


def _sides():
    return pd.DataFrame(
        {"customer_id": [f"c{n}" if n else "c" for n in range(60)], "side": ["candidate", "baseline"] * 30}
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TABLES)
def test_a_table_comes_back_as_the_kind_that_was_given(name, kind):
    function, columns, expected = TABLES[name]
    make, out = KINDS[kind]
    table = function(make)
    assert isinstance(table, out)
    assert values(table, *columns) == [tuple(row) for row in expected]


@pytest.fixture(scope="module")
def of_pandas(tmp_path_factory):
    known = {}

    def result(name):
        if name not in known:
            known[name] = _figures(OTHERS[name](KINDS["pandas"][0]))
        return known[name]

    return result


def _figures(result):
    return json.loads(json.dumps(result, default=str))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "pandas"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_result_does_not_depend_on_the_kind(name, kind, of_pandas):
    assert _figures(OTHERS[name](KINDS[kind][0])) == of_pandas(name)


@pytest.mark.parametrize("lazy", LAZY)
@pytest.mark.parametrize("name", [*TABLES, *OTHERS])
def test_lazy_frames_are_refused_by_name(name, lazy):
    function = OTHERS[name] if name in OTHERS else TABLES[name][0]
    with pytest.raises(InputError, match=lazy):
        function(LAZY[lazy])


def test_every_public_function_that_takes_tables_is_here():
    tables = {"orders", "balances", "refunds", "snapshot", "source", "opening", "grants"}
    takes = {
        name
        for name in ns.__all__
        if callable(function := getattr(ns, name))
        and (inspect.isfunction(function) or name == "RuleExplorer")
        and tables & {*inspect.signature(function).parameters}
    }
    # These two take files alone.
    assert takes - {"score_files", "replay_files"} == {name.partition(":")[0] for name in TABLES} | {*OTHERS}


def test_a_relation_stays_on_its_connection():
    table = scored(relation)  # noqa: F841 DuckDB finds it by its name
    assert CONNECTION.sql('select sum(discount) from "table"').fetchall() == [(140,)]


def test_a_currency_travels_with_an_arrow_table():
    dollars = ns.Program.parse({**json.loads(PROGRAM.model_dump_json()), "currency": "USD"})
    with pytest.raises(InputError, match="the currency of the orders is INR"):
        ns.score(dollars, ns.score(PROGRAM, arrow(ORDERS)), suffix="_in_dollars")
