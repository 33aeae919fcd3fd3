"""The hub on the wire, met by hand: what it says, what it bears, whom it hangs up on."""

import random
import socket
from collections.abc import Iterator

import pytest

from crash_platform.streams.hub import LocalHub
from crash_platform.streams.hub.frames import (
    Close,
    Detach,
    End,
    Flow,
    Transfer,
)
from crash_platform.streams.hub.links import LARGEST_MESSAGE
from crash_platform.streams.hub.values import Described, Symbol, UInt, symbols
from crash_platform_tests.streams.hub.messages import batch, event, read
from crash_platform_tests.streams.hub.raw_client import RawClient, logged_in

FIRST = "crashes/ConsumerGroups/$default/Partitions/0"
REPORTS = "com.microsoft:enable-receiver-runtime-metric"
ACCEPTED, REJECTED = 0x24, 0x25


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub(None, {"crashes": 2}) as hub:
        yield hub


@pytest.fixture
def client(hub: LocalHub) -> Iterator[RawClient]:
    with logged_in(hub) as client:
        yield client


def published(hub: LocalHub, *bodies: bytes) -> None:
    """Events in partition 0."""
    with logged_in(hub) as client:
        client.attach_sender(1, "crashes/Partitions/0")
        client.send(1, *batch(*(event(body) for body in bodies)))
        assert client.outcome() == (ACCEPTED, "")


def test_a_broken_rule_is_told_before_hanging_up(client: RawClient) -> None:
    client.say(Flow("text", 1, 1, 1))  # type: ignore[arg-type]

    match client.hears(Close).error:
        case Described(_, [condition, description, None]):
            assert (condition, description) == (
                "amqp:decode-error",
                "Flow: next_incoming_id cannot be str",
            )
    assert client.is_hung_up_on()


def test_frames_for_links_that_are_gone_mean_nothing(client: RawClient) -> None:
    client.attach_sender(1, "crashes")
    client.say(Detach(UInt(1), True))
    assert client.hears(Detach).error is None

    client.send(1, event(b"late"))
    client.say(Detach(UInt(1), True))
    client.flow(1, 10)

    assert client.attach_sender(1, "crashes").handle == 1


def test_a_session_and_a_connection_end_as_asked(client: RawClient) -> None:
    client.attach_reader(1, FIRST)
    client.say(End())
    client.hears(End)
    client.say(Close())

    assert client.hears(Close).error is None
    assert client.is_hung_up_on()


def test_a_client_that_wants_a_sign_of_life_gets_one(hub: LocalHub) -> None:
    with logged_in(hub, idle=100) as client:
        assert [client.hears_a_heartbeat() for _ in range(3)] == [True] * 3


def test_every_field_is_sent_as_the_client_reads_by_position(hub: LocalHub) -> None:
    with RawClient(hub.port) as client:
        client.open()
        client.say(Close())
        client.hears(Close)

    with logged_in(hub) as client:
        attached = client.attach_sender(1, "amqps://127.0.0.1/CRASHES/partitions/1")

    assert attached.max_message_size == LARGEST_MESSAGE
    assert attached.role is True
    match attached.source, attached.target:
        case Described(_, source), Described(_, target):
            assert isinstance(source, list)
            assert isinstance(target, list)
            assert (len(source), len(target)) == (11, 7)
            assert target[0] == "amqps://127.0.0.1/CRASHES/partitions/1"


@pytest.mark.parametrize(
    ("address", "condition"),
    [
        ("nope", "amqp:not-found"),
        ("crashes/Partitions/2", "amqp:not-found"),
        ("crashes/Partitions/x", "amqp:not-found"),
        ("crashes/Publishers/me", "amqp:not-implemented"),
        ("", "amqp:not-implemented"),
    ],
)
def test_a_publisher_to_nowhere_is_refused(client: RawClient, address: str, condition: str) -> None:
    client.attach_sender(1, address)

    assert client.refusal()[0] == condition


@pytest.mark.parametrize(
    ("address", "start", "condition"),
    [
        ("nope/ConsumerGroups/g/Partitions/0", None, "amqp:not-found"),
        ("crashes/ConsumerGroups/g/Partitions/9", None, "amqp:not-found"),
        ("crashes", None, "amqp:not-implemented"),
        (FIRST, "x-opt-offset > 'text'", "com.microsoft:argument-error"),
        (FIRST, "x-opt-sequence-number > '0'", "com.microsoft:argument-out-of-range"),
    ],
)
def test_a_reader_from_nowhere_is_refused(
    client: RawClient, address: str, start: str | None, condition: str
) -> None:
    client.attach_reader(1, address, start)

    assert client.refusal()[0] == condition


def test_nobody_comes_in_without_a_token(hub: LocalHub) -> None:
    with RawClient(hub.port) as client:
        client.open()
        client.attach_sender(1, "crashes")
        assert client.refusal()[0] == "amqp:unauthorized-access"
        client.attach_sender(2, "$management")
        client.send(2, b"")
        assert client.outcome() == (REJECTED, "amqp:unauthorized-access")


def test_a_message_in_parts_comes_back_in_parts_no_larger_than_asked(hub: LocalHub) -> None:
    body = random.Random(3).randbytes(200_000)
    with logged_in(hub, largest_frame=512) as client:
        client.attach_sender(1, "crashes/Partitions/0")
        client.send(1, event(body), part=999)
        assert client.outcome() == (ACCEPTED, "")
        client.attach_reader(2, FIRST)
        client.flow(2, 1)

        assert client.bodies(1) == [body]


def test_a_message_too_large_is_refused_and_the_link_goes_on(client: RawClient) -> None:
    client.attach_sender(1, "crashes/Partitions/0")
    client.send(1, b"x" * (LARGEST_MESSAGE + 1), number=0)
    assert client.outcome() == (REJECTED, "amqp:link:message-size-exceeded")
    client.send(1, b"nonsense", number=1)
    assert client.outcome() == (REJECTED, "amqp:decode-error")

    client.send(1, event(b"x" * (LARGEST_MESSAGE - 100)), number=2)

    assert client.outcome() == (ACCEPTED, "")


def test_an_aborted_message_is_forgotten(hub: LocalHub, client: RawClient) -> None:
    client.attach_sender(1, "crashes/Partitions/0")
    client.say(Transfer(UInt(1), UInt(0), b"t", UInt(0), False, True), event(b"half"))
    client.say(Transfer(UInt(1), aborted=True))
    client.send(1, event(b"whole"), number=1)
    assert client.outcome() == (ACCEPTED, "")

    client.attach_reader(2, FIRST)
    client.flow(2, 9)
    assert client.bodies(1) == [b"whole"]


def test_no_more_is_sent_than_there_is_credit_for(hub: LocalHub, client: RawClient) -> None:
    published(hub, *(b"%d" % number for number in range(10)))
    client.attach_reader(1, FIRST)
    client.flow(1, 3)
    assert client.bodies(3) == [b"0", b"1", b"2"]
    assert client.hears_nothing()

    client.flow(1, 2, seen=3)

    assert client.bodies(2) == [b"3", b"4"]
    assert client.hears_nothing()


def test_no_more_is_sent_than_the_sessions_window_takes(hub: LocalHub) -> None:
    published(hub, *(b"%d" % number for number in range(10)))
    with logged_in(hub) as client:
        client.attach_reader(1, FIRST)
        client.flow(1, 10, window=4, next_incoming_id=UInt(1), delivery_count=UInt(0))
        assert client.bodies(4) == [b"0", b"1", b"2", b"3"]
        assert client.hears_nothing()
        client.flow(1, 6, window=100, next_incoming_id=UInt(5), delivery_count=UInt(4))

        assert client.bodies(6)[-1] == b"9"


def test_credit_is_given_back_where_there_is_nothing_to_send(
    hub: LocalHub, client: RawClient
) -> None:
    published(hub, b"only")
    client.attach_reader(1, FIRST)
    client.flow(1, 10, drain=True)

    assert client.bodies(1) == [b"only"]
    drained = client.hears(Flow)
    assert (drained.handle, drained.delivery_count, drained.link_credit) == (1, 10, 0)


def test_a_reader_is_told_of_the_newest_event_where_it_asked(
    hub: LocalHub, client: RawClient
) -> None:
    published(hub, b"a", b"b")
    client.attach_reader(1, FIRST, desired_capabilities=symbols([REPORTS]))
    client.flow(1, 1)

    got = read(client.message())

    assert got.delivery_annotations[b"last_enqueued_sequence_number"] == 1
    assert got.delivery_annotations[b"last_enqueued_offset"] != b"1"
    assert got.message_annotations[b"x-opt-sequence-number"] == 0


def test_an_event_reaches_who_waits_for_it(hub: LocalHub, client: RawClient) -> None:
    client.attach_reader(1, FIRST, "x-opt-offset > '@latest'")
    client.flow(1, 9)

    published(hub, b"now")

    assert client.bodies(1) == [b"now"]


def test_a_reader_with_a_higher_epoch_ends_the_one_before(hub: LocalHub) -> None:
    epoch = Symbol("com.microsoft:epoch")
    with logged_in(hub) as first, logged_in(hub) as second, logged_in(hub) as third:
        first.attach_reader(1, FIRST, properties={epoch: 1})
        second.attach_reader(1, FIRST, properties={epoch: 2})
        assert first.refusal()[0] == "amqp:link:stolen"
        third.attach_reader(1, FIRST)
        assert third.refusal()[0] == "amqp:link:stolen"
        second.say(Close())
        second.hears(Close)
        first.attach_reader(1, FIRST, properties={epoch: 1})
        first.flow(1, 5)
        published(hub, b"x")

        assert first.bodies(1) == [b"x"]


def test_a_reader_that_does_not_read_holds_nobody_up(hub: LocalHub) -> None:
    published(hub, *(b"x" * 10_000 for _ in range(100)))
    with logged_in(hub) as idle, logged_in(hub) as client:
        idle.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.attach_reader(1, FIRST)
        idle.flow(1, 4_000)
        published(hub, *(b"y" * 10_000 for _ in range(100)))
        client.attach_reader(1, FIRST)
        client.flow(1, 100)

        assert len(client.bodies(100)) == 100
