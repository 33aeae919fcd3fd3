"""What the Event Hubs log makes of outages, refusals and hubs that change under it."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crash_platform.streams.event_hubs import ConnectionString, EventHubsLog
from crash_platform.streams.hub import Faults, LocalHub
from crash_platform.streams.log import (
    AccessDeniedError,
    Event,
    Following,
    LogMissingError,
    LogUnreachableError,
    Message,
    PositionGoneError,
    Range,
    StreamError,
)
from crash_platform_tests.streams.contract import assert_sentence
from crash_platform_tests.streams.logs import bodies, end_of, everything, taken

pytestmark = pytest.mark.slow

HUB = "events"
MANY = 3_000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    folder: Path = tmp_path_factory.mktemp("hub")
    with LocalHub(folder, {HUB: 1}, faults=Faults()) as hub:
        yield hub


@pytest.fixture
def opened(hub: LocalHub) -> Iterator[Callable[..., EventHubsLog]]:
    """Makes logs of the hub, which is empty."""
    logs = list[EventHubsLog]()

    def open_log(name: str = HUB, deadline: float = 10.0) -> EventHubsLog:
        logs.append(EventHubsLog(name, access(hub), deadline=deadline))
        return logs[-1]

    hub.recreate(HUB)
    yield open_log
    for log in logs:
        log.close()


def access(hub: LocalHub) -> ConnectionString:
    return ConnectionString(hub.connection_string())


def filled(log: EventHubsLog, count: int = MANY) -> None:
    log.publish([Event(str(number).encode()) for number in range(count)])


def every_call(log: EventHubsLog) -> list[Callable[[], object]]:
    return [
        log.describe,
        lambda: list(log.read(Range("0", -1, 5))),
        lambda: log.follow({"0": -1}),
        lambda: log.publish([Event(b"body")]),
    ]


def assert_each_refused(log: EventHubsLog, kind: type[StreamError], words: str) -> None:
    for call in every_call(log):
        with pytest.raises(kind, match=words) as refused:
            call()
        assert type(refused.value) is kind
        assert_sentence(refused.value)


def numbers(messages: list[Message]) -> list[int]:
    return [message.sequence_number for message in messages]


# -- who cannot be reached, found, or entered


def test_a_hub_that_is_down_is_told_with_what_to_do() -> None:
    hub = LocalHub(None, {HUB: 1})
    with hub:
        there = access(hub)
    log = EventHubsLog(HUB, there, deadline=0.5)
    assert_each_refused(log, LogUnreachableError, r"events at 127.* start it with `crash-platform")


def test_a_service_that_is_down_is_told_with_the_setting_to_look_at() -> None:
    text = "Endpoint=sb://localhost:1/;SharedAccessKeyName=a;SharedAccessKey=b"
    with pytest.raises(LogUnreachableError, match="CRASH_PLATFORM_HUB_CONNECTION"):
        EventHubsLog(HUB, ConnectionString(text), deadline=1).describe()


def test_a_wrong_key_is_denied(hub: LocalHub) -> None:
    text = hub.connection_string().replace("SharedAccessKey=", "SharedAccessKey=x")
    log = EventHubsLog(HUB, ConnectionString(text), deadline=5)
    assert_each_refused(log, AccessDeniedError, "refuses access to the hub events: check the key")


def test_a_hub_that_is_not_there_is_missing(opened: Callable[..., EventHubsLog]) -> None:
    assert_each_refused(opened("other"), LogMissingError, "There is no hub other with a consumer")


def test_a_partition_that_is_not_there_is_told(opened: Callable[..., EventHubsLog]) -> None:
    for call in (
        lambda: list(opened().read(Range("9", -1, 5))),
        lambda: opened().follow({"9": -1}),
    ):
        with pytest.raises(StreamError, match="has no partition 9"):
            call()


@pytest.mark.slow
@pytest.mark.parametrize(
    "first_words", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["nothing", "http"]
)
def test_a_server_that_says_nothing_or_nonsense_is_given_up(first_words: bytes) -> None:
    with listening(first_words) as port:
        text = (
            f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=a;SharedAccessKey=b;"
            "UseDevelopmentEmulator=true"
        )
        log = EventHubsLog(HUB, ConnectionString(text), deadline=0.4)
        begun = time.monotonic()
        assert_each_refused(log, LogUnreachableError, "cannot be reached")
        assert time.monotonic() - begun < 12


class listening:  # noqa: N801 - reads as a context
    """A port that takes connections, says its first words, and never hears anything."""

    def __init__(self, first_words: bytes) -> None:
        self._words = first_words
        self._server = socket.create_server(("127.0.0.1", 0))
        self._taken = list[socket.socket]()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._server.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()
        for each in self._taken:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._taken.append(connection)
            connection.sendall(self._words)


# -- reading while things break


@pytest.mark.slow
def test_a_hub_restarted_under_a_reader_costs_nothing(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened(deadline=20)
    filled(log)
    reading = log.read(Range("0", -1, MANY - 1))
    messages = next(reading)
    hub.stop()
    returning = threading.Timer(1.0, hub.start)
    returning.start()
    messages += itertools.chain.from_iterable(reading)
    returning.join()
    assert numbers(messages) == list(range(MANY))


@pytest.mark.parametrize("lost", [1, 700, 1_500])
def test_connections_that_break_in_the_middle_are_made_anew(
    hub: LocalHub, opened: Callable[..., EventHubsLog], lost: int
) -> None:
    log = opened()
    filled(log)
    hub.faults.drop_after(lost)
    messages = list(itertools.chain.from_iterable(log.read(Range("0", 99, MANY - 1))))
    assert numbers(messages) == list(range(100, MANY))


@pytest.mark.parametrize(
    "condition", ["com.microsoft:server-busy", "amqp:link:detach-forced", "amqp:link:stolen"]
)
def test_a_refused_link_is_tried_again(
    hub: LocalHub, opened: Callable[..., EventHubsLog], condition: str
) -> None:
    log = opened()
    filled(log, 5)
    hub.faults.refuse_links(condition)
    assert numbers(next(log.read(Range("0", -1, 4)))) == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_a_reader_without_progress_gives_up_in_time(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened(deadline=1.5)
    filled(log)
    reading = log.read(Range("0", -1, MANY - 1))
    next(reading)
    hub.faults.drop_connections()
    hub.faults.refuse_connections()
    begun = time.monotonic()
    try:
        with pytest.raises(LogUnreachableError):
            list(reading)
    finally:
        hub.faults.accept_connections()
    assert time.monotonic() - begun < 6


def test_retention_that_overtakes_a_reader_is_told(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    filled(log)
    reading = log.read(Range("0", -1, MANY - 1))
    messages = next(reading)
    hub.remove_before(HUB, 0, 2_500)
    with pytest.raises(PositionGoneError, match="removed by retention"):
        messages.extend(itertools.chain.from_iterable(reading))
    assert numbers(messages) == list(range(len(messages)))
    assert len(messages) < 2_500


@pytest.mark.slow
def test_retention_that_takes_all_the_rest_is_told_soon(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    filled(log, 10)
    log.describe()
    hub.remove_before(HUB, 0, 10)
    begun = time.monotonic()
    with pytest.raises(PositionGoneError, match="Events 3 to 9 of partition 0"):
        list(log.read(Range("0", 2, 9)))
    assert time.monotonic() - begun < 6


def test_a_hub_made_anew_does_not_give_its_events_for_the_old_ones(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    filled(log, 50)
    log.describe()
    hub.recreate(HUB)
    filled(log, 5)
    with pytest.raises(StreamError, match="made anew") as refused:
        list(log.read(Range("0", 20, 49)))
    assert_sentence(refused.value)
    with pytest.raises(StreamError, match="made anew"):
        log.follow({"0": 49})


def endless(following: Following) -> Iterator[list[Message]]:
    while batch := following.take(1_000, 10):
        yield batch


# -- following while things break


def test_a_follower_is_told_of_an_outage_and_the_next_one_goes_on(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    filled(log, 5)
    following = log.follow({"0": -1})
    seen = taken(following, 5)
    hub.stop()
    try:
        with pytest.raises(LogUnreachableError) as told:
            following.take(5, 20)
        assert_sentence(told.value)
        with pytest.raises(LogUnreachableError):
            following.take(5, 0)
        following.close()
        with pytest.raises(LogUnreachableError):
            log.follow({"0": 4})
    finally:
        hub.start()
    log.publish([Event(b"later")])
    again = log.follow({"0": seen[-1].sequence_number})
    try:
        assert bodies(taken(again, 1)) == [b"later"]
    finally:
        again.close()


def test_one_reader_too_many_is_told_as_such(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    hub.faults.refuse_links("amqp:resource-limit-exceeded")
    following = opened().follow({"0": -1})
    try:
        with pytest.raises(LogUnreachableError, match="takes no further reader"):
            following.take(1, 10)
    finally:
        following.close()


def test_a_follower_that_retention_overtakes_is_told(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    filled(log, 8_000)
    following = log.follow({"0": -1})
    seen = following.take(1, 10)
    hub.remove_before(HUB, 0, 7_900)
    try:
        with pytest.raises(PositionGoneError, match="removed by retention"):
            seen.extend(itertools.chain.from_iterable(endless(following)))
    finally:
        following.close()
    assert numbers(seen) == list(range(len(seen)))


def test_a_follower_of_a_hub_made_anew_does_not_wait_for_ever(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    filled(log, 5)
    following = log.follow({"0": 4})
    assert following.take(1, 0.5) == []
    hub.recreate(HUB)
    try:
        with pytest.raises(StreamError):
            following.take(1, 10)
    finally:
        following.close()


def test_closing_a_follower_in_a_steady_stream_is_quick_and_leaves_no_thread(
    opened: Callable[..., EventHubsLog],
) -> None:
    log, before = opened(), threading.active_count()
    following = log.follow({"0": -1})
    for _ in range(10):
        log.publish([Event(b"tick")])
        following.take(10, 0.05)
    begun = time.monotonic()
    following.close()
    assert time.monotonic() - begun < 2
    assert threading.active_count() <= before


@pytest.mark.slow
def test_a_taker_that_stands_still_holds_the_stream_back_and_loses_nothing(
    opened: Callable[..., EventHubsLog],
) -> None:
    log = opened()
    filled(log, 4_000)
    following = log.follow({"0": -1})
    try:
        time.sleep(1)
        assert numbers(taken(following, 4_000)) == list(range(4_000))
    finally:
        following.close()


# -- publishing while things break


def test_a_lost_answer_publishes_twice_without_an_error(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    hub.faults.lose_acks(1)
    log.publish([Event(b"once?", "key")])
    assert bodies(everything(log)) == [b"once?", b"once?"]


@pytest.mark.slow
def test_an_outage_shorter_than_the_deadline_delays_publishing_only(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened(deadline=20)
    log.publish([Event(b"before", "key")])
    hub.stop()
    returning = threading.Timer(1.0, hub.start)
    returning.start()
    log.publish([Event(b"after", "key")])
    returning.join()
    assert bodies(everything(log)) == [b"before", b"after"]


def test_a_partition_is_followed_to_its_end_after_any_outage(
    hub: LocalHub, opened: Callable[..., EventHubsLog]
) -> None:
    log = opened()
    filled(log, 100)
    position = -1
    for _ in range(4):
        hub.faults.drop_after(30)
        following = log.follow({"0": position})
        try:
            while position < 99:
                batch = following.take(10, 5)
                assert numbers(batch) == list(range(position + 1, position + 1 + len(batch)))
                position += len(batch)
        except LogUnreachableError:
            pass
        finally:
            following.close()
    assert end_of(log) == {"0": position}
