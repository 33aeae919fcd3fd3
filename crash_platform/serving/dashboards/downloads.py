"""The rows of a figure as files: CSV for spreadsheets, Parquet for programs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from crash_platform.lake.csv_text import as_csv
from crash_platform.serving.dashboards.figure import Asked, Dashboard, Figure

ODD: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class File:
    """A download.

    Attributes:
        name: that a browser gives it.
        media_type: what it is.
        content: its bytes.
    """

    name: str
    media_type: str
    content: bytes


def csv_file(dashboard: Dashboard, figure: Figure, asked: Asked, rows: pa.Table) -> File:
    """UTF-8, headed by the names of the fields; a text that is a formula is neutralised."""
    name = f"{_stem(dashboard, figure, asked)}.csv"
    return File(name, "text/csv; charset=utf-8; header=present", as_csv(shown(figure, rows)))


def parquet_file(dashboard: Dashboard, figure: Figure, asked: Asked, rows: pa.Table) -> File:
    """Parquet, whose schema says what the numbers are and what was asked."""
    schema = pa.schema(
        [
            rows.schema.field(field.name).with_metadata({"label": field.label})
            for field in figure.fields
        ],
        metadata=_described(dashboard, figure, asked),
    )
    sink = pa.BufferOutputStream()
    pq.write_table(shown(figure, rows).cast(schema), sink, compression="zstd")
    name = f"{_stem(dashboard, figure, asked)}.parquet"
    return File(name, "application/vnd.apache.parquet", sink.getvalue().to_pybytes())


def shown(figure: Figure, rows: pa.Table) -> pa.Table:
    """The rows without what is no field of the figure."""
    return rows.select([field.name for field in figure.fields])


def _described(dashboard: Dashboard, figure: Figure, asked: Asked) -> Mapping[str, str]:
    return {
        "title": figure.title,
        "definition": figure.definition,
        "dashboard": dashboard.title,
        "sources": ", ".join(table.path for table in figure.sources),
        "asked": json.dumps(dict(asked), default=str),
    }


def _stem(dashboard: Dashboard, figure: Figure, asked: Asked) -> str:
    """Plain letters, digits and dashes: it goes into a header."""
    days: list[Any] = [value for value in asked.values() if isinstance(value, date)]
    words = [dashboard.path, figure.name, *map(str, days)]
    return "-".join(ODD.sub("-", word.lower()).strip("-") for word in words)
