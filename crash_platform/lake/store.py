"""How a Delta table is read and written: a window read, a window replaced, a batch appended once.

Every write is one commit. Nothing here knows what a table means or who asks for it.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from os import scandir
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.failures import EmptyDayError, LakeError, reaching
from crash_platform.lake.frame import Frame
from crash_platform.lake.incoming import put_aside
from crash_platform.lake.layout import predicate, pruning, recognise, writer_properties
from crash_platform.lake.location import Location
from crash_platform.lake.making import complete, make
from crash_platform.lake.slice import Slice

__all__ = ["Commit", "EmptyDayError", "LakeError", "Slice", "Store"]

COMMIT_RETRIES = 100
"""How often delta-rs puts a write on top of others that leave its rows alone; 15 proved too few."""


@dataclass(frozen=True)
class Commit:
    """What one write did. ``version`` is the table's Delta version after it."""

    table: str
    version: int
    rows: int
    window: Window | None
    preview: pa.Table | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Store:
    """The tables of one lake.

    Attributes:
        location: where they lie.
        attempts: how often a replacement is run when others change the same rows meanwhile.
        sleep: waits some seconds between two attempts.
    """

    location: Location
    attempts: int = 12
    sleep: Callable[[float], None] = time.sleep

    def slice(self, table: Table, window: Window | None = None) -> Slice:
        """The rows of a window (``None``: the whole table); a table nobody wrote yet is empty.

        Raises:
            LakeError: the table cannot be read; that is never taken for an empty table.
        """
        delta = self.delta(table)
        return (
            Slice(table, window, None, ()) if delta is None else self._slice(table, window, delta)
        )

    def replace(self, table: Table, window: Window, frame: Frame) -> Commit:
        """Replace the rows of a window, all of it and nothing else, in one commit.

        The frame is opened anew in every attempt, and judged against the rows of that moment.

        Raises:
            ContractError: a row does not fit the contract or lies outside the window.
            EmptyDayError: a day that has rows would lose them all without being confirmed empty.
            LakeError: the table cannot be written, or others keep changing the same rows.
        """
        try:
            return self._retrying()(self._replace, table, window, frame)
        except CommitFailedError as error:
            raise LakeError(
                f"{table.path} was changed by others in each of {self.attempts} attempts to "
                f"replace {window}: run again when they are done."
            ) from error

    def compact(self, table: Table, window: Window) -> Commit:
        """Put the files of a window together; no row changes. For windows that are still written.

        Raises:
            LakeError: the table cannot be rewritten; it is as before then.
        """
        # Sliced anew in every attempt: what others append meanwhile is in the next one.
        return self.replace(
            table, window, Frame(table.schema, lambda: self.slice(table, window).stream())
        )

    def append_once(self, table: Table, frame: Frame, app_id: str, number: int) -> Commit | None:
        """Append a numbered batch unless that number (or a later one) is already in the table.

        The number, 1 or more, lives in the same commit as the rows. Two writers with the same
        ``app_id`` never both succeed: the later one gets deltalake's ``CommitFailedError`` and must
        decide anew what to write. Other writers only make it wait.

        Returns:
            The commit, or ``None`` where the table already holds the batch.

        Raises:
            ContractError: a row does not fit the contract.
            LakeError: the table cannot be written.
        """
        if number < 1:
            raise ValueError(f"batches are numbered from 1 on, not {number}")
        before = self.last_number(table, app_id)
        if before >= number:
            return None
        return self.append_from(table, frame, {app_id: before}, {app_id: number})

    def append_from(
        self, table: Table, frame: Frame, read_at: Mapping[str, int], moved_to: Mapping[str, int]
    ) -> Commit:
        """Append rows and move numbers in one commit, if all numbers are what the rows assume.

        Args:
            table: the contract.
            frame: the rows; none is fine, then only the numbers move.
            read_at: each number on which the rows depend, as ``numbers`` gave it.
            moved_to: what they are after it, 1 or more; only numbers of ``read_at``.

        Raises:
            CommitFailedError: another writer moved one of the numbers: decide anew what to write.
            ContractError: a row does not fit the contract.
            LakeError: the table cannot be written.
        """
        if not set(moved_to) <= set(read_at) or any(number < 1 for number in moved_to.values()):
            raise ValueError(f"cannot move {dict(read_at)} to {dict(moved_to)}")
        delta = self._open_or_create(table)
        marks = [Transaction(app_id, number) for app_id, number in moved_to.items()]

        def append() -> bool:
            with self._reaching(table, "read"):
                delta.update_incremental()
            # delta-rs stores numbers and compares nothing: the handle that writes must be asked.
            is_as_read = all(
                (delta.transaction_version(app_id) or 0) == number
                for app_id, number in read_at.items()
            )
            if is_as_read:
                self._append(table, delta, aside.rows(), marks)
            return is_as_read

        with put_aside(table, frame) as aside:
            if not self._retrying()(append):
                raise CommitFailedError(f"{sorted(moved_to)} of {table.path} were moved by another")
        return Commit(table.path, delta.version(), aside.tally.rows, None, aside.tally.preview)

    def numbers(self, table: Table, app_ids: Iterable[str]) -> dict[str, int]:
        """The numbers kept under some names, all of one moment; 0 where one was never set."""
        delta = self.delta(table)
        if delta is None:
            return dict.fromkeys(app_ids, 0)
        return {app_id: delta.transaction_version(app_id) or 0 for app_id in app_ids}

    def last_number(self, table: Table, app_id: str) -> int:
        """The number of the last batch appended under ``app_id``; 0 before the first."""
        return self.numbers(table, [app_id])[app_id]

    def version(self, table: Table) -> int | None:
        """The table's Delta version, or ``None`` where it was never written."""
        delta = self.delta(table)
        return None if delta is None else delta.version()

    def delta(self, table: Table) -> DeltaTable | None:
        """The Delta table as of now, for maintenance and history; ``None`` if never written.

        Raises:
            LakeError: it cannot be reached, or is not what its contract says.
        """
        with self._reaching(table, "read"):
            if not self._is_there(table):
                return None
            address = self.location.of(table.path)
            delta = DeltaTable(address, storage_options=self._options)
        return recognise(table, delta)

    def _replace(self, table: Table, window: Window, frame: Frame) -> Commit:
        delta = self._open_or_create(table)
        held_days = self._slice(table, window, delta).distinct_days()
        with put_aside(table, frame, window, frozenset(held_days)) as aside:
            self._overwrite(table, delta, aside.rows(), window)
        return Commit(table.path, delta.version(), aside.tally.rows, window, aside.tally.preview)

    def _overwrite(
        self, table: Table, delta: DeltaTable, rows: pa.RecordBatchReader, window: Window
    ) -> None:
        with self._reaching(table, "written"):
            write_deltalake(
                delta,
                rows,
                mode="overwrite",
                predicate=predicate(table, window),
                writer_properties=writer_properties(),
                commit_properties=CommitProperties(max_commit_retries=COMMIT_RETRIES),
            )

    def _append(
        self,
        table: Table,
        delta: DeltaTable,
        rows: pa.RecordBatchReader,
        marks: Sequence[Transaction],
    ) -> None:
        with self._reaching(table, "written"):
            write_deltalake(
                delta,
                rows,
                mode="append",
                writer_properties=writer_properties(),
                commit_properties=CommitProperties(
                    max_commit_retries=COMMIT_RETRIES, app_transactions=list(marks)
                ),
            )

    def _slice(self, table: Table, window: Window | None, delta: DeltaTable) -> Slice:
        chosen = None if window is None else pruning(table, window)
        with self._reaching(table, "read"):
            files = delta.file_uris(file_pruning_predicate=chosen)
        # delta-rs writes local paths like addresses: "a b" as "a%20b", which no file is called.
        if self.location.is_local:
            files = [unquote(file) for file in files]
        return Slice(table, window, delta.version(), tuple(files), delta)

    def _open_or_create(self, table: Table) -> DeltaTable:
        delta = self.delta(table)
        if delta is None:
            self._create(table)
            delta = self.delta(table)
        if delta is None:
            raise LakeError(f"{table.path} vanished while it was made: run again.")
        with self._reaching(table, "written"):
            complete(table, delta)
        return delta

    def _create(self, table: Table) -> None:
        try:
            with self._reaching(table, "written"):
                make(table, self.location.of(table.path), self._options)
        except CommitFailedError:
            if not self._is_there(table):
                raise

    def _retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(CommitFailedError),
            wait=wait_random_exponential(multiplier=0.05, max=3),
            stop=stop_after_attempt(self.attempts),
            sleep=self.sleep,
            reraise=True,
        )

    def _is_there(self, table: Table) -> bool:
        address = self.location.of(table.path)
        # delta-rs takes a folder it may not look into for one without a table.
        if self.location.is_local and not _has_log(Path(address)):
            return False
        return DeltaTable.is_deltatable(address, self._options)

    def _reaching(self, table: Table, doing: str) -> AbstractContextManager[None]:
        return reaching(table.path, self.location.of(table.path), doing)

    @property
    def _options(self) -> dict[str, str] | None:
        return dict(self.location.storage_options) or None


def _has_log(folder: Path) -> bool:
    try:
        scandir(folder / "_delta_log").close()
    except FileNotFoundError:
        return False
    return True
