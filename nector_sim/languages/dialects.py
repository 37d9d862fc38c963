"""How eight databases write what the exported SELECT needs; whole numbers are 64 bits in each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class SqlDialect:
    """What a database writes in its own way. ``{0}`` and ``{1}`` stand for the parts.

    Attributes
    ----------
    whole : str
        The type of whole numbers.
    divide : str
        Division of whole numbers, rounded down; the first is not negative, the second positive.
    decimal : str
        An amount in major units, to six decimals.
    major : str
        Minor units times the unit ``{1}``, as an amount.
    amount : str
        The type of amounts, of so many decimals.
    least, greatest : str
        Functions.
    exactly : str
        A text compared by its bytes.
    literal : str
        A text in such a comparison.
    micros : str
        Microseconds since 1970 in UTC of a time.
    of_time : str
        What a column of times has to be.
    layer : str
        What comes before a layer's SELECT.
    fence : str
        What ends a layer, so that no expression is copied into each place that names it.
    backslash : bool
        Whether a backslash escapes within texts, and a quote with it.
    runs : bool
        Whether the tests run it; else its grammar alone is tested.
    """

    whole: str = "BIGINT"
    divide: str = "{0} / {1}"
    decimal: str = "CAST({0} AS DECIMAL(18, 6))"
    major: str = "{0} * {1}"
    amount: str = "DECIMAL(18, {0})"
    least: str = "LEAST"
    greatest: str = "GREATEST"
    exactly: str = "{0}"
    literal: str = "{0}"
    micros: str = ""
    of_time: str = "a timestamp; one without a zone is in UTC"
    layer: str = "AS"
    fence: str = ""
    backslash: bool = False
    runs: bool = False


_SPARK = SqlDialect(
    divide="({0} DIV {1})",
    micros="UNIX_MICROS({0})",
    of_time="a TIMESTAMP",
    backslash=True,
    runs=True,
)

DIALECTS = {
    "duckdb": SqlDialect(divide="({0} // {1})", micros="EPOCH_US({0})", runs=True),
    "postgres": SqlDialect(
        divide="({0} / {1})",
        exactly='{0} COLLATE "C"',
        # A timestamp with a zone and one without both give their seconds in UTC, whatever the session's zone.
        micros="CAST(EXTRACT(EPOCH FROM {0}) * 1000000 AS BIGINT)",
        fence="OFFSET 0",
        runs=True,
    ),
    "sqlite": SqlDialect(
        whole="INTEGER",
        divide="({0} / {1})",
        least="MIN",
        greatest="MAX",
        exactly="{0} COLLATE BINARY",
        micros="{0}",
        of_time="a whole number, microseconds since 1970 in UTC, since SQLite has no times",
        layer="AS MATERIALIZED",
        runs=True,
    ),
    "spark": _SPARK,
    "databricks": replace(_SPARK, runs=False),
    "bigquery": SqlDialect(
        whole="INT64",
        divide="DIV({0}, {1})",
        decimal="ROUND(CAST({0} AS NUMERIC), 6)",
        major="{0} * CAST('{1}' AS NUMERIC)",
        amount="NUMERIC",
        micros="UNIX_MICROS({0})",
        of_time="a TIMESTAMP",
        backslash=True,
    ),
    "snowflake": SqlDialect(
        divide="CAST(({0} - MOD({0}, {1})) / {1} AS BIGINT)",
        micros="DATE_PART(EPOCH_MICROSECOND, {0})",
        backslash=True,
    ),
    "redshift": SqlDialect(
        divide="({0} / {1})",
        micros="CAST(DATEDIFF(MICROSECOND, '1970-01-01 00:00:00', {0}) AS BIGINT)",
        of_time="a TIMESTAMP in UTC",
        backslash=True,
    ),
    "mysql": SqlDialect(
        whole="SIGNED",
        divide="({0} DIV {1})",
        exactly="CAST({0} AS BINARY)",
        literal="CAST({0} AS BINARY)",
        micros="TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', {0})",
        of_time="a DATETIME in UTC",
        backslash=True,
    ),
}
