"""A message as the Event Hubs client has decoded it, as ours.

It is the client's inner form, with names and texts as bytes; its public one costs as much again.
"""

import json
from datetime import UTC, datetime
from typing import Any

from crash_platform.streams.log import Message


def message_of(partition_id: str, raw: Any) -> Message:
    """A message as the client has decoded it, as ours."""
    marks = raw.message_annotations
    key = marks.get(b"x-opt-partition-key")
    return Message(
        partition_id,
        marks[b"x-opt-sequence-number"],
        text_of(marks.get(b"x-opt-offset", b"")),
        datetime.fromtimestamp(marks[b"x-opt-enqueued-time"] / 1000, UTC),
        None if key is None else text_of(key),
        {text_of(k): text_of(value) for k, value in (raw.application_properties or {}).items()},
        body_of(raw),
    )


def body_of(raw: Any) -> bytes:
    """Its bytes. Another client may have sent a value instead: text as it is, the rest as JSON."""
    if raw.data is not None:
        return b"".join(raw.data)
    value = raw.sequence if raw.value is None else raw.value
    if value is None:
        return b""
    return value if isinstance(value, bytes) else json.dumps(_plain(value)).encode()


def text_of(value: Any) -> str:
    """An AMQP value as text: true and false in lower case, nothing as an empty text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    """A decoded AMQP value in the types of JSON."""
    if isinstance(value, dict):
        return {text_of(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float | None) else text_of(value)
