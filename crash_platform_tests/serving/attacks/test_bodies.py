"""Bodies and heads that are too large, too slow or no form; and others who are served meanwhile."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from fastapi import FastAPI

from crash_platform.commands.serve import listening, run, server_of
from crash_platform.serving.limits import limited_heads
from crash_platform_tests.serving.asking import Api
from crash_platform_tests.serving.attacks.attacker import Attacker
from crash_platform_tests.serving.reporting.office import TOLD

FORMS = ("/reports", "/sign-in")
LENGTHS = ("99999999", "9" * 5_000, "-1", "1e9", "\xb2", "0x10", "")


@pytest.mark.parametrize("path", FORMS)
def test_a_form_is_read_no_further_than_it_may_be_long(empty: Attacker, path: str) -> None:
    assert empty.post(path, b"a=" + b"x" * 33_000).status == 413
    assert empty.post(path, b"a=1&" * 8_000).status == 422


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("path", FORMS)
def test_what_a_body_says_of_its_length_is_only_a_word(
    empty: Attacker, path: str, length: str
) -> None:
    answer = empty.post(path, b"key=a", Content_Length=length)
    assert answer.status in (303, 401, 413, 422)


@pytest.mark.parametrize(
    "body",
    [
        *(b"\xff\xfe\xfd", b"crash_date=%ff", b"crash_date=%zz", b"%", b"=", b"&&&", b"\x00", b""),
        *(b"crash_date=2023-09-20%00", b"form=" + b"%F0%9F%9A%B2" * 500, b"crash_date=%u0032"),
        *(b"crash_date[]=1&crash_date=2", b"vehicle_1=" + b"a" * 30_000, b"latitude=1e309"),
        *(b"latitude=nan&longitude=inf", b"persons_injured=-1", b"crash_time=24:00", b"form=%0a"),
        *(b"persons_injured=" + b"9" * 9_000, "latitude=٤٠".encode(), b"crash_date=0000-00-00"),
        *(b"crash_date=9999-12-31&crash_time=23:59", b"crash_date=0001-01-01&crash_time=0:00"),
    ],
)
def test_a_form_that_is_none_is_refused(empty: Attacker, body: bytes) -> None:
    assert empty.post("/reports", body).status == 422


@pytest.mark.parametrize(
    "media",
    [
        *("multipart/form-data; boundary=x", "text/plain", "application/json", "", "\xff"),
        *("application/x-www-form-urlencoded\x00", "application/xml", "a" * 9_000),
    ],
)
def test_a_report_is_taken_as_a_form_only(empty: Attacker, media: str) -> None:
    assert empty.post("/reports", TOLD, Content_Type=media).status == 415
    assert empty.post("/reports", TOLD, Content_Encoding="gzip").status == 415


@contextmanager
def serving(app: FastAPI, **limits: float) -> Iterator[int]:
    """The real server with its limits of heads; its port."""
    with listening("127.0.0.1", 0) as listener:
        server = server_of(app)
        server.config.http = limited_heads(**limits)  # type: ignore[arg-type]
        thread = threading.Thread(target=run, args=(server, listener))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not end"


def said(port: int, *pieces: bytes) -> bytes:
    """All that the server says to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        told = bytearray()
        try:
            for piece in pieces:
                connection.sendall(piece)
            while chunk := connection.recv(65_536):
                told += chunk
        except ConnectionError:
            pass  # cut while it was sending
    return bytes(told)


def drained(connection: socket.socket) -> None:
    """Read until the server ends."""
    while connection.recv(65_536):
        pass


def status(port: int, path: str, **headers: str) -> int:
    """What somebody else is answered at that moment."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nk"
OTHERS = b"GET /health HTTP/1.1\r\nHo"


def test_slow_connections_keep_nobody_else_from_being_served(empty: Attacker) -> None:
    with serving(empty.app) as port, ExitStack() as held:
        for slow in (b"", OTHERS, HEAD, POST) * 50:
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            held.enter_context(connection).sendall(slow)
        assert status(port, "/health") == 200
        assert status(port, "/about", Accept="text/html") == 200


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD, *[b"X: " + b"a" * 8_000 + b"\r\n"] * 400],
        [HEAD + b"X: ", *[b"a" * 65_536] * 50],
        [b"GET /health?", *[b"a" * 65_536] * 50],
        [HEAD + b"\r\n" + HEAD, *[b"X: " + b"a" * 8_000 + b"\r\n"] * 400],
    ],
)
def test_a_head_without_end_ends_with_its_connection(pieces: list[bytes]) -> None:
    api = Api()
    with serving(api.app) as port:
        said(port, *pieces)
        assert status(port, "/health") == 200
    assert len(api.lines) <= 2


def test_a_head_as_long_as_browsers_send_is_read_whether_its_body_comes_with_it_or_not() -> None:
    long = HEAD + b"Cookie: " + b"a" * 30_000 + b"\r\nConnection: close\r\n\r\n"
    body = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
    body += b"application/json\r\nContent-Length: 200000\r\n\r\n" + b" " * 200_000
    with serving(Api().app) as port:
        assert said(port, long).startswith(b"HTTP/1.1 200")
        assert said(port, body).startswith(b"HTTP/1.1 422")


@pytest.mark.parametrize("begun", [b"", OTHERS, HEAD + b"\r\n" + OTHERS])
def test_a_head_that_does_not_come_ends_with_its_connection(begun: bytes) -> None:
    with serving(Api().app, seconds=0.1) as port:
        assert said(port, begun).count(b"HTTP/1.1 200") == begun.count(b"\r\n\r\n")


def test_an_answer_that_takes_longer_than_a_head_may_is_given(empty: Attacker) -> None:
    sent = b"GET /live/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with (
        serving(empty.app, seconds=0.05) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
    ):
        connection.sendall(sent)
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            drained(connection)


@pytest.mark.parametrize(
    "garbage",
    [
        *(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 9),
        *(b"GET /about?\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /a\x00b HTTP/1.1\r\n\r\n"),
        b"CONNECT evil.example:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /predict HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}",
    ],
)
def test_what_is_no_request_gets_no_answer_of_the_app(
    garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    api = Api()
    with serving(api.app, seconds=0.1) as port:
        told = said(port, garbage)
    assert told[:12] in (b"", b"HTTP/1.1 400")
    assert api.lines == []
    assert {each.getMessage() for each in caplog.records} <= {"Invalid HTTP request received."}
