"""Messages by their sections, made and read by the client's own encoder and decoder."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from azure.eventhub._pyamqp.message import Header, Properties
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.hub.codec import encode
from crash_platform.streams.hub.sections import (
    APPLICATION_PROPERTIES,
    BATCH_FORMAT,
    DATA,
    PROPERTIES,
    VALUE,
    answer,
    events,
    partition_key,
    request,
    section,
    sections,
    stamped,
)
from crash_platform.streams.hub.values import CodecError, Int, Symbol, ULong
from crash_platform_tests.streams.hub.messages import batch, event, message, read

BODIES = st.lists(st.binary(max_size=300), min_size=1, max_size=4)
NAMES = st.text(min_size=1, max_size=10)
PLAIN = st.one_of(st.text(max_size=20), st.binary(max_size=300), st.integers(0, 2**31 - 1))
ANNOTATIONS = st.dictionaries(NAMES.map(lambda name: f"my-{name}".encode()), PLAIN, max_size=4)


def seen(values: Mapping[Any, object]) -> dict[Any, object]:
    return {
        key.encode() if isinstance(key, str) else key: each.encode()
        if isinstance(each, str)
        else each
        for key, each in values.items()
    }


@given(BODIES, st.dictionaries(NAMES, PLAIN, max_size=4), ANNOTATIONS)
def test_an_event_keeps_everything_and_gets_its_position(
    bodies: list[bytes],
    properties: dict[str, object],
    annotations: dict[bytes, object],
) -> None:
    sent = message(data=bodies, application_properties=properties, message_annotations=annotations)

    got = read(stamped(sent, 7, 1_234, 1_700_000_000_123))

    assert got.data == bodies
    assert (got.application_properties or {}) == seen(properties)
    assert got.message_annotations == {
        b"x-opt-sequence-number": 7,
        b"x-opt-offset": b"1234",
        b"x-opt-enqueued-time": 1_700_000_000_123,
        **seen(annotations),
    }


def test_the_bytes_behind_the_annotations_are_the_very_same() -> None:
    tail = message(
        properties=Properties(message_id=UUID(int=3), content_type="application/json"),
        application_properties={"n": 1, "s": "é", "b": b"\x00\xff", "d": 0.1},
        data=[b"\x00" * 700],
    )

    stored = stamped(message(message_annotations={b"a": 1}) + tail, 0, 0, 0)

    assert stored.endswith(tail)


def test_only_the_server_may_give_positions_but_the_key_is_the_producers() -> None:
    sent = event(
        b"x",
        message_annotations={
            b"x-opt-sequence-number": 99,
            b"x-opt-offset": "99",
            b"x-opt-whatever": 1,
            b"x-opt-partition-key": "k",
            b"not-x-opt-offset": 2,
        },
    )

    got = read(stamped(sent, 1, 2, 3)).message_annotations

    assert got == {
        b"x-opt-sequence-number": 1,
        b"x-opt-offset": b"2",
        b"x-opt-enqueued-time": 3,
        b"x-opt-partition-key": b"k",
        b"not-x-opt-offset": 2,
    }


def test_what_is_meant_for_one_hop_is_not_stored() -> None:
    sent = event(b"x", header=Header(durable=True, ttl=5), delivery_annotations={b"d": 1})

    got = read(stamped(sent, 0, 0, 0))

    assert (got.header, got.delivery_annotations, got.data) == (None, None, [b"x"])


def test_an_event_without_a_body_is_an_event() -> None:
    assert read(stamped(b"", 5, 0, 0)).message_annotations[b"x-opt-sequence-number"] == 5


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=10))
def test_a_batch_is_taken_apart_in_order(bodies: list[bytes]) -> None:
    inner = [event(body) for body in bodies]

    assert events(*batch(*inner, key="k")) == inner
    assert events(inner[0], 0) == [inner[0]]


@given(st.text(max_size=50))
def test_the_key_is_the_batchs_own(key: str) -> None:
    assert partition_key(batch(event(b"x"), key=key)[0]) == key
    assert partition_key(event(b"x", message_annotations={b"x-opt-partition-key": key})) == key
    assert partition_key(event(b"x", application_properties={"x-opt-partition-key": key})) is None


@pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param(b"GET / HTTP/1.1\r\n", id="another protocol"),
        pytest.param(section(0x72, []), id="annotations that are no map"),
        pytest.param(b"\x00\x53\x72\xc1\x03\x04\xa3\xff", id="annotations cut short"),
        pytest.param(b"\x00\x53\x72\xc1\x02\x02\xa3\x01a\x54\x01", id="a map that ends early"),
        pytest.param(b"\x00\x53", id="half a descriptor"),
        pytest.param(b"\x00\x80\x00\x00", id="half a long descriptor"),
        pytest.param(b"\x00\x53\x10\x45", id="a performative instead of a section"),
    ],
)
def test_what_is_no_message_is_refused(nonsense: bytes) -> None:
    with pytest.raises(CodecError):
        stamped(nonsense, 0, 0, 0)


@given(st.binary(max_size=100))
def test_bytes_from_anywhere_are_a_message_or_an_error_of_the_codec(data: bytes) -> None:
    for act in (
        lambda: stamped(data, 0, 0, 0),
        lambda: events(data, BATCH_FORMAT),
        lambda: partition_key(data),
        lambda: request(data),
    ):
        with suppress(CodecError):
            act()


@pytest.mark.parametrize("form", [b"", section(VALUE, "x"), section(DATA, "text")])
def test_a_batch_needs_messages(form: bytes) -> None:
    with pytest.raises(CodecError):
        events(form, BATCH_FORMAT)


def test_a_partition_key_is_text() -> None:
    with pytest.raises(CodecError, match="not text"):
        partition_key(event(b"x", message_annotations={b"x-opt-partition-key": b"k"}))


def test_long_descriptors_are_as_good_as_short_ones() -> None:
    long = b"\x00\x80" + (DATA).to_bytes(8, "big") + encode(b"x")

    assert [(each.code, each.start, each.end) for each in sections(long)] == [(DATA, 0, len(long))]
    assert read(stamped(section(0x72, {Symbol("a"): 1}) + section(DATA, b"x"), 0, 0, 0)).data == [
        b"x"
    ]
    assert stamped(long, 0, 0, 0).endswith(long)


@pytest.mark.parametrize("message_id", [UUID(int=5), ULong(7), "text", b"bytes", None])
def test_an_answer_carries_the_requests_id_type_included(message_id: object) -> None:
    asked = request(
        section(PROPERTIES, [message_id])
        + section(APPLICATION_PROPERTIES, {"operation": "READ"})
        + section(VALUE, "token")
    )

    told = answer(asked, {"status-code": Int(200)}, {"name": "hub"})

    assert (asked.arguments, asked.value) == ({"operation": "READ"}, "token")
    assert section(PROPERTIES, [None] * 5 + [message_id]) in told
    assert read(told).application_properties == {b"status-code": 200}
    assert read(told).value == {b"name": b"hub"}


def test_an_id_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(CodecError, match="message id"):
        request(section(PROPERTIES, [[1]]))
