"""The real server: champions that change under load, slow and endless clients, connections."""

import http.client
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from crash_platform.pipelines.injuries.answering import Answerer, ChampionWatch
from crash_platform.serving.limits import Limits
from crash_platform_tests.pipelines.injuries.small_model import small_words
from crash_platform_tests.pipelines.reports.live.newsroom import ArtefactRegistry, champions
from crash_platform_tests.serving.asking import BODY, FIRST, JSON, Api, StrictGuard
from crash_platform_tests.serving.serving_at import serving

BATCH = json.dumps([FIRST, BODY] * 20)


def asked(port: int, times: int, path: str, body: str) -> list[tuple[int, Any]]:
    """One client that asks again and again over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    answers = []
    for _ in range(times):
        connection.request("POST", path, body, JSON)
        answer = connection.getresponse()
        answers.append((answer.status, json.loads(answer.read())))
    connection.close()
    return answers


def test_champions_that_change_under_load_drop_no_request_and_mix_no_answer() -> None:
    registry = ArtefactRegistry()
    for feature_set in ("first_report", "full_report"):
        registry.crown(feature_set)
    watch = ChampionWatch(registry, small_words(), lambda _: None)
    watch.look()
    api, is_over = Api(answerer=watch.answerer), threading.Event()

    def crown() -> None:
        while not is_over.wait(0.005):
            registry.crown("first_report")
            watch.look()

    with serving(api.app) as port, ThreadPoolExecutor(5) as clients:
        clients.submit(crown)
        batches = [clients.submit(asked, port, 40, "/predict/batch", BATCH) for _ in range(2)]
        singles = [clients.submit(asked, port, 80, "/predict", json.dumps(FIRST)) for _ in range(2)]
        told = [each for client in batches for each in client.result()]
        alone = [each for client in singles for each in client.result()]
        is_over.set()
    assert {status for status, _ in told + alone} == {200}
    assert len({body["probability"] for _, body in alone}) == 1, "the same model said two things"
    versions = [{p["model_version"] for p in body["predictions"][::2]} for _, body in told]
    assert all(len(each) == 1 for each in versions), "one answer came from two champions"
    assert len({body["model_version"] for _, body in alone}) > 1, "no champion changed"
    assert len(api.lines) == len(told) + len(alone)


def raw(port: int, *pieces: bytes) -> bytes:
    """All that the server says to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
        told = bytearray()
        while chunk := connection.recv(65_536):
            told += chunk
    return bytes(told)


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_a_body_that_never_comes_ends_with_408_and_a_closed_connection() -> None:
    with serving(Api(limits=Limits(body_seconds=0.05)).app) as port:
        told = raw(port, HEAD + b"Content-Length: 10\r\n\r\n{")
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in told


def test_a_body_without_a_length_ends_at_the_limit_and_closes_the_connection() -> None:
    piece = b"100\r\n" + b" " * 256 + b"\r\n"
    with serving(Api(limits=Limits(body_bytes=1_000)).app) as port:
        told = raw(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[piece] * 5)
    assert told.startswith(b"HTTP/1.1 413 ")


def test_whoever_is_not_let_in_is_told_so_before_the_body_comes() -> None:
    with serving(Api(guard=StrictGuard()).app) as port:
        told = raw(port, HEAD + b"Content-Length: 100000\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in told.lower()
    assert b"server:" not in told.lower()


def test_a_client_that_leaves_before_its_body_has_come_is_noted_and_nothing_breaks() -> None:
    api = Api()
    with serving(api.app) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(HEAD + b"Content-Length: 10\r\n\r\n{")
        assert asked(port, 1, "/predict", json.dumps(BODY))[0][0] == 200
    assert sorted(line.split()[3] for line in api.lines) == ["200", "499"]


def test_a_forwarded_address_is_not_believed() -> None:
    guard = StrictGuard()
    with serving(Api(guard=guard).app) as port:
        raw(port, HEAD + b"X-Forwarded-For: 10.1.2.3\r\nContent-Length: 9\r\n\r\n")
    assert [client for _, _, client in guard.asked] == ["127.0.0.1"]


def test_what_the_fake_says_the_server_says(api: Api) -> None:
    def steady() -> Answerer:
        return champions()

    with serving(Api(answerer=steady).app) as port:
        ((status, answer),) = asked(port, 1, "/predict", json.dumps(BODY))
    assert (status, answer) == (200, api.post("/predict", BODY).json())
