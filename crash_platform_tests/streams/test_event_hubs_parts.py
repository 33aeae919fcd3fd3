"""The parts of the Event Hubs log that need no hub, and the private ones held to their release."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pytest
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub._pyamqp.error import (
    AMQPConnectionError,
    AMQPLinkError,
    AuthenticationException,
    ErrorCondition,
    TokenAuthFailure,
)
from azure.eventhub._pyamqp.message import Message as Raw
from azure.eventhub._transport._pyamqp_transport import PyamqpTransport
from azure.eventhub.amqp import AmqpAnnotatedMessage
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.event_hubs import ConnectionString, EventHubsLog
from crash_platform.streams.event_hubs_deadline import within
from crash_platform.streams.event_hubs_errors import Place, sorted_error
from crash_platform.streams.event_hubs_following import EventHubsFollowing
from crash_platform.streams.event_hubs_links import Management, Receiver, Start
from crash_platform.streams.event_hubs_message import body_of, message_of, text_of
from crash_platform.streams.event_hubs_publishing import by_key
from crash_platform.streams.event_hubs_reading import RangeReader
from crash_platform.streams.hub import LocalHub
from crash_platform.streams.log import (
    AccessDeniedError,
    Event,
    LogMissingError,
    LogUnreachableError,
    Message,
    Range,
    StreamError,
)
from crash_platform_tests.streams.contract import assert_sentence
from crash_platform_tests.streams.logs import everything, taken

HUB = "events"
Transport: Any = PyamqpTransport
TokenRefused: Any = TokenAuthFailure
PLACE = Place(HUB, "$Default", "h.servicebus.windows.net", "A_SETTING", "check the key", False)


# -- errors


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (AMQPConnectionError(ErrorCondition.SocketError), LogUnreachableError),
        (AMQPConnectionError(ErrorCondition.NotFound), LogMissingError),
        (AMQPLinkError(ErrorCondition.NotFound), LogMissingError),
        (AMQPLinkError(ErrorCondition.ResourceDeleted), LogMissingError),
        (AMQPLinkError(ErrorCondition.UnauthorizedAccess), AccessDeniedError),
        (AMQPLinkError(ErrorCondition.LinkDetachForced), LogUnreachableError),
        (AMQPLinkError(ErrorCondition.LinkStolen), LogUnreachableError),
        (AMQPLinkError(ErrorCondition.ResourceLimitExceeded), LogUnreachableError),
        (AMQPLinkError(b"com.microsoft:argument-out-of-range"), StreamError),
        (AMQPLinkError(b"com.microsoft:server-busy"), LogUnreachableError),
        (AMQPLinkError(b"com.microsoft:timeout"), LogUnreachableError),
        (TokenRefused(401, b"InvalidSignature"), AccessDeniedError),
        (TokenRefused(404, b"not found"), LogMissingError),
        (TokenRefused(500, b"oops"), LogUnreachableError),
        (AuthenticationException(ErrorCondition.InternalError), LogUnreachableError),
        (AuthenticationException(ErrorCondition.UnauthorizedAccess), AccessDeniedError),
        (TimeoutError("Authentication attempt timed-out."), LogUnreachableError),
        (IndexError("list index out of range"), LogUnreachableError),
    ],
    ids=repr,
)
def test_errors_are_sorted_by_what_a_person_can_do(
    raised: Exception, kind: type[StreamError]
) -> None:
    public = Transport._create_eventhub_exception(raised)
    for error in (public, raised):
        told = sorted_error(error, PLACE, "3")
        assert type(told) is kind
        assert_sentence(told)
        assert HUB in str(told)
        assert "h.servicebus.windows.net" in str(told)


def test_the_clients_long_texts_are_not_passed_on() -> None:
    error = AMQPLinkError(b"com.microsoft:server-busy", description=b"TrackingId:123, a secret")
    told = str(sorted_error(Transport._create_eventhub_exception(error), PLACE))
    assert "(server-busy)" in told
    assert "secret" not in told


# -- deadlines


def test_a_call_that_ends_in_time_gives_its_result_or_its_error() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


def test_a_call_that_does_not_end_is_left_behind() -> None:
    never = threading.Event()
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.05, never.wait)
    assert time.monotonic() - begun < 2
    never.set()


# -- messages


def raw(arrived: int = 1_700_000_000_123, sequence_number: int = 5, **parts: Any) -> Any:
    marks = {
        b"x-opt-sequence-number": sequence_number,
        b"x-opt-offset": b"4711",
        b"x-opt-enqueued-time": arrived,
    }
    message: Any = Raw
    return message(message_annotations=marks, **parts)


def test_a_message_is_taken_over_with_its_position() -> None:
    assert message_of("2", raw(data=[b"a", b"b"])) == Message(
        "2", 5, "4711", datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC), None, {}, b"ab"
    )


@given(st.integers(0, 4_102_444_800_000))
def test_the_time_of_arrival_is_exact_to_the_millisecond(milliseconds: int) -> None:
    arrived = message_of("0", raw(milliseconds, data=[b""])).enqueued_at
    assert round(arrived.timestamp() * 1_000) == milliseconds
    assert arrived.microsecond % 1_000 == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\xff text", r"\xff text"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (3, "3"),
        (2.5, "2.5"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_properties_of_any_type_become_text(value: object, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        ({"data": []}, b""),
        ({}, b""),
        ({"value": b"text"}, b"text"),
        ({"value": {b"a": [1, True, b"x"]}}, b'{"a": [1, true, "x"]}'),
        ({"value": 7}, b"7"),
        ({"sequence": [[1, 2], [b"x"]]}, b'[[1, 2], ["x"]]'),
    ],
)
def test_a_body_that_is_no_bytes_becomes_some(parts: dict[str, Any], body: bytes) -> None:
    assert body_of(raw(**parts)) == body


@given(st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.binary(max_size=3))))
def test_grouping_by_key_keeps_every_event_and_the_order_of_a_key(
    given_events: list[tuple[str | None, bytes]],
) -> None:
    events = [Event(body, key) for key, body in given_events]
    groups = by_key(events)
    assert sum(map(len, groups.values())) == len(events)
    for key, group in groups.items():
        assert group == [event for event in events if event.key == key]


# -- what a service may do that the local hub does not


class Delivering:
    """A client whose one receiver delivers given sequence numbers, and nothing more."""

    deadline = 5.0
    place = PLACE

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers
        self.asked = list[tuple[int, int]]()

    def receiver(self, start: Start, credit: int, on_raw: Callable[[Any], None]) -> "Delivering":
        self._on_raw = on_raw
        return self

    is_open = True

    def turn(self, frames: int) -> None:
        for number in self._numbers:
            self._on_raw(raw(sequence_number=number, data=[b""]))
        self._numbers = ()
        time.sleep(0.01)

    def close(self) -> None:
        pass

    def refuse_lost(self, name: str, after: int, before: int) -> None:
        self.asked.append((after, before))


def test_older_events_that_an_idle_partition_repeats_are_left_out() -> None:
    for numbers in ((3, 4, 5, 6), (5, 5, 6, 6, 5, 6), (4, 6, 5, 6)):
        client: Any = Delivering(*numbers)
        reader = RangeReader(client, Range("0", 4, 6))
        got = [message.sequence_number for message in reader.next_batch()]
        following = EventHubsFollowing(Delivering(*numbers), {"0": 4})  # type: ignore[arg-type]
        assert [message.sequence_number for message in taken(following, 3, 0.2)] == got
        following.close()
        assert got in ([5, 6], [6])
        assert reader.is_done


def test_positions_that_compaction_removed_are_asked_for_and_passed_over() -> None:
    client: Any = Delivering(7, 9, 12)
    reader = RangeReader(client, Range("0", 6, 10))
    assert [message.sequence_number for message in reader.next_batch()] == [7, 9]
    assert client.asked == [(7, 9), (9, 12)]
    assert reader.is_done


# -- private parts of the client


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    with LocalHub(None, {HUB: 1}) as hub:
        yield hub


def test_the_client_is_of_the_release_whose_private_parts_are_used() -> None:
    assert version("azure-eventhub").startswith("5.15.")


def test_a_receiver_hands_over_each_message_as_it_comes(hub: LocalHub) -> None:
    there = ConnectionString(hub.connection_string())
    log = EventHubsLog(HUB, there)
    came = list[float]()
    sdk = there.consumer(HUB, "$Default", retry_total=0)
    receiver = Receiver(sdk, "$Default", Start("0", -1), 300, lambda _: came.append(time.time()))
    try:
        while not receiver.is_open:
            receiver.turn(300)
        log.publish([Event(b"one")])
        begun = time.time()
        receiver.turn(300)
        receiver.turn(300)
        assert len(came) == 1
        assert time.time() - came[0] > 0.15  # the turn went on, the message did not wait for it
        assert came[0] - begun < 0.15
    finally:
        receiver.close()
        log.close()


def test_a_receiver_does_not_wait_for_what_it_has_given_no_credit_for(hub: LocalHub) -> None:
    hub.recreate(HUB)
    there = ConnectionString(hub.connection_string())
    log = EventHubsLog(HUB, there)
    log.publish([Event(b"one of many")] * 60)
    log.close()
    came = list[Any]()
    sdk = there.consumer(HUB, "$Default", retry_total=0)
    receiver = Receiver(sdk, "$Default", Start("0", -1), 10, came.append)
    try:
        while not receiver.is_open:
            receiver.turn(1)
        begun = time.monotonic()
        while len(came) < 60:
            receiver.turn(8)
        assert time.monotonic() - begun < 0.8  # each of six waits would take 0.2 s
    finally:
        receiver.close()


def test_the_service_is_asked_on_one_connection_as_the_public_calls_would(hub: LocalHub) -> None:
    sdk = ConnectionString(hub.connection_string()).consumer(HUB, "$Default", retry_total=0)
    asking = Management(sdk)
    asking.open()
    told, of_partition = asking.hub(), asking.partition("0")
    asking.close()
    public, public_of_partition = sdk.get_eventhub_properties(), sdk.get_partition_properties("0")
    assert told[b"created_at"] == round(public["created_at"].timestamp() * 1_000)
    assert [name.decode() for name in told[b"partition_ids"]] == public["partition_ids"]
    for ours, theirs in [
        (b"begin_sequence_number", "beginning_sequence_number"),
        (b"last_enqueued_sequence_number", "last_enqueued_sequence_number"),
        (b"is_partition_empty", "is_empty"),
    ]:
        assert of_partition[ours] == public_of_partition[theirs]


def test_what_other_clients_send_is_read_too(hub: LocalHub) -> None:
    hub.recreate(HUB)
    several = EventData([b"in ", b"parts"])
    several.properties = {"count": 3, "is_new": True, "raw": b"\xff"}
    with EventHubProducerClient.from_connection_string(
        hub.connection_string(), eventhub_name=HUB
    ) as producer:
        producer.send_batch([several, AmqpAnnotatedMessage(value_body={"a": 1})])
    log = EventHubsLog(HUB, ConnectionString(hub.connection_string()))
    first, second = everything(log)
    assert (first.body, second.body) == (b"in parts", b'{"a": 1}')
    assert first.properties == {"count": "3", "is_new": "true", "raw": r"\xff"}
