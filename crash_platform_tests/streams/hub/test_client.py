"""The Event Hubs client, unchanged, publishing to the hub and reading from it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.aio import EventHubConsumerClient as AsyncConsumer
from azure.eventhub.aio import EventHubProducerClient as AsyncProducer
from azure.eventhub.amqp import AmqpMessageProperties
from azure.eventhub.exceptions import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    EventDataSendError,
)

from crash_platform.streams.hub import LocalHub
from crash_platform_tests.streams.hub.clients import HUB, bodies, consumer, producer, publish, read

NUMBERS = [b'{"n": %d}' % number for number in range(200)]


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    """Partition 0 has two hundred events; partitions 1 to 3 belong to one test each."""
    with LocalHub(None, {HUB: 4, "keys": 4, "async": 1, "errors": 1}) as hub:
        with producer(hub) as client:
            batch = client.create_batch(partition_id="0")
            for body in NUMBERS:
                batch.add(EventData(body))
            client.send_batch(batch)
        yield hub


@pytest.mark.slow
def test_events_are_read_from_any_position(hub: LocalHub) -> None:
    with producer(hub) as client:
        info = client.get_partition_properties("0")
    middle = read(hub, 0, 98, 1)[0]
    starts: list[tuple[Any, bool, int]] = [
        ("-1", False, 0),
        (-1, False, 0),
        (150, False, 151),
        (150, True, 150),
        (middle.offset, False, 100),
        (middle.offset, True, 99),
        (datetime(2020, 1, 1, tzinfo=UTC), False, 0),
    ]

    def behind(case: int) -> list[Any]:
        start, inclusive, first = starts[case]
        count = len(NUMBERS) - first
        return read(hub, 0, start, count, inclusive=inclusive, group=f"group {case}")

    with ThreadPoolExecutor(len(starts)) as pool:
        got = list(pool.map(behind, range(len(starts))))

    for (_, _, first), events in zip(starts, got, strict=True):
        assert bodies(events) == NUMBERS[first:]
        assert [event.sequence_number for event in events] == list(range(first, len(NUMBERS)))
    assert middle.offset != "99"
    assert info["last_enqueued_sequence_number"] == 199
    assert info["last_enqueued_offset"] == got[0][-1].offset
    assert info["last_enqueued_time_utc"] == got[0][-1].enqueued_time


@pytest.mark.slow
def test_the_end_and_a_time_to_come_wait_for_what_is_new(hub: LocalHub) -> None:
    publish(hub, 1, [b"old"])
    with producer(hub) as client:
        said = client.get_partition_properties("1")

    def later(start: Any) -> list[bytes]:
        def new(got: list[Any]) -> None:
            if not got and not sent:
                sent.append(True)
                publish(hub, 1, [b"new"])

        sent: list[bool] = []
        return bodies(read(hub, 1, start, 1, after_each=new))

    assert later("@latest") == [b"new"]
    assert said["last_enqueued_sequence_number"] == 0


def test_an_event_comes_back_as_it_was_sent(hub: LocalHub) -> None:
    largest = bytes(range(256)) * 4_000
    rich = EventData(b"\x00\xff body")
    rich.properties = {
        "text": "é",
        "n": 2**31 - 1,
        "bytes": b"\x00",
        "flag": True,
        "float": 0.5,
    }
    rich.content_type = "application/json"
    rich.message_id = "an id"
    rich.correlation_id = "another"
    amqp = EventData("text")
    amqp.raw_amqp_message.annotations = {"mine": 1}
    amqp.raw_amqp_message.properties = AmqpMessageProperties(user_id=b"me")  # type: ignore[no-untyped-call]

    with producer(hub) as client:
        client.send_batch([rich, amqp, EventData(b"")], partition_id="2")
        client.send_batch([EventData(largest)], partition_id="2")
        client.send_event(rich, partition_id="2")
    got = read(hub, 2, "-1", 5)

    assert bodies(got) == [b"\x00\xff body", b"text", b"", largest, b"\x00\xff body"]
    for event in (got[0], got[4]):
        assert event.properties == {
            b"text": "é".encode(),
            b"n": 2**31 - 1,
            b"bytes": b"\x00",
            b"flag": True,
            b"float": 0.5,
        }
        assert (event.content_type, event.message_id, event.correlation_id) == (
            "application/json",
            "an id",
            "another",
        )
    assert got[1].raw_amqp_message.annotations[b"mine"] == 1
    assert got[1].raw_amqp_message.properties.user_id == b"me"


@pytest.mark.slow
def test_events_of_one_key_stay_in_order_in_one_partition(hub: LocalHub) -> None:
    with producer(hub, "keys") as client:
        for step in range(3):
            for key in ("a", "b", "c", "d", "e", "f"):
                client.send_batch([EventData(f"{key}{step}")], partition_key=key)
        with ThreadPoolExecutor(4) as pool:
            infos = list(pool.map(client.get_partition_properties, "0123"))
    counts = [info["last_enqueued_sequence_number"] + 1 for info in infos]
    used = [number for number, count in enumerate(counts) if count]

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda each: read(hub, each, "-1", counts[each], name="keys"), used))

    places: dict[str, list[tuple[int, str]]] = {}
    for partition, events in zip(used, got, strict=True):
        for event in events:
            assert event.partition_key == event.body_as_str()[0].encode()
            places.setdefault(event.body_as_str()[0], []).append((partition, event.body_as_str()))
    assert sum(counts) == 18
    for key, found in places.items():
        assert [text for _, text in found] == [f"{key}0", f"{key}1", f"{key}2"]
        assert len({partition for partition, _ in found}) == 1


def test_a_hub_and_its_partitions_are_described(hub: LocalHub) -> None:
    with consumer(hub) as client:
        described = client.get_eventhub_properties()
        empty = client.get_partition_properties("3")

    assert described["eventhub_name"] == HUB
    assert described["partition_ids"] == ["0", "1", "2", "3"]
    assert abs((datetime.now(UTC) - described["created_at"]).total_seconds()) < 300
    assert empty == {
        "eventhub_name": HUB,
        "id": "3",
        "beginning_sequence_number": 0,
        "last_enqueued_sequence_number": -1,
        "last_enqueued_offset": "-1",
        "is_empty": True,
        "last_enqueued_time_utc": datetime(1970, 1, 1, tzinfo=UTC),
    }


def test_a_message_too_large_is_an_error_of_the_client(hub: LocalHub) -> None:
    with (
        producer(hub, "errors") as client,
        pytest.raises((ValueError, EventDataSendError), match=r"size|large"),
    ):
        client.send_event(EventData(b"x" * (1024 * 1024 + 1)))


@pytest.mark.slow
def test_unknown_hubs_and_partitions_and_wrong_keys_are_errors_by_kind(hub: LocalHub) -> None:
    with producer(hub, "nope") as client, pytest.raises(ConnectError, match="404"):
        client.send_event(EventData(b"x"))
    with producer(hub, "errors") as client, pytest.raises(ConnectError, match="404"):
        client.get_partition_properties("7")
    wrong = hub.connection_string("errors").replace("SharedAccessKey=", "SharedAccessKey=x")
    with (
        EventHubProducerClient.from_connection_string(wrong, retry_total=0) as client,
        pytest.raises(AuthenticationError, match="InvalidSignature"),
    ):
        client.get_eventhub_properties()


class AnyToken:
    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken("header.body.signature", 4_000_000_000)


def test_a_token_of_an_identity_is_taken(hub: LocalHub) -> None:
    with EventHubProducerClient(
        f"127.0.0.1:{hub.port}", "errors", AnyToken(), use_tls=False, retry_total=0
    ) as client:
        assert client.get_partition_ids() == ["0"]


@pytest.mark.slow
def test_a_position_after_the_end_is_refused_and_says_where_the_end_is(hub: LocalHub) -> None:
    (error,) = read(hub, 0, 488, 1)

    assert isinstance(error, ConnectError)
    assert "The last sequence number in the system is '199'" in str(error)


@pytest.mark.slow
def test_a_reader_with_a_higher_epoch_takes_over(hub: LocalHub) -> None:
    taken: list[list[Any]] = []

    def take_over(got: list[Any]) -> None:
        if got and not taken:
            taken.append(read(hub, 0, "-1", 1, epoch=2))

    got = read(hub, 0, "-1", 10_000, epoch=1, after_each=take_over)

    assert bodies(taken[0][:1]) == NUMBERS[:1]
    assert isinstance(got[-1], ConnectionLostError)
    assert "stolen" in str(got[-1])


@pytest.mark.slow
def test_the_asynchronous_client_is_served_as_well(hub: LocalHub) -> None:
    async def both_ways() -> list[bytes]:
        where = hub.connection_string("async")
        got: list[bytes] = []
        done = asyncio.Event()

        async def on_event(_context: object, event: Any) -> None:
            got.append(b"".join(event.body))
            if len(got) == 2:
                done.set()

        async with AsyncProducer.from_connection_string(where) as client:
            await client.send_batch([EventData(b"a"), EventData(b"b")])
        async with AsyncConsumer.from_connection_string(where, "$Default") as reader:
            reading = asyncio.create_task(
                reader.receive(on_event, partition_id="0", starting_position="-1")
            )
            await done.wait()
            reading.cancel()
            await asyncio.wait([reading])
        return got

    assert asyncio.run(both_ways()) == [b"a", b"b"]
