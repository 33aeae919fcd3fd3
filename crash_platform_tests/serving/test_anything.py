"""Whatever is sent, the answer is a prediction or a refusal in the one shape, and never a 5xx."""

import json
from datetime import date
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

from crash_platform.pipelines.reports.event import CrashReportV1
from crash_platform.serving.errors import RefusedError
from crash_platform.serving.predictions.report import CrashReport, one_report
from crash_platform_tests.serving.asking import BODY, NOW, Api, problem

API = Api()
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=300, deadline=None)

numbers = st.floats() | st.integers() | st.sampled_from([1e308, -0.0, 2**63, 10**400])
scalars = st.none() | st.booleans() | numbers | st.text(max_size=12)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(list(BODY)) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
days = st.dates(date(2012, 7, 1), date(2023, 9, 21)).map(str)
words = st.lists(st.sampled_from(["Sedan", "Bike", "Unsafe Speed", "?", ""]) | st.text(max_size=9))
plausible = st.fixed_dictionaries(
    {"crash_date": days | st.dates().map(str)},
    optional={
        "crash_time": st.from_regex(r"[0-9]{1,2}:[0-9]{2}", fullmatch=True) | scalars,
        "borough": st.sampled_from(["QUEENS", " bronx ", "Hoboken"]) | scalars,
        "zip_code": scalars,
        "latitude": st.floats(40.5, 40.9) | numbers,
        "longitude": st.floats(-74.2, -73.7) | numbers,
        "on_street_name": st.text(max_size=30) | scalars,
        "cross_street_name": scalars,
        "off_street_name": scalars,
        "vehicle_types": words | anything,
        "contributing_factors": words | anything,
    },
)
splits = st.fixed_dictionaries(
    {"columns": st.lists(st.sampled_from(list(BODY)), max_size=4), "data": anything}
)
invocations = st.one_of(
    st.fixed_dictionaries({"dataframe_records": st.lists(plausible | anything, max_size=3)}),
    st.fixed_dictionaries({"dataframe_split": splits | anything}),
)


def check(path: str, body: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = API.post(path, content)
    if answer.status_code != 200:
        assert problem(answer)[0] in {413, 422}, answer.text


@FEW
@given(anything | plausible)
def test_any_json_is_predicted_or_refused(body: Any) -> None:
    check("/predict", body)
    check("/predict?explain=1", body)


@FEW
@given(anything | st.lists(plausible | anything, max_size=4))
def test_any_json_is_predicted_or_refused_as_a_batch(body: Any) -> None:
    check("/predict/batch", body)


@FEW
@given(anything | invocations)
def test_any_json_is_predicted_or_refused_as_an_invocation(body: Any) -> None:
    check("/invocations", body)


@FEW
@given(st.binary(max_size=200), st.sampled_from(["/predict", "/predict/batch", "/invocations"]))
def test_any_bytes_are_predicted_or_refused(body: bytes, path: str) -> None:
    check(path, body)


@MANY
@given(plausible)
def test_a_report_is_taken_exactly_when_the_stream_would_take_it(body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    envelope = {"event_schema": "crash_report", "schema_version": 1, "event_id": "x"}
    try:
        of_stream = CrashReportV1.model_validate_json(json.dumps(envelope | body).encode())
    except ValidationError:
        of_stream = None
    is_in_calendar = of_stream is not None and (
        date(2012, 7, 1) <= of_stream.crash_date <= date(2023, 9, 21)
    )
    try:
        taken = one_report(content, NOW)
    except RefusedError:
        assert not is_in_calendar
        return
    assert of_stream is not None
    assert vars(taken) == {name: getattr(of_stream, name) for name in CrashReport.model_fields}
    assert is_in_calendar


def test_every_field_is_one_of_the_event_and_has_its_limits() -> None:
    for name, own in CrashReport.model_fields.items():
        of_event = CrashReportV1.model_fields[name]
        assert repr(own.annotation) == repr(of_event.annotation), name
        assert own.metadata == of_event.metadata, name
        assert own.default == of_event.default, name


def test_no_field_says_who_was_hurt() -> None:
    assert not [name for name in CrashReport.model_fields if "injured" in name or "killed" in name]
