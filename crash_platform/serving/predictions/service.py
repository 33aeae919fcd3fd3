"""What the endpoints share: reports in, predictions out, and who may ask. Nothing of HTTP's paths.

What a champion says is said in ``pipelines.injuries.answering``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from typing import Final, Literal

from pydantic import BaseModel, Field
from pydantic_core import to_json

from crash_platform.pipelines.injuries.answering import FIRST_REPORT, Answer, Answerer, NoModelError
from crash_platform.pipelines.injuries.explaining import Contribution, explain
from crash_platform.pipelines.injuries.features import Report
from crash_platform.pipelines.served.lines import Asked
from crash_platform.serving.guarding import Guard
from crash_platform.serving.limits import Limits
from crash_platform.serving.predictions.log import AnswerLog, NoLog
from crash_platform.serving.predictions.report import CrashReport
from crash_platform.serving.predictions.together import Together
from crash_platform.settings import FIRST_DAY

Read = Callable[[CrashReport], Report]
MOST_CONTRIBUTIONS = 5


class Reason(BaseModel):
    """What one feature of the report adds to its probability."""

    feature: str = Field(examples=["vehicle_types"])
    value: str = Field(description="As the model read it.", examples=["Bicycle, Sedan"])
    log_odds: float = Field(
        description="What it adds to the log-odds of an injury, before calibration.",
        examples=[1.31],
    )
    direction: Literal["raises", "lowers"]


class Prediction(BaseModel):
    """What the champion says of one report."""

    probability: float = Field(description="Of an injury or a death, 0-1.", examples=[0.62])
    is_predicted_injury: bool = Field(description="Whether it reaches the threshold.")
    threshold: float = Field(examples=[0.31])
    model_version: int = Field(description="In the registry.", examples=[12])
    model_as_of: date = Field(description="The day the model is of.")
    feature_set: str = Field(
        description="`full_report` if a factor is named that a model may know, else "
        "`first_report`.",
        examples=["full_report"],
    )
    contributions: list[Reason] | None = Field(
        default=None, description="Only with `?explain=1`: the strongest first."
    )


class Predictions(BaseModel):
    """What the champions say of many reports, in their order."""

    predictions: list[Prediction]


@dataclass(frozen=True)
class Service:
    """What the endpoints work with.

    Attributes:
        champions: the champions of this moment; raises ``NoModelError`` where there are none.
        guard: who may ask.
        clock: now (UTC).
        read: from a report as it is told to what the feature function reads.
        limits: how much is taken.
        log: takes note of every answer.
    """

    champions: Callable[[], Answerer]
    guard: Guard
    clock: Callable[[], datetime]
    read: Read = field(repr=False)
    limits: Limits
    log: AnswerLog = field(default_factory=NoLog)

    def predict(self, reports: Sequence[CrashReport], asked: Asked) -> list[Answer]:
        """What the champions of this moment say, all of them of one moment; it is written down.

        Raises:
            NoModelError: a champion that is needed is not there.
        """
        told = [self.read(report) for report in reports]
        answers = self.champions().answer(told)
        self.log.add(asked, self.clock(), reports, answers)
        return answers

    async def predict_one(self, report: CrashReport, asked: Asked) -> Prediction:
        """What the champion of this moment says of one report; it is written down.

        Raises:
            NoModelError: the champion that is needed is not there.
        """
        answer = await self._together.ask(self.read(report))
        self.log.add(asked, self.clock(), [report], [answer])
        return _prediction(answer)

    @cached_property
    def _together(self) -> Together[Report, Answer]:
        return Together(lambda told: self.champions().answer(told))

    def explain(self, report: CrashReport, asked: Asked) -> Prediction:
        """What the champion says, and what its strongest reasons are; it is written down.

        Raises:
            NoModelError: a champion that is needed is not there.
        """
        told, answerer = self.read(report), self.champions()
        (answer,) = answerer.answer([told])
        reasons = explain(answerer.champions[answer.feature_set].model, told)
        self.log.add(asked, self.clock(), [report], [answer])
        strongest = [_reason(each) for each in reasons[:MOST_CONTRIBUTIONS]]
        return _prediction(answer).model_copy(update={"contributions": strongest})

    def require_ready(self) -> Answerer:
        """The champions, if every report would find one.

        Raises:
            NoModelError: reports without a factor would not.
        """
        answerer = self.champions()
        if FIRST_REPORT not in answerer.champions:
            raise NoModelError(
                "No first_report model is champion yet: promote one with "
                "crash-platform model promote."
            )
        return answerer


_UNSAID: Final = Prediction.model_construct(
    probability=0.0,
    is_predicted_injury=False,
    threshold=0.0,
    model_version=0,
    model_as_of=FIRST_DAY,
    feature_set="",
)
_SAID: Final = tuple(name for name in Prediction.model_fields if name != "contributions")
_said_of: Final = attrgetter(*_SAID)


def predictions_json(answers: Iterable[Answer]) -> bytes:
    """``Predictions`` of these answers, as JSON."""
    # A model for each answer would take five times as long.
    said = [dict(zip(_SAID, _said_of(answer), strict=True)) for answer in answers]
    return to_json({"predictions": said})


def _prediction(answer: Answer) -> Prediction:
    # To construct one anew, field by field, takes several times as long.
    return _UNSAID.model_copy(update=vars(answer))


def _reason(contribution: Contribution) -> Reason:
    return Reason(
        feature=contribution.feature,
        value=contribution.value,
        log_odds=contribution.log_odds,
        direction=contribution.direction,
    )
