"""The SQL texts of the figures, by name."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.pipelines.views import ask
from crash_platform.serving.dashboards.figure import Asked, Rows

if TYPE_CHECKING:
    import duckdb

FOLDER = Path(__file__).parent / "sql"


def from_sql(name: str) -> Rows:
    """The rows of the text ``sql/<name>.sql``, a SELECT over ``layer.table`` and ``$controls``."""
    return partial(_rows, name)


def _rows(name: str, connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    return ask(connection, (FOLDER / f"{name}.sql").read_text(encoding="utf-8"), asked)
