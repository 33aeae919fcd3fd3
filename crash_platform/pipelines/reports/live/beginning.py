"""Where scoring begins: what was scored, what the hub holds, what a person said to go on after."""

from collections.abc import Mapping
from dataclasses import dataclass

from crash_platform.pipelines.reports.live.positions import GENERATION, Held, LiveTable
from crash_platform.streams.log import Description, EventLog
from crash_platform.streams.planning import Accepting, Plan, plan

NO_LIMIT = 2**62


@dataclass(frozen=True)
class Beginning:
    """A hub and its table at the moment when scoring begins.

    Attributes:
        log: what the hub holds.
        held: how far it was scored.
        plan: every range that waits.
        lost: reports that retention took before they were scored.
        skipped: reports that wait no more, because only new ones were asked for.
    """

    log: Description
    held: Held
    plan: Plan
    lost: int
    skipped: int

    @property
    def after(self) -> dict[str, int]:
        """The position of every partition after which it is followed."""
        return {
            each.partition_id: max(self.held.position(each.partition_id), each.first - 1)
            for each in self.log.partitions
        }

    @property
    def waiting(self) -> int:
        """Reports that are there and not scored yet."""
        return sum(self.plan.lag.values()) - self.skipped

    def in_words(self) -> str:
        """Positions, and what waits, as parts of a sentence."""
        after = self.after
        places = ", ".join(f"{name}:{after[name]}" for name in after)
        told = f"after the positions {places}; {self.waiting:,} reports wait"
        if self.skipped:
            told += f"; {self.skipped:,} that waited are skipped, as asked"
        if self.lost:
            told += f"; {self.lost:,} are lost to retention, as accepted"
        return told


def begin(
    log: EventLog, table: LiveTable, accepting: Accepting, *, from_now: bool = False
) -> Beginning:
    """Look where to begin. What a person accepts, or skips, is written down before anything else.

    Raises:
        StreamError: the hub cannot be asked, was replaced, or lost reports.
        LakeError: the table cannot be read or written.
        CommitFailedError: somebody else scored meanwhile: begin again.
    """
    found = log.describe()
    held = table.held(found)
    accepted = Accepting(accepting.loss or from_now, accepting.new_hub)
    planned = plan(found, held.progress, NO_LIMIT, accepted)
    reached = {gap.partition_id: gap.until for gap in planned.lost}
    if from_now:
        reached |= {each.partition_id: each.last for each in found.partitions}
    is_other_hub = held.numbers[GENERATION] not in (0, found.generation)
    if reached or is_other_hub:
        held = table.append([], held, reached)
    skipped = sum(planned.lag.values()) if from_now else 0
    return Beginning(found, held, planned, 0 if from_now else _size(planned), skipped)


def waiting(log: Description, positions: Mapping[str, int]) -> int:
    """How many positions a hub is ahead."""
    behind = (
        each.last - max(positions.get(each.partition_id, -1), each.first - 1)
        for each in log.partitions
    )
    return sum(max(count, 0) for count in behind)


def _size(planned: Plan) -> int:
    return sum(gap.until - gap.after for gap in planned.lost)
