"""The Event Hubs client itself, unchanged: publishing, and reading a known count."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from azure.eventhub import EventHubConsumerClient, EventHubProducerClient

from crash_platform.streams.hub import LocalHub
from crash_platform_tests.streams.hub.messages import batch, event
from crash_platform_tests.streams.hub.raw_client import logged_in

HUB = "telemetry"
Start = str | int | datetime


@contextmanager
def producer(hub: LocalHub, name: str = HUB, **options: Any) -> Iterator[EventHubProducerClient]:
    """A producer that does not try again unless told so."""
    options = {"retry_total": 0, **options}
    with EventHubProducerClient.from_connection_string(
        hub.connection_string(name), **options
    ) as client:
        yield client


@contextmanager
def consumer(hub: LocalHub, name: str = HUB, **options: Any) -> Iterator[EventHubConsumerClient]:
    """A consumer that does not try again unless told so."""
    options = {"retry_total": 0, **options}
    group = options.pop("group", "$Default")
    client = EventHubConsumerClient.from_connection_string(
        hub.connection_string(name), group, load_balancing_interval=1, **options
    )
    with client:
        yield client


def publish(hub: LocalHub, partition: int, bodies: Sequence[bytes]) -> None:
    """Events in one partition, as one batch; by hand, as the client takes seconds."""
    with logged_in(hub) as client:
        client.attach_sender(1, f"{HUB}/Partitions/{partition}")
        client.send(1, *batch(*(event(body) for body in bodies)))
        assert client.outcome()[1] == ""


def read(
    hub: LocalHub, partition: int, start: Start, count: int, seconds: float = 20, **options: Any
) -> list[Any]:
    """So many different events, or those that came in time; or the error that ended it.

    After a reconnect the client repeats what it had received but not handed out.
    """
    got: list[Any] = []
    deadline = time.monotonic() + seconds
    inclusive = options.pop("inclusive", False)
    level = options.pop("epoch", None)
    after_each: Callable[[list[Any]], None] | None = options.pop("after_each", None)

    with consumer(hub, **options) as client:

        def on_events(_context: object, events: list[Any]) -> None:
            got.extend(events)
            if after_each is not None:
                after_each(got)
            if len({each.sequence_number for each in got}) >= count or time.monotonic() > deadline:
                client.close()

        def on_error(_context: object, error: Exception) -> None:
            got.append(error)
            client.close()

        client.receive_batch(
            on_events,
            on_error=on_error,
            partition_id=str(partition),
            starting_position=start,
            starting_position_inclusive=inclusive,
            owner_level=level,
            max_batch_size=100,
            max_wait_time=0.3,
        )
    return got


def bodies(events: Sequence[Any]) -> list[bytes]:
    """The bytes of events."""
    return [b"".join(event.body) for event in events]
