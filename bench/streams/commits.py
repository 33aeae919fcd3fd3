"""When the rows of a Delta table were committed, and how many commits and files it has.

The moment of a commit is when its log file was written; tidied files still lie there to be read.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Scored:
    """A prediction on its way: seconds since 1970 of the hub's taking, the answer, the commit."""

    enqueued: float
    scored: float
    committed: float


def scored(table: Path) -> dict[str, Scored]:
    """Every row that was ever appended to live predictions, by the id of its event."""
    found = dict[str, Scored]()
    for at, rows in appended(table, ["event_id", "enqueued_at", "scored_at"]):
        columns = [rows[name].to_pylist() for name in rows.column_names]
        for event_id, enqueued, answered in zip(*columns, strict=True):
            found[event_id] = Scored(seconds(enqueued), seconds(answered), at)
    return found


def appended(table: Path, columns: list[str]) -> Iterator[tuple[float, pa.Table]]:
    """The files of each append, with the moment of its commit."""
    for log in sorted((table / "_delta_log").glob("*.json")):
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        if not any(_is_append(each) for each in actions):
            continue
        for each in actions:
            if "add" in each:
                file = table / unquote(each["add"]["path"])
                with pq.ParquetFile(file) as parquet:
                    yield log.stat().st_mtime, parquet.read(columns)


def sizes(table: Path) -> dict[str, int]:
    """Commits, those of them that appended, files of the newest version, files in the folder."""
    from deltalake import DeltaTable

    logs = list((table / "_delta_log").glob("*.json"))
    kinds = Counter(
        any(_is_append(json.loads(line)) for line in log.read_text().splitlines()) for log in logs
    )
    return {
        "commits": len(logs),
        "appends": kinds[True],
        "files": len(DeltaTable(str(table)).file_uris()),
        "files_in_folder": sum(1 for _ in table.rglob("*.parquet")),
    }


def seconds(moment: datetime) -> float:
    """Seconds since 1970."""
    return moment.timestamp()


def _is_append(action: dict[str, dict[str, dict[str, str]]]) -> bool:
    said = action.get("commitInfo", {}).get("operationParameters", {})
    return said.get("mode") == "Append"
