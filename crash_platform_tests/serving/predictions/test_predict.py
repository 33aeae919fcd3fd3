"""What is answered is what the champions say, and what cannot be answered is refused."""

import json
from datetime import date
from typing import Any

import pytest

from crash_platform.pipelines.injuries.answering import Answerer
from crash_platform.pipelines.reports.event import CrashReportV1
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.serving.predictions.service import Prediction
from crash_platform_tests.pipelines.injuries.small_model import AS_OF, small_model, small_words
from crash_platform_tests.pipelines.reports.live.newsroom import champions, located
from crash_platform_tests.serving.asking import BODY, FIRST, Api, fields, problem


def by_the_stream(body: dict[str, Any]) -> float:
    """What the stream would say of the same report."""
    told = CrashReportV1(
        event_id="x", **body | {"crash_date": date.fromisoformat(body["crash_date"])}
    )
    return champions().answer([reader(located())(told)])[0].probability


def typed(body: dict[str, Any]) -> dict[str, Any]:
    lists = ("vehicle_types", "contributing_factors")
    return body | {name: tuple(body[name]) for name in lists if name in body}


@pytest.mark.parametrize("body", [BODY, FIRST, {"crash_date": "2012-07-01"}])
def test_an_answer_is_what_the_champion_says_of_the_same_report_in_the_stream(
    api: Api, body: dict[str, Any]
) -> None:
    answered = api.post("/predict", body)
    feature_set = "full_report" if "contributing_factors" in body else "first_report"
    model = small_model(feature_set)
    probability = by_the_stream(typed(body))
    assert answered.status_code == 200
    assert answered.json() == {
        "probability": probability,
        "is_predicted_injury": probability >= model.threshold,
        "threshold": model.threshold,
        "model_version": 7,
        "model_as_of": AS_OF.isoformat(),
        "feature_set": feature_set,
    }


def test_many_reports_are_answered_in_order_as_each_alone(api: Api) -> None:
    bodies = [each | {"crash_time": f"{hour}:00"} for hour in range(24) for each in (BODY, FIRST)]
    answered = api.post("/predict/batch", bodies).json()["predictions"]
    assert [each["probability"] for each in answered] == [
        pytest.approx(by_the_stream(typed(body)), abs=1e-12) for body in bodies
    ]
    assert [each["feature_set"] for each in answered] == ["full_report", "first_report"] * 24


def test_no_reports_have_no_predictions(api: Api) -> None:
    assert api.post("/predict/batch", []).json() == {"predictions": []}


def test_an_explained_answer_names_its_strongest_features_in_words(api: Api) -> None:
    plain, explained = api.post("/predict", BODY), api.post("/predict?explain=1", BODY)
    told = explained.json()
    reasons = told.pop("contributions")
    assert told == plain.json()
    assert 0 < len(reasons) <= 5
    strengths = [abs(each["log_odds"]) for each in reasons]
    assert strengths == sorted(strengths, reverse=True)
    said = {each["feature"]: (each["value"], each["direction"]) for each in reasons}
    assert said["vehicle_types"] == ("Bicycle, Sedan", "raises")
    assert said["hour"] == ("02:00-02:59", "raises")
    assert said["contributing_factors"] == ("Unsafe Speed", "raises")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"crash_date": None}, "crash_date"),
        ({"crash_date": "2023-02-29"}, "crash_date"),
        ({"crash_date": "2012-06-30"}, "crash_date"),
        ({"crash_date": "2023-09-22"}, "crash_date"),
        ({"crash_date": "9999-12-31"}, "crash_date"),
        ({"crash_date": 19_000}, "crash_date"),
        ({"crash_time": "24:00"}, "crash_time"),
        ({"crash_time": "12:00:00"}, "crash_time"),
        ({"latitude": "40.7"}, "latitude"),
        ({"latitude": 91}, "latitude"),
        ({"latitude": None}, "body"),
        ({"vehicle_types": "Sedan"}, "vehicle_types"),
        ({"vehicle_types": ["Sedan"] * 21}, "vehicle_types"),
        ({"vehicle_types": [None]}, "vehicle_types.0"),
        ({"borough": "x" * 201}, "borough"),
        ({"persons_injured": 1}, "persons_injured"),
        ({"is_simulated": True}, "is_simulated"),
        ({"crash_hour": 3}, "crash_hour"),
    ],
)
def test_a_field_that_cannot_be_used_is_refused_by_its_name(
    api: Api, change: dict[str, Any], field: str
) -> None:
    alone, second = (
        api.post("/predict", BODY | change),
        api.post("/predict/batch", [BODY, BODY | change]),
    )
    assert problem(alone) == problem(second) == (422, "invalid")
    assert list(fields(alone)) == [field]
    assert list(fields(second)) == ["1" if field == "body" else f"1.{field}"]
    assert field in alone.json()["error"]["message"]


def test_tomorrow_may_be_asked_about(api: Api) -> None:
    assert api.post("/predict", {"crash_date": "2023-09-21"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"crash_date": NaN}',
        b'{"crash_date": "2023-09-20", "latitude": Infinity, "longitude": 1}',
        b'{"crash_date": "2023-09-20", "borough": "\\ud800"}',
        b"[" * 5_000,
        b"1" * 5_000,
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/invocations"])
def test_what_is_no_json_is_refused(api: Api, path: str, body: bytes) -> None:
    assert problem(api.post(path, body)) == (422, "not_json")


def test_numbers_too_large_for_a_float_are_refused(api: Api) -> None:
    body = b'{"crash_date": "2023-09-20", "latitude": 1e999, "longitude": 1e999}'
    assert set(fields(api.post("/predict", body))) == {"latitude", "longitude"}


@pytest.mark.parametrize(
    ("path", "body"), [("/predict", []), ("/predict/batch", {}), ("/predict", 1)]
)
def test_json_of_another_shape_is_refused(api: Api, path: str, body: Any) -> None:
    assert problem(api.post(path, body)) == (422, "invalid")


def test_many_wrong_fields_are_named_up_to_twenty_and_counted(api: Api) -> None:
    refused = api.post("/predict", BODY | {f"{n:02d}" + "x" * 100: n for n in range(30)})
    assert len(fields(refused)) == 20
    assert all(len(name) == 64 for name in fields(refused))
    assert refused.json()["error"]["message"].endswith(" and 10 more.")


def test_without_a_champion_nothing_is_predicted_and_it_is_said_why() -> None:
    api = Api(answerer=lambda: Answerer({}, small_words()))
    refused = api.post("/predict", BODY)
    assert problem(refused) == (503, "no_model")
    assert "promote one" in refused.json()["error"]["message"]


def test_an_explanation_that_is_neither_wanted_nor_not_is_refused(api: Api) -> None:
    refused = api.post("/predict?explain=perhaps", BODY)
    assert (problem(refused), list(fields(refused))) == ((422, "invalid"), ["explain"])


def test_a_media_type_with_its_charset_is_taken(api: Api) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert api.post("/predict", BODY, headers=headers).status_code == 200


def test_the_description_has_examples_that_are_answered(api: Api) -> None:
    described = api.get("/openapi.json").json()
    posts = {path: each["post"] for path, each in described["paths"].items() if "post" in each}
    assert set(posts) == {"/predict", "/predict/batch", "/invocations"}
    for path, each in posts.items():
        content = each["requestBody"]["content"]["application/json"]
        assert each["security"]
        assert "422" in each["responses"]
        example = json.dumps(content["example"]).replace("2026-", "2023-").encode()
        assert api.post(path, example).status_code == 200


def test_what_is_answered_is_what_the_description_says(api: Api) -> None:
    Prediction.model_validate_json(api.post("/predict?explain=true", BODY).content, strict=True)
