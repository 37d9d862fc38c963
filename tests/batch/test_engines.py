"""The same function inside of other engines: each calls it on Arrow record batches."""

from functools import partial

import duckdb
import polars as pl
import pyarrow as pa
import pytest

import nector_sim as ns

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
ORDERS = pa.table(
    {
        "order_id": [f"o{row}" for row in range(3000)],
        "cart_amount": pa.array([f"{100 + row % 900}.{row % 100:02d}" for row in range(3000)]),
        "points_balance": [row % 1500 for row in range(3000)],
    }
)


@pytest.fixture(scope="module")
def expected():
    return ns.score(PROGRAM, ORDERS).to_pandas().set_index("order_id").astype(str)


def as_expected(table, expected):
    frame = table.to_pandas().set_index("order_id").loc[expected.index].astype(str)
    return frame.equals(expected)


def test_spark_map_in_arrow(expected):
    """What ``orders.mapInArrow(score_partition, schema)`` calls: an iterator of batches in, one out."""

    def score_partition(batches):
        return map(partial(ns.score_batch, PROGRAM), batches)

    assert as_expected(pa.Table.from_batches(score_partition(ORDERS.to_batches(max_chunksize=500))), expected)


def test_duckdb(expected):
    reader = duckdb.connect().from_arrow(ORDERS).to_arrow_reader(1000)
    scored = pa.Table.from_batches(map(partial(ns.score_batch, PROGRAM), reader))
    back = duckdb.connect().from_arrow(scored).to_arrow_table()
    assert as_expected(back, expected)


def test_polars_streaming(expected):
    def score(frame):
        batch = frame.to_arrow().combine_chunks().to_batches()[0]
        return pl.from_arrow(ns.score_batch(PROGRAM, batch))

    schema = pl.from_arrow(ns.score_batch(PROGRAM, ORDERS.to_batches()[0])).schema
    lazy = pl.from_arrow(ORDERS).lazy().map_batches(score, schema=schema, streamable=True)
    assert as_expected(lazy.collect(engine="streaming").to_arrow(), expected)
