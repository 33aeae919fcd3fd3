"""Short ways to ask an event log in tests."""

import time
from collections.abc import Sequence

from crash_platform.streams.log import EventLog, Following, Message, Range


def everything(log: EventLog) -> list[Message]:
    """All messages a log holds, partition by partition."""
    return [
        message
        for part in log.describe().partitions
        for batch in log.read(Range(part.partition_id, part.first - 1, part.last))
        for message in batch
    ]


def end_of(log: EventLog) -> dict[str, int]:
    """The last position of every partition."""
    return {part.partition_id: part.last for part in log.describe().partitions}


def taken(following: Following, count: int, patience: float = 30.0) -> list[Message]:
    """Take until there are so many messages; fewer where ``patience`` seconds were not enough."""
    messages = list[Message]()
    deadline = time.monotonic() + patience
    while len(messages) < count and (left := deadline - time.monotonic()) > 0:
        messages += following.take(count - len(messages), left)
    return messages


def bodies(messages: Sequence[Message]) -> list[bytes]:
    """Their bodies, in their order."""
    return [message.body for message in messages]
