"""From Kafka's records to messages. Pure, apart from taking records off an open client.

Which records are wanted is said where they are read.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crash_platform.streams.log import Message

if TYPE_CHECKING:
    import confluent_kafka as ck

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_TIME = 253_370_764_800_000  # the year 9999 in ms: days are counted beyond a time


def taken(consumer: "ck.Consumer", most: int, wait: float) -> "list[ck.Message]":
    """What is there: waits for the first only, while ``consume`` would wait for all."""
    found: list[ck.Message] = consumer.consume(1, wait)
    if found and most > 1:
        found += consumer.consume(most - 1, 0)
    return found


def message(raw: "ck.Message") -> Message:
    """A record as the platform has it."""
    key, offset, headers = raw.key(), raw.offset() or 0, raw.headers()
    return Message(
        partition_id=str(raw.partition()),
        sequence_number=offset,
        offset=str(offset),
        enqueued_at=moment(raw.timestamp()),
        key=None if key is None else text(key),
        properties=properties(headers.items() if isinstance(headers, dict) else headers),
        body=raw.value() or b"",
    )


def moment(timestamp: tuple[int, int]) -> datetime:
    """The time of a record: the broker's, or with ``CreateTime`` what its producer claims (UTC).

    A record without a time, or of one that no calendar has, is told as of 1970-01-01.
    """
    _, milliseconds = timestamp
    if not 0 <= milliseconds < _LATEST_TIME:
        return NO_TIME
    return NO_TIME + timedelta(milliseconds=milliseconds)


def properties(headers: "Iterable[tuple[str, str | bytes | None]] | None") -> dict[str, str]:
    """Headers as text; of headers of one name the second is ``name#2``, and so on."""
    found: dict[str, str] = {}
    for name, value in headers or ():
        count, free = 1, name
        while free in found:
            count += 1
            free = f"{name}#{count}"
        found[free] = value if isinstance(value, str) else text(value or b"")
    return found


def text(raw: bytes) -> str:
    """Bytes as text; those that are not UTF-8 in their ``backslashreplace`` form."""
    return raw.decode("utf-8", "backslashreplace")
