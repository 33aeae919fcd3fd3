"""The path that clients of MLflow's and Databricks' model serving ask, in their form.

The fields of a record are those of ``/predict``.
"""

from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from crash_platform.serving.admission import admission
from crash_platform.serving.errors import JSON
from crash_platform.serving.limits import read_body
from crash_platform.serving.predictions.log import asked_by
from crash_platform.serving.predictions.predict import json_body
from crash_platform.serving.predictions.report import (
    EXAMPLE,
    CrashReport,
    checked_reports,
    decoded,
    refuse_too_many,
    refused,
)
from crash_platform.serving.predictions.service import Predictions, Service, predictions_json


class Split(BaseModel):
    """A frame as ``DataFrame.to_dict("split")`` writes it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    columns: list[str]
    data: list[list[Any]]
    index: list[int | str] | None = None

    @model_validator(mode="after")
    def _is_a_frame(self) -> "Split":
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("a column is named twice")
        if any(len(row) != len(self.columns) for row in self.data):
            raise ValueError("every row needs one value per column")
        return self

    def records(self) -> list[dict[str, Any]]:
        """One record per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.data]


class Invocation(BaseModel):
    """A frame, by records or split into columns and rows."""

    model_config = ConfigDict(strict=True, extra="forbid")

    dataframe_records: list[dict[str, Any]] | None = Field(
        default=None, description="Crash reports, with the fields of `/predict`."
    )
    dataframe_split: Split | None = Field(
        default=None, description="The same, split into columns and rows."
    )

    @model_validator(mode="after")
    def _is_one_frame(self) -> "Invocation":
        if (self.dataframe_records is None) == (self.dataframe_split is None):
            raise ValueError("either dataframe_records or dataframe_split is needed")
        return self

    def records(self) -> list[dict[str, Any]]:
        """One record per report."""
        if self.dataframe_split is not None:
            return self.dataframe_split.records()
        return self.dataframe_records or []


def invocation_routes(service: Service) -> APIRouter:
    """``POST /invocations``."""
    router, limits = APIRouter(tags=["predictions"]), service.limits
    example = {"dataframe_records": [EXAMPLE]}

    @router.post(
        "/invocations",
        response_model=Predictions,
        response_model_exclude_none=True,
        dependencies=[Depends(admission(service.guard, "scorer"))],
        openapi_extra=json_body(_schema(), example),
    )
    async def invocations(request: Request) -> Response:
        """Say it of many crashes, in the form of MLflow's and Databricks' model serving."""
        body = await read_body(request, limits.batch_bytes, limits.body_seconds)

        def predicted() -> bytes:
            reports = invoked_reports(body, service)
            return predictions_json(service.predict(reports, asked_by(request, "invocations")))

        return Response(await run_sync(predicted), media_type=JSON)

    return router


def invoked_reports(body: bytes, service: Service) -> list[CrashReport]:
    """The reports of an invocation.

    Raises:
        RefusedError: it is none, too long, or one of its reports cannot be used.
    """
    told, most = decoded(body), service.limits.batch_reports
    refuse_too_many(_rows(told), most)
    try:
        records = Invocation.model_validate(told).records()
    except ValidationError as error:
        raise refused(error) from None
    # Numbers too large for JSON's readers have become infinite: written so, they are refused.
    written = to_json(records, inf_nan_mode="constants")
    return checked_reports(records, written, most, service.clock())


def _rows(told: Any) -> int:
    """Rows of a frame that nobody has looked at yet; 0 where it is none."""
    told = told if isinstance(told, dict) else {}
    split = told.get("dataframe_split")
    rows = split.get("data") if isinstance(split, dict) else told.get("dataframe_records")
    return len(rows) if isinstance(rows, list) else 0


def _schema() -> dict[str, Any]:
    schema = Invocation.model_json_schema(ref_template="#/components/schemas/{model}")
    split = schema.pop("$defs")["Split"]
    properties = schema["properties"]
    properties["dataframe_records"] = {"type": "array", "items": CrashReport.model_json_schema()}
    properties["dataframe_split"] = split
    return schema
