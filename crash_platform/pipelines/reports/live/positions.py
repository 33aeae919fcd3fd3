"""``gold/live_predictions`` as the worker sees it: rows and positions in one commit, or neither.

How far the hub was scored is written nowhere else. What a row holds is made in ``scoring``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.pipelines.reports.live.beside import TableBeside
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.streams.log import Description
from crash_platform.streams.planning import Progress

GENERATION = "live/generation"
Row = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """How far a hub was scored: every number on which the next commit depends.

    Attributes:
        generation: of the hub at hand.
        numbers: by the name under which the table keeps them: the last position plus one of each
            partition (0: none yet), and the generation of the hub that was scored last.
        partitions: of the hub at hand.
    """

    generation: int
    numbers: Mapping[str, int]
    partitions: tuple[str, ...]

    @property
    def progress(self) -> Progress:
        """The same as planning asks for it."""
        positions = {name: self.position(name) for name in self.partitions}
        return Progress(
            self.numbers[GENERATION], {name: last for name, last in positions.items() if last >= 0}
        )

    def position(self, partition: str) -> int:
        """The last position that was scored; -1 for none."""
        return self.numbers[position_id(self.generation, partition)] - 1

    def moved(self, reached: Mapping[str, int]) -> dict[str, int]:
        """The numbers that change when partitions have come to these positions."""
        moved = {
            position_id(self.generation, name): last + 1
            for name, last in reached.items()
            if last > self.position(name)
        }
        if self.numbers[GENERATION] != self.generation:
            moved[GENERATION] = self.generation
        return moved


def position_id(generation: int, partition: str) -> str:
    """The name under which the table keeps a partition's number."""
    return f"live/{generation}/{partition}"


class LiveTable(TableBeside):
    """The table of live predictions, for one thread."""

    table = LIVE_PREDICTIONS

    def held(self, log: Description) -> Held:
        """How far a hub was scored.

        Raises:
            LakeError: the table cannot be read.
        """
        partitions = tuple(each.partition_id for each in log.partitions)
        ids = [GENERATION, *(position_id(log.generation, name) for name in partitions)]
        self._store = None
        return Held(log.generation, self._opened().numbers(LIVE_PREDICTIONS, ids), partitions)

    def append(self, rows: Sequence[Row], held: Held, reached: Mapping[str, int]) -> Held:
        """Append rows and move positions in one commit; how far the hub is scored after it.

        Raises:
            CommitFailedError: somebody else scored meanwhile: begin anew from ``held``.
            LakeError: the table cannot be written; rows and positions are as before.
        """
        moved = held.moved(reached)
        if not moved:
            return held
        table = pa.Table.from_pylist(list(rows), schema=LIVE_PREDICTIONS.schema)
        self._opened().append_from(LIVE_PREDICTIONS, Frame.of(table), held.numbers, moved)
        return Held(held.generation, {**held.numbers, **moved}, held.partitions)

    def scored(self, window: Window) -> Iterator[tuple[date, str, int]]:
        """Day, id and version of every report that was scored, of the crashes of some days.

        Raises:
            LakeError: the table cannot be read.
        """
        names = ["crash_date", "event_id", "event_version"]
        rows = self._opened().slice(LIVE_PREDICTIONS, window).read(names)
        return zip(*(rows[name].to_pylist() for name in names), strict=True)
