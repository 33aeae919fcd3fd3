"""Whether the process lives, whether it can answer, and with which models."""

from datetime import date

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from crash_platform.pipelines.injuries.answering import Answerer, NoModelError
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.scoring import Champion
from crash_platform.serving.admission import admission
from crash_platform.serving.errors import UNAVAILABLE, ErrorBody
from crash_platform.serving.predictions.service import Service


class Life(BaseModel):
    """The process lives."""

    status: str = Field(examples=["alive"])
    unlogged_predictions: int | None = Field(
        default=None,
        description="Answers that could not be written down since the start; absent where none.",
    )


class Readiness(BaseModel):
    """Every report finds a champion."""

    status: str = Field(examples=["ready"])
    versions: dict[str, int] = Field(examples=[{"first_report": 12, "full_report": 9}])


class ModelCard(BaseModel):
    """One champion."""

    feature_set: str
    model_version: int = Field(description="In the registry.")
    model_as_of: date
    threshold: float = Field(description="From which probability on an injury is predicted.")
    features: list[str]
    trained: tuple[date, date] = Field(description="First and last day it was fitted on.")
    tested: tuple[date, date] = Field(description="First and last day it was tested on.")


class Models(BaseModel):
    """The champions of this moment."""

    champions: list[ModelCard]


def health_routes(service: Service) -> APIRouter:
    """``GET /health``, ``GET /ready`` and ``GET /model``."""
    router = APIRouter(tags=["state"])

    @router.get("/health", response_model_exclude_none=True)
    async def health() -> Life:
        """Say that the process lives."""
        return Life(status="alive", unlogged_predictions=service.log.lost or None)

    @router.get("/ready", responses={UNAVAILABLE: {"model": ErrorBody}})
    async def ready() -> Readiness:
        """Say whether predictions can be asked for; 503 with the reason if not."""
        try:
            return Readiness(status="ready", versions=service.require_ready().versions)
        except NoModelError:
            # Anybody may ask this: what keeps the registry away is for those the guard lets in.
            if service.guard.is_open:
                raise
            raise NoModelError(
                "No injury model is champion yet: GET /model, with a key, says why."
            ) from None

    @router.get("/model", dependencies=[Depends(admission(service.guard, "reader"))])
    async def model() -> Models:
        """Say which models answer, and what they were made of."""
        return Models(champions=cards(service.champions()))

    return router


def cards(answerer: Answerer) -> list[ModelCard]:
    """The champions as they are shown."""
    return [_card(answerer.champions[name]) for name in sorted(answerer.champions)]


def _card(champion: Champion) -> ModelCard:
    model = champion.model
    train, test = model.split.train, model.split.test
    return ModelCard(
        feature_set=model.feature_set,
        model_version=champion.version,
        model_as_of=model.as_of,
        threshold=model.threshold,
        features=list(FEATURE_SETS[model.feature_set]),
        trained=(train.first, train.last),
        tested=(test.first, test.last),
    )
