"""Keeping a table small: its little files put together, its forgotten files and old log deleted.

What is done to one table belongs here; when, and for which tables, does not.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.fs as pa_fs
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError
from deltalake.fs import DeltaStorageHandler

from crash_platform.lake.contract import LONGEST_RETENTION_DAYS, Table
from crash_platform.lake.failures import LakeError, reaching
from crash_platform.lake.forgetting import due, forget
from crash_platform.lake.frame import Frame
from crash_platform.lake.incoming import put_aside
from crash_platform.lake.layout import writer_properties
from crash_platform.lake.making import complete
from crash_platform.lake.store import COMMIT_RETRIES, Store

SHORTEST_RETENTION_DAYS = 7
"""Younger files may belong to a run that is still reading or writing."""
SMALL_FILE_BYTES = 32 * 1024 * 1024
TARGET_FILE_BYTES = 128 * 1024 * 1024
ATTEMPTS = 5
"""How often a folder is tried while others write to the table."""


@dataclass(frozen=True)
class State:
    """The newest version of a table: its number (``None``: never written), files and bytes."""

    version: int | None = None
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Report:
    """What maintenance did to a table, or in a dry run would do.

    Attributes:
        table: path of the table.
        is_dry_run: whether nothing was changed, so that ``after`` is ``before``.
        before: the table before.
        after: the table after.
        compacted_files: files put together.
        compacted_folders: the folders these lie in.
        busy_folders: folders left for the next time because another writer was at work in them.
        deleted_files: files deleted that no version within the retention needs.
        deleted_bytes: their size.
        forgotten_rows: rows in which what is to be forgotten was emptied.
    """

    table: str
    is_dry_run: bool
    before: State = State()
    after: State = State()
    compacted_files: int = 0
    compacted_folders: tuple[str, ...] = ()
    busy_folders: tuple[str, ...] = ()
    deleted_files: int = 0
    deleted_bytes: int = 0
    forgotten_rows: int = 0


def maintain(
    store: Store,
    table: Table,
    *,
    today: date,
    dry_run: bool = False,
    retention_days: int = SHORTEST_RETENTION_DAYS,
) -> Report:
    """Put small files of closed folders together and delete what no version needs any more.

    Every version of the last ``retention_days`` stays readable. Of the rows nothing changes but
    what the contract wants forgotten. The folder that holds ``today`` is left alone by the putting
    together: it is written every day. Writers may be at work meanwhile.

    Raises:
        LakeError: the retention is too short or too long, or the table cannot be reached.
    """
    check_retention(retention_days)
    delta = store.delta(table)
    if delta is None:
        return Report(table.path, dry_run)
    with reaching(table.path, store.location.of(table.path), "read" if dry_run else "written"):
        before = _state(delta)
        plan = _plan(delta, table, table.folder_of(today))
        forgotten = due(table, store.slice(table), today)
        if not dry_run:
            complete(table, delta)
            forgotten = forget(table, delta, today) if forgotten else 0
        done = plan if dry_run else _compact(delta, table, plan)
        sizes = _delete(delta, dict(store.location.storage_options), retention_days, dry_run)
        if not dry_run:
            delta.create_checkpoint()
            delta.cleanup_metadata()
        after = before if dry_run else _state(delta)
    busy = tuple(folder for folder in plan if folder not in done)
    moved, folders = sum(done.values()), tuple(done)
    deleted = len(sizes), sum(sizes)
    return Report(table.path, dry_run, before, after, moved, folders, busy, *deleted, forgotten)


def check_retention(days: int) -> None:
    """Refuse a retention under which running work or the history would lose files.

    Raises:
        LakeError: it is shorter than a week or longer than the log remembers.
    """
    if not SHORTEST_RETENTION_DAYS <= days <= LONGEST_RETENTION_DAYS:
        raise LakeError(
            f"Maintenance keeps {SHORTEST_RETENTION_DAYS} to {LONGEST_RETENTION_DAYS} days of "
            f"history, not {days}: a run may still need younger files, and the log forgets older "
            "ones."
        )


def _state(delta: DeltaTable) -> State:
    sizes = pa.table(delta.get_add_actions(flatten=True))["size_bytes"].to_pylist()
    return State(delta.version(), len(sizes), sum(sizes))


def _plan(delta: DeltaTable, table: Table, open_folder: str) -> dict[str, int]:
    """How many files each closed folder has, where more than one of them is small."""
    files = pa.table(delta.get_add_actions(flatten=True))
    folders = files[f"partition.{table.folder_column}"].to_pylist()
    sizes = files["size_bytes"].to_pylist()
    found = [pair for pair in zip(folders, sizes, strict=True) if pair[0] < open_folder]
    small = Counter(folder for folder, size in found if size < SMALL_FILE_BYTES)
    counts = Counter(folder for folder, _ in found)
    return {folder: counts[folder] for folder in sorted(small) if small[folder] > 1}


def _compact(delta: DeltaTable, table: Table, folders: Iterable[str]) -> dict[str, int]:
    """Compact folder by folder, so that a writer at work in one does not spoil the others."""
    done: dict[str, int] = {}
    for folder in folders:
        for _ in range(ATTEMPTS):
            delta.update_incremental()
            try:
                done[folder] = _rewrite(delta, table, folder)
                break
            except CommitFailedError:
                continue
    return done


def _rewrite(delta: DeltaTable, table: Table, folder: str) -> int:
    """Write the rows of a folder anew, into as few files as they need; how many there were.

    Not ``DeltaTable.optimize.compact``: of two that run at once both succeed (deltalake 1.6.6 sees
    no conflict where neither changes data), and then every row is there twice.
    """
    chosen = [(table.folder_column, "=", folder)]
    count = len(delta.file_uris(file_pruning_predicate=chosen))
    dataset = delta.to_pyarrow_dataset(file_pruning_predicate=chosen)
    names = table.schema.names
    rows = Frame(table.schema, lambda: dataset.scanner(columns=names).to_reader())
    with put_aside(table, rows) as aside:
        write_deltalake(
            delta,
            aside.rows(),
            mode="overwrite",
            predicate=f"{table.folder_column} = '{folder}'",
            target_file_size=TARGET_FILE_BYTES,
            writer_properties=writer_properties(),
            commit_properties=CommitProperties(
                max_commit_retries=COMMIT_RETRIES, custom_metadata={"reason": "maintenance"}
            ),
        )
    return count


def _delete(
    delta: DeltaTable, options: dict[str, str], retention_days: int, dry_run: bool
) -> list[int]:
    """Delete the files that no version of the last days needs; the size of each.

    A full vacuum: files that a failed run left behind are in no log, and a light one would also
    miss those that a checkpoint has forgotten. Both kinds go by their age on disk, so files that a
    writer has not committed yet are safe. The table's own retention is the log's, hence longer.
    """
    delta.update_incremental()

    def vacuum(is_trial: bool) -> list[str]:
        return delta.vacuum(
            retention_hours=24 * retention_days,
            dry_run=is_trial,
            enforce_retention_duration=False,
            full=True,
            commit_properties=CommitProperties(max_commit_retries=COMMIT_RETRIES),
        )

    doomed = vacuum(is_trial=True)
    if not doomed:
        return []
    sizes = _sizes(delta, options)
    return [sizes.get(path, 0) for path in (doomed if dry_run else vacuum(is_trial=False))]


def _sizes(delta: DeltaTable, options: dict[str, str]) -> dict[str, int]:
    handler = DeltaStorageHandler(delta.table_uri, options or None)
    listed = pa_fs.PyFileSystem(handler).get_file_info(pa_fs.FileSelector("", recursive=True))
    return {info.path: info.size for info in listed if info.is_file}
