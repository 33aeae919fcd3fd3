"""Whatever goes away or dies, and whenever: nothing is lost, nothing is scored twice."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from deltalake.exceptions import CommitFailedError
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.errors import PlatformError
from crash_platform.lake.failures import LakeError
from crash_platform.pipelines.reports.event import CONTRACT, CrashReportV1
from crash_platform.pipelines.reports.live.worker import Worker
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.streams.event import RejectedError
from crash_platform.streams.log import LogUnreachableError, StreamError
from crash_platform_tests.pipelines.reports.live.newsroom import (
    KilledError,
    Newsroom,
    Row,
    Until,
    champions,
    ids,
    told,
)

AWAY = LogUnreachableError("The hub crash-reports cannot be reached.")
FULL = LakeError("gold/live_predictions cannot be written: its disk is full.")
NAMES = [f"{n:02}" for n in range(6)]


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def test_a_worker_that_dies_between_scoring_and_commit_loses_nothing(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    room.store.before.append(KilledError())
    with pytest.raises(KilledError):
        room.follow()
    assert (room.rows(), sum(room.positions().values())) == ([], 0)
    room.follow()
    assert room.scored() == ids(*NAMES)


def test_a_worker_that_dies_right_after_the_commit_scores_nothing_twice(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    room.store.after.append(KilledError())
    with pytest.raises(KilledError):
        room.follow()
    assert room.scored() == ids(*NAMES)
    assert room.follow().scored == 0


def test_an_outage_of_the_hub_is_told_when_it_begins_and_when_it_is_over(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    room.hub.fail_next(AWAY, 5)
    stop = Until(room.is_all_scored)
    Worker(room.desk(stop), "live").run()
    assert room.scored() == ids(*NAMES)
    assert stop.waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert room.lines[0] == (
        "The hub crash-reports cannot be reached. Waiting for it; nothing is lost."
    )
    assert [line for line in room.lines if line.startswith("The hub answers again after ")]
    assert len(room.lines) == 4


def test_an_outage_in_the_middle_goes_on_from_the_positions_in_the_table(room: Newsroom) -> None:
    room.publish(told("a"))

    def until() -> bool:
        if room.is_all_scored() and room.scored() == ids("a"):
            room.hub.fail_next(AWAY, 2)
            room.publish_in_spite(told("b"))
        return room.scored() == ids("a", "b")

    room.follow(until)
    assert sum("Waiting for it" in line for line in room.lines) == 1


def test_a_worker_that_is_to_end_waits_for_the_hub_only_so_long(room: Newsroom) -> None:
    room.publish(told("a"))
    room.hub.fail_next(AWAY, 5)
    assert room.once().scored == 1
    room.hub.fail_next(AWAY, 6)
    with pytest.raises(LogUnreachableError, match="cannot be reached"):
        room.once()


def test_a_hub_that_fails_oddly_is_followed_anew_but_not_for_ever(room: Newsroom) -> None:
    odd = StreamError("The reader of partition 0 stopped.")
    room.publish(told("a"))
    room.hub.fail_next(odd, 3)
    room.follow()
    assert sum("Following anew" in line for line in room.lines) == 1
    room.publish(told("b"))
    room.hub.fail_next(odd, 4)
    with pytest.raises(StreamError, match="partition 0 stopped"):
        room.follow()


def test_a_lake_that_comes_back_gets_everything_once(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    room.store.before.extend([FULL] * 8)
    room.follow()
    assert room.scored() == ids(*NAMES)
    assert sum("its disk is full. Trying again" in line for line in room.lines) == 1
    assert any(line.startswith("The lake takes predictions again") for line in room.lines)


def test_a_lake_that_stays_away_ends_the_worker_and_nothing_is_lost(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    room.store.before.extend([FULL] * 9)
    with pytest.raises(LakeError, match="its disk is full"):
        room.follow()
    assert sum(room.positions().values()) == 0
    room.follow()
    assert room.scored() == ids(*NAMES)


def test_a_commit_whose_outcome_was_not_heard_of_is_not_repeated(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    room.store.after.append(FULL)
    room.follow()
    assert room.scored() == ids(*NAMES)


def test_of_two_workers_the_slower_one_goes_on_where_the_faster_one_is(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    other = Newsroom.beside(room)
    is_overtaken = False

    def overtaken_in_the_middle() -> None:
        nonlocal is_overtaken
        if not is_overtaken:
            is_overtaken = True
            other.once()

    room.before_answering = overtaken_in_the_middle
    total = room.follow()
    assert room.scored() == ids(*NAMES)
    assert total.scored == 0
    assert sum("Another worker scores the same hub" in line for line in room.lines) == 1


def test_two_workers_at_once_score_every_report_once(room: Newsroom) -> None:
    others = [room, Newsroom.beside(room)]
    count = 0
    for turn in range(12):
        room.publish(told(f"{turn:02}"), told(f"{turn // 2:02}"))
        mine, other = others[turn % 2], others[1 - turn % 2]

        def meddle(other: Newsroom = other) -> None:
            other.before_answering = None
            other.once()

        mine.before_answering = meddle if turn % 3 else None
        count += mine.once().scored
    assert room.scored() == ids(*(f"{turn:02}" for turn in range(12)))


def test_a_repetition_of_what_the_other_worker_scored_is_known(room: Newsroom) -> None:
    other = Newsroom.beside(room)
    room.publish(told("a"))

    def until() -> bool:
        if room.scored() == ids("a") and not other.lines:
            room.publish(told("b"))
            other.once()
            room.publish(told("b"))
        return bool(other.lines) and room.is_all_scored()

    room.follow(until)
    assert room.scored() == ids("a", "b")


def test_a_conflict_with_maintenance_is_no_loss(room: Newsroom) -> None:
    room.publish(*(told(name) for name in NAMES))
    room.store.before.extend([CommitFailedError("overtaken")] * 3)
    room.follow()
    assert room.scored() == ids(*NAMES)


BAD = (b"", b"{", b"\xff", b'{"event_schema": "other"}')
REPORTS: st.SearchStrategy[Row | bytes] = st.one_of(
    st.builds(told, st.sampled_from(NAMES), st.integers(1, 3)),
    st.builds(told, st.sampled_from(NAMES), st.integers(4, 5), is_withdrawn=st.just(True)),
    st.builds(told, st.sampled_from(NAMES), crash_date=st.just("1999-01-01")),
    st.sampled_from(BAD),
)
FAULTS: dict[str, Callable[[Newsroom], object]] = {
    "hub": lambda room: room.hub.fail_next(LogUnreachableError("Nobody answers.")),
    "odd": lambda room: room.hub.fail_next(StreamError("The reader stopped.")),
    "lake": lambda room: room.store.before.append(LakeError("The disk is full.")),
    "unheard": lambda room: room.store.after.append(LakeError("The network is down.")),
    "killed": lambda room: room.store.before.append(KilledError()),
    "killed_late": lambda room: room.store.after.append(KilledError()),
    "no_model": lambda room: setattr(room, "misses", 3),
    "overtaken": lambda room: setattr(
        room, "before_answering", lambda: Newsroom.beside(room).in_spite()
    ),
}
STEPS = st.tuples(
    st.lists(st.tuples(REPORTS, st.sampled_from(["k", "l", "m"])), max_size=5),
    st.lists(st.sampled_from(sorted(FAULTS)), max_size=2),
    st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_after_any_schedule_of_faults_the_table_is_what_the_hub_says(
    steps: list[tuple[list[tuple[Row | bytes, str]], list[str], bool]],
) -> None:
    with TemporaryDirectory() as folder:
        room = Newsroom(Path(folder))
        for reports, faults, is_followed in steps:
            for report, key in reports:
                room.publish_in_spite(report, key)
            for name in faults:
                FAULTS[name](room)
            run_through(room.follow if is_followed else room.once)
        room.heal()
        room.once()
        assert table(room) == oracle(room)


def run_through(run: Callable[[], object]) -> None:
    """Run a worker, whose end by a fault is a part of the schedule."""
    try:
        run()
    except (KilledError, PlatformError):
        return


def table(room: Newsroom) -> list[tuple[str, int]]:
    numbers = room.store.slice(LIVE_PREDICTIONS).read(["partition_id", "sequence_number"])
    assert numbers.group_by(numbers.column_names).aggregate([]).num_rows == numbers.num_rows
    return room.scored()


def oracle(room: Newsroom) -> list[tuple[str, int]]:
    found = set()
    for partition in room.hub._partitions:
        for message in partition.messages:
            try:
                report = CONTRACT.accept(message)
            except RejectedError:
                continue
            assert isinstance(report, CrashReportV1)
            if not report.is_withdrawn:
                found.add((report.event_id, report.event_version))
    return sorted(found)


def test_the_oracle_is_not_blind(room: Newsroom) -> None:
    room.publish(told("a"), told("a"), told("a", 2), told("b", is_withdrawn=True), b"")
    assert oracle(room) == [("a", 1), ("a", 2)]
    room.answerer = champions()
    assert table(room) == []
