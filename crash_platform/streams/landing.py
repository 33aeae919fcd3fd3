"""From ranges of an event log to bronze, each event exactly once, and what is none to dead letters.

How far a stream was read lives in the Delta commit that holds its rows; nothing else remembers it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from deltalake.exceptions import CommitFailedError

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.streams.log import EventLog, Message, Range, StreamError
from crash_platform.streams.planning import (
    STRICT,
    Accepting,
    HubReplacedError,
    Plan,
    Progress,
    plan,
)
from crash_platform.streams.rows import Landed, lost_rows, sorted_out
from crash_platform.streams.tables import DEAD_LETTERS, Stream

MOST_ROWS, MOST_BYTES = 50_000, 64 * 2**20
"""What one commit holds at most."""

ATTEMPTS = 5
TIDY_EVERY = 100
"""Landings after which the files of their days are put together."""


class StalePlanError(StreamError):
    """A range begins behind what bronze holds, so landing it would skip what lies between."""


@dataclass
class Landing:
    """What a landing came to: per partition the last position; rows; days that got rows."""

    number: int = 0
    events: int = 0
    dead_letters: int = 0
    lost: int = 0
    positions: dict[str, int] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)
    dead_days: set[date] = field(default_factory=set)


@dataclass(frozen=True)
class Lander:
    """Brings one stream to bronze.

    Two at once do no harm: of two commits over the same positions one is refused, looks again, and
    finds its rows there.
    """

    store: Store
    stream: Stream
    log: EventLog
    clock: Callable[[], datetime]
    most_rows: int = MOST_ROWS
    most_bytes: int = MOST_BYTES

    def plan(self, limit: int, accepting: Accepting = STRICT) -> Plan:
        """What to land next.

        Raises:
            StreamError: the log cannot be asked, was replaced, or lost events.
        """
        held = self.log.describe()
        names = [each.partition_id for each in held.partitions]
        return plan(held, self.progress(held.generation, names), limit, accepting)

    def progress(self, generation: int, partitions: Sequence[str]) -> Progress:
        """How far bronze holds a log."""
        marks = _Marks(self.stream.name, generation)
        ids = {name: marks.position(name) for name in partitions}
        numbers = self.store.numbers(self.stream.table, [marks.generation_id, *ids.values()])
        positions = {name: numbers[key] - 1 for name, key in ids.items() if numbers[key]}
        return Progress(numbers[marks.generation_id], positions)

    def land(self, planned: Plan) -> Landing:
        """Land exactly the ranges of a plan; what of them is in bronze already stays as it is.

        Raises:
            StalePlanError: the plan is not of this bronze.
            HubReplacedError: the plan is not of the hub that answers now.
            StreamError: the log cannot be read; what was committed until then stays.
            LakeError: bronze cannot be written.
        """
        self._refuse_other_hub(planned)
        names = [part.partition_id for part in planned.ranges]
        held = self.progress(planned.generation, names).positions
        _refuse_skipping(self.stream, planned, held)
        landing = Landing()
        self._note_lost(planned, landing)
        for messages, reached in self._batches(planned, held):
            self._commit(planned.generation, messages, reached, landing)
            if landing.number % TIDY_EVERY == 0:
                self._tidy(landing)
        return landing

    def _tidy(self, landing: Landing) -> None:
        """Put the little files of many landings together; maintenance leaves this month alone."""
        for day in sorted(landing.days):
            self.store.compact(self.stream.table, Window(day, day))

    def _refuse_other_hub(self, planned: Plan) -> None:
        held = self.log.describe()
        if held.generation != planned.generation:
            raise HubReplacedError(
                f"The hub {held.name} was deleted and made anew after this landing was planned: "
                "nothing was read. Plan anew: crash-platform land."
            )

    def _note_lost(self, planned: Plan, landing: Landing) -> None:
        if not planned.lost:
            return
        rows = lost_rows(self.stream.name, planned.generation, planned.lost, self.clock())
        reached = {gap.partition_id: gap.until for gap in planned.lost}
        self._append(DEAD_LETTERS, planned.generation, rows, reached)
        self._append(self.stream.table, planned.generation, Landed.none(), reached)
        landing.lost += sum(gap.until - gap.after for gap in planned.lost)
        landing.dead_days |= rows.days

    def _batches(
        self, planned: Plan, held: Mapping[str, int]
    ) -> Iterator[tuple[list[Message], dict[str, int]]]:
        """Messages of one commit, and the position each partition has come to with them."""
        messages, size, reached = list[Message](), 0, dict[str, int]()
        for part in planned.ranges:
            after = max(part.after, held.get(part.partition_id, -1))
            if after >= part.until:
                continue
            for batch in self.log.read(Range(part.partition_id, after, part.until)):
                messages += batch
                size += sum(len(message.body) for message in batch)
                reached[part.partition_id] = batch[-1].sequence_number
                if len(messages) >= self.most_rows or size >= self.most_bytes:
                    yield messages, reached
                    messages, size, reached = [], 0, {}
            # The end of a range may hold no event (Kafka's control records): it is read all the
            # same.
            reached[part.partition_id] = part.until
        if reached:
            yield messages, reached

    def _commit(
        self,
        generation: int,
        messages: list[Message],
        reached: Mapping[str, int],
        landing: Landing,
    ) -> None:
        events, dead = sorted_out(self.stream, generation, messages, self.clock())
        if dead.rows:
            # First: were it the other way round, a crash in between would lose them.
            kept, _ = self._append(DEAD_LETTERS, generation, dead, reached)
            landing.dead_letters += kept.rows
            landing.dead_days |= kept.days
        kept, number = self._append(self.stream.table, generation, events, reached)
        landing.events += kept.rows
        landing.days |= kept.days
        landing.number = number
        landing.positions.update(reached)

    def _append(
        self, table: Table, generation: int, rows: Landed, reached: Mapping[str, int]
    ) -> tuple[Landed, int]:
        """Append what a table does not hold yet; the rows that were news, and their landing."""
        marks = _Marks(self.stream.name, generation)
        ids = {name: marks.position(name) for name in reached}
        for _ in range(ATTEMPTS):
            numbers = self.store.numbers(table, [*marks.shared, *ids.values()])
            moved = {
                key: reached[name] + 1
                for name, key in ids.items()
                if reached[name] + 1 > numbers[key]
            }
            news = rows.after({name: numbers[key] - 1 for name, key in ids.items()})
            if not moved:
                return Landed.none(), numbers[landing_id(self.stream.name)]
            number = numbers[landing_id(self.stream.name)] + 1
            moved |= {landing_id(self.stream.name): number, marks.generation_id: generation}
            try:
                self.store.append_from(
                    table, Frame.of(news.numbered(table, number)), numbers, moved
                )
            except CommitFailedError:
                continue
            return news, number
        raise StreamError(
            f"{table.path} was changed by others in each of {ATTEMPTS} attempts to land "
            f"{self.stream.name}: run one landing at a time."
        )


def landing_id(stream: str) -> str:
    """The name under which a table keeps the number of a stream's last landing."""
    return f"{stream}/landing"


@dataclass(frozen=True)
class _Marks:
    """The names under which a stream keeps its numbers in a table.

    A position's number is the last position plus one, so that 0 is "none yet".
    """

    stream: str
    generation: int

    @property
    def generation_id(self) -> str:
        return f"{self.stream}/generation"

    @property
    def shared(self) -> tuple[str, str]:
        return self.generation_id, landing_id(self.stream)

    def position(self, partition_id: str) -> str:
        return f"{self.stream}/{self.generation}/{partition_id}"


def _refuse_skipping(stream: Stream, planned: Plan, held: Mapping[str, int]) -> None:
    lost = {gap.partition_id: gap for gap in planned.lost}
    for part in planned.ranges:
        gap = lost.get(part.partition_id)
        begins = gap.after if gap else part.after
        if part.partition_id in held and begins > held[part.partition_id]:
            raise StalePlanError(
                f"The range after {begins} of partition {part.partition_id} cannot be landed: "
                f"{stream.table.path} ends at {held[part.partition_id]}, so events would be "
                "skipped. Plan anew: crash-platform land."
            )
