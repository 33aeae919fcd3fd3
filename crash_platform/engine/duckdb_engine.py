"""The default engine: DuckDB in this process, its memory bounded, spilling to a folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.engine.functions import FUNCTIONS, Function
from crash_platform.engine.plan import EngineError, Input, Rows, Step

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class DuckDBEngine:
    """Runs SQL steps on DuckDB. ``memory_limit`` is DuckDB's own, e.g. ``1GB``."""

    memory_limit: str = "1GB"
    spill_folder: Path | None = None
    name: str = field(default="duckdb", init=False)

    def stream(
        self, inputs: Mapping[str, Input], steps: Sequence[Step], columns: Sequence[str] = ()
    ) -> pa.RecordBatchReader:
        """The rows of the last step as a stream; its types are DuckDB's own.

        Raises:
            EngineError: DuckDB refuses a step.
        """
        batches = self._batches(inputs, steps, columns)
        first = next(batches)
        return pa.RecordBatchReader.from_batches(first.schema, _chain(first, batches))

    def _batches(
        self, inputs: Mapping[str, Input], steps: Sequence[Step], names: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        import duckdb

        with TemporaryDirectory(dir=self.spill_folder, prefix="duckdb_") as spill:
            connection = duckdb.connect(
                config={"memory_limit": self.memory_limit, "temp_directory": spill}
            )
            try:
                prepare(connection)
                # The texts join the smaller table on the right. DuckDB, which guesses how many rows
                # a filter leaves, was seen to hash the wide records instead: 2.2 GB, not 0.6.
                connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
                for name, rows in inputs.items():
                    attach(connection, name, rows)
                for step in steps:
                    _create(connection, step)
                columns = ", ".join(f'"{name}"' for name in names) or "*"
                answer = connection.sql(f'SELECT {columns} FROM "{steps[-1].name}"')
                reader = answer.to_arrow_reader(BATCH_ROWS)
                yield pa.RecordBatch.from_pylist([], schema=reader.schema)
                yield from reader
            # Once an answer is read, Arrow passes DuckDB's errors on as its own.
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                text = str(error).splitlines()[0]
                raise EngineError(f"DuckDB cannot make {steps[-1].name}: {text}") from error
            finally:
                connection.close()


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def prepare(connection: "duckdb.DuckDBPyConnection") -> None:
    """Set the session's time zone and declare the shared SQL functions."""
    connection.execute("SET TimeZone = 'UTC'")
    # Each file is opened to learn its columns, again to plan and again to read: remembered, once.
    connection.execute("SET parquet_metadata_cache = true")
    for function in FUNCTIONS:
        connection.execute(declaration(function))


def declaration(function: Function) -> str:
    """The statement that declares a function on DuckDB."""
    parameters = ", ".join(name for name, _ in function.parameters)
    return f"CREATE OR REPLACE TEMP MACRO {function.name}({parameters}) AS {function.duckdb}"


def _create(connection: "duckdb.DuckDBPyConnection", step: Step) -> None:
    kind = "TABLE" if step.is_kept else "VIEW"
    connection.execute(f'CREATE TEMP {kind} "{step.name}" AS {step.sql}')


def attach(connection: "duckdb.DuckDBPyConnection", name: str, rows: Input) -> None:
    """Make rows known to a session under a name; whatever had the name before is replaced."""
    if isinstance(rows, pa.Table):
        connection.register(name, rows)
    elif not rows.files:
        connection.register(name, rows.schema.empty_table())
    else:
        if any("://" in file for file in rows.files):
            source = f"{name}_files"
            connection.register(source, rows.dataset())
            columns = ", ".join(f'"{column}"' for column in rows.schema.names)
            text = f'SELECT {columns} FROM "{source}"'
        else:
            text = files_in_sql(connection, rows)
        connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {text}{_kept_days(rows)}')


def files_in_sql(connection: "duckdb.DuckDBPyConnection", rows: Rows) -> str:
    """The SELECT of the columns of local files; a column that a file lacks is null there."""
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in rows.files)
    source = f"read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
    held = set(connection.sql(f"SELECT * FROM {source} LIMIT 0").columns)
    empty = connection.from_arrow(rows.schema.empty_table())
    columns = ", ".join(
        f'"{name}"' if name in held else f'CAST(NULL AS {kind}) AS "{name}"'
        for name, kind in zip(empty.columns, empty.types, strict=True)
    )
    return f"SELECT {columns} FROM {source}"


def _kept_days(rows: Input) -> str:
    if isinstance(rows, pa.Table) or rows.day_range is None:
        return ""
    column, first, last = rows.day_range
    return f" WHERE \"{column}\" BETWEEN DATE '{first}' AND DATE '{last}'"
