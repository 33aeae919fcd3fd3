"""Files of records as streams of raw strings. Casts nothing, cleans nothing, skips nothing."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from crash_platform.sources.files.dialect import Dialect, fitting
from crash_platform.sources.files.inspection import Shape, connect, count_csv_records, inspect
from crash_platform.sources.files.refusal import UnreadableSource, refusing
from crash_platform.sources.files.selection import EXTRA_FIELDS, selection

SOURCE_ROW = "source_row"

_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Records:
    """The records of one file, to be read once, and the dialect they were told by."""

    reader: pa.RecordBatchReader
    dialect: Dialect


def recognise(path: Path, dialects: Sequence[Dialect]) -> Dialect:
    """The dialect of a file, told by its column names alone (for JSON: every key in it).

    Raises:
        UnreadableSource: the file cannot be opened as what its name says, or nothing fits.
    """
    with connect() as engine:
        return _fit(inspect(path, engine), dialects)


def read_records(path: Path, dialects: Sequence[Dialect], fields: Sequence[str]) -> Records:
    """Open a file of records as a stream of Arrow batches, in the order of the file.

    Columns: one string per field, in the order given, raw as it came (an empty CSV cell is null;
    typed Parquet as `selection.as_text` says; a JSON object or list as JSON text; a JSON number
    as the shortest text of its value), null where the file has no column for it; then
    `extra_fields`, a JSON object text of the other columns that are not null (all values as
    strings, keys sorted; null when there are none); then `source_row`, int64, the 0-based
    position of the record in the file.

    A CSV that was cut exactly between two rows, or inside the last cell of a row, looks whole and
    is read as it is.

    Raises:
        UnreadableSource: here, when no dialect fits or the file is seen to be cut; or by the
            reader, when a batch further on cannot be read. A consumer that takes the stream
            through Arrow's C interface sees its own error with the same sentence. Whoever stores
            the records must therefore commit only after the last batch.
    """
    with ExitStack() as held:
        engine = held.enter_context(connect())
        shape = inspect(path, engine)
        dialect = _fit(shape, dialects)
        expected = count_csv_records(shape) if shape.format == "csv" else None
        with refusing(path):
            stream = engine.sql(selection(shape, dialect, fields)).to_arrow_reader(_BATCH_ROWS)
        held.callback(stream.close)
        open_file = _Open(path, stream, expected, held.pop_all())
    schema = pa.schema(
        [pa.field(name, pa.string()) for name in (*fields, EXTRA_FIELDS)]
        + [pa.field(SOURCE_ROW, pa.int64())]
    )
    batches = _numbered(open_file, schema)
    return Records(pa.RecordBatchReader.from_batches(schema, batches), dialect)


@dataclass(frozen=True)
class _Open:
    """A file being read: `held` is what is let go of when the reading ends."""

    path: Path
    stream: pa.RecordBatchReader
    expected: int | None
    held: ExitStack


def _fit(shape: Shape, dialects: Sequence[Dialect]) -> Dialect:
    names = [column.name for column in shape.columns]
    return fitting(names, shape.format, dialects, shape.path.name)


def _numbered(file: _Open, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The batches with their `source_row`; at the end both parsers must have seen as many rows."""
    start = 0
    with file.held:
        while (batch := _next_batch(file)) is not None:
            end = start + batch.num_rows
            yield pa.RecordBatch.from_arrays([*batch.columns, pa.arange(start, end)], schema=schema)
            start = end
    if file.expected is not None and start != file.expected:
        raise UnreadableSource(
            f"{file.path.name} reads as {start} records or as {file.expected}, depending on how "
            "its quotes are taken: save it again as CSV with every quote inside a value doubled."
        )


def _next_batch(file: _Open) -> pa.RecordBatch | None:
    with refusing(file.path):
        try:
            return file.stream.read_next_batch()
        except StopIteration:
            return None
