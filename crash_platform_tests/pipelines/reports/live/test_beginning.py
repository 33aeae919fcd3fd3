"""Where scoring begins: at the oldest, where it was, or where a person says."""

from pathlib import Path

import pytest

from crash_platform.lake.failures import LakeError
from crash_platform.pipelines.reports.live.worker import Worker
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.streams.log import AccessDeniedError, LogMissingError, StreamError
from crash_platform.streams.planning import Accepting, EventsLostError, HubReplacedError
from crash_platform_tests.pipelines.reports.live.newsroom import (
    Newsroom,
    Until,
    ids,
    told,
)


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


@pytest.mark.parametrize("is_once", [True, False])
def test_what_waits_is_scored_from_the_oldest_and_the_first_line_says_how_much(
    room: Newsroom, is_once: bool
) -> None:
    room.publish(*(told(f"{n:02}") for n in range(20)))
    total = room.once() if is_once else room.follow()
    assert room.scored() == ids(*(f"{n:02}" for n in range(20)))
    assert total.scored == 20
    assert room.lines[0] == (
        "Scoring crash-reports (consumer group live) after the positions 0:-1, 1:-1; 20 reports "
        "wait; champions: first_report 7, full_report 7."
    )
    assert room.lines[-1].startswith("Stopped: 20 scored (40 ms at the median, 40 ms at the 99th")


def test_a_restart_goes_on_where_the_table_is(room: Newsroom) -> None:
    room.publish(told("a"), told("b"))
    room.follow()
    room.publish(told("c"))
    assert room.follow().scored == 1
    assert room.scored() == ids("a", "b", "c")
    assert "; 1 reports wait;" in next(line for line in reversed(room.lines) if "wait" in line)


def test_nothing_to_do_writes_nothing(room: Newsroom) -> None:
    assert room.once().commits == 0
    assert room.store.delta(LIVE_PREDICTIONS) is None


def test_only_what_was_there_at_the_start_is_scored_once(room: Newsroom) -> None:
    room.publish(told("a"))
    worker = Worker(room.desk(Until(lambda: False)), "live", is_once=True)
    assert worker.run().scored == 1
    assert worker.run().scored == 0


def test_from_now_on_skips_what_waits_and_says_so(room: Newsroom) -> None:
    room.publish(told("a"), told("b"), told("c"))
    room.once(from_now=True)
    assert "; 0 reports wait; 3 that waited are skipped, as asked;" in room.lines[0]
    room.publish(told("d"))
    room.follow()
    assert room.scored() == ids("d")


def test_a_gap_of_retention_is_refused_loudly_and_accepted_when_told(room: Newsroom) -> None:
    room.publish(*(told(f"{n:02}") for n in range(3)), key="one")
    room.follow()
    (partition,) = (name for name, number in room.positions().items() if number)
    room.publish(*(told(f"{n:02}") for n in range(3, 9)), key="one")
    room.hub.remove_before(partition, 7)
    with pytest.raises(EventsLostError, match=rf"3 to 6 of partition {partition}"):
        room.follow()
    room.follow(accepting=Accepting(loss=True))
    assert room.scored() == ids("00", "01", "02", "07", "08")
    assert any("; 4 are lost to retention, as accepted;" in line for line in room.lines)
    room.publish(*(told(f"{n:02}") for n in range(9, 12)), key="one")
    room.hub.remove_before(partition, 10)
    with pytest.raises(EventsLostError):
        room.follow()


def test_what_was_accepted_once_is_not_accepted_again_by_the_same_worker(room: Newsroom) -> None:
    room.publish(*(told(f"{n}") for n in range(4)), key="one")
    room.follow()
    (partition,) = (name for name, number in room.positions().items() if number)
    room.publish(*(told(f"{n}") for n in range(4, 8)), key="one")
    room.hub.remove_before(partition, 5)
    room.store.before.extend([None, LakeError("The disk is full.")])

    def until() -> bool:
        if room.lines and "Trying again" in room.lines[-1]:
            room.hub.remove_before(partition, 7)
        return room.is_all_scored()

    with pytest.raises(EventsLostError):
        room.follow(until, accepting=Accepting(loss=True))


def test_a_hub_made_anew_is_refused_and_read_from_its_start_when_told(room: Newsroom) -> None:
    room.publish(told("a"), told("b"))
    room.follow()
    room.hub.recreate()
    room.publish(told("b"), told("c"))
    with pytest.raises(HubReplacedError, match="accept-new-hub"):
        room.follow()
    total = room.follow(accepting=Accepting(new_hub=True))
    assert (total.duplicates, room.scored()) == (1, ids("a", "b", "c"))
    assert room.rows()[-1]["hub_generation"] == 2


@pytest.mark.parametrize("kind", [AccessDeniedError, LogMissingError])
def test_what_waiting_does_not_mend_ends_the_worker_with_its_sentence(
    room: Newsroom, kind: type[StreamError]
) -> None:
    room.publish(told("a"))
    room.hub.fail_next(kind("The hub says no."))
    with pytest.raises(kind, match="The hub says no"):
        room.follow()
