"""Rows as CSV that a spreadsheet shows and never runs. Which rows, is said by whoever asks."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - their full-width forms begin formulas as well
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula.

    A plain number such as ``-73.98`` is none, and stays as it is.
    """
    is_formula = re.match(FORMULA, text) and not re.fullmatch(NUMBER[1:-1], text, re.ASCII)
    return f"'{text}" if is_formula else text


def safe_column(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A column as CSV can hold it: texts as ``safe_cell``; lists as JSON, bytes as base64.

    Numbers, flags, days and moments are as they were; a missing value stays missing.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        told = [None if value is None else _told(value) for value in column.to_pylist()]
        column = pa.array(told, pa.string())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        is_formula = pc.and_not(
            pc.match_substring_regex(column, FORMULA), pc.match_substring_regex(column, NUMBER)
        )
        return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
    return column


def csv_parts(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """The rows as CSV, UTF-8, piece by piece: the names of the columns first, texts in quotes."""
    names = [safe_cell(name) for name in schema.names]
    yield _written(pa.table([pa.array([], pa.string())] * len(names), names), is_first=True)
    for batch in batches:
        columns = [safe_column(column) for column in batch.columns]
        yield _written(pa.table(columns, names), is_first=False)


def write_csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: BinaryIO) -> int:
    """Write the rows as ``csv_parts`` gives them; how many there were."""
    count = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal count
        for batch in batches:
            count += batch.num_rows
            yield batch

    for part in csv_parts(schema, counted()):
        out.write(part)
    return count


def as_csv(table: pa.Table) -> bytes:
    """A whole table as CSV."""
    return b"".join(csv_parts(table.schema, table.to_batches()))


def _written(rows: pa.Table, *, is_first: bool) -> bytes:
    out = BytesIO()
    csv.write_csv(rows, out, csv.WriteOptions(include_header=is_first))
    return out.getvalue()


def _told(value: Any) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return _told(value) if isinstance(value, bytes) else str(value)
