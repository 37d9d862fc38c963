"""Tables of any kind in, and the same kind out: pandas, Polars, Arrow, DuckDB; lazy ones are refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nector_sim.errors import InputError
from nector_sim.frames.arrow_types import decoded
from nector_sim.frames.currency import CURRENCY, currency_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Frames without rows of their own, by the library that their class is of, and what gives a table of each.
_LAZY = {
    "dask": ("a Dask frame", "{name}.compute(), or write Parquet files and call ns.score_files or ns.replay_files"),
    "ibis": ("an Ibis expression", "{name}.to_pyarrow()"),
    "polars": ("a Polars LazyFrame", "{name}.collect()"),
    "pyspark": ("a Spark frame", "{name}.toArrow(), or call ns.score_batch in {name}.mapInArrow"),
}


def as_frame(table: Any, what: str = "orders") -> pd.DataFrame:
    """Orders, or another table, as a pandas frame: as it is, or through the Arrow interface."""
    import pandas as pd

    table = in_memory(table, what)
    if isinstance(table, pd.DataFrame):
        return table
    frame: pd.DataFrame = decoded(table).to_pandas(types_mapper=pd.ArrowDtype)
    frame.attrs = {} if (said := currency_of(table)) is None else {CURRENCY: said}
    return frame


def in_memory(table: Any, what: str = "orders") -> Any:
    """A pandas frame as it is, anything else as an Arrow table: read once, so that its rows are the same twice."""
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    # Polars gives texts and not views of them if asked in its own words.
    is_polars = (_library(table), type(table).__name__) == ("polars", "DataFrame")
    return table.to_arrow() if is_polars else as_table(table, what)


def as_table(table: Any, what: str = "orders") -> pa.Table:
    """Orders, or another table, with an Arrow interface as an Arrow table; InputError for what is no table."""
    import pyarrow as pa

    if isinstance(table, pa.Table):
        return table
    refuse_lazy(table, what)
    if hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__"):
        try:
            return pa.table(table)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass  # one column, such as a Series, or a type that Arrow does not have
    raise InputError(
        f"{what} are a {type(table).__name__}; give a pandas frame, a Polars or Arrow table, or a DuckDB relation, "
        "with one row for each, or the path of a file where a function takes one"
    )


def like(result: Any, given: Any) -> Any:
    """A pandas frame or an Arrow table as the kind of table that was given."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(given, pd.DataFrame):
        return result
    if isinstance(result, pd.DataFrame):
        said = {CURRENCY: str(result.attrs[CURRENCY])} if result.attrs.get(CURRENCY) else {}
        result = pa.Table.from_pandas(result, preserve_index=False).replace_schema_metadata(said)
    if isinstance(given, pa.RecordBatch):
        return as_batch(result)
    if _library(given) == "polars":
        import polars as pl

        return pl.from_arrow(result)
    if _library(given) == "duckdb":
        # DuckDB finds the local variable by its name; so the relation is one of the caller's own connection.
        return given.query("nector_sim_result", "select * from result")
    return result


def as_batch(table: pa.Table) -> pa.RecordBatch:
    """A table as one record batch; one without rows has no batches of its own."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=table.schema)


def picked(table: Any, rows: Any) -> Any:
    """The rows of what :func:`in_memory` gave that are True."""
    import pyarrow as pa

    return decoded(table).filter(pa.array(rows)) if isinstance(table, pa.Table) else table[rows]


def refuse_lazy(table: Any, what: str = "orders") -> None:
    """Raise InputError for a frame that has no rows yet, with what gives them."""
    library = _library(table)
    if library in _LAZY and (library != "polars" or type(table).__name__ == "LazyFrame"):
        kind, how = _LAZY[library]
        name = "orders" if what == "orders" else "frame"
        raise InputError(f"{what} are {kind}, which has no rows yet; give {how.format(name=name)}")


def _library(table: Any) -> str:
    """The library that a table's class is of."""
    return type(table).__module__.partition(".")[0].lstrip("_")
