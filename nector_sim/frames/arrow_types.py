"""Arrow types that polars has no type for, and panics at: cast to what holds the same values, or refused by name."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.compute as pc

from nector_sim.errors import InputError


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type that holds the same values in polars: itself for nearly all."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if types.is_dictionary(kind):
        value = plain_type(kind.value_type)
        return kind if value == kind.value_type and types.is_string(value) else value
    if types.is_timestamp(kind) and kind.tz is not None and not _is_zone(kind.tz):
        return pa.timestamp(kind.unit, "UTC")  # an offset such as +05:30, as pandas writes: the same instants
    if types.is_decimal256(kind):
        return pa.string()
    if types.is_struct(kind):
        return pa.struct([pa.field(each.name, plain_type(each.type)) for each in kind])
    if types.is_list(kind) or types.is_large_list(kind):
        value = plain_type(kind.value_type)
        return kind if value == kind.value_type else pa.large_list(value)
    if types.is_interval(kind) or types.is_union(kind) or types.is_run_end_encoded(kind) or "list_view" in str(kind):
        raise TypeError(str(kind))
    return kind


def plain_array(array: pa.Array) -> pa.Array:
    """One column as an array that Arrow's own functions take; what they do not take, as the texts of its values."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain_array(array.storage)
    if pa.types.is_run_end_encoded(kind):
        return plain_array(pc.run_end_decode(array))
    if pa.types.is_dictionary(kind):
        return plain_array(array.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return array.cast(plain_type(kind))
    if pa.types.is_interval(kind) or pa.types.is_union(kind) or "list_view" in str(kind):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.large_string())
    return array


def plain_schema(schema: pa.Schema, name: str) -> pa.Schema:
    """A schema of types that polars has; InputError that names the column and `name`, the file, if one has none."""
    fields = []
    for column in schema:
        try:
            fields.append(pa.field(column.name, plain_type(column.type)))
        except TypeError as error:
            raise _refused(name, column.name, error) from None
    return pa.schema(fields)


def plain_table(table: pa.Table, name: str) -> pa.Table:
    """A table with the columns of :func:`plain_schema`."""
    schema = plain_schema(table.schema, name)
    columns = []
    for column, field in zip(table.columns, schema, strict=True):
        kind = column.type
        try:
            if isinstance(kind, pa.BaseExtensionType):
                column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
            elif pa.types.is_dictionary(kind) and not pa.types.is_dictionary(field.type):
                column = column.cast(kind.value_type)
            columns.append(column if column.type == field.type else column.cast(field.type))
        except pa.ArrowException as error:
            raise _refused(name, field.name, error) from None
    return pa.table(columns, schema=schema)


def decoded(table: pa.Table) -> pa.Table:
    """A table in memory with columns that pandas and Arrow's own functions take: no runs, no views, known zones."""
    for position, field in enumerate(table.schema):
        kind, column = field.type, table.column(position)
        if pa.types.is_run_end_encoded(kind):
            column = pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], type=kind.value_type)
            kind = column.type
        if pa.types.is_string_view(kind):  # out of which Arrow cannot pick rows
            column = column.cast(pa.large_string())
        elif pa.types.is_timestamp(kind) and kind.tz is not None and not _is_zone(kind.tz):
            column = column.cast(plain_type(kind))
        if column.type != field.type:
            table = table.set_column(position, field.name, column)
    return table


def _refused(name: str, column: str, error: Exception) -> InputError:
    why = " ".join(str(error).split())[:100]
    return InputError(f"{name}: the column {column} cannot be read ({why}); make it a number, a time or a text")
