"""The second engine: Spark, on a session it is given or starts in this process.

The session must see this machine's files: inputs are read from them, answers come back in them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from crash_platform.engine.functions import FUNCTIONS, Function
from crash_platform.engine.plan import EngineError, Input, Rows, Step
from crash_platform.engine.spark_session import SQL_SETTINGS, local_session, make_ready

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class SparkEngine:
    """Runs SQL steps on Spark. ``session`` is asked for the session when there is work to do.

    An answer passes through Parquet files in a temporary folder inside ``spill_folder``, so that
    neither Spark's driver nor this process ever holds all of it.
    """

    session: Callable[[], "SparkSession"] = local_session
    spill_folder: Path | None = None
    name: str = field(default="spark", init=False)

    def stream(
        self, inputs: Mapping[str, Input], steps: Sequence[Step], columns: Sequence[str] = ()
    ) -> pa.RecordBatchReader:
        """The rows of the last step as a stream; its types are Spark's own.

        Everything is computed before the first batch; nothing of it stays in the session.

        Raises:
            EngineError: pyspark or Java is missing, or Spark refuses a step.
        """
        batches = self._batches(inputs, steps, columns)
        schema = next(batches).schema
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _batches(
        self, inputs: Mapping[str, Input], steps: Sequence[Step], names: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        with TemporaryDirectory(dir=self.spill_folder, prefix="spark_") as spill:
            answer = Path(spill) / "answer"
            make_ready()
            with _refusals(steps[-1].name):
                # A session of its own: views and functions of one answer never meet another's.
                session = prepared(self.session().newSession())
                schema = _write(session, inputs, steps, names, answer)
            yield pa.RecordBatch.from_pylist([], schema=schema)
            for file in sorted(answer.glob("*.parquet")):
                with pq.ParquetFile(file) as rows:
                    for batch in rows.iter_batches(BATCH_ROWS):
                        yield batch.cast(schema)


def prepared(session: "SparkSession") -> "SparkSession":
    """The session, with the settings the SQL texts rely on and the shared SQL functions."""
    for key, value in SQL_SETTINGS.items():
        session.conf.set(key, value)
    for function in FUNCTIONS:
        session.sql(declaration(function))
    return session


def declaration(function: Function) -> str:
    """The statement that declares a function on Spark."""
    parameters = ", ".join(f"{name} {kind}" for name, kind in function.parameters)
    return (
        f"CREATE OR REPLACE TEMPORARY FUNCTION {function.name}({parameters}) "
        f"RETURNS {function.returns} RETURN {function.spark}"
    )


def _write(
    session: "SparkSession",
    inputs: Mapping[str, Input],
    steps: Sequence[Step],
    names: Sequence[str],
    folder: Path,
) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    for name, rows in inputs.items():
        frame_of(session, rows).createOrReplaceTempView(name)
    kept: list[DataFrame] = []
    try:
        for step in steps:
            frame = session.sql(step.sql)
            if step.is_kept:
                kept.append(frame.cache())
                # Counted now, Spark knows how small it is and need not sort what it is joined to.
                frame.count()
            frame.createOrReplaceTempView(step.name)
        answer = frame.select(*(f"`{name}`" for name in names)) if names else frame
        answer.write.parquet(str(folder))
    finally:
        for held in kept:
            held.unpersist()
    return _all_nullable(to_arrow_schema(answer.schema, timezone="UTC"))


def frame_of(session: "SparkSession", rows: Input) -> "DataFrame":
    """Rows as Spark sees them: times without a zone stay without one, days outside are left out."""
    if isinstance(rows, pa.Table):
        return _from_arrow(session, rows)
    if not rows.files:
        return _from_arrow(session, rows.schema.empty_table())
    if any("://" in file for file in rows.files):
        return _from_arrow(session, _fetched(rows))
    frame = session.read.schema(_spark_schema(rows.schema)).parquet(
        *(_literally(file) for file in rows.files)
    )
    if rows.day_range is None:
        return frame
    column, first, last = rows.day_range
    return frame.where(frame[column].between(first, last))


def _from_arrow(session: "SparkSession", table: pa.Table) -> "DataFrame":
    # Spark 4.2 takes an empty batch for the end and silently leaves out every row behind it;
    # a table without any batch it refuses.
    batches = [batch for batch in table.to_batches() if batch.num_rows]
    schema = table.schema
    rows = pa.Table.from_batches(batches, schema) if batches else schema.empty_table()
    return session.createDataFrame(rows, _spark_schema(schema))


def _fetched(rows: Rows) -> pa.Table:
    wanted = None
    if rows.day_range is not None:
        column, first, last = rows.day_range
        day = ds.field(column)
        wanted = (day >= pa.scalar(first)) & (day <= pa.scalar(last))
    scanner = rows.dataset().scanner(columns=rows.schema.names, filter=wanted)
    return scanner.to_reader().read_all().cast(rows.schema)


def _literally(file: str) -> str:
    """A path in which Spark finds no pattern."""
    return "".join(f"\\{character}" if character in "\\*?[]{}" else character for character in file)


def _spark_schema(schema: pa.Schema) -> "StructType":
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(_all_nullable(schema), prefer_timestamp_ntz=True)


def _all_nullable(schema: pa.Schema) -> pa.Schema:
    # Spark leaves null checks out where a schema says that there are none, true or not.
    return pa.schema([pa.field(column.name, column.type) for column in schema])


@contextmanager
def _refusals(step: str) -> Iterator[None]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise EngineError(f"Spark cannot make {step}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The first line of what went wrong at the bottom of it."""
    thrown = getattr(error, "java_exception", None)
    if thrown is None:
        text = str(error)
    else:
        while thrown.getCause() is not None:
            thrown = thrown.getCause()
        text = str(thrown.getMessage() or thrown)
    return next((line for line in text.splitlines() if line.strip()), type(error).__name__)
