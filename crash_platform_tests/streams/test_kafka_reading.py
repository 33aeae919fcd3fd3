"""Where a bounded read ends, over a client that says what the test wants it to say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from crash_platform.streams.kafka_client import Asking, Topic
from crash_platform.streams.kafka_errors import Troubles
from crash_platform.streams.kafka_reading import read_range
from crash_platform.streams.kafka_settings import Options
from crash_platform.streams.log import (
    AccessDeniedError,
    Description,
    LogUnreachableError,
    PositionGoneError,
    Range,
    StreamError,
)

pytest.importorskip("confluent_kafka", reason="needs crash-platform[kafka]")


@dataclass(frozen=True)
class Failure:
    """An error with the face of the client's."""

    code: str

    def name(self) -> str:
        return self.code

    def str(self) -> str:
        return self.code


@dataclass(frozen=True)
class Record:
    """A record with the face of the client's; an error if it has a code."""

    at: int
    code: str | None = None

    def error(self) -> Failure | None:
        return Failure(self.code) if self.code else None

    def offset(self) -> int:
        return self.at

    def partition(self) -> int:
        return 0

    def timestamp(self) -> tuple[int, int]:
        return 1, 0

    def key(self) -> None:
        return None

    def headers(self) -> None:
        return None

    def value(self) -> bytes:
        return str(self.at).encode()


def end(at: int) -> Record:
    """What the client says at the end of a partition."""
    return Record(at, "_PARTITION_EOF")


@dataclass
class Scripted:
    """A consumer that hands out what it was given; then the time goes by, second by second."""

    script: list[Record]
    now: float = 0.0
    forever: Record | None = None
    reports: Failure | None = None
    starts: list[int] = field(default_factory=list)
    closed: bool = False

    def assign(self, places: Sequence[Any]) -> None:
        self.starts = [place.offset for place in places]

    def consume(self, most: int, _: float) -> list[Record]:
        if not self.script:
            self.now += 1
            return [self.forever] if self.forever else []
        found, self.script = self.script[:most], self.script[most:]
        return found

    def close(self) -> None:
        self.closed = True


class OneTopic(Topic):
    """A topic whose consumer is the scripted one."""

    def __init__(self, scripted: Scripted) -> None:
        settings = {"bootstrap.servers": "b:1"}
        super().__init__("reports", settings, 30.0, lambda: scripted.now, lambda _: None)
        object.__setattr__(self, "scripted", scripted)

    def consumer(self, troubles: Troubles, options: Options) -> Any:
        scripted: Scripted = vars(self)["scripted"]
        if scripted.reports:
            troubles(scripted.reports)
        return scripted


class Answers(Asking):
    """Answers of a broker that has what it is told to have, one after the other."""

    def __init__(self, *held: tuple[int, int]) -> None:
        self._held = list(held)

    def bounds(self, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        held = self._held.pop(0) if len(self._held) > 1 else self._held[0]
        return dict.fromkeys(partitions, held)

    def describe(self) -> Description:
        return Description("reports", 1, ())


def positions(scripted: Scripted, wanted: Range, *held: tuple[int, int]) -> list[int]:
    batches = read_range(OneTopic(scripted), Answers(*held), wanted)
    return [message.sequence_number for batch in batches for message in batch]


def records(*positions: int) -> list[Record]:
    return [Record(at) for at in positions]


def test_a_range_ends_with_its_last_position_and_takes_nothing_after_it() -> None:
    scripted = Scripted(records(3, 4, 5, 6, 7))
    assert positions(scripted, Range("0", 2, 5), (0, 10)) == [3, 4, 5]
    assert (scripted.starts, scripted.closed) == ([3], True)


def test_a_range_whose_last_position_is_a_gap_ends_with_the_first_record_behind_it() -> None:
    assert positions(Scripted(records(3, 7)), Range("0", 2, 5), (0, 10)) == [3]


def test_a_range_that_is_all_gap_to_the_end_of_the_partition_ends() -> None:
    assert positions(Scripted([Record(3), end(6)]), Range("0", 2, 5), (0, 6)) == [3]


def test_the_end_told_by_a_leader_that_lags_behind_ends_nothing() -> None:
    script = [Record(3), end(4), Record(4), Record(5)]
    assert positions(Scripted(script), Range("0", 2, 5), (0, 6)) == [3, 4, 5]


def test_an_interruption_ends_nothing() -> None:
    script = [Record(3), Record(0, "_TRANSPORT"), Record(0, "GROUP_AUTHORIZATION_FAILED")]
    assert positions(Scripted(script + records(4, 5)), Range("0", 2, 5), (0, 6)) == [3, 4, 5]


@pytest.mark.parametrize("wanted", [Range("0", 9, 20), Range("0", 30, 40), Range("0", 4, 4)])
def test_where_nothing_is_there_nothing_is_opened(wanted: Range) -> None:
    scripted = Scripted([])
    assert positions(scripted, wanted, (0, 10)) == []
    assert scripted.starts == []


def test_silence_is_an_error_after_the_deadline_and_the_consumer_is_closed() -> None:
    scripted = Scripted(records(3))
    with pytest.raises(LogUnreachableError, match="sent nothing of the range"):
        positions(scripted, Range("0", 2, 5), (0, 6))
    assert 30 <= scripted.now <= 32
    assert scripted.closed


def test_errors_that_come_again_and_again_are_no_progress() -> None:
    scripted = Scripted(records(3), forever=Record(0, "GROUP_AUTHORIZATION_FAILED"))
    with pytest.raises(LogUnreachableError):
        positions(scripted, Range("0", 2, 5), (0, 6))
    assert scripted.now <= 32


def test_whoever_is_slow_to_take_batches_is_not_taken_for_silence() -> None:
    scripted = Scripted([*records(*range(3, 1003)), *records(1003, 1004)])
    reading = read_range(OneTopic(scripted), Answers((0, 1005)), Range("0", 2, 1004))
    seen = len(next(reading))
    scripted.now += 1000
    assert seen + sum(len(batch) for batch in reading) == 1002


def test_a_cut_wire_and_refused_credentials_are_told_as_such() -> None:
    for report, kind in (
        ("_TRANSPORT", LogUnreachableError),
        ("_AUTHENTICATION", AccessDeniedError),
    ):
        with pytest.raises(kind, match=report):
            positions(Scripted([], reports=Failure(report)), Range("0", 2, 5), (0, 6))


def test_retention_before_and_during_a_read_is_told() -> None:
    with pytest.raises(PositionGoneError, match="now begins at 4"):
        positions(Scripted([]), Range("0", 2, 5), (4, 10))
    overtaken = [*records(3), Record(4, "_AUTO_OFFSET_RESET")]
    with pytest.raises(PositionGoneError, match="now begins at 8"):
        positions(Scripted(overtaken), Range("0", 2, 9), (0, 10), (8, 10))


def test_a_partition_that_became_shorter_is_told() -> None:
    with pytest.raises(StreamError, match="ends before 2"):
        positions(Scripted([Record(3, "_AUTO_OFFSET_RESET")]), Range("0", 2, 9), (0, 10), (0, 2))


def test_a_refused_position_that_is_there_is_an_error_of_its_own() -> None:
    script = [*records(3), Record(4, "_AUTO_OFFSET_RESET")]
    with pytest.raises(StreamError, match="_AUTO_OFFSET_RESET") as refused:
        positions(Scripted(script), Range("0", 2, 9), (0, 10), (4, 10))
    assert not isinstance(refused.value, PositionGoneError)
