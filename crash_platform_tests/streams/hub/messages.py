"""Messages as the client makes them, and what it reads in what it gets."""

from typing import Any

from azure.eventhub._pyamqp._decode import decode_payload
from azure.eventhub._pyamqp._encode import encode_payload
from azure.eventhub._pyamqp.message import Message

from crash_platform.streams.hub.sections import BATCH_FORMAT, DATA, section


def message(**parts: Any) -> bytes:
    """A message of these sections, by the client's encoder."""
    output = bytearray()
    encode_payload(output, Message(**parts))
    return bytes(output)


def event(body: bytes, **parts: Any) -> bytes:
    """An event with a body of bytes."""
    return message(data=[body], **parts)


def batch(*events: bytes, key: str | None = None) -> tuple[bytes, int]:
    """Events as one batch, and its message format."""
    head = b"" if key is None else message(message_annotations={b"x-opt-partition-key": key})
    return head + b"".join(section(DATA, each) for each in events), BATCH_FORMAT


def read(stored: bytes) -> Any:
    """A message as the client reads it."""
    return decode_payload(memoryview(stored))
