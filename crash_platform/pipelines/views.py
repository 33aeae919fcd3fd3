"""Tables of the lake as SQL views, for whoever only reads: dashboards, notebooks, one question.

A view shows its table as of the moment of connecting. Nothing can be written through it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import pyarrow as pa

from crash_platform.engine.duckdb_engine import BATCH_ROWS, prepare
from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Table
from crash_platform.lake.store import Slice, Store
from crash_platform.pipelines.tables import TABLES
from crash_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    import duckdb

MISSING_TABLE = re.compile(r'^Catalog Error: Table with name "?(.+?)"? does not exist')
NEW_PARAGRAPH = "\n\n"
SESSION: Mapping[str, str | int | bool] = {
    "threads": 2,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # A table that is not there is an error, not a variable of the caller's that has its name.
    "python_enable_replacements": False,
}


class QueryError(PlatformError):
    """A question that cannot be answered."""


def connect(
    store: Store, tables: Iterable[Table], memory_limit: str = "1GB"
) -> "duckdb.DuckDBPyConnection":
    """A DuckDB session with a view ``layer.name`` of each table, which can read nothing else.

    Neither other files nor the network can be reached from its SQL, and the settings that say so
    cannot be changed any more. What a SELECT alone cannot do, ``ask`` and ``stream`` refuse.

    Raises:
        LakeError: a table cannot be read.
    """
    with ExitStack() as held:
        connection = held.enter_context(closing(open_session(memory_limit)))
        slices = [store.slice(table) for table in tables]
        for rows in slices:
            add_view(connection, rows)
        _close_doors(connection, [file for rows in slices for file in rows.files])
        held.pop_all()
    return connection


def open_session(memory_limit: str) -> "duckdb.DuckDBPyConnection":
    """A DuckDB session with the platform's functions, no tables yet, and its doors still open."""
    import duckdb

    # Its own default for what exceeds the memory is a folder where the process happens to run.
    spill = Path(gettempdir()) / f"crash_platform_{uuid4().hex}"
    limits = {"memory_limit": memory_limit, "temp_directory": str(spill)}
    connection = duckdb.connect(config={**SESSION, **limits})
    prepare(connection)
    return connection


def ask(
    connection: "duckdb.DuckDBPyConnection", sql: str, asked: Mapping[str, Any] | None = None
) -> pa.Table:
    """The rows of one SELECT; of ``asked``, the values of the parameters (``$name``) it names.

    Raises:
        QueryError: it is not one statement, or DuckDB refuses it.
    """
    with _answering():
        return _relation(connection, sql, asked).to_arrow_table()


def stream(connection: "duckdb.DuckDBPyConnection", sql: str) -> pa.RecordBatchReader:
    """The rows of one SELECT, batch by batch, for answers that need not fit into memory.

    Raises:
        QueryError: it is not one statement, or DuckDB refuses it, at once or while it is read.
    """
    with _answering():
        reader = _relation(connection, sql, None).to_arrow_reader(BATCH_ROWS)

    def batches() -> Iterator[pa.RecordBatch]:
        with _answering():
            yield from reader

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def named(sql: str, tables: Iterable[Table] = TABLES) -> tuple[Table, ...]:
    """The tables whose names a text holds anywhere, which are all that it can ask."""
    words = set(re.findall(r"\w+", sql.lower()))
    return tuple(table for table in tables if table.name in words)


@dataclass(frozen=True)
class Views:
    """The tables of a lake for a notebook: ``views.sql("SELECT ...").df()``."""

    connection: "duckdb.DuckDBPyConnection"

    def sql(self, text: str, **asked: Any) -> "duckdb.DuckDBPyRelation":
        """The answer to one SELECT, read when it is turned into rows: ``.df()``, ``.arrow()``.

        Args:
            text: the SELECT, over ``layer.name``.
            **asked: the values of the parameters (``$name``) it names.

        Raises:
            QueryError: it is not one SELECT, or DuckDB refuses it.
        """
        with _answering():
            return _relation(self.connection, text, asked)

    def close(self) -> None:
        """End the session."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_views(settings: Settings | None = None) -> Views:
    """Every table of the lake as a view, as of now; by default the lake of the environment.

    Raises:
        PlatformError: a setting cannot be used, or the lake cannot be read.
    """
    from crash_platform.orchestration.lakes import open_store

    chosen = settings or load_settings()
    return Views(connect(open_store(chosen), TABLES, chosen.duckdb_memory_limit))


def add_view(connection: "duckdb.DuckDBPyConnection", rows: Slice) -> None:
    """Make a slice known to a session as ``layer.name``, with the columns of its contract."""
    import duckdb

    table = rows.table
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.layer}"')
    if rows.files and not any("://" in file for file in rows.files):
        # By name: files from before a column was added lack it, and give nulls.
        options = "hive_partitioning = false, union_by_name = true"
        source = f"read_parquet([{_quoted(rows.files)}], {options})"
    else:
        name = f"{table.layer}_{table.name}_rows"
        connection.register(name, rows.dataset() if rows.files else rows.schema.empty_table())
        source = f'temp."{name}"'
    head = f'CREATE VIEW "{table.layer}"."{table.name}" AS'
    try:
        connection.execute(f"{head} SELECT {_columns(rows.schema.names)} FROM {source}")
    except duckdb.BinderException:
        connection.execute(f"{head} {_with_nulls(connection, rows, source)}")


def _with_nulls(connection: "duckdb.DuckDBPyConnection", rows: Slice, source: str) -> str:
    """A SELECT for files all of which are from before a column was added."""
    held = set(connection.sql(f"FROM {source}").columns)
    empty = connection.from_arrow(rows.schema.empty_table())
    columns = [
        f'"{name}"' if name in held else f'CAST(NULL AS {kind}) AS "{name}"'
        for name, kind in zip(empty.columns, empty.types, strict=True)
    ]
    return f"SELECT {', '.join(columns)} FROM {source}"


def _close_doors(connection: "duckdb.DuckDBPyConnection", files: Iterable[str]) -> None:
    local = [file for file in files if "://" not in file]
    # A parameter is refused here; quotes are doubled instead.
    connection.execute(f"SET allowed_paths = [{_quoted(local)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _relation(
    connection: "duckdb.DuckDBPyConnection", sql: str, asked: Mapping[str, Any] | None
) -> "duckdb.DuckDBPyRelation":
    import duckdb

    statements = connection.extract_statements(sql)
    if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
        raise QueryError("Only one SELECT can be answered, nothing else.")
    absent = sorted(statements[0].named_parameters - set(asked or {}))
    if absent:
        raise QueryError(f"The question names ${absent[0]}, for which no value was given.")
    values = {name: (asked or {})[name] for name in statements[0].named_parameters}
    return connection.sql(sql, params=values)


@contextmanager
def _answering() -> Iterator[None]:
    import duckdb

    try:
        yield
    # Once an answer is read batch by batch, Arrow passes DuckDB's errors on as its own.
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise QueryError(_told(str(error))) from error


def _told(text: str) -> str:
    if missing := MISSING_TABLE.match(text):
        return f"There is no table {missing[1]}{_near(missing[1])}"
    # Below an empty line, DuckDB shows the place in the question.
    return f"DuckDB cannot answer that: {' '.join(text.partition(NEW_PARAGRAPH)[0].split())}"


def _near(missing: str) -> str:
    bare = missing.lower().rpartition(".")[2]
    found = get_close_matches(bare, [table.name for table in TABLES], 1)
    meant = [f"{table.layer}.{table.name}" for table in TABLES if table.name in found]
    return f", did you mean {' or '.join(meant)}?" if meant else "."


def _columns(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
