"""The rows of a table inside a window, at one version: which files hold them, how they are read."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.failures import reaching
from crash_platform.lake.layout import physical, pruning


@dataclass(frozen=True)
class Slice:
    """The rows of a table inside a window (or all), at one Delta version, not yet read.

    The version stays readable while others write: its files are kept for a week at least.
    ``files`` may hold rows outside the window too: whoever reads them applies the day filter.
    """

    table: Table
    window: Window | None
    version: int | None
    files: tuple[str, ...]
    delta: DeltaTable | None = field(default=None, repr=False)

    @property
    def schema(self) -> pa.Schema:
        """The contract's schema."""
        return self.table.schema

    @property
    def filter(self) -> ds.Expression | None:
        """The window as a dataset filter."""
        if self.window is None:
            return None
        day = ds.field(self.table.day_column)
        return (day >= pa.scalar(self.window.first)) & (day <= pa.scalar(self.window.last))

    def dataset(self) -> ds.Dataset:
        """The files as an Arrow dataset (not filtered to the window).

        Local files are opened by Arrow itself: through delta-rs' file system, a process that ends
        soon after a read was seen to abort.
        """
        if self.delta is None:
            return ds.dataset(self.schema.empty_table())
        if not any("://" in file for file in self.files):
            return ds.dataset(list(self.files), schema=self.schema, format="parquet")
        chosen = None if self.window is None else pruning(self.table, self.window)
        # Its own schema may lack columns that the contract got since.
        own = physical(self.table)
        return self.delta.to_pyarrow_dataset(file_pruning_predicate=chosen, schema=own)

    def read(
        self, columns: list[str] | None = None, where: ds.Expression | None = None
    ) -> pa.Table:
        """The rows of the window in memory, optionally only some columns or rows.

        Raises:
            LakeError: the files cannot be read.
        """
        names = self.schema.names if columns is None else columns
        with self._reaching():
            rows = self._reader(names, where).read_all()
        return rows.cast(pa.schema([self.schema.field(name) for name in names]))

    def stream(self) -> pa.RecordBatchReader:
        """The rows of the window, batch by batch."""
        return self._reader(self.schema.names, None)

    @property
    def day_range(self) -> tuple[str, date, date] | None:
        """Day column, first and last day, for whoever reads ``files`` itself."""
        if self.window is None:
            return None
        return self.table.day_column, self.window.first, self.window.last

    def distinct_days(self) -> set[date]:
        """The days of the window that hold at least one row."""
        days: set[date] = set()
        if self.files:
            with self._reaching():
                for batch in self._reader([self.table.day_column], None):
                    days.update(pc.unique(batch.column(0)).to_pylist())
        return days

    def _reader(self, names: list[str], where: ds.Expression | None) -> pa.RecordBatchReader:
        # Not DeltaTable.to_pyarrow_table: processes that end soon after it were seen to abort.
        terms = [term for term in (self.filter, where) if term is not None]
        wanted = reduce(and_, terms) if terms else None
        return self.dataset().scanner(columns=names, filter=wanted).to_reader()

    def _reaching(self) -> AbstractContextManager[None]:
        address = unquote(self.delta.table_uri) if self.delta else "the lake"
        return reaching(self.table.path, address, "read")
