"""Rows on their way to a table: lazily opened streams of record batches, held to a schema."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from crash_platform.errors import PlatformError

BATCH_ROWS = 65_536


class ContractError(PlatformError):
    """Rows do not keep the contract of the table they are written to."""


@dataclass(frozen=True)
class Frame:
    """Rows that can be opened again and again, so that a write can be run anew after a conflict.

    ``confirmed_empty`` are days of the window of which it is known that they hold no row: only
    those may lose all their rows in a replacement.
    """

    schema: pa.Schema
    open: Callable[[], pa.RecordBatchReader]
    confirmed_empty: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def of(cls, table: pa.Table, confirmed_empty: frozenset[date] = frozenset()) -> "Frame":
        """A frame over rows in memory."""
        return cls(table.schema, lambda: table.to_reader(BATCH_ROWS), confirmed_empty)

    def read(self) -> pa.Table:
        """All rows, in memory."""
        return self.open().read_all()


@dataclass
class Tally:
    """What passed through a stream: rows, distinct days, and the first rows as a preview."""

    rows: int = 0
    days: set[date] = field(default_factory=set)
    preview: pa.Table | None = None


def conform(batch: pa.RecordBatch, schema: pa.Schema, table: str) -> pa.RecordBatch:
    """The batch in the contract's column order and types; nothing is rounded, cut or filled in.

    A column may change its width or unit where every value survives (``int32`` to ``int64``, a
    whole ``double`` to ``int64``), never its kind: text is not read as a number, nor a naive time
    as UTC.

    Raises:
        ContractError: a column is missing, unexpected or there twice, a value does not fit its
            type, or a column that may not be null holds nulls.
    """
    names = batch.schema.names
    missing = sorted(set(schema.names) - set(names))
    unexpected = sorted(set(names) - set(schema.names))
    repeated = sorted({name for name in names if names.count(name) > 1})
    if missing or unexpected or repeated:
        raise ContractError(
            f"Rows for {table} do not fit its contract: columns missing {missing}, unexpected "
            f"{unexpected}, repeated {repeated}."
        )
    columns = [_fit(batch.column(f.name), f, table) for f in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _fit(values: pa.Array, wanted: pa.Field, table: str) -> pa.Array:
    if not wanted.nullable and values.null_count:
        raise ContractError(f"{table}.{wanted.name} may not be null, but {values.null_count} are.")
    if values.type == wanted.type:
        return values
    if not _is_same_kind(values.type, wanted.type):
        raise ContractError(
            f"{table}.{wanted.name} takes {wanted.type}, but {values.type} came: convert it before."
        )
    try:
        return values.cast(wanted.type)
    except pa.ArrowInvalid as error:
        raise ContractError(
            f"{table}.{wanted.name} takes {wanted.type}, but {error}".rstrip(".") + "."
        ) from error


def _is_same_kind(given: pa.DataType, wanted: pa.DataType) -> bool:
    if pt.is_dictionary(given):
        given = given.value_type
    if pt.is_null(given) or given == wanted:
        return True
    if _is_list(given) and _is_list(wanted):
        return _is_same_kind(given.value_type, wanted.value_type)
    if pt.is_timestamp(given) and pt.is_timestamp(wanted):
        return (given.tz is None) == (wanted.tz is None)
    # Arrow cuts a double to a float without a word, so a float column takes floats only.
    if pt.is_floating(given) and pt.is_floating(wanted):
        return bool(given.bit_width <= wanted.bit_width)
    kinds = (_is_text, _is_number, pt.is_date, _is_bytes)
    return any(is_kind(given) and is_kind(wanted) for is_kind in kinds)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_list_view(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def tallied(
    batches: Iterator[pa.RecordBatch], day_column: str, tally: Tally, preview_rows: int = 5
) -> Iterator[pa.RecordBatch]:
    """Pass batches on, counting rows and days into ``tally``."""
    for batch in batches:
        if batch.num_rows == 0:
            continue
        if tally.preview is None:
            tally.preview = pa.Table.from_batches([batch.slice(0, preview_rows)])
        tally.rows += batch.num_rows
        tally.days.update(pc.unique(batch.column(day_column)).to_pylist())
        yield batch
