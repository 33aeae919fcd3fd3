"""Performatives (what peers say to each other) and the frames that carry them.

What they mean is said by sessions and links.
"""

import struct
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

from crash_platform.streams.hub.codec import decode, encode
from crash_platform.streams.hub.values import CodecError, Described, Symbol, UInt, ULong

HEADER_SIZE = 8
SASL_HEADER = b"AMQP\x03\x01\x00\x00"
AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
HEARTBEAT = b"\x00\x00\x00\x08\x02\x00\x00\x00"
AMQP_FRAME, SASL_FRAME = 0, 1

SOURCE, TARGET, ERROR = ULong(0x28), ULong(0x29), ULong(0x1D)
ACCEPTED = Described(ULong(0x24), [])


class ProtocolError(Exception):
    """A peer that breaks the protocol: its connection is closed with this condition."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(f"{condition}: {description}")
        self.condition = condition
        self.description = description


class Open(NamedTuple):
    """Begins a connection."""

    container_id: str
    hostname: str | None = None
    max_frame_size: int | None = None
    channel_max: int | None = None
    idle_time_out: int | None = None
    outgoing_locales: object = None
    incoming_locales: object = None
    offered_capabilities: object = None
    desired_capabilities: object = None
    properties: object = None


class Begin(NamedTuple):
    """Begins a session on a channel."""

    remote_channel: int | None
    next_outgoing_id: int
    incoming_window: int
    outgoing_window: int
    handle_max: int | None = None
    offered_capabilities: object = None
    desired_capabilities: object = None
    properties: object = None


class Attach(NamedTuple):
    """Begins a link; ``role`` is true for the side that receives."""

    name: str
    handle: int
    role: bool
    snd_settle_mode: int | None = None
    rcv_settle_mode: int | None = None
    source: object = None
    target: object = None
    unsettled: object = None
    incomplete_unsettled: object = None
    initial_delivery_count: int | None = None
    max_message_size: int | None = None
    offered_capabilities: object = None
    desired_capabilities: object = None
    properties: object = None


class Flow(NamedTuple):
    """Says how much a side is ready to take."""

    next_incoming_id: int | None
    incoming_window: int
    next_outgoing_id: int
    outgoing_window: int
    handle: int | None = None
    delivery_count: int | None = None
    link_credit: int | None = None
    available: int | None = None
    drain: bool | None = None
    echo: bool | None = None
    properties: object = None


class Transfer(NamedTuple):
    """Carries a message or a part of one (``more``)."""

    handle: int
    delivery_id: int | None = None
    delivery_tag: bytes | None = None
    message_format: int | None = None
    settled: bool | None = None
    more: bool | None = None
    rcv_settle_mode: int | None = None
    state: object = None
    resume: bool | None = None
    aborted: bool | None = None
    batchable: bool | None = None


class Disposition(NamedTuple):
    """Says what became of deliveries."""

    role: bool
    first: int
    last: int | None = None
    settled: bool | None = None
    state: object = None
    batchable: bool | None = None


class Detach(NamedTuple):
    """Ends a link."""

    handle: int
    closed: bool | None = None
    error: object = None


class End(NamedTuple):
    """Ends a session."""

    error: object = None


class Close(NamedTuple):
    """Ends a connection."""

    error: object = None


class Mechanisms(NamedTuple):
    """The ways to log in that a server offers."""

    mechanisms: object


class Init(NamedTuple):
    """The way to log in that a client chose."""

    mechanism: str
    initial_response: bytes | None = None
    hostname: str | None = None


class Outcome(NamedTuple):
    """How logging in ended; 0 is well."""

    code: int
    additional_data: bytes | None = None


Performative = (
    Open | Begin | Attach | Flow | Transfer | Disposition | Detach | End | Close
    | Mechanisms | Init | Outcome
)  # fmt: skip

_SHAPES: dict[int, type[Performative]] = {
    0x10: Open, 0x11: Begin, 0x12: Attach, 0x13: Flow, 0x14: Transfer, 0x15: Disposition,
    0x16: Detach, 0x17: End, 0x18: Close, 0x40: Mechanisms, 0x41: Init, 0x44: Outcome,
}  # fmt: skip
_CODES = {shape: code for code, shape in _SHAPES.items()}


def frame(channel: int, performative: Performative, payload: bytes = b"") -> bytes:
    """A frame with all fields of the performative.

    Trailing nulls may be left out by the standard, but the client reads fields by their position.
    """
    code = _CODES[type(performative)]
    body = encode(Described(ULong(code), list(performative))) + payload
    kind = SASL_FRAME if code >= _CODES[Mechanisms] else AMQP_FRAME
    return struct.pack(">IBBH", HEADER_SIZE + len(body), 2, kind, channel) + body


def parse(body: bytes) -> tuple[Performative, bytes]:
    """The performative a frame carries, and the payload behind it.

    Raises:
        ProtocolError: the bytes are no performative, or a field is of another type.
    """
    try:
        described, end = decode(body)
    except CodecError as error:
        raise ProtocolError("amqp:decode-error", str(error)) from error
    match described:
        case Described(ULong() as code, list() as fields) if code in _SHAPES:
            return _shaped(int(code), fields), body[end:]
    raise ProtocolError("amqp:decode-error", "the frame carries no performative")


def _shaped(code: int, fields: list[Any]) -> Performative:
    shape, kinds = _SHAPES[code], _kinds(code)
    if len(fields) > len(kinds):
        raise ProtocolError("amqp:decode-error", f"{shape.__name__} has too many fields")
    fields = fields + [None] * (len(kinds) - len(fields))
    for name, kind, value in zip(shape._fields, kinds, fields, strict=True):
        if not isinstance(value, kind):
            what = type(value).__name__
            raise ProtocolError("amqp:decode-error", f"{shape.__name__}: {name} cannot be {what}")
    return shape(*fields)


@cache
def _kinds(code: int) -> tuple[tuple[type, ...], ...]:
    hints = get_type_hints(_SHAPES[code])
    return tuple(get_args(hint) or (hint,) for hint in hints.values())


def error(condition: str, description: str) -> Described:
    """An error as peers are told of it; three fields, which the client counts on."""
    return Described(ERROR, [Symbol(condition), description, None])


def rejected(condition: str, description: str) -> Described:
    """The outcome of a message that was not taken."""
    return Described(ULong(0x25), [error(condition, description)])


def transfers(
    channel: int, handle: int, delivery: int, message: bytes, largest: int
) -> Iterator[bytes]:
    """The frames, of at most ``largest`` bytes each, that carry a message, settled.

    Written without the general encoder, as this is made once for every event sent. The delivery
    tag is always the same: it tells apart what is not settled yet, and clients keep what they see.
    """
    room = largest - HEADER_SIZE - _TRANSFER.size
    for start in range(0, len(message), room):
        part = message[start : start + room]
        more = 0x41 if start + room < len(message) else 0x42
        size = HEADER_SIZE + _TRANSFER.size + len(part)
        head = struct.pack(">IBBH", size, 2, AMQP_FRAME, channel)
        fields = _TRANSFER.pack(_FIRST, 0x70, handle, 0x70, delivery, _MIDDLE, more, _LAST)
        yield head + fields + part


_TRANSFER = struct.Struct(">6sBIBI5sB5s")
_FIRST = b"\x00\x53\x14\xc0\x16\x0b"  # a list of eleven fields
_MIDDLE = b"\xa0\x01\x00\x43\x41"  # delivery tag, message format 0, settled
_LAST = b"\x40" * 5


def terminus_address(terminus: object) -> str:
    """The address a source or target names; empty where it names none."""
    match terminus:
        case Described(_, [str() as address, *_]):
            return address
    return ""


def unsigned(value: int) -> UInt:
    """A count or an id as the protocol writes it: 32 bits, and around again."""
    return UInt(value & 0xFFFFFFFF)
