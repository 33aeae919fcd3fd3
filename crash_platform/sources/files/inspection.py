"""What must be known about a file before its records are read: its columns, and that it is whole.

The columns of a CSV are its header line, of a Parquet file its schema, of JSON every key that any
record has. Values are read elsewhere.
"""

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from crash_platform.sources.files.discovery import FileKind, Format, kind_of
from crash_platform.sources.files.refusal import UnreadableSource, refusing

if TYPE_CHECKING:
    import duckdb

_BLANK = b" \t\r\n"
_BLOCK = 1 << 20
_CSV_BLOCK = 8 << 20  # at least the longest row either parser takes


@dataclass(frozen=True)
class Column:
    """One column as the file has it: `name` as spelt, `type` as DuckDB calls it."""

    name: str
    type: str = "VARCHAR"


@dataclass(frozen=True)
class Shape:
    """A file's form and columns. `layout` is DuckDB's name for how JSON records follow another."""

    path: Path
    kind: FileKind
    columns: tuple[Column, ...]
    layout: str | None = None

    @property
    def format(self) -> Format:
        """The format the file's name promises."""
        return self.kind.format


def connect() -> "duckdb.DuckDBPyConnection":
    """An in-memory engine of one's own that fetches nothing from outside."""
    import duckdb

    return duckdb.connect(
        ":memory:",
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False},
    )


def literal(text: str | Path) -> str:
    """Any text as an SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Any name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def location(path: Path) -> str:
    """A path as an SQL string that means this file only, whatever its name is made of."""
    spelt = "".join(f"[{char}]" if char in "*?[" else char for char in str(path.absolute()))
    return literal(spelt)


def inspect(path: Path, engine: "duckdb.DuckDBPyConnection") -> Shape:
    """The form and the columns of a file.

    Raises:
        UnreadableSource: the file is missing, empty, of another kind than its name says, or cut.
    """
    kind = kind_of(path)
    if kind is None or not path.is_file():
        raise UnreadableSource(f"{path} is not a CSV, JSON or Parquet file: check the path.")
    with refusing(path):
        if kind.format == "parquet":
            return Shape(path, kind, _parquet_columns(path, engine))
        first = _first_byte(path, kind)
        if kind.format == "csv":
            return Shape(path, kind, _csv_columns(path, kind))
        layout = "array" if first == b"[" else "newline_delimited"
        if layout == "array" or kind.is_gzipped:
            _refuse_open_end(path, kind, layout)
        return Shape(path, kind, _json_columns(path, kind, layout, engine), layout)


def count_csv_records(shape: Shape) -> int:
    """How many records a CSV has, by a second parser that wants every row as wide as the header.

    DuckDB passes over one surplus empty cell at a row's end, which is what a stray comma inside a
    row leaves behind when the last column is empty: every value after it would be one off.

    Raises:
        UnreadableSource: a row is wider or narrower than the header.
    """
    with refusing(shape.path):
        return _count_rows(shape) - 1


def _count_rows(shape: Shape) -> int:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    def stop(row: arrow_csv.InvalidRow) -> str:
        wrong.append((row.number, row.actual_columns))
        return "error"

    wrong: list[tuple[int | None, int]] = []
    width = len(shape.columns)
    try:
        with (
            _arrow_stream(shape) as stream,
            arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(
                    use_threads=False, block_size=_CSV_BLOCK, autogenerate_column_names=True
                ),
                parse_options=arrow_csv.ParseOptions(
                    newlines_in_values=True,
                    ignore_empty_lines=width > 1,
                    invalid_row_handler=stop,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=["f0"], column_types={"f0": pa.binary()}
                ),
            ) as batches,
        ):
            return sum(batch.num_rows for batch in batches)
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):  # a header without a line end
            return 1
        if not wrong:
            raise
        number, cells = wrong[0]
        raise UnreadableSource(
            f"{shape.path.name}, row {number}: {cells} cells where the header has {width}; "
            "the file is cut or damaged, fetch it again."
        ) from error


def _arrow_stream(shape: Shape) -> "IO[bytes]":
    import pyarrow as pa

    raw = pa.OSFile(str(shape.path))
    stream = pa.CompressedInputStream(raw, "gzip") if shape.kind.is_gzipped else raw
    return cast("IO[bytes]", stream)


def _open(path: Path, kind: FileKind) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if kind.is_gzipped else path.open("rb")


def _first_byte(path: Path, kind: FileKind) -> bytes:
    """The first byte that is not blank; refuses what is no file of records at all."""
    with _open(path, kind) as stream:
        start = stream.read(4096)
    shown = start.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if not shown:
        raise UnreadableSource(f"{path.name} is empty: fetch it again.")
    if shown.startswith(b"<"):
        raise UnreadableSource(
            f"{path.name} is a web page or XML, not {kind.format.upper()}: "
            "the download answered with an error page, fetch it again."
        )
    if kind.format == "json" and start.startswith(b"\xef\xbb\xbf"):
        raise UnreadableSource(
            f"{path.name} begins with a byte order mark, which JSON may not: "
            "save it again as UTF-8 without one."
        )
    return shown[:1]


def _csv_columns(path: Path, kind: FileKind) -> tuple[Column, ...]:
    with (
        _open(path, kind) as raw,
        io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        header = next(csv.reader(text, strict=True), [])
    "".join(header).encode()  # refuses what is not UTF-8 in the header; rows are read elsewhere
    if not any(cell.strip() for cell in header):
        raise UnreadableSource(
            f"{path.name} has a blank first line where the column names should be: remove it."
        )
    return tuple(
        Column(cell if cell.strip() else f"column_{number}")
        for number, cell in enumerate(header, start=1)
    )


def _parquet_columns(path: Path, engine: "duckdb.DuckDBPyConnection") -> tuple[Column, ...]:
    described = engine.sql(f"DESCRIBE SELECT * FROM {scan_parquet(path)}").fetchall()
    return tuple(Column(str(row[0]), str(row[1])) for row in described)


def scan_parquet(path: Path) -> str:
    """The table function that reads this Parquet file and nothing out of its folder names."""
    return f"read_parquet({location(path)}, hive_partitioning=false, union_by_name=false)"


def _json_columns(
    path: Path, kind: FileKind, layout: str, engine: "duckdb.DuckDBPyConnection"
) -> tuple[Column, ...]:
    gzipped = "gzip" if kind.is_gzipped else "none"
    objects = (
        f"read_json_objects({location(path)}, format={literal(layout)}, ignore_errors=false, "
        f"compression='{gzipped}')"
    )
    keys = engine.sql(f"SELECT DISTINCT unnest(json_keys(json)) AS key FROM {objects}").fetchall()
    if not keys:
        raise UnreadableSource(
            f"{path.name} holds no records, so nothing in it can be told from an outage: "
            "fetch it again, or leave it out."
        )
    names = sorted(str(row[0]) for row in keys)
    if not all(name.strip() for name in names):
        raise UnreadableSource(f"{path.name} has a value under a blank key: name it or remove it.")
    return tuple(Column(name) for name in names)


def _refuse_open_end(path: Path, kind: FileKind, layout: str) -> None:
    """Refuse a list that is not closed: DuckDB takes one that was cut just after a comma.

    A gzipped file is read to its end, which is what checks its sum.
    """
    last = b""
    with _open(path, kind) as stream:
        if not kind.is_gzipped:
            stream.seek(max(0, path.stat().st_size - _BLOCK))
        while block := stream.read(_BLOCK):
            last = block.rstrip(_BLANK)[-1:] or last
    if layout == "array" and last != b"]":
        raise UnreadableSource(
            f"{path.name} ends before its list of records is closed; "
            "the file is cut, fetch it again."
        )
