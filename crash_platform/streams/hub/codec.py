"""The types of AMQP 1.0 as bytes and back. Frames and messages are made of them elsewhere."""

import struct
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from crash_platform.streams.hub.values import (
    Array,
    Byte,
    Char,
    CodecError,
    Described,
    Int,
    Opaque,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)

_DEEPEST = 32
_ANY = "surrogateescape"  # clients write symbols that are not ASCII; they pass through
_MOST_EMPTY_ELEMENTS = 1024
_SHORT, _LONG_LENGTH = 256, 2**32


def encode(value: object) -> bytes:
    """A value as bytes, constructor first.

    Raises:
        CodecError: AMQP has no such type, or the number does not fit it.
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise CodecError(f"AMQP has no type for {type(value).__name__}")
    try:
        return encoder(value)
    except (struct.error, UnicodeEncodeError) as error:
        raise CodecError(
            f"{type(value).__name__} {value!r:.80} cannot be encoded: {error}"
        ) from error


def decode(data: bytes, at: int = 0) -> tuple[object, int]:
    """The value that begins at ``at``, and where it ends.

    Raises:
        CodecError: the bytes are cut short, nested too deep or of an unknown type.
    """
    try:
        return _decode(data, at, 0)
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise CodecError(f"no AMQP value at byte {at}: {error}") from error


def skip(data: bytes, at: int) -> int:
    """Where the value that begins at ``at`` ends, without looking inside.

    Raises:
        CodecError: it is cut short or of an unknown type.
    """
    try:
        for _ in range(_DEEPEST):
            if data[at]:
                return _extent(data[at], data, at + 1)[1]
            at = skip(data, at + 1)
    except (IndexError, RecursionError) as error:
        raise CodecError(f"no AMQP value at byte {at}") from error
    raise CodecError(f"descriptors nested too deep at byte {at}")


_FIXED = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}


def _extent(code: int, data: bytes, at: int) -> tuple[int, int]:
    """Where the payload of a value begins and ends, ``at`` being the byte after its constructor.

    The upper half of a constructor's byte says how the length is written.
    """
    width = code >> 4
    if width in _FIXED:
        start, length = at, _FIXED[width]
    elif width in (0xA, 0xC, 0xE):
        start, length = at + 1, data[at]
    elif width in (0xB, 0xD, 0xF):
        start, length = at + 4, int.from_bytes(data[at : at + 4], "big")
    else:
        raise CodecError(f"unknown AMQP type 0x{code:02x} at byte {at - 1}")
    if start + length > len(data):
        raise CodecError(f"AMQP value at byte {at - 1} is cut short")
    return start, start + length


def _decode(data: bytes, at: int, depth: int) -> tuple[object, int]:
    if depth > _DEEPEST:
        raise CodecError(f"values nested too deep at byte {at}")
    code = data[at]
    if code == 0:
        descriptor, at = _decode(data, at + 1, depth + 1)
        value, at = _decode(data, at, depth + 1)
        return Described(descriptor, value), at
    start, end = _extent(code, data, at + 1)
    return _payload(code, data, start, end, depth), end


def _payload(code: int, data: bytes, start: int, end: int, depth: int) -> object:
    plain = _DECODERS.get(code)
    if plain is not None:
        return plain(data[start:end])
    counted = 1 if code >> 4 in (0xC, 0xE) else 4
    count = int.from_bytes(data[start : start + counted], "big")
    start += counted
    if code in (0xC0, 0xD0):
        return _items(data, start, end, count, depth)
    if code in (0xC1, 0xD1):
        flat = _items(data, start, end, count, depth)
        return _map(flat)
    if code in (0xE0, 0xF0):
        return _array(data, start, end, count, depth)
    raise CodecError(f"unknown AMQP type 0x{code:02x}")


def _items(data: bytes, at: int, end: int, count: int, depth: int) -> list[object]:
    if count > end - at:
        raise CodecError(f"{count} values cannot fit into {end - at} bytes")
    values = []
    for _ in range(count):
        value, at = _decode(data, at, depth + 1)
        values.append(value)
    if at != end:
        raise CodecError(f"a list of {count} values ends at byte {at} instead of {end}")
    return values


def _map(flat: list[object]) -> dict[object, object]:
    if len(flat) % 2:
        raise CodecError("a map with a key that has no value")
    try:
        return dict(zip(flat[::2], flat[1::2], strict=True))
    except TypeError as error:
        raise CodecError(f"a map's key cannot be a compound: {error}") from error


def _array(data: bytes, at: int, end: int, count: int, depth: int) -> Array:
    code = data[at] if at < end else 0x40
    if count > max(end - at, _MOST_EMPTY_ELEMENTS) or code == 0:
        raise CodecError(f"an array of {count} values of type 0x{code:02x} is refused")
    at += 1
    items = []
    for _ in range(count):
        start, at = _extent(code, data, at)
        items.append(_payload(code, data, start, at, depth + 1))
    return Array(code, tuple(items))


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def _unsigned(data: bytes) -> int:
    return int.from_bytes(data, "big")


_DECODERS: Mapping[int, Callable[[bytes], object]] = {
    0x40: lambda _: None,
    0x41: lambda _: True,
    0x42: lambda _: False,
    0x43: lambda _: UInt(0),
    0x44: lambda _: ULong(0),
    0x45: lambda _: [],
    0x50: lambda data: UByte(_unsigned(data)),
    0x51: lambda data: Byte(_signed(data)),
    0x52: lambda data: UInt(_unsigned(data)),
    0x53: lambda data: ULong(_unsigned(data)),
    0x54: lambda data: Int(_signed(data)),
    0x55: _signed,
    0x56: lambda data: data != b"\x00",
    0x60: lambda data: UShort(_unsigned(data)),
    0x61: lambda data: Short(_signed(data)),
    0x70: lambda data: UInt(_unsigned(data)),
    0x71: lambda data: Int(_signed(data)),
    0x72: lambda data: Opaque(0x72, data),
    0x73: lambda data: Char(data.decode("utf-32-be")),
    0x74: lambda data: Opaque(0x74, data),
    0x80: lambda data: ULong(_unsigned(data)),
    0x81: _signed,
    0x82: lambda data: struct.unpack(">d", data)[0],
    0x83: lambda data: Timestamp(_signed(data)),
    0x84: lambda data: Opaque(0x84, data),
    0x94: lambda data: Opaque(0x94, data),
    0x98: lambda data: UUID(bytes=data),
    0xA0: bytes,
    0xA1: lambda data: data.decode("utf-8"),
    0xA3: lambda data: Symbol(data.decode("ascii", _ANY)),
    0xB0: bytes,
    0xB1: lambda data: data.decode("utf-8"),
    0xB3: lambda data: Symbol(data.decode("ascii", _ANY)),
}


def _sized(small: int, payload: bytes) -> bytes:
    """A payload behind its length: ``small`` is the constructor for up to 255 bytes."""
    if len(payload) < _SHORT:
        return bytes((small, len(payload))) + payload
    return struct.pack(">BI", small + 0x10, len(payload)) + payload


def _counted(small: int, parts: list[bytes]) -> bytes:
    payload = b"".join(parts)
    if len(payload) + 1 < _SHORT and len(parts) < _SHORT:
        return bytes((small, len(payload) + 1, len(parts))) + payload
    return struct.pack(">BII", small + 0x10, len(payload) + 4, len(parts)) + payload


def _list(values: list[object]) -> bytes:
    return _counted(0xC0, [encode(value) for value in values]) if values else b"\x45"


def _dict(values: Mapping[object, object]) -> bytes:
    return _counted(0xC1, [encode(each) for pair in values.items() for each in pair])


def _encoded_array(array: Array) -> bytes:
    element = _ELEMENTS.get(array.code)
    if element is None:
        raise CodecError(f"arrays of type 0x{array.code:02x} are not written here")
    payload = b"".join(element(item) for item in array.items)
    head = struct.pack(">BIIB", 0xF0, len(payload) + 5, len(array.items), array.code)
    return head + payload


def _uint(value: int) -> bytes:
    if value == 0:
        return b"\x43"
    return (
        struct.pack(">BB", 0x52, value) if 0 < value < _SHORT else struct.pack(">BI", 0x70, value)
    )


def _ulong(value: int) -> bytes:
    if value == 0:
        return b"\x44"
    return (
        struct.pack(">BB", 0x53, value) if 0 < value < _SHORT else struct.pack(">BQ", 0x80, value)
    )


def _long(value: int) -> bytes:
    small = -128 <= value < 128  # noqa: PLR2004 - the range of a signed byte
    return struct.pack(">Bb", 0x55, value) if small else struct.pack(">Bq", 0x81, value)


def _packed(layout: str, code: int) -> Callable[[Any], bytes]:
    return lambda value: struct.pack(layout, code, value)


def _long_bytes(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


_ELEMENTS: Mapping[int, Callable[[Any], bytes]] = {
    0x70: lambda value: struct.pack(">I", value),
    0x81: lambda value: struct.pack(">q", value),
    0xB1: lambda text: _long_bytes(text.encode("utf-8")),
    0xB3: lambda name: _long_bytes(name.encode("ascii", _ANY)),
}

_ENCODERS: Mapping[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    int: _long,
    float: _packed(">Bd", 0x82),
    UByte: _packed(">BB", 0x50),
    UShort: _packed(">BH", 0x60),
    UInt: _uint,
    ULong: _ulong,
    Byte: _packed(">Bb", 0x51),
    Short: _packed(">Bh", 0x61),
    Int: _packed(">Bi", 0x71),
    Timestamp: _packed(">Bq", 0x83),
    UUID: lambda value: b"\x98" + value.bytes,
    Char: lambda value: b"\x73" + value.encode("utf-32-be"),
    Opaque: lambda value: bytes((value.code,)) + value.payload,
    bytes: lambda value: _sized(0xA0, value),
    str: lambda value: _sized(0xA1, value.encode("utf-8")),
    Symbol: lambda value: _sized(0xA3, value.encode("ascii", _ANY)),
    list: _list,
    dict: _dict,
    Array: _encoded_array,
    Described: lambda it: b"\x00" + encode(it.descriptor) + encode(it.value),
}
