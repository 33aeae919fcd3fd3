"""The newest rows of ``gold/live_predictions``, each told once, however often files are rewritten.

A row counts as new by its place in the hub, not by its file: putting files together moves rows.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from itertools import groupby
from operator import and_, or_

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from crash_platform.lake.following import AddedFile, Follower
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.serving.live.scored import Scored

SLACK = timedelta(minutes=5)
"""By so much the clock of who scores may be ahead of the one of who stores files."""


@dataclass(frozen=True)
class News:
    """New rows, oldest first, and whether there were more than are told.

    Attributes:
        rows: in the order in which they were scored, and within a partition by position.
        before: the newest of those left out, where some were.
    """

    rows: tuple[Scored, ...] = ()
    before: Scored | None = None


@dataclass
class Tail:
    """Reads what is new; for one thread at a time.

    Attributes:
        open_store: opens the lake.
        timer: tells seconds.
        most: rows told at once; of more, the newest.
    """

    open_store: Callable[[], Store]
    timer: Callable[[], float]
    most: int
    _follower: Follower = field(init=False, repr=False)
    _known: dict[tuple[int, str], int] = field(default_factory=dict, init=False, repr=False)
    _floor: datetime | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._follower = Follower(self.open_store, LIVE_PREDICTIONS, self.timer)

    def look(self) -> News:
        """The rows that were added since the last look; at first the newest of all.

        Raises:
            LakeError: the table cannot be read; the next look tells what this one would have.
        """
        files = self._follower.look()
        newest = self._newest(files)
        self._follower.taken()
        if newest.num_rows > self.most:
            newest_out, newest = newest.slice(self.most), newest.slice(0, self.most)
            self._floor = newest["scored_at"][-1].as_py()
            news = News(_in_order(newest), Scored(newest_out.to_pylist()[0]))
        else:
            news = News(_in_order(newest))
        for row in news.rows:
            self._known[row.hub_generation, row.partition_id] = row.sequence_number
        return news

    def forget(self) -> None:
        """Open the table anew at the next look, after a failure."""
        self._follower.forget()

    def _newest(self, files: Iterable[AddedFile]) -> pa.Table:
        """The newest new rows of some files, newest first, and one more than is told."""
        held = LIVE_PREDICTIONS.schema.empty_table()
        where = new_rows(self._known, self._floor)
        for file in files:
            if held.num_rows > self.most:
                oldest = held["scored_at"][self.most].as_py()
                if oldest > file.written_at + SLACK:
                    break  # files come newest first: no other one holds a newer row
            for batch in self._follower.rows(file, where):
                if batch.num_rows:
                    both = pa.concat_tables([held, pa.table(batch).cast(held.schema)])
                    held = both.sort_by(_NEWEST_FIRST).slice(0, self.most + 1)
        return held


_NEWEST_FIRST = [
    (name, "descending")
    for name in ("scored_at", "hub_generation", "partition_id", "sequence_number")
]


def new_rows(known: dict[tuple[int, str], int], floor: datetime | None) -> ds.Expression | None:
    """The filter of rows behind the known positions; None keeps all.

    Args:
        known: the last position, by hub and partition.
        floor: of partitions that are not known, rows scored until then were left out before.
    """
    later = None if floor is None else pc.field("scored_at") > pa.scalar(floor)
    if not known:
        return later
    places = [
        ((pc.field("hub_generation") == generation) & (pc.field("partition_id") == name), last)
        for (generation, name), last in known.items()
    ]
    behind = reduce(or_, (place & (pc.field("sequence_number") > last) for place, last in places))
    others = reduce(and_, (~place for place, _ in places))
    return behind | (others if later is None else others & later)


def _in_order(rows: pa.Table) -> tuple[Scored, ...]:
    """Rows oldest first; within a partition by position, whatever its clock said."""
    found = sorted(map(Scored, rows.to_pylist()), key=_place)
    partitions = [list(each) for _, each in groupby(found, key=lambda row: _place(row)[:2])]
    return tuple(heapq.merge(*partitions, key=lambda row: (row.scored_at, _place(row))))


def _place(row: Scored) -> tuple[int, str, int]:
    return row.hub_generation, row.partition_id, row.sequence_number
