"""Tables of the lake as one DuckDB file, for tools that cannot read Delta tables.

The file is a copy as of one moment and needs nothing else; nothing is read back into the lake.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Table
from crash_platform.lake.store import Slice, Store
from crash_platform.pipelines.views import add_view, open_session

if TYPE_CHECKING:
    import duckdb

STORAGE = "v1.0.0"
"""The drivers of BI tools are older than this DuckDB, whose own format nothing older reads."""
ABOUT = """CREATE TABLE target.about (
    table_name VARCHAR, description VARCHAR, row_count BIGINT, newest_day DATE,
    delta_version BIGINT, lake VARCHAR, made_at TIMESTAMP, made_by VARCHAR)"""
ABOUT_COMMENTS: Mapping[str, str] = {
    "table_name": "Table of this file: layer.name.",
    "description": "What it holds.",
    "row_count": "Its rows.",
    "newest_day": "Newest day that has rows.",
    "delta_version": "Version of the Delta table it was copied from; null where nobody wrote it.",
    "lake": "The lake it was copied from.",
    "made_at": "When it was copied (UTC).",
    "made_by": "Always crash_platform.",
}


class ExportError(PlatformError):
    """A DuckDB file cannot be written."""


@dataclass(frozen=True)
class Copied:
    """What a file holds of a table; ``newest_day`` is the newest that has rows."""

    table: Table
    row_count: int
    newest_day: date | None
    delta_version: int | None


def write_duckdb(
    store: Store, tables: Sequence[Table], path: Path, now: datetime, memory_limit: str = "1GB"
) -> list[Copied]:
    """Copy tables, as they are now, into a new DuckDB file.

    Columns of bytes (models, pictures) are left out. Tables and columns carry the contract's
    descriptions as comments; a table ``about`` says what the file was made of and when.

    Raises:
        ExportError: DuckDB cannot write the file.
        LakeError: a table cannot be read.
    """
    slices = [store.slice(table) for table in tables]
    address = str(path).replace("'", "''")
    with closing(open_session(memory_limit)) as connection, _writing(path):
        connection.execute(f"ATTACH '{address}' AS target (STORAGE_VERSION '{STORAGE}')")
        copied = [_copy(connection, rows) for rows in slices]
        _write_about(connection, copied, store.location.root, now)
        connection.execute("DETACH target")
    return copied


def is_export(path: Path) -> bool:
    """Whether a file was written by ``write_duckdb``.

    Raises:
        ExportError: another program writes to it at this moment.
    """
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.execute(
                "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'main' "
                f"AND table_name = 'about' AND list_contains({list(ABOUT_COMMENTS)}, column_name)"
            ).fetchone()
    except duckdb.Error as error:
        if "lock" in str(error):
            raise ExportError(f"{path} is open in another program: close it there.") from error
        return False
    return found == (len(ABOUT_COMMENTS),)


def _copy(connection: "duckdb.DuckDBPyConnection", rows: Slice) -> Copied:
    table = rows.table
    add_view(connection, rows)
    name = f'"{table.layer}"."{table.name}"'
    kept = [column for column in table.columns if not pa.types.is_binary(column.type)]
    columns = ", ".join(f'"{column.name}"' for column in kept)
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS target."{table.layer}"')
    connection.execute(
        f"CREATE TABLE target.{name} AS SELECT {columns} FROM {name} ORDER BY {_order(table)}"
    )
    _comment(connection, f"TABLE target.{name}", table.description)
    for column in kept:
        _comment(connection, f'COLUMN target.{name}."{column.name}"', column.description)
    count, newest = connection.execute(
        f'SELECT count(*), max("{table.day_column}") FROM target.{name}'
    ).fetchall()[0]
    return Copied(table, count, newest, rows.version)


def _order(table: Table) -> str:
    """By day, so that a reader who asks for some days skips the others."""
    return ", ".join(f'"{name}"' for name in dict.fromkeys((table.day_column, *table.key)))


def _write_about(
    connection: "duckdb.DuckDBPyConnection", copied: Sequence[Copied], lake: str, now: datetime
) -> None:
    connection.execute(ABOUT)
    for one in copied:
        values = {
            "table_name": f"{one.table.layer}.{one.table.name}",
            "description": one.table.description,
            "row_count": one.row_count,
            "newest_day": one.newest_day,
            "delta_version": one.delta_version,
            "lake": lake,
            "made_at": now.astimezone(UTC).replace(tzinfo=None),
            "made_by": "crash_platform",
        }
        names = ", ".join(f"${name}" for name in values)
        connection.execute(f"INSERT INTO target.about VALUES ({names})", values)
    _comment(connection, "TABLE target.about", "What this file was made of, and when.")
    for column, description in ABOUT_COMMENTS.items():
        _comment(connection, f"COLUMN target.about.{column}", description)


def _comment(connection: "duckdb.DuckDBPyConnection", what: str, text: str) -> None:
    # A parameter is refused here; quotes are doubled instead.
    quoted = text.replace("'", "''")
    connection.execute(f"COMMENT ON {what} IS '{quoted}'")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        raise ExportError(f"DuckDB cannot write {path.name}: {text}") from error
