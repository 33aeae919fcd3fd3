"""Bytes and values: both ways, for every type, and for bytes that are no AMQP at all."""

from contextlib import suppress
from uuid import UUID

import pytest
from azure.eventhub._pyamqp._decode import _DECODE_BY_CONSTRUCTOR as THE_CLIENTS_DECODERS
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.hub.codec import decode, encode, skip
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
    strings,
    symbols,
)

ASCII = st.text(st.characters(max_codepoint=127), max_size=300)
KEYS = st.one_of(ASCII.map(Symbol), st.text(max_size=20), st.integers(-(2**63), 2**63 - 1))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.integers(0, 2**8 - 1).map(UByte),
    st.integers(0, 2**16 - 1).map(UShort),
    st.integers(0, 2**32 - 1).map(UInt),
    st.integers(0, 2**64 - 1).map(ULong),
    st.integers(-(2**7), 2**7 - 1).map(Byte),
    st.integers(-(2**15), 2**15 - 1).map(Short),
    st.integers(-(2**31), 2**31 - 1).map(Int),
    st.integers(-(2**63), 2**63 - 1).map(Timestamp),
    st.characters(codec="utf-8").map(Char),
    st.binary(min_size=16, max_size=16).map(lambda data: UUID(bytes=data)),
    st.binary(min_size=4, max_size=4).map(lambda data: Opaque(0x72, data)),
    st.binary(min_size=16, max_size=16).map(lambda data: Opaque(0x94, data)),
    st.binary(max_size=400),
    st.text(max_size=400),
    ASCII.map(Symbol),
    st.lists(ASCII, max_size=5).map(symbols),
    st.lists(st.text(), max_size=5).map(strings),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(KEYS, inner, max_size=4),
        st.builds(Described, st.integers(0, 2**64 - 1).map(ULong), inner),
    ),
    max_leaves=12,
)


def types(value: object) -> object:
    match value:
        case Described():
            return ("described", types(value.descriptor), types(value.value))
        case Array() | Opaque():
            return type(value)
        case list():
            return [types(each) for each in value]
        case dict():
            return [(types(key), types(each)) for key, each in value.items()]
    return type(value)


@given(VALUES)
def test_a_value_comes_back_as_it_was_type_included(value: object) -> None:
    data = encode(value)

    assert decode(data) == (value, len(data))
    assert types(decode(data)[0]) == types(value)


@given(VALUES, st.binary(max_size=5), st.binary(max_size=5))
def test_skipping_a_value_ends_where_reading_it_does(
    value: object, before: bytes, after: bytes
) -> None:
    data = before + encode(value) + after

    assert skip(data, len(before)) == decode(data, len(before))[1] == len(data) - len(after)


@given(st.binary(max_size=200))
def test_bytes_from_anywhere_are_a_value_or_an_error_of_the_codec(data: bytes) -> None:
    with suppress(CodecError):
        value, end = decode(data)
        assert end <= len(data)
        assert value is None or value is not None
    with suppress(CodecError):
        assert 0 < skip(data, 0) <= len(data)


@given(VALUES, st.data())
def test_a_value_cut_short_is_refused(value: object, data: st.DataObject) -> None:
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(CodecError):
        decode(whole[:cut])
    with pytest.raises(CodecError):
        skip(whole[:cut], 0)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (Symbol("a-name"), b"a-name"),
        ("Bröckelweg " * 40, ("Bröckelweg " * 40).encode()),
        (-1, -1),
        (2**40, 2**40),
        (UInt(0), 0),
        (ULong(2**63), 2**63),
        (Timestamp(1_700_000_000_000), 1_700_000_000_000),
        (UUID(int=7), UUID(int=7)),
        ([], []),
        ([None, True, False, b"bytes" * 60], [None, True, False, b"bytes" * 60]),
        ({Symbol("k"): {"n": 1.5}}, {b"k": {b"n": 1.5}}),
        (symbols(["ANONYMOUS"]), [b"ANONYMOUS"]),
        (strings(["0", "1"]), [b"0", b"1"]),
    ],
)
def test_the_client_reads_what_is_written_here(value: object, seen: object) -> None:
    data = memoryview(encode(value))

    rest, read = THE_CLIENTS_DECODERS[data[0]](data[1:])

    assert (bytes(rest), read) == (b"", seen)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x00" * 5000, id="descriptors for ever"),
        pytest.param(b"\xc0\xff\xff" * 100, id="lists that cannot be so long"),
        pytest.param(b"\xd0\x00\x00\x00\x04\xff\xff\xff\xff", id="a list of four thousand million"),
        pytest.param(b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40", id="as many nulls in an array"),
        pytest.param(b"\xc1\x02\x01\x40", id="a key without a value"),
        pytest.param(b"\xc1\x03\x02\x45\x40", id="a list as a key"),
        pytest.param(b"\xa1\x01\xff", id="text that is not UTF-8"),
        pytest.param(b"\x73\x00\x11\x00\x00", id="no character"),
        pytest.param(b"\x3f", id="a type that does not exist"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_nonsense_is_refused_without_being_built(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode(data)


@pytest.mark.parametrize("value", [{1, 2}, UByte(256), 2**63, Symbol("ä"), Array(0x52, (1,))])
def test_what_amqp_cannot_carry_is_not_written(value: object) -> None:
    with pytest.raises(CodecError):
        encode(value)


def test_an_array_of_arrays_is_read() -> None:
    inner = b"\xe0\x04\x01\x54\x07"[1:]
    data = b"\xe0" + bytes((2 + len(inner), 1)) + b"\xe0" + inner

    with suppress(CodecError):
        value, end = decode(data)
        assert isinstance(value, Array)
        assert end == len(data)
