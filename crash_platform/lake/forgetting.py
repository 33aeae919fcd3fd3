"""Emptying the columns that a contract says are to be forgotten, in rows that are old enough.

The rows stay, and so does all that is counted from them; older versions go with their files.
"""

from datetime import date, timedelta

import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.contract import Table
from crash_platform.lake.layout import writer_properties
from crash_platform.lake.slice import Slice

RETRIES = 100
NOBODY = 0


def due(table: Table, rows: Slice, today: date) -> int:
    """How many rows hold something that is to be forgotten by now."""
    if not table.forgotten:
        return NOBODY
    is_old = ds.field(table.day_column) < _before(table, today)
    held = rows.dataset()
    return max(
        int(held.count_rows(filter=is_old & ds.field(name).is_valid())) for name in table.forgotten
    )


def forget(table: Table, delta: DeltaTable, today: date) -> int:
    """Empty what is to be forgotten by now, in one commit; in how many rows.

    Where others rewrite the same rows meanwhile nothing is done: the next time comes.
    """
    if not table.forgotten:
        return NOBODY
    holds = " OR ".join(f"{name} IS NOT NULL" for name in table.forgotten)
    delta.update_incremental()
    try:
        done = delta.update(
            updates=dict.fromkeys(table.forgotten, "NULL"),
            predicate=f"{table.day_column} < '{_before(table, today)}' AND ({holds})",
            writer_properties=writer_properties(),
            commit_properties=CommitProperties(max_commit_retries=RETRIES),
        )
    except CommitFailedError:
        return NOBODY
    return int(done["num_updated_rows"])


def _before(table: Table, today: date) -> date:
    return today - timedelta(days=table.forgotten_after_days)
