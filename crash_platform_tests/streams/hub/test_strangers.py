"""Whoever knocks and is no client: hung up on, and nobody else notices."""

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest

from crash_platform.streams.hub import LocalHub
from crash_platform.streams.hub.frames import AMQP_HEADER, SASL_HEADER
from crash_platform_tests.streams.hub.raw_client import RawClient, logged_in


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub(None, {"crashes": 2}) as hub:
        yield hub


def lives(hub: LocalHub) -> bool:
    with logged_in(hub) as client:
        return client.attach_sender(1, "crashes").handle == 1


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="a browser"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(AMQP_HEADER, id="AMQP without SASL"),
        pytest.param(SASL_HEADER + b"\xff" * 100, id="an oversized frame"),
        pytest.param(SASL_HEADER + b"\x00\x00\x00\x04\x02\x01\x00\x00", id="a frame too short"),
        pytest.param(SASL_HEADER + b"\x00\x00\x00\x0c\x02\x01\x00\x00abcd", id="no performative"),
        pytest.param(SASL_HEADER + b"\x00\x00\x00\x0c\x09\x01\x00\x00abcd", id="a long header"),
    ],
)
def test_whoever_does_not_speak_amqp_is_hung_up_on_and_others_are_served(
    hub: LocalHub, said: bytes
) -> None:
    with RawClient(hub.port) as stranger:
        stranger.socket.sendall(said)
        heard = b""
        with suppress(ConnectionError):
            while part := stranger.socket.recv(999):
                heard += part
        assert heard.startswith(SASL_HEADER)
        assert lives(hub)


def test_connections_left_half_way_are_let_go_of_without_harm(hub: LocalHub) -> None:
    for said in (b"", b"AM", SASL_HEADER, SASL_HEADER + b"\x00\x00"):
        with RawClient(hub.port) as stranger:
            stranger.socket.sendall(said)
    with logged_in(hub) as client:
        client.attach_sender(1, "crashes")
        client.socket.sendall(b"\x00\x00\x10\x00\x02\x00\x00\x00half of a frame")

    assert lives(hub)


def test_garbage_after_logging_in_ends_that_connection_only(hub: LocalHub) -> None:
    dice = random.Random(7)
    for _ in range(15):
        with logged_in(hub) as client:
            body = dice.randbytes(dice.randrange(1, 60))
            head = (8 + len(body)).to_bytes(4, "big") + b"\x02\x00\x00\x00"
            client.socket.sendall(head + body)
            assert client.is_hung_up_on()

    assert lives(hub)
