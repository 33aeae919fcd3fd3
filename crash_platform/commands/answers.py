"""The answer to a question as a table for people, as CSV, as lines of JSON or as Parquet.

What the question is and where the answer goes is said in ``query``.
"""

import json
import math
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from crash_platform.errors import PlatformError
from crash_platform.lake.csv_text import write_csv

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_ROWS = 50
NARROWEST = 40
"""A terminal's column gets so many characters at least before its longer values are cut."""
DIGITS = 8
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that move a terminal's cursor or turn its text around."""


class AnswerError(PlatformError):
    """An answer cannot be written in the form that was asked for."""


def write_answer(answer: pa.RecordBatchReader, form: str, out: BinaryIO) -> int:
    """Write all rows as ``csv``, ``json`` (a line each) or ``parquet``; how many there were.

    Raises:
        AnswerError: two columns have one name.
        QueryError: DuckDB fails while they are read.
    """
    names = answer.schema.names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AnswerError(f"Two columns are called {twice}: name one of them otherwise (AS).")
    writers = {"csv": write_csv, "json": _write_json, "parquet": _write_parquet}
    return writers[form](answer.schema, answer, out)


def show_answer(answer: pa.RecordBatchReader, console: "Console") -> None:
    """Print the first rows as a table: in a terminal as many columns as it has room for."""
    from rich.table import Table as Printed
    from rich.text import Text

    names = list(map(_seen, answer.schema.names))
    found = list(islice(_rows(answer), SHOWN_ROWS + 1))
    rows = [[_shown(value) for value in row] for row in found[:SHOWN_ROWS]]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    room = console.width if console.is_terminal else None
    fitting = _fitting(widths, room)
    printed = Printed(box=None, pad_edge=False, header_style="bold")
    for name, field, width in zip(names, answer.schema, fitting, strict=False):
        right = "right" if pa.types.is_primitive(field.type) and not _is_word(field) else "left"
        printed.add_column(Text(name), justify=right, no_wrap=True, min_width=width)  # type: ignore[arg-type]
    for row in rows:
        printed.add_row(*(Text(value) for value in row[: len(fitting)]))
    console.print(printed)
    console.print(Text(_note(len(found), names[len(fitting) :])))


def _is_word(field: pa.Field) -> bool:
    return bool(pa.types.is_boolean(field.type) or pa.types.is_temporal(field.type))


def _fitting(widths: Sequence[int], room: int | None) -> list[int]:
    """The widths of the columns that fit side by side, at least one."""
    if room is None:
        return list(widths)
    most = max(NARROWEST, room // len(widths))
    kept: list[int] = []
    for width in (min(each, most, room) for each in widths):
        if kept and sum(kept) + 2 * len(kept) + width > room:
            break
        kept.append(width)
    return kept


def _note(found: int, left_out: Sequence[str]) -> str:
    if found > SHOWN_ROWS:
        rows = f"The first {SHOWN_ROWS} rows; --format csv, json or parquet gives all."
    else:
        rows = f"{found} row{'' if found == 1 else 's'}."
    if not left_out:
        return rows
    return f"{rows} No room for {len(left_out)} more columns: {', '.join(left_out)}."


def _write_json(_: pa.Schema, batches: pa.RecordBatchReader, out: BinaryIO) -> int:
    count = 0
    for row in _rows(batches):
        named = dict(zip(batches.schema.names, map(_plain, row), strict=True))
        out.write(json.dumps(named, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        count += 1
    return count


def _write_parquet(schema: pa.Schema, batches: pa.RecordBatchReader, out: BinaryIO) -> int:
    import pyarrow.parquet as pq

    count = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _rows(batches: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    # Not as dicts: two columns may have one name.
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON lacks (bytes, days, NaN) is a text."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    is_known = value is None or isinstance(value, str | int)
    if is_known or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else str(value)


def _shown(value: Any) -> str:
    """A value as people read it in a line."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, list | dict):
        return _seen(json.dumps(_plain(value), ensure_ascii=False))
    return _seen(str(value))


def _seen(text: str) -> str:
    return UNSEEN.sub("\ufffd", text.replace("\n", " "))
