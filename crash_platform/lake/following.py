"""A table followed while others write it: which files it got since it was last looked at.

What the rows of these files are, and which of them are new, is for whoever follows to say.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from crash_platform.lake.contract import Table
from crash_platform.lake.failures import reaching
from crash_platform.lake.layout import physical
from crash_platform.lake.store import Store

REOPEN_SECONDS = 600.0
"""How long a table is held open: a sign-in to Azure ends, and a folder may be made anew."""


@dataclass(frozen=True)
class AddedFile:
    """A file of a table: its path inside the table's folder, and when it was written (UTC)."""

    path: str
    written_at: datetime


@dataclass
class Follower:
    """Looks at one table again and again, as cheaply as it can; for one thread at a time.

    Attributes:
        open_store: opens the lake, signing in where it must.
        table: the contract.
        timer: tells seconds.
    """

    open_store: Callable[[], Store]
    table: Table
    timer: Callable[[], float]
    _delta: DeltaTable | None = field(default=None, init=False, repr=False)
    _root: str = field(default="", init=False, repr=False)
    _is_local: bool = field(default=True, init=False, repr=False)
    _opened_at: float = field(default=0.0, init=False, repr=False)
    _version: int | None = field(default=None, init=False, repr=False)
    _known: frozenset[str] = field(default=frozenset(), init=False, repr=False)
    _told: tuple[int | None, frozenset[str]] = field(
        default=(None, frozenset()), init=False, repr=False
    )

    def look(self) -> list[AddedFile]:
        """The files that were not ``taken`` yet, newest first; none where nothing changed.

        Raises:
            LakeError: the table cannot be read.
        """
        delta = self._newest()
        if delta is None or delta.version() == self._version:
            return []
        with self._reaching():
            told = pa.table(delta.get_add_actions(flatten=True))
        paths = told["path"].to_pylist()
        times = told["modification_time"].cast(pa.timestamp("ms")).to_pylist()
        self._told = delta.version(), frozenset(paths)
        added = [
            AddedFile(path, at.replace(tzinfo=UTC))
            for path, at in zip(paths, times, strict=True)
            if path not in self._known
        ]
        return sorted(added, key=lambda file: file.written_at, reverse=True)

    def taken(self) -> None:
        """Take the files that the last look told for known."""
        self._version, self._known = self._told

    def rows(self, file: AddedFile, where: ds.Expression | None) -> Iterator[pa.RecordBatch]:
        """The rows of a file, those of the contract's columns that keep ``where``.

        Raises:
            LakeError: the file cannot be read.
        """
        with self._reaching():
            scanner = self._dataset(file).scanner(columns=self.table.schema.names, filter=where)
            yield from scanner.to_batches()

    def forget(self) -> None:
        """Open the table anew at the next look, after a failure."""
        self._delta = None

    def _newest(self) -> DeltaTable | None:
        if self._delta is None or self.timer() - self._opened_at > REOPEN_SECONDS:
            store = self.open_store()
            self._delta, self._opened_at = store.delta(self.table), self.timer()
            self._root = store.location.of(self.table.path)
            self._is_local = store.location.is_local
        else:
            with self._reaching():
                self._delta.update_incremental()
        return self._delta

    def _dataset(self, file: AddedFile) -> ds.Dataset:
        if self._is_local:
            place = f"{self._root}/{unquote(file.path)}"
            return ds.dataset(place, schema=self.table.schema, format="parquet")
        if self._delta is None:
            raise ValueError("look before reading")
        whole = self._delta.to_pyarrow_dataset(schema=physical(self.table))
        chosen = [
            part for part in whole.get_fragments() if unquote(part.path) == unquote(file.path)
        ]
        return ds.FileSystemDataset(chosen, whole.schema, whole.format, whole.filesystem)

    def _reaching(self) -> AbstractContextManager[None]:
        return reaching(self.table.path, self._root, "read")
