"""Every Arrow type through every door: the same values, or a refusal by name; never a panic of a library."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import nector_sim as ns
from nector_sim.frames.arrow_types import plain_table

PROGRAM = ns.data_path("programs/gokwik-example-with-earning.toml")
AT = [datetime(2026, 1, 1, 4, 30), datetime(2026, 2, 1, 4, 30)]
OTHER = ns.load_program(PROGRAM).replaced({"min_payable.amount": 50})
ASSUMED = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
WIDE = pa.array([Decimal("500.25"), Decimal("700")], pa.decimal256(50, 2))
OFFSET = pa.array(AT, pa.timestamp("us", "+05:30"))
TYPES = {
    **{
        str(kind): pa.array([50, 60], kind)
        for kind in (
            *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
            *(pa.float32(), pa.float64(), pa.time32("s"), pa.time64("us"), pa.duration("ms")),
        )
    },
    **{str(kind): pa.array([Decimal(5), Decimal(6)], kind) for kind in (pa.decimal128(20, 2), pa.decimal256(76, 4))},
    **{
        str(kind): pa.array(AT, kind)
        for unit in ("s", "ms", "us", "ns")
        for kind in (pa.timestamp(unit), *(pa.timestamp(unit, zone) for zone in ("UTC", "Asia/Kolkata", "+05:30")))
    },
    "an offset of hours": pa.array(AT, pa.timestamp("us", "-03:00")),
    "a zone that nobody knows": pa.array(AT, pa.timestamp("us", "Mars/Base")),
    "wide decimals": WIDE,
    "half floats": pa.array([1.5, 2.5], pa.float16()),
    "booleans": pa.array([True, False]),
    "nothing": pa.nulls(2),
    "dates": pa.array([date(2026, 1, 1), None], pa.date32()),
    "date64": pa.array([date(2026, 1, 1), None], pa.date64()),
    "times": pa.array([time(1), None], pa.time64("ns")),
    "durations": pa.array([timedelta(1), None]),
    "intervals": pa.array([pa.MonthDayNano([1, 2, 3]), None]),
    "binary": pa.array([b"500", None]),
    "large binary": pa.array([b"500", None], pa.large_binary()),
    "binary of one size": pa.array([b"500", None], pa.binary(3)),
    "texts": pa.array(["500", "600"]),
    "large texts": pa.array(["500", "600"], pa.large_string()),
    "text views": pa.array(["500", "600"], pa.string_view()),
    "dictionary of texts": pa.array(["500", "600"]).dictionary_encode(),
    "dictionary of numbers": pa.array([500, 600]).dictionary_encode(),
    "dictionary of wide decimals": WIDE.dictionary_encode(),
    "dictionary of offsets": OFFSET.dictionary_encode(),
    "lists": pa.array([[1], None]),
    "large lists": pa.array([[1], None], pa.large_list(pa.int64())),
    "lists of one size": pa.array([[1], None], pa.list_(pa.int64(), 1)),
    "list views": pa.array([[1], None], pa.list_view(pa.int64())),
    "lists of offsets": pa.array([[AT[0]], None], pa.list_(pa.timestamp("us", "+05:30"))),
    "structs": pa.array([{"a": 1}, None]),
    "structs of offsets": pa.array([{"a": AT[0]}, None], pa.struct({"a": pa.timestamp("us", "+05:30")})),
    "maps": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    "runs of numbers": pc.run_end_encode(pa.array([500, 600])),
    "runs of texts": pc.run_end_encode(pa.array(["500", "600"])),
    "runs of times": pc.run_end_encode(pa.array(AT, pa.timestamp("us", "UTC"))),
    "unions": pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [pa.array([1, 2])]),
}


def orders(**columns):
    table = {
        "order_id": ["1", "2"],
        "customer_id": ["a", "a"],
        "ordered_at": pa.array(AT, pa.timestamp("us", "UTC")),
        "cart_amount": [500.25, 700.0],
        "points_balance": [50, 60],
    }
    return pa.table({**table, **columns})


@pytest.fixture
def written(tmp_path):
    def write(table):
        path = tmp_path / "orders.parquet"
        try:
            pq.write_table(table, path)
        except pa.ArrowException:
            return None  # no Parquet file can hold the type
        return path

    return write


def ends(what, *arguments, **options):
    """What a door answers, or its refusal; anything else that it raises fails the test."""
    try:
        return what(*arguments, **options)
    except ns.InputError:
        return None


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("column", ["ordered_at", "cart_amount", "points_balance", "note"])
def test_every_type_through_every_door(run, written, tmp_path, column, kind):
    table = orders(**{column: TYPES[kind]})
    program = ns.load_program(PROGRAM)
    ends(ns.score, program, table)
    ends(ns.check_orders, table, program=program)
    ends(ns.replay, program, table)
    ends(ns.check_parity, program, table, calculator=lambda **_: (0, 0))
    if column != "note":
        ends(ns.compare, program, OTHER, table, assumptions=ASSUMED)
    for batch in table.to_batches():
        ends(ns.score_batch, program, batch)
    if (path := written(table)) is None:
        return
    ends(ns.read_orders, path, currency="INR")
    for words in (
        ("score", path, "-p", PROGRAM, "--out", tmp_path / "scored.parquet"),
        ("replay", path, "-p", PROGRAM, "--out", tmp_path / "replayed"),
        ("check", path, "--currency", "INR"),
    ):
        code, out, err = run(*words)
        assert code in (0, 1, 2), (words, err)
        assert "panic" not in (out + err).lower()


@pytest.mark.parametrize("zone", ["+05:30", "-03:00", "+00:00"])
def test_times_with_an_offset_are_the_same_instants(run, written, tmp_path, zone):
    table = orders(ordered_at=pa.array(AT, pa.timestamp("us", zone)))
    path = written(table)
    read = ns.read_orders(path, currency="INR")
    assert list(read["ordered_at"]) == [at.replace(tzinfo=UTC) for at in AT]
    assert run("score", path, "-p", PROGRAM, "--out", tmp_path / "scored.parquet")[0] == 0
    assert pl.read_parquet(tmp_path / "scored.parquet")["ordered_at"].to_list() == [at.replace(tzinfo=UTC) for at in AT]
    for folder, given in (("offset", path), ("utc", written(orders()))):
        assert run("replay", given, "-p", PROGRAM, "--out", tmp_path / folder)[0] == 0
    same = [pl.read_parquet(tmp_path / folder / "balances.parquet") for folder in ("offset", "utc")]
    assert same[0].equals(same[1])


def test_wide_decimals_are_exact(run, written, tmp_path):
    path = written(orders(cart_amount=WIDE))
    assert list(ns.read_orders(path, currency="INR")["cart_amount"]) == [Decimal("500.25"), Decimal(700)]
    assert run("score", path, "-p", PROGRAM, "--out", tmp_path / "scored.parquet")[0] == 0
    scored = pl.read_parquet(tmp_path / "scored.parquet")
    assert scored["payable"].to_list() == [Decimal("450.25"), Decimal("640.00")]


def test_what_no_type_holds_is_refused_by_name():
    with pytest.raises(ns.InputError, match=r"shop\.parquet: the column x cannot be read .*list_view"):
        plain_table(pa.table({"x": TYPES["list views"]}), "shop.parquet")


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_runs_and_unknown_zones_in_memory_are_the_same_values(rows):
    """In a table of no rows, of one chunk and of two."""
    program, plain = ns.load_program(PROGRAM), orders().slice(0, rows)
    odd = orders(points_balance=pc.run_end_encode(pa.array([50, 60])), ordered_at=TYPES["a zone that nobody knows"])
    table = pa.concat_tables([odd.slice(row, 1) for row in range(rows)] or [odd.slice(0, 0)])
    for door, names in ((ns.score, ()), (ns.replay, ("ordered_at",))):  # a scored table has its times as they came
        found, expected = (getattr(result, "orders", result) for result in (door(program, table), door(program, plain)))
        for name in (*names, "points_redeemed", "payable"):
            assert list(map(str, found[name])) == list(map(str, expected[name]))
