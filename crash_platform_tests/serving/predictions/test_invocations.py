"""Clients of MLflow's model serving get the same answers, in their form."""

from typing import Any

import pytest

from crash_platform.serving.limits import Limits
from crash_platform_tests.serving.asking import BODY, FIRST, Api, fields, problem

SPLIT = {"columns": list(BODY), "data": [list(BODY.values())]}


def test_records_and_split_frames_are_answered_as_a_batch_is(api: Api) -> None:
    full = FIRST | {"contributing_factors": None}
    split = {"columns": list(BODY), "data": [list(BODY.values()), list(full.values())]}
    batch = api.post("/predict/batch", [BODY, FIRST])
    records = api.post("/invocations", {"dataframe_records": [BODY, full]})
    assert batch.status_code == 200
    assert records.json() == batch.json()
    assert api.post("/invocations", {"dataframe_split": split}).json() == batch.json()
    indexed = {"dataframe_split": split | {"index": [0, 1]}}
    assert api.post("/invocations", indexed).json() == batch.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"dataframe_records": [], "dataframe_split": SPLIT}, "body"),
        ({"inputs": [BODY]}, "inputs"),
        ({"dataframe_records": {}}, "dataframe_records"),
        ({"dataframe_records": [1]}, "dataframe_records.0"),
        ({"dataframe_records": [BODY, BODY | {"speed": 3}]}, "1.speed"),
        ({"dataframe_records": [BODY | {"crash_date": "2030-01-01"}]}, "0.crash_date"),
        ({"dataframe_split": {"columns": ["crash_date"]}}, "dataframe_split.data"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": []}}, "dataframe_split"),
        ({"dataframe_split": SPLIT | {"data": [["2023-09-20"]]}}, "dataframe_split"),
        ({"dataframe_split": {"columns": ["day"], "data": [["2023-09-20"]]}}, "0.day"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused_by_field(
    api: Api, body: dict[str, Any], field: str
) -> None:
    refused = api.post("/invocations", body)
    assert problem(refused) == (422, "invalid")
    assert field in fields(refused)


def test_a_number_too_large_for_a_float_is_not_taken_for_unknown(api: Api) -> None:
    body = (
        b'{"dataframe_split": {"columns": ["crash_date", "latitude", "longitude"], '
        b'"data": [["2023-09-20", 1e999, -1e999]]}}'
    )
    assert set(fields(api.post("/invocations", body))) == {"0.latitude", "0.longitude"}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [FIRST] * 3},
        {"dataframe_split": {"columns": ["crash_date"], "data": [["2023-09-20"]] * 3}},
    ],
)
def test_more_reports_than_are_answered_at_a_time_are_refused(body: dict[str, Any]) -> None:
    api = Api(limits=Limits(batch_reports=2))
    assert problem(api.post("/invocations", body)) == (413, "too_many_reports")
