"""The commands that give gold to other tools: one SELECT, and all of it as one DuckDB file.

Parsing and printing only; what can be asked is in ``pipelines.views``, how an answer is written in
``answers``.
"""

import os
import sys
from contextlib import closing
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crash_platform.errors import PlatformError
from crash_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from crash_platform.lake.contract import Table

Form = Literal["table", "csv", "json", "parquet"]
ENDINGS: dict[str, Form] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
EXPORTED_LAYERS = ("gold", "model")
WIDEST = 100_000


class AskingError(PlatformError):
    """A command was given too little, too much, or what does not go together."""


def sql(
    question: Annotated[
        str | None, typer.Argument(metavar="SELECT", help="The question; - takes standard input.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A file that holds the question.")
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            help="table (the first 50 rows), csv, json (a line for each row) or parquet; default: "
            "by the ending of --output, else table.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the answer to this file.")
    ] = None,
    tables: Annotated[
        bool, typer.Option("--tables", help="List the tables that can be asked.")
    ] = False,
) -> None:
    """Answer one SELECT over the tables of the lake (layer.table); nothing can be changed."""
    given = [question is not None, file is not None, tables]
    if sum(given) != 1:
        raise AskingError(
            'Ask one thing: crash-platform sql "SELECT ...", or - for standard input, or -f FILE, '
            "or --tables."
        )
    settings = load_settings()
    if tables:
        _list_tables(settings)
        return
    _answer(settings, _text(question, file), _form(form, output), output)


def export(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The DuckDB file to write.")],
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--tables",
            help="Only these, as layer.table or a whole layer; may be repeated. Default: gold and "
            "model.",
        ),
    ] = None,
) -> None:
    """Copy gold into one DuckDB file, for tools that cannot read Delta tables."""
    from crash_platform.commands.outputs import OutputError, replacing
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.duckdb_file import is_export, write_duckdb

    settings, chosen = load_settings(), _chosen(tables or EXPORTED_LAYERS)
    if path.is_file() and not is_export(path):
        raise OutputError(f"{path} is there already and no export: name another file.")
    if path.with_name(f"{path.name}.wal").exists():
        raise OutputError(f"{path} is open in another program: close it there.")
    with replacing(path, settings) as draft:
        copied = write_duckdb(
            open_store(settings), chosen, draft, datetime.now(UTC), settings.duckdb_memory_limit
        )
    for one in copied:
        print(f"  {one.table.layer + '.' + one.table.name:38} {one.row_count:>12,} rows")
    print(f"{len(copied)} tables, {path.stat().st_size / 1e6:,.1f} MB: {path}")


def _answer(settings: Settings, text: str, form: Form, output: Path | None) -> None:
    from crash_platform.commands.answers import write_answer
    from crash_platform.commands.outputs import replacing
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.views import connect, named, stream

    views = connect(open_store(settings), named(text), settings.duckdb_memory_limit)
    with closing(views) as connection:
        answer = stream(connection, text)
        if form == "table":
            _show(answer)
        elif output is None:
            _to_standard_output(answer, form)
        else:
            with replacing(output, settings) as draft, draft.open("wb") as out:
                count = write_answer(answer, form, out)
            print(f"{count:,} rows, {output.stat().st_size:,} bytes: {output}", file=sys.stderr)


def _show(answer: "pa.RecordBatchReader") -> None:
    from rich.console import Console

    from crash_platform.commands.answers import show_answer

    # Into a pipe or a file, no line is cut.
    width = None if sys.stdout.isatty() else WIDEST
    show_answer(answer, Console(width=width, highlight=False, soft_wrap=False))


def _to_standard_output(answer: "pa.RecordBatchReader", form: Form) -> None:
    from crash_platform.commands.answers import write_answer

    try:
        write_answer(answer, form, sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _form(form: Form | None, output: Path | None) -> Form:
    if output is None:
        if form == "parquet":
            raise AskingError("Parquet is for a file: name it with --output.")
        return form or "table"
    chosen = form or ENDINGS.get(output.suffix.lower())
    if chosen is None or chosen == "table":
        raise AskingError(f"Say how to write {output}: --format csv, json or parquet.")
    return chosen


def _text(question: str | None, file: Path | None) -> str:
    try:
        if question == "-":
            return sys.stdin.read()
        return question if file is None or question else file.read_text(encoding="utf-8")  # type: ignore[return-value]
    except (OSError, UnicodeDecodeError) as error:
        where = "standard input" if file is None else file
        raise AskingError(f"The question in {where} cannot be read ({error}).") from error


def _list_tables(settings: Settings) -> None:
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.tables import TABLES

    store = open_store(settings)
    for table in TABLES:
        count = store.slice(table).dataset().count_rows()
        print(f"{table.layer}.{table.name}  ({count:,} rows)")
        print(f"  {table.description}")
        print(f"  {', '.join(column.name for column in table.columns)}\n")


def _chosen(names: "list[str] | tuple[str, ...]") -> "list[Table]":
    from crash_platform.pipelines.tables import TABLES

    wanted = [name.strip().replace("/", ".") for each in names for name in each.split(",")]
    known = {f"{table.layer}.{table.name}" for table in TABLES} | {t.layer for t in TABLES}
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, sorted(known), 1)
            hint = f", did you mean {near[0]}?" if near else ": crash-platform sql --tables lists"
            raise AskingError(f"There is no table {name}{hint}")
    return [t for t in TABLES if {t.layer, f"{t.layer}.{t.name}"} & set(wanted)]
