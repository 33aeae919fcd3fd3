"""The paths that people's programs ask: one report, or a list of them."""

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from crash_platform.serving.admission import admission
from crash_platform.serving.errors import JSON
from crash_platform.serving.limits import read_body
from crash_platform.serving.predictions.log import asked_by
from crash_platform.serving.predictions.report import EXAMPLE, CrashReport, many_reports, one_report
from crash_platform.serving.predictions.service import (
    Prediction,
    Predictions,
    Service,
    predictions_json,
)

Explain = Annotated[bool, Query(description="Also say what each feature adds.")]


def predict_routes(service: Service) -> APIRouter:
    """``POST /predict`` and ``POST /predict/batch``."""
    router = APIRouter(
        tags=["predictions"], dependencies=[Depends(admission(service.guard, "scorer"))]
    )
    schema = CrashReport.model_json_schema()
    _add_predict(router, service, schema)
    _add_batch(router, service, schema)
    return router


def _add_predict(router: APIRouter, service: Service, schema: dict[str, Any]) -> None:
    limits = service.limits

    @router.post(
        "/predict",
        response_model=Prediction,
        response_model_exclude_none=True,
        openapi_extra=json_body(schema, EXAMPLE),
    )
    async def predict(request: Request, explain: Explain = False) -> Response:
        """Say how likely it is that a crash has injured or killed somebody."""
        body = await read_body(request, limits.body_bytes, limits.body_seconds)
        report = one_report(body, service.clock())
        asked = asked_by(request, "predict")
        if explain:
            return json_answer(await run_sync(service.explain, report, asked))
        # One report takes a third of a millisecond: a thread would only add to that.
        return json_answer(await service.predict_one(report, asked))


def _add_batch(router: APIRouter, service: Service, schema: dict[str, Any]) -> None:
    limits = service.limits
    many = {"type": "array", "maxItems": limits.batch_reports, "items": schema}

    @router.post(
        "/predict/batch",
        response_model=Predictions,
        response_model_exclude_none=True,
        openapi_extra=json_body(many, [EXAMPLE]),
    )
    async def predict_batch(request: Request) -> Response:
        """Say it of many crashes at once, in their order."""
        body = await read_body(request, limits.batch_bytes, limits.body_seconds)

        def predicted() -> bytes:
            reports = many_reports(body, limits.batch_reports, service.clock())
            return predictions_json(service.predict(reports, asked_by(request, "batch")))

        return Response(await run_sync(predicted), media_type=JSON)


def json_body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """How OpenAPI is told of a body that the endpoint reads itself."""
    content = {JSON: {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def json_answer(answer: Prediction) -> Response:
    """An answer as JSON."""
    return Response(answer.model_dump_json(exclude_none=True), media_type=JSON)
