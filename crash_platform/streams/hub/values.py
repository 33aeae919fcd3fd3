"""The types of AMQP 1.0 that Python has no word for. Their bytes are the codec's business."""

from collections.abc import Iterable
from typing import NamedTuple


class CodecError(ValueError):
    """Bytes that are no AMQP, or a value that AMQP cannot carry."""


class Symbol(str):
    """A name from the protocol's own alphabet (ASCII), apart from text."""

    __slots__ = ()


class Char(str):
    """One character of UTF-32, apart from text."""

    __slots__ = ()


class UByte(int):
    """Unsigned, 8 bits."""


class UShort(int):
    """Unsigned, 16 bits."""


class UInt(int):
    """Unsigned, 32 bits."""


class ULong(int):
    """Unsigned, 64 bits."""


class Byte(int):
    """Signed, 8 bits."""


class Short(int):
    """Signed, 16 bits."""


class Int(int):
    """Signed, 32 bits. A plain ``int`` is AMQP's long: signed, 64 bits."""


class Timestamp(int):
    """Milliseconds since 1970 (UTC)."""


class Opaque(NamedTuple):
    """A value of a type that is only ever passed on: 32-bit floats and decimals."""

    code: int
    payload: bytes


class Described(NamedTuple):
    """A value and what it is an instance of."""

    descriptor: object
    value: object


class Array(NamedTuple):
    """Values of one type, all encoded under one constructor ``code``."""

    code: int
    items: tuple[object, ...]


def symbols(names: Iterable[str]) -> Array:
    """An array of symbols."""
    return Array(0xB3, tuple(Symbol(name) for name in names))


def strings(texts: Iterable[str]) -> Array:
    """An array of strings."""
    return Array(0xB1, tuple(texts))
