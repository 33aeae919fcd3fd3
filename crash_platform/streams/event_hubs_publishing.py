"""Publishing to an event hub: events into batches of one key each, batches to the service."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crash_platform.streams.event_hubs_links import mend_producers
from crash_platform.streams.log import Event, StreamError

if TYPE_CHECKING:
    from azure.eventhub import EventDataBatch, EventHubProducerClient


def by_key(events: Sequence[Event]) -> dict[str | None, list[Event]]:
    """Events grouped by key, each group in its order: a batch goes to one partition as a whole."""
    groups = dict[str | None, list[Event]]()
    for event in events:
        groups.setdefault(event.key, []).append(event)
    return groups


class Publisher:
    """One open link to a hub, for one thread at a time."""

    def __init__(self, client: "EventHubProducerClient", where: str) -> None:
        self._client = client
        self._where = where
        mend_producers(client)

    def batches(self, events: Sequence[Event]) -> list["EventDataBatch"]:
        """Events in as few batches as the service's limit allows.

        Raises:
            StreamError: an event is larger than the hub takes.
            EventHubError: the hub cannot be asked for its limit.
        """
        return list(self._packed(events))

    def _packed(self, events: Sequence[Event]) -> Iterator["EventDataBatch"]:
        for key, group in by_key(events).items():
            batch = self._client.create_batch(partition_key=key)
            for event in group:
                if not _added(batch, event):
                    yield batch
                    batch = self._client.create_batch(partition_key=key)
                    self._refuse_large(_added(batch, event), event, batch)
            yield batch

    def send(self, batch: "EventDataBatch") -> None:
        """Send a batch; what is empty is left out.

        Raises:
            EventHubError: it may or may not have been taken.
        """
        if len(batch):
            self._client.send_batch(batch)

    def close(self) -> None:
        """Let go of the connection; never fails."""
        self._client.close()

    def _refuse_large(self, fits: bool, event: Event, batch: "EventDataBatch") -> None:
        if not fits:
            raise StreamError(
                f"An event of {len(event.body):,} bytes is larger than {self._where} takes "
                f"({batch.max_size_in_bytes:,} bytes with its properties): send less in one event."
            )


def _added(batch: "EventDataBatch", event: Event) -> bool:
    from azure.eventhub import EventData

    data = EventData(event.body)
    properties: Any = dict(event.properties)
    data.properties = properties
    try:
        batch.add(data)
    except ValueError:  # full
        return False
    return True
