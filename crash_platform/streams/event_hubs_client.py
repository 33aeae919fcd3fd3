"""What the Event Hubs client can be asked about a hub, in our words, errors and deadlines."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from crash_platform.streams.event_hubs_access import Access
from crash_platform.streams.event_hubs_deadline import within
from crash_platform.streams.event_hubs_errors import Place, client_errors, sorted_error
from crash_platform.streams.event_hubs_links import Management, Receiver, Start
from crash_platform.streams.log import Description, Partition, PositionGoneError, StreamError

if TYPE_CHECKING:
    from azure.eventhub import EventHubConsumerClient

T = TypeVar("T")

IDLE = 60
"""Seconds without a sign of life after which a connection counts as broken."""


@dataclass
class Client:
    """A hub, as one consumer group, over the client of azure-eventhub.

    ``retry_total=0`` throughout: with more, the client's reader goes on for ever, in silence, when
    a link is refused. Who asks tries again.
    """

    access: Access
    hub: str
    group: str
    deadline: float

    @cached_property
    def place(self) -> Place:
        """Where it is, for sentences."""
        access = self.access
        return Place(
            self.hub, self.group, access.host, access.setting, access.remedy, access.is_local
        )

    @cached_property
    def sdk(self) -> "EventHubConsumerClient":
        """The client; it only holds settings, and connects anew for every call and link."""
        return self.access.consumer(
            self.hub, self.group, retry_total=0, idle_timeout=IDLE, auth_timeout=self.deadline
        )

    def describe(self) -> Description:
        """Partitions, and what each holds now.

        Raises:
            StreamError: by kind.
        """
        return self.ask(self._describe)

    def partition(self, name: str) -> Partition:
        """What one partition holds now.

        Raises:
            StreamError: by kind.
        """
        return self.ask(partial(self._partition, name))

    def receiver(self, start: Start, credit: int, on_raw: Callable[[Any], None]) -> Receiver:
        """A link to a partition, not open yet."""
        return Receiver(self.sdk, self.group, start, credit, on_raw)

    def ask(self, call: Callable[[], T]) -> T:
        """Call the client, which knows no deadline.

        Raises:
            StreamError: by kind.
        """
        try:
            return within(self.deadline, partial(self._signed_in, call))
        except client_errors() as error:
            raise self.told(error) from error

    def told(self, error: Exception, partition: str = "") -> StreamError:
        """An error of the client as one of ours; a bug is raised as it is."""
        if isinstance(error, StreamError):
            return error
        if isinstance(error, TimeoutError):
            return self.place.silent(self.deadline)
        if isinstance(error, client_errors()):
            return sorted_error(error, self.place, partition)
        raise error

    def _signed_in(self, call: Callable[[], T]) -> T:
        self.access.sign_in()
        return call()

    def _describe(self) -> Description:
        with closing(Management(self.sdk)) as asking:
            asking.open()
            hub = asking.hub()
            names = sorted((name.decode() for name in hub[b"partition_ids"]), key=_order)
            held = tuple(_partition(asking.partition(name)) for name in names)
        return Description(self.hub, max(1, hub[b"created_at"]), held)

    def _partition(self, name: str) -> Partition:
        with closing(Management(self.sdk)) as asking:
            asking.open()
            return _partition(asking.partition(name))

    def refuse_lost(self, name: str, after: int, before: int) -> None:
        """Find out why there is nothing between two positions: compaction is fine.

        Raises:
            PositionGoneError: retention removed it before it was read.
        """
        refuse_gone(self.place, self.partition(name), after, before - 1)


def refuse_gone(place: Place, held: Partition, after: int, until: int) -> None:
    """Refuse a range that begins before what a partition holds.

    Raises:
        PositionGoneError: it does.
    """
    if after < until and held.first > after + 1:
        raise PositionGoneError(
            f"Events {after + 1} to {min(until, held.first - 1)} of partition "
            f"{held.partition_id} of the hub {place.hub} at {place.host} were removed by "
            "retention: plan anew with `crash-platform land`."
        )


def _partition(answer: dict[bytes, Any]) -> Partition:
    last = answer[b"last_enqueued_sequence_number"]
    first = last + 1 if answer[b"is_partition_empty"] else answer[b"begin_sequence_number"]
    return Partition(answer[b"partition"].decode(), first, last)


def _order(name: str) -> tuple[bool, int, str]:
    """Numbers as numbers, before anything else."""
    return not name.isdecimal(), len(name), name
