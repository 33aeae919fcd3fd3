"""From what a log holds and how far it was read to the ranges that are read next. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from crash_platform.streams.log import Description, Partition, Range, StreamError


class HubReplacedError(StreamError):
    """The log is not the one that was read so far: its positions mean nothing any more."""


class EventsLostError(StreamError):
    """Retention removed events before they were read."""


@dataclass(frozen=True)
class Plan:
    """What to read next.

    Attributes:
        generation: of the log the ranges belong to.
        ranges: in the order of the partitions; partitions with nothing new have none.
        lost: ranges that retention has removed; empty unless losing them was accepted.
        lag: positions not read yet, by partition, these ranges included.
    """

    generation: int
    ranges: tuple[Range, ...]
    lost: tuple[Range, ...]
    lag: Mapping[str, int]


@dataclass(frozen=True)
class Progress:
    """How far a log was read.

    Attributes:
        generation: of the log that was read last; 0 where none was.
        positions: the last position read of each partition of the log at hand; absent: none.
    """

    generation: int
    positions: Mapping[str, int]


@dataclass(frozen=True)
class Accepting:
    """What a person has said to go on after.

    Attributes:
        loss: events that retention has removed; the plan names them.
        new_hub: a log that is not the one read so far.
    """

    loss: bool = False
    new_hub: bool = False


STRICT = Accepting()


def plan(log: Description, progress: Progress, limit: int, accepting: Accepting = STRICT) -> Plan:
    """The ranges to read next, of each partition so many positions at most.

    Raises:
        HubReplacedError: another log answers to the name.
        EventsLostError: events are gone that were never read.
    """
    positions = progress.positions
    if progress.generation not in (0, log.generation) and not accepting.new_hub:
        raise HubReplacedError(
            f"The hub {log.name} was deleted and made anew since it was last read, so positions in "
            "it no longer mean anything: say --accept-new-hub to read the new one from its start."
        )
    lost = [gap for each in log.partitions if (gap := _gap(log, each, positions))]
    if lost and not accepting.loss:
        raise EventsLostError(
            f"Retention of the hub {log.name} removed events before they were read: "
            f"{_in_words(lost)}. They cannot be had again; say --accept-loss to go on with what is "
            "there (landing notes them among the dead letters)."
        )
    ahead = {each.partition_id: _ahead(each, positions) for each in log.partitions}
    cut = {name: Range(name, r.after, min(r.until, r.after + limit)) for name, r in ahead.items()}
    return Plan(
        log.generation,
        tuple(part for part in cut.values() if part.until > part.after),
        tuple(lost),
        {name: part.until - part.after for name, part in ahead.items()},
    )


def _gap(log: Description, held: Partition, positions: Mapping[str, int]) -> Range | None:
    after = positions.get(held.partition_id, -1)
    if held.last < after:
        raise HubReplacedError(
            f"Partition {held.partition_id} of the hub {log.name} ends at {held.last}, but was "
            f"already read up to {after}: it is not the hub that was read, or it lost its end. "
            "Point the platform at the right hub, or delete and make the hub anew and say "
            "--accept-new-hub."
        )
    # A partition that was never read owes nothing from before the platform came to it.
    if held.partition_id not in positions or held.first <= after + 1:
        return None
    return Range(held.partition_id, after, held.first - 1)


def _ahead(held: Partition, positions: Mapping[str, int]) -> Range:
    after = max(positions.get(held.partition_id, -1), held.first - 1)
    return Range(held.partition_id, after, max(held.last, after))


def _in_words(lost: list[Range]) -> str:
    return ", ".join(
        f"{gap.after + 1} to {gap.until} of partition {gap.partition_id}" for gap in lost
    )
