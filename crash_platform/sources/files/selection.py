"""The SQL that turns a file of one dialect into its string columns. Builds text, runs nothing."""

from collections.abc import Iterable, Mapping, Sequence
from json import dumps

from crash_platform.sources.files.dialect import Dialect, plain, trimmed
from crash_platform.sources.files.inspection import (
    Shape,
    identifier,
    literal,
    location,
    scan_parquet,
)

EXTRA_FIELDS = "extra_fields"

_ISO = "'%Y-%m-%dT%H:%M:%S.%g'"


def selection(shape: Shape, dialect: Dialect, fields: Sequence[str]) -> str:
    """One SELECT over the file: a string per field in order, then `extra_fields`.

    The inner SELECT gives every header the dialect knows its string (null where the file lacks
    it) and keeps unknown columns under their own names, so that `derived` is written over headers
    whatever the format.
    """
    texts = _texts(shape)
    spelt = {plain(header): header for header in dialect.headers}
    strings = {spelt.get(plain(name), name): text for name, text in texts.items()}
    feeding = _feeding(dialect, strings, fields)
    derived = {
        name: dialect.derived[name]
        for name in fields
        if name in dialect.derived and name not in feeding
    }
    used = {*feeding.values(), *_named_in(derived.values(), dialect.headers)}
    inner = dict.fromkeys(dialect.headers, "NULL::VARCHAR") | strings
    values = {name: identifier(header) for name, header in feeding.items()} | derived
    outer = {name: values.get(name, "NULL::VARCHAR") for name in fields}
    outer[EXTRA_FIELDS] = _json_object(sorted(strings.keys() - used))
    return f"SELECT {_listed(outer)} FROM (SELECT {_listed(inner)} FROM {_scan(shape)})"


def as_text(name: str, kind: str) -> str:
    """The SQL string of a column of DuckDB type `kind`.

    Whole numbers are plain, whole doubles too; other doubles are the shortest text that reads
    back as the same double, NaN is null. Dates and moments are `YYYY-MM-DDTHH:MM:SS.mmm`, with a
    `Z` where the file says the moment is in UTC. Nested values are JSON.
    """
    if kind in {"DOUBLE", "FLOAT"}:
        # Told by the text: DuckDB answers isnan() and comparisons with a double from the file's
        # statistics, which pass over NaN.
        text = f"CAST({name} AS VARCHAR)"
        return (
            f"CASE WHEN ends_with({text}, '.0') THEN left({text}, -2) "
            f"WHEN ends_with({text}, 'nan') THEN NULL ELSE {text} END"
        )
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return _moment_as_text(name, is_utc="ZONE" in kind)
    if kind == "BLOB":
        return f"decode({name})"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({name}) AS VARCHAR)"
    return name if kind == "VARCHAR" else f"CAST({name} AS VARCHAR)"


def _moment_as_text(name: str, *, is_utc: bool) -> str:
    if is_utc:
        return f"strftime(make_timestamp(epoch_us({name})), {_ISO}) || 'Z'"
    return f"strftime(CAST({name} AS TIMESTAMP), {_ISO})"


def _texts(shape: Shape) -> dict[str, str]:
    """Column name, trimmed -> the SQL of its string in the scan."""
    return {
        trimmed(column.name): as_text(
            f"c{number}" if shape.format == "csv" else identifier(column.name), column.type
        )
        for number, column in enumerate(shape.columns)
    }


def _feeding(dialect: Dialect, strings: Mapping[str, str], fields: Sequence[str]) -> dict[str, str]:
    """Field -> the first header in the dialect's order that the file has for it."""
    feeding: dict[str, str] = {}
    for header, name in dialect.columns.items():
        if header in strings and name in fields:
            feeding.setdefault(name, header)
    return feeding


def _named_in(texts: Iterable[str], headers: Iterable[str]) -> set[str]:
    together = " ".join(texts)
    return {header for header in headers if identifier(header) in together}


def _json_object(names: Sequence[str]) -> str:
    """A JSON object text of the columns that are not null, in this order; null when all are."""
    if not names:
        return "NULL::VARCHAR"
    pairs = ", ".join(
        f"{literal(dumps(name, ensure_ascii=False) + ':')} || to_json({identifier(name)})"
        for name in names
    )
    return f"nullif('{{' || concat_ws(',', {pairs}) || '}}', '{{}}')"


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())


def _scan(shape: Shape) -> str:
    if shape.format == "parquet":
        return scan_parquet(shape.path)
    gzipped = "gzip" if shape.kind.is_gzipped else "none"
    if shape.format == "csv":
        return (
            f"read_csv({location(shape.path)}, auto_detect=false, header=true, delim=',', "
            f"quote='\"', escape='\"', nullstr='', strict_mode=true, null_padding=false, "
            f"ignore_errors=false, compression='{gzipped}', "
            f"columns={_varchars(f'c{number}' for number in range(len(shape.columns)))})"
        )
    return (
        f"read_json({location(shape.path)}, format={literal(shape.layout or 'auto')}, "
        f"records=true, ignore_errors=false, compression='{gzipped}', "
        f"columns={_varchars(column.name for column in shape.columns)})"
    )


def _varchars(names: Iterable[str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names) + "}"
