"""Rows on their way into a table: held to contract and window, and put aside till all are there."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO

import pyarrow as pa

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.failures import EmptyDayError, LakeError
from crash_platform.lake.frame import ContractError, Frame, Tally, conform, tallied
from crash_platform.lake.layout import physical, with_folder


@dataclass(frozen=True)
class Aside:
    """Checked rows in a temporary file, and what they came to."""

    file: IO[bytes]
    tally: Tally

    def rows(self) -> pa.RecordBatchReader:
        """The rows from the first on; one reader at a time."""
        self.file.seek(0)
        return pa.ipc.open_stream(self.file)


@contextmanager
def put_aside(
    table: Table,
    frame: Frame,
    window: Window | None = None,
    held_days: frozenset[date] = frozenset(),
) -> Iterator[Aside]:
    """Every row of a frame, checked, in a temporary file, ready to be written.

    delta-rs must not be handed a frame that is still being computed: it pulls rows in a thread
    in which delta-rs itself cannot be used, and so a frame made from tables on Azure would crash
    the process. Besides, a bad row is found before the first file is written.

    Args:
        table: the table they go to.
        frame: the rows; opened once.
        window: the days they must lie in, or ``None``.
        held_days: days that have rows now and may lose them only if confirmed empty.

    Raises:
        ContractError: a row does not fit the contract or lies outside the window.
        EmptyDayError: a held day would lose all its rows without being confirmed empty.
        LakeError: the temporary folder cannot take the rows.
    """
    tally = Tally()
    with tempfile.TemporaryFile(prefix="crash_platform_") as file:
        _fill(file, table, _checked(frame, table, window, tally))
        vanished = sorted(held_days - frame.confirmed_empty - tally.days)
        if vanished:
            raise EmptyDayError(
                f"{table.path}: {vanished[0]} has rows and would have none ({len(vanished)} such "
                "days), but nobody confirmed that it is empty: nothing was written."
            )
        yield Aside(file, tally)


def _fill(file: IO[bytes], table: Table, batches: Iterator[pa.RecordBatch]) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(file, physical(table), options=options) as sink:
        for batch in batches:
            try:
                sink.write_batch(batch)
            except OSError as error:
                raise LakeError(
                    f"The rows for {table.path} do not fit into the temporary folder "
                    f"{tempfile.gettempdir()} ({error}): free some space or set TMPDIR."
                ) from error


def _checked(
    frame: Frame, table: Table, window: Window | None, tally: Tally
) -> Iterator[pa.RecordBatch]:
    with frame.open() as reader:
        conformed = (conform(batch, table.schema, table.path) for batch in reader)
        for batch in tallied(conformed, table.day_column, tally):
            outside = sorted(d for d in tally.days if window is not None and d not in window)
            if outside:
                raise ContractError(f"{table.path}: a row of {outside[0]} lies outside {window}.")
            yield with_folder(batch, table)
