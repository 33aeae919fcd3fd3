"""What an engine is asked to do: named inputs, named SQL steps, the columns of the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeAlias

import pyarrow as pa
import pyarrow.dataset as ds

from crash_platform.errors import PlatformError

Files = tuple[str, ...]


class EngineError(PlatformError):
    """An engine cannot be started or cannot run what it is given."""


class Rows(Protocol):
    """Rows at rest that an engine can scan: files of one schema, with days to keep."""

    @property
    def schema(self) -> pa.Schema:
        """The columns an engine sees."""

    @property
    def files(self) -> Files:
        """Parquet files, as paths or addresses."""

    @property
    def day_range(self) -> tuple[str, date, date] | None:
        """Day column, first and last day to keep; ``None`` keeps all rows."""

    def dataset(self) -> ds.Dataset:
        """The same rows for an engine that cannot open the files itself."""


Input: TypeAlias = Rows | pa.Table


@dataclass(frozen=True)
class Step:
    """One SQL text and the name later steps know its rows by.

    ``is_kept`` computes it once instead of every time it is read.
    """

    name: str
    sql: str
    is_kept: bool = False


class Engine(Protocol):
    """Runs SQL steps over named inputs; the last step is the answer."""

    @property
    def name(self) -> str:
        """What settings call it."""

    def stream(
        self, inputs: Mapping[str, Input], steps: Sequence[Step], columns: Sequence[str] = ()
    ) -> pa.RecordBatchReader:
        """The rows of the last step (only these columns, where named) as a stream."""
