"""The server's own two nodes: ``$cbs`` takes tokens, ``$management`` describes hubs.

Answers only: how they are asked and sent is said by sessions.
"""

from typing import NamedTuple

from crash_platform.streams.hub.access import objection
from crash_platform.streams.hub.broker import Broker
from crash_platform.streams.hub.log import Extent, Hub
from crash_platform.streams.hub.sections import Request
from crash_platform.streams.hub.values import Int, Timestamp, strings

ACCEPTED, OK, BAD_REQUEST, UNAUTHORIZED, NOT_FOUND = 202, 200, 400, 401, 404


class Answer(NamedTuple):
    """A status as in HTTP, a sentence on it, and what was asked for."""

    status: int
    description: str
    value: object = None

    def arguments(self) -> dict[object, object]:
        """The status, as the client reads it."""
        return {"status-code": Int(self.status), "status-description": self.description}


def put_token(asked: Request, broker: Broker) -> Answer:
    """Take a token, or say why not."""
    token, kind = asked.value, asked.arguments.get("type")
    if asked.arguments.get("operation") != "put-token" or not isinstance(kind, str):
        return Answer(BAD_REQUEST, "This node takes tokens only.")
    if broker.faults.denies():
        return Answer(UNAUTHORIZED, "Unauthorized access: on purpose.")
    text = token if isinstance(token, str) else ""
    refused = objection(text, kind, broker.key, broker.clock().timestamp())
    return Answer(UNAUTHORIZED, refused) if refused else Answer(ACCEPTED, "Accepted")


def describe(asked: Request, broker: Broker) -> Answer:
    """Describe a hub or a partition."""
    kind, name = asked.arguments.get("type"), asked.arguments.get("name")
    if asked.arguments.get("operation") != "READ" or not isinstance(name, str):
        return Answer(BAD_REQUEST, "Only hubs and partitions can be read here, by name.")
    if broker.faults.denies():
        return Answer(UNAUTHORIZED, "Unauthorized access: on purpose.")
    hub = broker.hub(name)
    if hub is None:
        return Answer(NOT_FOUND, f"The messaging entity '{name}' could not be found.")
    if kind == "com.microsoft:eventhub":
        return Answer(OK, "OK", _hub(hub))
    partition = partition_number(hub, asked.arguments.get("partition"))
    if kind != "com.microsoft:partition" or partition is None:
        return Answer(NOT_FOUND, f"The hub '{name}' has no such partition.")
    return Answer(OK, "OK", _partition(hub, partition, broker.log.extent(hub, partition)))


def partition_number(hub: Hub, name: object) -> int | None:
    """The partition of that name, or None where the hub has no such."""
    ids = [str(number) for number in range(hub.partitions)]
    return ids.index(name) if isinstance(name, str) and name in ids else None


def last_event(extent: Extent) -> tuple[int, str, Timestamp]:
    """Number, offset and time of a partition's newest event, as the service names them."""
    return extent.next - 1, str(extent.last_offset), Timestamp(extent.last_enqueued)


def _hub(hub: Hub) -> dict[object, object]:
    return {
        "name": hub.name,
        "type": "com.microsoft:eventhub",
        "created_at": Timestamp(hub.created_at),
        "partition_count": Int(hub.partitions),
        "partition_ids": strings(str(number) for number in range(hub.partitions)),
    }


def _partition(hub: Hub, partition: int, extent: Extent) -> dict[object, object]:
    number, offset, enqueued = last_event(extent)
    return {
        "name": hub.name,
        "type": "com.microsoft:partition",
        "partition": str(partition),
        "begin_sequence_number": extent.first,
        "last_enqueued_sequence_number": number,
        "last_enqueued_offset": offset,
        "last_enqueued_time_utc": enqueued,
        "is_partition_empty": extent.first == extent.next,
    }
