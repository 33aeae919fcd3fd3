"""Rows at rest for engine tests, with the face of a slice of the lake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    {
        "id": pa.int64(),
        "day": pa.date32(),
        "local_at": pa.timestamp("us"),
        "utc_at": pa.timestamp("us", tz="UTC"),
        "name": pa.string(),
        "share": pa.float64(),
        "is_new": pa.bool_(),
        "words": pa.list_(pa.string()),
    }
)


@dataclass(frozen=True)
class Files:
    """Files of one schema, and days to keep of them."""

    files: tuple[str, ...]
    table: pa.Table
    day_range: tuple[str, date, date] | None = None

    @property
    def schema(self) -> pa.Schema:
        return self.table.schema

    def dataset(self) -> ds.Dataset:
        return ds.dataset(self.table)


def some_rows(days: Sequence[date | None]) -> pa.Table:
    """A row per day, every second one as null as it can be."""
    rows: list[dict[str, object]] = []
    for number, day in enumerate(days):
        if number % 2:
            rows.append({"id": number, "day": day})
            continue
        local = datetime.fromisoformat("9999-12-31T23:59:59.999999" if number else "0001-01-01")
        words = ["ß", None, "", "🚗"] if number else []
        full: dict[str, object] = {
            "local_at": local,
            "utc_at": local.replace(tzinfo=UTC),
            "name": "a\tb'\"\\ü",
        }
        more: dict[str, object] = {"share": -0.1, "is_new": False, "words": words}
        rows.append({"id": 2**63 - 1 - number, "day": day, **full, **more})
    return pa.Table.from_pylist(rows, SCHEMA)


def stored(table: pa.Table, folder: Path, pieces: int = 2) -> tuple[str, ...]:
    """The table as Parquet files in a folder with a name full of traps."""
    folder.mkdir(parents=True)
    size = -(-table.num_rows // pieces)
    paths = [folder / f"part-{number}.parquet" for number in range(pieces)]
    for number, path in enumerate(paths):
        pq.write_table(table.slice(number * size, size), path)
    return tuple(str(path) for path in paths)
