"""Who is refused, and with what, before a body is looked at."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crash_platform.serving.guarding import AccessError
from crash_platform.serving.limits import Limits
from crash_platform_tests.serving.asking import BODY, JSON, Api, StrictGuard, problem

POSTS = ("/predict", "/predict/batch", "/invocations")


@pytest.mark.parametrize("path", POSTS)
def test_predictions_need_a_scorers_key(path: str) -> None:
    guard = StrictGuard()
    api = Api(guard=guard)
    missing = api.post(path, b"no JSON")
    other = api.post(path, b"no JSON", headers=JSON | {"Authorization": "Bearer reader"})
    right = api.post(path, b"no JSON", headers=JSON | {"Authorization": "Bearer scorer"})
    assert problem(missing) == (401, "unauthorized")
    assert missing.headers["WWW-Authenticate"] == "Bearer"
    assert problem(other) == (403, "forbidden")
    assert problem(right) == (422, "not_json")
    assert guard.asked == [
        (None, "scorer", "127.0.0.1"),
        ("Bearer reader", "scorer", "127.0.0.1"),
        ("Bearer scorer", "scorer", "127.0.0.1"),
    ]


def test_who_asks_too_often_is_told_when_to_come_again() -> None:
    error = AccessError("too_many_requests", "Ask again in 7 s.", 7)
    refused = Api(guard=StrictGuard(error=error)).post("/predict", BODY)
    assert (problem(refused), refused.headers["Retry-After"]) == ((429, "too_many_requests"), "7")


def test_a_guard_that_cannot_decide_lets_nobody_in() -> None:
    error = AccessError("unavailable", "Keys cannot be checked now.", 1)
    assert problem(Api(guard=StrictGuard(error=error)).post("/predict", BODY)) == (
        503,
        "unavailable",
    )


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("10.0.0.7", "localhost"),
        ("127.0.0.1", "crashes.example"),
        ("127.0.0.1", "127.0.0.1.crashes.example"),
        ("127.0.0.1", ""),
        ("127.0.0.1", "[::1"),
    ],
)
def test_while_it_is_open_nobody_is_answered_from_elsewhere_or_under_another_name(
    client: str, host: str
) -> None:
    refused = Api(client=client).post("/predict", BODY, headers=JSON | {"Host": host})
    assert problem(refused) == (403, "forbidden")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_while_it_is_open_this_machine_is_answered(client: str, host: str) -> None:
    api = Api(client=client)
    assert api.post("/predict", BODY, headers=JSON | {"Host": host}).status_code == 200


def test_with_keys_it_answers_under_any_name() -> None:
    headers = JSON | {"Authorization": "Bearer scorer", "Host": "crashes.example"}
    api = Api(guard=StrictGuard(), client="10.0.0.7")
    assert api.post("/predict", BODY, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nothing", "/predict/", "/docs", "/redoc", "/model/1"])
def test_other_paths_are_not_found(api: Api, path: str) -> None:
    assert problem(api.get(path)) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_and_the_right_one_is_named(api: Api, method: str) -> None:
    refused = api.ask(method, "/predict", headers={"Origin": "https://crashes.example"})
    assert (problem(refused), refused.headers["Allow"]) == ((405, "method_not_allowed"), "POST")
    assert not [name for name in refused.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        JSON | {"Content-Encoding": "gzip"},
    ],
)
@pytest.mark.parametrize("path", POSTS)
def test_only_plain_json_is_taken(api: Api, path: str, headers: dict[str, str]) -> None:
    refused = api.post(path, b"{}", headers=headers)
    assert problem(refused) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_says_it_is_too_long_is_not_read(path: str) -> None:
    api = Api(limits=Limits(body_bytes=100, batch_bytes=100))
    for length in ("101", "9" * 5_000):
        refused = api.post(path, b"{}", headers=JSON | {"Content-Length": length})
        assert problem(refused) == (413, "too_large")
        assert refused.headers["Connection"] == "close"


def test_a_body_that_does_not_say_how_long_it_is_is_read_no_further_than_its_limit() -> None:
    api, taken = Api(limits=Limits(body_bytes=100)), list[int]()

    async def endless() -> AsyncIterator[bytes]:
        while len(taken) < 1_000:
            taken.append(1)
            yield b" " * 30

    refused = api.ask("POST", "/predict", content=endless(), headers=JSON)
    assert problem(refused) == (413, "too_large")
    assert len(taken) <= 5


def test_a_body_as_long_as_its_limit_is_read() -> None:
    body = b'{"crash_date": "2023-09-20"}'
    api = Api(limits=Limits(body_bytes=len(body)))
    assert api.post("/predict", body).status_code == 200
    assert problem(api.post("/predict", body + b" ")) == (413, "too_large")


def test_a_body_that_comes_too_slowly_is_refused() -> None:
    api = Api(limits=Limits(body_seconds=0.02))

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    refused = api.ask("POST", "/predict", content=slow(), headers=JSON)
    assert problem(refused) == (408, "too_slow")


def test_more_reports_than_are_answered_at_a_time_are_refused() -> None:
    api = Api(limits=Limits(batch_reports=2))
    few: list[dict[str, Any]] = [{"crash_date": "2023-09-20"}] * 2
    assert api.post("/predict/batch", few).status_code == 200
    assert problem(api.post("/predict/batch", [*few, 3])) == (413, "too_many_reports")


def test_a_thousand_long_reports_are_taken_by_default(api: Api) -> None:
    answered = api.post("/predict/batch", [BODY] * 1_000)
    assert len(answered.json()["predictions"]) == 1_000


@pytest.mark.parametrize("path", POSTS)
def test_objects_of_endless_fields_are_refused_before_their_fields_are_named(path: str) -> None:
    endless = {f"{number}": number for number in range(10_000)}
    bodies: dict[str, Any] = {
        "/predict": endless,
        "/predict/batch": [BODY, endless],
        "/invocations": {"dataframe_records": [BODY, endless]},
    }
    refused = Api().post(path, bodies[path])
    assert problem(refused) == (422, "invalid")
    place = "body" if path == "/predict" else "1"
    assert refused.json()["error"]["fields"] == {place: "has more than 50 fields"}


def test_of_many_reports_that_cannot_be_used_the_first_is_named(api: Api) -> None:
    refused = api.post("/predict/batch", [BODY, *[BODY | {"a": 1, "b": 2}] * 500])
    assert set(refused.json()["error"]["fields"]) == {"1.a", "1.b"}


@pytest.mark.parametrize("depth", [1, 100, 199, 1_000])
@pytest.mark.parametrize("path", POSTS)
def test_lists_in_lists_are_refused_however_deep(api: Api, path: str, depth: int) -> None:
    value = "[" * depth + "]" * depth
    report = f'{{"crash_date": "2023-09-20", "borough": {value}}}'
    bodies = {
        "/predict": report,
        "/predict/batch": f"[{report}]",
        "/invocations": f'{{"dataframe_records": [{report}]}}',
    }
    assert api.post(path, bodies[path].encode()).status_code == 422
