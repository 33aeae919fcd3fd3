"""Made-up events: their envelope, their faults, the rhythm they are sent in, and outages."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from crash_platform.streams.event import EventContract, EventModel, RejectedError
from crash_platform.streams.log import Event, LogMissingError, LogUnreachableError, Message, Range
from crash_platform.streams.memory import MemoryLog
from crash_platform.streams.simulating import (
    CORRECTION,
    DEFECTS,
    DUPLICATE,
    FAULT,
    LATE,
    MALFORMED,
    OUT_OF_CALENDAR,
    OUT_OF_ORDER,
    Fields,
    Kind,
    Rhythm,
    Simulation,
    SimulationError,
    Wait,
    encoded,
    envelope,
    send,
)

NOW = datetime(2024, 5, 3, 18, 0, tzinfo=UTC)


class Note(EventModel):
    noted: date
    size: float
    place: str | None = Field(default=None, max_length=200)

    @property
    def event_date(self) -> date:
        return self.noted


NOTES = EventContract("note", {1: Note})


def a_note(rng: Random, at: datetime) -> Fields:
    place = rng.choice(("here", "there", None))
    named = {} if place is None else {"place": place}
    size = round(rng.uniform(0, 9), 2)
    return envelope("note", rng, at) | {"noted": at.date().isoformat(), "size": size} | named


def larger(rng: Random, fields: Fields) -> Fields:
    return {"size": fields["size"] + 1}


def no_change(rng: Random, fields: Fields) -> Fields:
    return {}


KIND = Kind(make=a_note, correct=larger, key="place", latest=timedelta(days=2))


def sent_at(moments: Iterable[datetime], seed: int = 1, faults: float = 0.0) -> list[Event]:
    simulation = Simulation(KIND, Random(seed), faults)
    return [simulation.next(moment) for moment in moments]


def moments(count: int) -> list[datetime]:
    return [NOW + timedelta(seconds=10 * number) for number in range(count)]


def fault_of(event: Event) -> str:
    return event.properties.get(FAULT, "")


def message(event: Event, at: datetime = NOW) -> Message:
    return Message("0", 0, "0", at, event.key, event.properties, event.body)


@dataclass
class Clock:
    """A clock that only sleeping moves; after so many sleeps somebody presses Ctrl-C."""

    now: datetime = NOW
    sleeps: list[float] = field(default_factory=list)
    patience: int | None = None

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        if self.patience is not None and len(self.sleeps) >= self.patience:
            raise KeyboardInterrupt
        self.sleeps.append(seconds)
        self.now += timedelta(seconds=seconds)

    def rhythm(self, wait: Wait = lambda _, __: 10.0) -> Rhythm:
        return Rhythm(wait, self, self.sleep)


def held(log: MemoryLog) -> list[Message]:
    parts = log.describe().partitions
    return [
        each
        for part in parts
        for batch in log.read(Range(part.partition_id, -1, part.last))
        for each in batch
    ]


def test_an_event_is_enveloped_and_marked_as_simulated() -> None:
    event = sent_at([NOW])[0]
    fields = json.loads(event.body)
    assert UUID(fields.pop("event_id"))
    assert fields == {
        "event_schema": "note",
        "schema_version": 1,
        "event_version": 1,
        "source": "simulator",
        "is_simulated": True,
        "noted": "2024-05-03",
        "size": 2.3,
        "place": "here",
    }
    assert event.properties == {"is_simulated": "true"}
    assert event.key == "here"


def test_an_event_without_its_place_has_its_own_id_as_key_so_that_its_versions_keep_order() -> None:
    placeless = [e for e in sent_at(moments(200), faults=0.4) if b'"place"' not in e.body]
    known = [json.loads(e.body) for e in placeless if not fault_of(e).startswith(MALFORMED)]
    assert len(known) > 20
    assert {e.key for e in placeless} >= {fields["event_id"] for fields in known}


@settings(deadline=None)
@given(st.integers(), st.floats(0, 1), st.integers(0, 40))
def test_the_same_seed_at_the_same_moments_makes_the_same_events(
    seed: int, faults: float, count: int
) -> None:
    assert sent_at(moments(count), seed, faults) == sent_at(moments(count), seed, faults)


@settings(deadline=None)
@given(st.integers(), st.timedeltas(timedelta(milliseconds=1), timedelta(days=999)))
def test_the_same_seed_at_another_moment_makes_events_with_other_ids(
    seed: int, later: timedelta
) -> None:
    first, second = (
        {json.loads(event.body)["event_id"] for event in sent_at(when, seed)}
        for when in (moments(5), [moment + later for moment in moments(5)])
    )
    assert len(first) == len(second) == 5
    if later % timedelta(seconds=10):
        assert not first & second


@settings(deadline=None)
@given(st.integers(), st.floats(0, 1))
def test_whatever_is_not_malformed_keeps_the_contract(seed: int, faults: float) -> None:
    for event in sent_at(moments(30), seed, faults):
        if not fault_of(event).startswith(MALFORMED):
            note = NOTES.accept(message(event))
            assert note.source == "simulator"
            assert note.is_simulated


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_malformed_body_is_refused_for_the_reason_it_was_made_for(defect: str) -> None:
    at = datetime(1999, 1, 1, tzinfo=UTC) if defect == OUT_OF_CALENDAR else NOW
    for seed in range(50):
        rng = Random(seed)
        body = DEFECTS[defect].damaged(rng, a_note(rng, at))
        assert len(body) < 200_000
        with pytest.raises(RejectedError) as refused:
            NOTES.accept(message(Event(body)))
        assert refused.value.error_class == DEFECTS[defect].error_class


def test_every_defect_is_sent_and_labelled_and_refused() -> None:
    seen = Counter[str]()
    for event in sent_at(moments(3000), faults=1.0):
        if fault_of(event).startswith(MALFORMED):
            defect = fault_of(event).removeprefix(MALFORMED)
            with pytest.raises(RejectedError) as refused:
                NOTES.accept(message(event))
            assert refused.value.error_class == DEFECTS[defect].error_class
            seen[defect] += 1
    assert seen.keys() == DEFECTS.keys()


def test_the_share_of_faults_is_as_asked_and_its_kinds_are_even() -> None:
    found = Counter(fault_of(event).split("_")[0] for event in sent_at(moments(5000), faults=0.25))
    assert found.total() - found[""] == pytest.approx(1250, abs=100)
    kinds = ("duplicate", "correction", "late", "out", "malformed")
    assert all(found[kind] == pytest.approx(250, abs=60) for kind in kinds)


def test_without_faults_every_event_is_new_and_unlabelled() -> None:
    events = sent_at(moments(500))
    assert {fault_of(event) for event in events} == {""}
    assert len({json.loads(event.body)["event_id"] for event in events}) == 500


@pytest.mark.parametrize("faults", [-0.1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(faults: float) -> None:
    with pytest.raises(SimulationError, match="give a number from 0 to 1"):
        Simulation(KIND, Random(1), faults)


def test_a_duplicate_is_the_body_of_an_earlier_event_byte_for_byte_with_the_same_key() -> None:
    earlier, duplicates = set[tuple[bytes, str | None]](), 0
    for event in sent_at(moments(1000), faults=0.5):
        if fault_of(event) == DUPLICATE:
            assert (event.body, event.key) in earlier
            duplicates += 1
        earlier.add((event.body, event.key))
    assert duplicates > 50


def test_a_correction_is_the_next_version_of_an_earlier_event_and_changes_something() -> None:
    latest, corrections = dict[str, Fields](), 0
    for event in sent_at(moments(1000), faults=0.5):
        if fault_of(event).startswith(MALFORMED) or fault_of(event) == DUPLICATE:
            continue
        fields = json.loads(event.body)
        before = latest.get(fields["event_id"])
        if fault_of(event) == CORRECTION:
            assert before is not None
            assert fields["event_version"] == before["event_version"] + 1
            assert fields["size"] == before["size"] + 1
            corrections += 1
        if before is None or fields["event_version"] > before["event_version"]:
            latest[fields["event_id"]] = fields
    assert corrections > 50


def test_an_overtaken_version_comes_after_its_correction_and_with_the_same_key() -> None:
    overtaking, overtaken = dict[str, str | None](), 0
    for event in sent_at(moments(1000), faults=0.5):
        if fault_of(event) not in ("", OUT_OF_ORDER):
            continue
        fields = json.loads(event.body)
        if fault_of(event) == OUT_OF_ORDER:
            assert fields["event_version"] == 2
            overtaking[fields["event_id"]] = event.key
        elif fields["event_id"] in overtaking:
            assert fields["event_version"] == 1
            assert event.key == overtaking[fields["event_id"]]
            overtaken += 1
    assert overtaken > 50
    assert len(overtaking) - overtaken <= 5


def test_a_late_event_happened_an_hour_to_two_days_before_it_is_sent() -> None:
    def told_when(rng: Random, at: datetime) -> Fields:
        return envelope("note", rng, at) | {"at": at.isoformat()}

    simulation = Simulation(Kind(told_when, no_change, "place", timedelta(days=2)), Random(1), 0.4)
    delays = [
        moment - datetime.fromisoformat(json.loads(event.body)["at"])
        for moment in moments(1000)
        if fault_of(event := simulation.next(moment)) == LATE
    ]
    assert len(delays) > 50
    assert timedelta(hours=1) <= min(delays) < timedelta(hours=5)
    assert timedelta(hours=44) < max(delays) <= timedelta(days=2)


def test_the_kinds_of_faults_and_the_bodies_account_for_every_event() -> None:
    """What a test of the pipeline counts: new ids, versions, redeliveries, dead letters."""
    events = sent_at(moments(2000), faults=0.6)
    found = Counter(fault_of(event) for event in events)
    bodies = [
        json.loads(event.body) for event in events if not fault_of(event).startswith(MALFORMED)
    ]
    versions = {(fields["event_id"], fields["event_version"]) for fields in bodies}
    assert len(bodies) - len(versions) == found[DUPLICATE]
    later_versions = sum(version > 1 for _, version in versions)
    assert later_versions == found[CORRECTION] + found[OUT_OF_ORDER]
    assert len(versions) - later_versions == found[""] + found[LATE]


def test_the_body_of_an_event_is_ascii_and_stable() -> None:
    assert encoded({"a": "é", "b": [1, 2.5, True]}) == b'{"a":"\\u00e9","b":[1,2.5,true]}'


def test_events_are_sent_in_a_fixed_rhythm_and_the_last_is_not_waited_for() -> None:
    clock, log = Clock(), MemoryLog()
    sent = send(Simulation(KIND, Random(1)), log, clock.rhythm(), print, count=4)
    assert clock.sleeps == [10, 10, 10]
    assert sent == {"": 4}
    assert len(held(log)) == 4


def test_time_spent_on_sending_is_taken_off_the_wait() -> None:
    class Slow(MemoryLog):
        def publish(self, events: object) -> None:
            clock.now += timedelta(seconds=3)

    clock = Clock()
    send(Simulation(KIND, Random(1)), Slow(), clock.rhythm(), print, count=4)
    assert clock.sleeps == [7, 7, 7]


def test_sending_that_takes_longer_than_the_rhythm_does_not_end_in_a_burst() -> None:
    waits = iter([25, 3, 3, 3])

    class Slow(MemoryLog):
        def publish(self, events: object) -> None:
            clock.now += timedelta(seconds=next(waits))

    clock = Clock()
    send(Simulation(KIND, Random(1)), Slow(), clock.rhythm(), print, count=4)
    assert clock.sleeps == [7, 7]


def test_a_clock_that_is_set_back_costs_no_more_than_one_wait() -> None:
    clock = Clock()

    class SetBack(MemoryLog):
        def publish(self, events: object) -> None:
            clock.now -= timedelta(hours=1)

    send(Simulation(KIND, Random(1)), SetBack(), clock.rhythm(), print, count=3)
    assert clock.sleeps == [10, 10]


def test_a_rhythm_may_draw_its_waits() -> None:
    clock = Clock()
    rhythm = clock.rhythm(lambda rng, due: rng.choice((1.0, 60.0)))
    send(Simulation(KIND, Random(1)), MemoryLog(), rhythm, print, count=30)
    assert set(clock.sleeps) == {1.0, 60.0}
    assert len(clock.sleeps) == 29


def test_no_wait_means_no_sleep() -> None:
    clock = Clock()
    send(Simulation(KIND, Random(1)), MemoryLog(), clock.rhythm(lambda _, __: 0), print, count=9)
    assert clock.sleeps == []


def test_an_outage_is_waited_out_told_once_and_loses_nothing() -> None:
    clock, log, told = Clock(), MemoryLog(clock=lambda: NOW), list[str]()
    log.fail_next(LogUnreachableError("Nobody answers at x:1."), times=3)
    sent = send(Simulation(KIND, Random(1)), log, clock.rhythm(), told.append, count=3)
    assert told == [
        "Nobody answers at x:1. The event is kept and tried again every 5 s.",
        "The hub answers again; nothing was lost.",
    ]
    assert clock.sleeps[:3] == [5, 5, 5]
    assert sent == {"": 3}
    expected = [event.body for event in sent_at([NOW])]
    assert [each.body for each in held(log) if each.body in expected] == expected
    assert len(held(log)) == 3


def test_every_outage_is_told_anew() -> None:
    clock, told = Clock(), list[str]()

    class Flickering(MemoryLog):
        attempts = 0

        def publish(self, events: object) -> None:
            self.attempts += 1
            if self.attempts % 2:
                raise LogUnreachableError("Gone.")

    send(Simulation(KIND, Random(1)), Flickering(), clock.rhythm(), told.append, count=2)
    assert [line.split()[0] for line in told] == ["Gone.", "The", "Gone.", "The"]


def test_an_error_that_waiting_does_not_mend_ends_the_sending() -> None:
    log = MemoryLog()
    log.fail_next(LogMissingError("There is no hub x."))
    with pytest.raises(LogMissingError, match="There is no hub x"):
        send(Simulation(KIND, Random(1)), log, Clock().rhythm(), print, count=3)
    assert held(log) == []


def interrupted_while(sleeping: Callable[[MemoryLog], None], patience: int) -> Counter[str]:
    log = MemoryLog()
    sleeping(log)
    clock = Clock(patience=patience)
    return send(Simulation(KIND, Random(1)), log, clock.rhythm(), lambda _: None)


def test_an_interruption_ends_an_endless_simulation_with_its_account() -> None:
    assert interrupted_while(lambda _: None, patience=6) == {"": 7}


def test_an_interruption_during_an_outage_counts_only_what_the_log_took() -> None:
    down = LogUnreachableError("Nobody answers.")
    assert interrupted_while(lambda log: log.fail_next(down, 99), patience=4) == Counter()


def test_the_account_is_by_fault() -> None:
    log = MemoryLog()
    sent = send(Simulation(KIND, Random(3), 0.5), log, Clock().rhythm(), print, count=200)
    assert sent == Counter(each.properties.get(FAULT, "") for each in held(log))
    assert sent.total() == 200
