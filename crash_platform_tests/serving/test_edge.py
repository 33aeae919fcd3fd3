"""What every answer has, what is written down of it, and what never leaves the house."""

from typing import Any

import httpx
import pytest

from crash_platform.pipelines.injuries.answering import Answerer
from crash_platform.serving.headers import SECURITY, secured
from crash_platform_tests.serving.asking import BODY, JSON, Api, StrictGuard, problem

SECRET = "cp_7f_Zq8SECRETxw"


def broken() -> Answerer:
    raise ZeroDivisionError(f"divided {SECRET} by nothing")


def every_kind_of_answer(api: Api) -> list[httpx.Response]:
    return [
        api.get("/health"),
        api.get("/openapi.json"),
        api.get("/nothing"),
        api.get("/predict"),
        api.post("/predict", BODY),
        api.post("/predict", b"{"),
        api.post("/predict", b"{}", headers={}),
        api.post("/predict", b"{}", headers=JSON | {"Content-Length": "99999999"}),
        Api(guard=StrictGuard()).post("/predict", BODY),
        Api(answerer=broken).post("/predict", BODY),
    ]


def test_every_answer_has_the_security_headers_and_an_id_of_its_own(api: Api) -> None:
    answers = every_kind_of_answer(api)
    assert [each.status_code for each in answers] == [
        *(200, 200, 404, 405, 200, 422, 415, 413, 401, 500),
    ]
    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY} == SECURITY
    assert [each.headers["X-Request-ID"] for each in answers[:8]] == [f"id-{n}" for n in range(8)]


def test_every_request_is_one_line(api: Api) -> None:
    api.post("/predict?explain=1", BODY)
    api.get("/openapi.json")
    api.get("/nothing/at/all")
    api.ask("BREW", "/predict")
    assert api.lines == [
        "2023-09-20T16:30:00Z POST /predict 200 0.0 ms id-0",
        "2023-09-20T16:30:00Z GET /openapi.json 200 0.0 ms id-1",
        "2023-09-20T16:30:00Z GET (none) 404 0.0 ms id-2",
        "2023-09-20T16:30:00Z OTHER /predict 405 0.0 ms id-3",
    ]


def test_a_bug_is_a_500_without_anything_of_the_inside_and_its_place_is_in_the_log() -> None:
    api = Api(answerer=broken)
    refused = api.post("/predict", BODY)
    assert problem(refused) == (500, "internal")
    assert "id-0" in refused.json()["error"]["message"]
    assert "ZeroDivision" not in refused.text
    bug, line = api.lines
    assert bug.startswith("ZeroDivisionError in request id-0")
    assert "in broken" in bug.splitlines()[-1]
    assert line == "2023-09-20T16:30:00Z POST /predict 500 0.0 ms id-0"


PLACES: dict[str, tuple[str, Any, dict[str, str]]] = {
    "the key": ("/predict", BODY, {"Authorization": f"Bearer {SECRET}"}),
    "the path": (f"/predict/{SECRET}", BODY, {}),
    "the query": (f"/predict?key={SECRET}&explain={SECRET}", BODY, {}),
    "another header": ("/predict", BODY, {"X-Request-ID": SECRET, "X-Api-Key": SECRET}),
    "the media type": ("/predict", BODY, {"Content-Type": f"application/{SECRET}"}),
    "a value": ("/predict", BODY | {"on_street_name": SECRET}, {}),
    "a wrong value": ("/predict", BODY | {"crash_time": SECRET, "crash_date": SECRET}, {}),
    "a list": ("/predict", BODY | {"vehicle_types": [SECRET, 1]}, {}),
    "no JSON": ("/predict", f'{{"{SECRET}'.encode(), {}),
    "a batch": ("/predict/batch", [BODY | {"latitude": SECRET}], {}),
    "a record": ("/invocations", {"dataframe_records": [SECRET]}, {}),
    "a row": ("/invocations", {"dataframe_split": {"columns": ["a"], "data": SECRET}}, {}),
    "an explained value": ("/predict?explain=1", BODY | {"vehicle_types": [SECRET]}, {}),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["open", "strict", "broken"])
def test_a_secret_is_in_no_answer_and_in_no_log(
    place: str, kind: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path, body, headers = PLACES[place]
    kinds = {
        "open": Api(),
        "strict": Api(guard=StrictGuard()),
        "broken": Api(answerer=broken),
    }
    api = kinds[kind]
    answer = api.post(path, body, headers=JSON | headers)
    printed = capfd.readouterr()
    for told in (answer.text, str(answer.headers), *api.lines, *printed, caplog.text):
        assert SECRET not in told


def test_an_answer_may_have_a_content_policy_of_its_own() -> None:
    own = [(b"Content-Security-Policy", b"default-src 'self'")]
    headers = dict(secured(own, "id"))
    assert headers[b"Content-Security-Policy"] == b"default-src 'self'"
    assert b"content-security-policy" not in headers
    assert len(headers) == len(SECURITY) + 1


def test_a_connection_stays_open_once_its_body_was_read(api: Api) -> None:
    answers = [api.post("/predict", BODY), api.post("/predict", b"{"), api.get("/health")]
    assert not [each for each in answers if "Connection" in each.headers]
