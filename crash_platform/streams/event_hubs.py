"""Azure Event Hubs as an event log, through Microsoft's client; also this machine's own hub.

How the namespace is reached is said by ``event_hubs_access``.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from operator import methodcaller
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_random_exponential

from crash_platform.streams.event_hubs_access import Access, ConnectionString, Entra
from crash_platform.streams.event_hubs_client import Client, refuse_gone
from crash_platform.streams.event_hubs_deadline import within
from crash_platform.streams.event_hubs_following import EventHubsFollowing
from crash_platform.streams.event_hubs_publishing import Publisher
from crash_platform.streams.event_hubs_reading import RangeReader
from crash_platform.streams.log import (
    Description,
    Event,
    Following,
    LogMissingError,
    LogUnreachableError,
    Message,
    Partition,
    Range,
    StreamError,
)

__all__ = ["ConnectionString", "Entra", "EventHubsLog"]

T = TypeVar("T")

GOODBYE = 3.0
"""Seconds that closing waits for a server to answer."""


class EventHubsLog:
    """An ``EventLog`` over one hub, read as one consumer group.

    Args:
        hub: its name.
        access: how its namespace is reached.
        consumer_group: as which it is read.
        deadline: seconds without progress after which a call gives up. Reading and publishing try
            again until then; describing and following tell of an outage at once.
        sleep: how to wait between attempts.
    """

    def __init__(
        self,
        hub: str,
        access: Access,
        *,
        consumer_group: str = "$Default",
        deadline: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = Client(access, hub, consumer_group, deadline)
        self._sleep = sleep
        self._publisher: Publisher | None = None
        self._held = dict[str, Partition]()

    def describe(self) -> Description:
        """Partitions, and what each holds now.

        Raises:
            StreamError: by kind: unreachable, missing, denied.
        """
        described = self._client.describe()
        self._held = {each.partition_id: each for each in described.partitions}
        return described

    def read(self, wanted: Range) -> Iterator[list[Message]]:
        """The messages of a range in order, in batches; nothing outside it, and it ends.

        A broken connection is made anew, from the last message on.

        Raises:
            PositionGoneError: retention has removed the beginning of the range.
            StreamError: the rest of the range could not be read in time.
        """
        if wanted.after == wanted.until:
            return
        held = self._persistently(partial(self._holding, wanted))
        refuse_gone(self._client.place, held, wanted.after, wanted.until)
        until = min(wanted.until, held.last)
        if until <= wanted.after:
            return  # a receiver on an idle partition may be given older events
        there = Range(wanted.partition_id, wanted.after, until)
        with closing(RangeReader(self._client, there)) as reader:
            while not reader.is_done:
                batch = self._persistently(reader.next_batch)
                if batch:
                    yield batch

    def follow(self, after: Mapping[str, int]) -> Following:
        """Every message after these positions (-1: from the oldest), as it comes.

        Raises:
            PositionGoneError: retention has removed what comes next.
            StreamError: by kind.
        """
        self.describe()
        for name, position in after.items():
            held = self._part(name)
            if position > held.last:
                raise self._client.place.beyond(name)
            if position >= 0:
                refuse_gone(self._client.place, held, position, held.last + 1)
        return EventHubsFollowing(self._client, after)

    def publish(self, events: Sequence[Event]) -> None:
        """Send events; returns when the hub has taken all of them.

        An error may come after some (or all) were taken. Even without one, an event is there
        twice where the hub took it but its answer was lost.

        Raises:
            StreamError: by kind, or because an event is larger than the hub takes.
        """
        if not events:
            return
        packed = methodcaller("batches", events)
        for batch in self._persistently(partial(self._with_publisher, packed)):
            self._persistently(partial(self._with_publisher, methodcaller("send", batch)))

    def close(self) -> None:
        """Let go of connections; harmless when repeated."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            self._say_goodbye(publisher)

    def _holding(self, wanted: Range) -> Partition:
        """What the partition of a range holds; asked only where the end of the range is news."""
        held = self._held.get(wanted.partition_id)
        if held is None or held.last < wanted.until:
            self.describe()
        return self._part(wanted.partition_id)

    def _part(self, name: str) -> Partition:
        if name not in self._held:
            place = self._client.place
            raise StreamError(f"The hub {place.hub} at {place.host} has no partition {name}.")
        return self._held[name]

    def _with_publisher(self, act: Callable[[Publisher], T]) -> T:
        was_open = self._publisher is not None
        publisher = self._publisher = self._publisher or self._new_publisher()
        try:
            return self._client.ask(partial(act, publisher))
        except LogMissingError:
            self.close()
            if not was_open:
                raise
        except StreamError:
            self.close()
            raise
        return self._with_publisher(act)  # a link to a hub that was made anew is told it is gone

    def _new_publisher(self) -> Publisher:
        client = self._client
        # No backoff of its own: it would wait even after the last of its attempts.
        options = {"retry_total": 0, "retry_backoff_factor": 0, "auth_timeout": client.deadline}
        sdk = client.access.producer(client.hub, **options)
        return Publisher(sdk, f"the hub {client.hub} at {client.place.host}")

    def _persistently(self, call: Callable[[], T]) -> T:
        """Call again while the hub cannot be reached, until the deadline."""
        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_before_delay(self._client.deadline),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception_type(LogUnreachableError),
            reraise=True,
        )
        return retrying(call)

    def _say_goodbye(self, publisher: Publisher) -> None:
        try:
            within(GOODBYE, publisher.close)
        except TimeoutError:
            return  # it is stuck with a server that says nothing; nothing is lost by leaving
