"""The same function inside of other engines: each calls it on Arrow record batches."""

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import nector_sim as ns

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
ORDERS = pa.table(
    {
        "order_id": [f"o{row}" for row in range(3000)],
        "cart_amount": pa.array([f"{100 + row % 900}.{row % 100:02d}" for row in range(3000)]).cast(
            pa.decimal128(12, 2)
        ),
        "points_balance": [row % 1500 for row in range(3000)],
    }
)


@pytest.fixture(scope="module")
def expected():
    return ns.score(PROGRAM, ORDERS).to_pandas().set_index("order_id").astype(str)


def as_expected(table, expected):
    frame = table.to_pandas().set_index("order_id").loc[expected.index].astype(str)
    return frame.equals(expected)


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Run the block of the page on any size that names an engine, where there are files of orders."""
    (tmp_path / "orders").mkdir()
    for number in range(3):
        pq.write_table(ORDERS.slice(number * 1000, 1000), tmp_path / "orders" / f"{number}.parquet", row_group_size=300)
    pq.write_table(ORDERS.slice(0, 0), tmp_path / "orders" / "none.parquet")
    monkeypatch.chdir(tmp_path)
    blocks = ns.data_path("docs/batch.md").read_text(encoding="utf-8").split("```python\n")[1:]

    def run(word, **names):
        (code,) = (block.partition("```")[0] for block in blocks if word in block)
        scope = {"ns": ns, "pa": pa, "pl": pl, "duckdb": duckdb, "program": PROGRAM, **names}
        exec(code, scope)
        return scope

    return run


class SparkFrame:
    """What the page asks of a Spark frame: batches in, and batches of the types that the schema says out."""

    def mapInArrow(self, function, schema):
        kinds = {
            "string": pa.string(),
            "bigint": pa.int64(),
            "decimal(12,2)": pa.decimal128(12, 2),
            "decimal(18,2)": pa.decimal128(18, 2),
        }
        fields = [field.split() for field in schema.split(", ")]
        wanted = pa.schema([(name, kinds[kind]) for name, kind in fields])
        return pa.Table.from_batches(function(iter(ORDERS.to_batches(max_chunksize=500))), schema=wanted)


def test_spark_map_in_arrow_as_the_page_says(page, expected):
    assert as_expected(page("mapInArrow", orders=SparkFrame())["scored"], expected)


def test_duckdb_as_the_page_says(page, expected, capfd):
    assert as_expected(page("duckdb.sql")["scored"], expected)
    assert "min_payable" in capfd.readouterr().out


def test_polars_streaming_as_the_page_says(page, expected):
    page("map_batches")
    assert as_expected(pq.read_table("scored.parquet"), expected)
