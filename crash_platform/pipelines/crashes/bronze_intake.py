"""Taking a delivery in: its records as they came, numbered and dated, in a DuckDB of their own.

What they mean beside what bronze holds is decided in `bronze`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.engine.duckdb_engine import prepare
from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Window
from crash_platform.pipelines.crashes.dialects import RAW_FIELDS
from crash_platform.pipelines.crashes.texts import sql
from crash_platform.settings import FIRST_DAY

if TYPE_CHECKING:
    import duckdb

TEXTS = (*RAW_FIELDS, "extra_fields", "source_record_id")


class LandingError(PlatformError):
    """A delivery cannot be compared with bronze, or not be added to it."""


@dataclass(frozen=True)
class Part:
    """Some records of a delivery: where they came from, and a stream of string columns.

    The stream has the 29 raw fields, ``extra_fields``, ``source_record_id`` and
    ``source_updated_at``; a moment without a zone is in UTC.
    """

    source: str
    open: Callable[[], pa.RecordBatchReader]


@dataclass(frozen=True)
class Delivery:
    """Records a source hands over at one moment, and of which days it is all the source has.

    Attributes:
        parts: the records, in the order in which they were said: of two contents of one record the
            later one holds, unless the source dates its records.
        pulled_at: when the source said this.
        source: what to call it in messages.
        complete: a window, or ``"spanned"`` for the days between its first and last readable crash
            date, or ``None`` where a missing record means nothing.
    """

    parts: Sequence[Part]
    pulled_at: datetime
    source: str
    complete: Window | str | None = None

    def __post_init__(self) -> None:
        if self.pulled_at.tzinfo is None:
            raise ValueError(f"a delivery needs a moment with a time zone, not {self.pulled_at}")
        if self.pulled_at.astimezone(UTC).date() < FIRST_DAY:
            raise LandingError(
                f"{self.source} is dated {self.pulled_at:%Y-%m-%d}, before the calendar starts on "
                f"{FIRST_DAY}: give it the date on which it was made."
            )


@contextmanager
def session(folder: Path, memory_limit: str) -> Iterator["duckdb.DuckDBPyConnection"]:
    """A DuckDB for one landing, its tables in a file of the folder."""
    import duckdb

    # A file, not memory: there DuckDB compresses the records, a third of the memory. What is made
    # of them goes into temporary tables: it is narrow, and compressing it takes longer.
    connection = duckdb.connect(
        folder / "landing.duckdb",
        config={"memory_limit": memory_limit, "temp_directory": str(folder / "spill")},
    )
    try:
        prepare(connection)
        # Every record carries its number: keeping the order of tables would be time for nothing.
        connection.execute("SET preserve_insertion_order = false")
        yield connection
    finally:
        connection.close()


def take_in(connection: "duckdb.DuckDBPyConnection", delivery: Delivery) -> int:
    """Store the records of a delivery and number them; says how many there are.

    Makes the tables ``raw_records`` (as they came) and ``incoming`` (key, day, digest of each), the
    view ``said`` (every content of a record once), and the variables that SQL texts ask for.

    Raises:
        PlatformError: a part cannot be read to its end.
    """
    declared = ", ".join(f"{name} VARCHAR" for name in TEXTS)
    connection.execute(
        f"CREATE TABLE raw_records (record_number BIGINT, {declared}, "
        "source_updated_at TIMESTAMPTZ, source VARCHAR, pulled_at TIMESTAMPTZ)"
    )
    read = 0
    for part in delivery.parts:
        read += _store_part(connection, part, read)
    _describe(connection, delivery.pulled_at.astimezone(UTC))
    connection.execute(f"CREATE TEMP TABLE incoming AS {sql('bronze_incoming')}")
    connection.execute(f"CREATE TEMP VIEW said AS {sql('bronze_said')}")
    _claim(connection, delivery)
    return read


def _store_part(connection: "duckdb.DuckDBPyConnection", part: Part, first: int) -> int:
    import duckdb

    reading = _Reading(part.open(), first)
    connection.register("part", reading.reader())
    try:
        connection.execute(
            f"INSERT INTO raw_records SELECT record_number, {', '.join(TEXTS)}, "
            "TRY_CAST(source_updated_at AS TIMESTAMPTZ), ?, NULL FROM part",
            [part.source],
        )
    except duckdb.Error:
        if reading.error is not None:
            raise reading.error from None
        raise
    finally:
        connection.unregister("part")
    return reading.rows


class _Reading:
    """Numbers the records of a part, and brings back the error that ended the reading.

    DuckDB turns an exception of its input into text; the original is what people should see.
    """

    def __init__(self, stream: pa.RecordBatchReader, first: int) -> None:
        self._stream, self._first = stream, first
        self.rows = 0
        self.error: Exception | None = None

    def reader(self) -> pa.RecordBatchReader:
        schema = self._stream.schema.append(pa.field("record_number", pa.int64()))
        return pa.RecordBatchReader.from_batches(schema, self._numbered(schema))

    def _numbered(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._stream:
                start = self._first + self.rows
                numbers = pa.arange(start, start + batch.num_rows)
                self.rows += batch.num_rows
                yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=schema)
        except Exception as error:
            self.error = error
            raise


def _describe(connection: "duckdb.DuckDBPyConnection", pulled_at: datetime) -> None:
    _remember(connection, "pulled_at", f"TIMESTAMPTZ '{pulled_at.isoformat()}'")
    _remember(connection, "pulled_date", f"DATE '{pulled_at.date()}'")
    _remember(connection, "first_day", f"DATE '{FIRST_DAY}'")
    connection.execute(f"CREATE VIEW canonical AS {sql('bronze_canonical')}")
    text = ", ".join(f"coalesce({name}, '')" for name in RAW_FIELDS if name != "location")
    connection.execute(
        "CREATE VIEW hashed AS SELECT record_number, collision_id, crash_date, "
        f"source_updated_at, digest(concat_ws(chr(31), {text})) AS content_hash FROM canonical"
    )


def _remember(connection: "duckdb.DuckDBPyConnection", name: str, value: str) -> None:
    connection.execute(f"SET VARIABLE {name} = {value}")


def _claim(connection: "duckdb.DuckDBPyConnection", delivery: Delivery) -> None:
    days: tuple[date | None, date | None] = (None, None)
    if isinstance(delivery.complete, Window):
        days = (delivery.complete.first, delivery.complete.last)
    elif delivery.complete == "spanned":
        days = connection.sql("SELECT min(said_date), max(said_date) FROM incoming").fetchall()[0]
    for name, day in zip(("claimed_first", "claimed_last"), days, strict=True):
        _remember(connection, name, f"DATE '{day}'" if day else "NULL::DATE")
