"""Messages by their sections: taking a batch apart, stamping an event, requests and their answers.

Bodies and properties pass through untouched; only annotations are looked into.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from crash_platform.streams.hub.codec import decode, encode, skip
from crash_platform.streams.hub.values import CodecError, Described, Symbol, ULong

BATCH_FORMAT = 0x80013700
HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS = 0x70, 0x71, 0x72
PROPERTIES, APPLICATION_PROPERTIES, DATA, VALUE, FOOTER = 0x73, 0x74, 0x75, 0x77, 0x78

_KEY = "x-opt-partition-key"
_RESERVED = "x-opt-"
_SEQUENCE = encode(Symbol("x-opt-sequence-number")) + b"\x81"
_ENQUEUED = encode(Symbol("x-opt-enqueued-time")) + b"\x83"
_OFFSET = encode(Symbol("x-opt-offset"))
_STAMPED = 6
_CORRELATION_FIELD = 5


class Section(NamedTuple):
    """A section: its descriptor's code, where it begins, where its value does, where both end."""

    code: int
    start: int
    value: int
    end: int


def sections(message: bytes) -> Iterator[Section]:
    """The sections of a message, in order.

    Raises:
        CodecError: the bytes are no message.
    """
    at = 0
    while at < len(message):
        if message[at : at + 2] == b"\x00\x53":
            code, value = message[at + 2 : at + 3], at + 3
        elif message[at : at + 2] == b"\x00\x80":
            code, value = message[at + 9 : at + 10], at + 10
        else:
            raise CodecError(f"no section of a message at byte {at}")
        if not code or not HEADER <= code[0] <= FOOTER:
            raise CodecError(f"no section of a message at byte {at}")
        end = skip(message, value)
        yield Section(code[0], at, value, end)
        at = end


def events(message: bytes, message_format: int) -> list[bytes]:
    """The messages of a batch, or the message itself.

    Raises:
        CodecError: the bytes are no message, or the batch is empty.
    """
    if message_format != BATCH_FORMAT:
        return [message]
    found = [_binary(message, each) for each in sections(message) if each.code == DATA]
    if not found:
        raise CodecError("a batch without messages")
    return found


def _binary(message: bytes, section: Section) -> bytes:
    value, _ = decode(message, section.value)
    if not isinstance(value, bytes):
        raise CodecError(f"a data section of {type(value).__name__} at byte {section.value}")
    return value


def partition_key(message: bytes) -> str | None:
    """The partition key in a message's annotations; for a batch, that of the whole batch.

    Looked for before the body only: a batch has many parts behind.

    Raises:
        CodecError: the bytes are no message, or the key is not text.
    """
    for section in sections(message):
        if section.code == ANNOTATIONS:
            key = _mapping(message, section).get(_KEY)
            if key is not None and not isinstance(key, str):
                raise CodecError("a partition key that is not text")
            return key
        if section.code >= DATA:
            return None
    return None


def _mapping(message: bytes, section: Section) -> dict[object, object]:
    value, _ = decode(message, section.value)
    if not isinstance(value, dict):
        raise CodecError(f"annotations or properties that are no map at byte {section.value}")
    return value


def stamped(message: bytes, sequence_number: int, offset: int, enqueued_ms: int) -> bytes:
    """The message as readers get it: with its position, without what was meant for this hop.

    Annotations of the producer stay as they came, except names that only the server may give.
    Sections may come in any order, as one version of the client writes them.

    Raises:
        CodecError: the bytes are no message.
    """
    kept, kept_entries, rest = b"", 0, []
    for section in sections(message):
        if section.code == ANNOTATIONS:
            kept, kept_entries = _kept_annotations(message, section.value, section.end)
        elif section.code > ANNOTATIONS:
            rest.append(message[section.start : section.end])
    position = str(offset).encode("ascii")
    entries = b"".join((
        _SEQUENCE, sequence_number.to_bytes(8, "big"),
        _OFFSET, b"\xa1", bytes((len(position),)), position,
        _ENQUEUED, enqueued_ms.to_bytes(8, "big"),
        kept,
    ))  # fmt: skip
    head = struct.pack(">4sII", b"\x00\x53\x72\xd1", len(entries) + 4, _STAMPED + kept_entries)
    return b"".join((head, entries, *rest))


def _kept_annotations(message: bytes, at: int, end: int) -> tuple[bytes, int]:
    """The producer's own entries as they came, and how many values they are."""
    width = {0xC1: 1, 0xD1: 4}.get(message[at])
    if width is None:
        raise CodecError(f"annotations that are no map at byte {at}")
    at += 1 + 2 * width
    kept, count = [], 0
    while at < end:
        key, value = decode(message, at)
        after = skip(message, value)
        if key == _KEY or not (isinstance(key, str) and key.startswith(_RESERVED)):
            kept.append(message[at:after])
            count += 2
        at = after
    if at != end:
        raise CodecError(f"annotations end at byte {at} instead of {end}")
    return b"".join(kept), count


class Request(NamedTuple):
    """What is asked of a node: its id (any type), named arguments, and the body."""

    message_id: object
    arguments: dict[object, object]
    value: object


def request(message: bytes) -> Request:
    """A request taken apart.

    Raises:
        CodecError: the bytes are no message.
    """
    message_id: object = None
    arguments: dict[object, object] = {}
    body: object = None
    for section in sections(message):
        if section.code == PROPERTIES:
            fields, _ = decode(message, section.value)
            message_id = fields[0] if isinstance(fields, list) and fields else None
            if not isinstance(message_id, (int, str, bytes, UUID, type(None))):
                raise CodecError(f"a message id of {type(message_id).__name__}")
        elif section.code == APPLICATION_PROPERTIES:
            arguments = _mapping(message, section)
        elif section.code == VALUE:
            body, _ = decode(message, section.value)
    return Request(message_id, arguments, body)


def section(code: int, value: object) -> bytes:
    """A section as bytes."""
    return encode(Described(ULong(code), value))


def answer(asked: Request, arguments: dict[object, object], value: object) -> bytes:
    """The answer to a request: correlated by the id it came with, of the type it came with."""
    properties = [None] * _CORRELATION_FIELD + [asked.message_id]
    return (
        section(PROPERTIES, properties)
        + section(APPLICATION_PROPERTIES, arguments)
        + section(VALUE, value)
    )
