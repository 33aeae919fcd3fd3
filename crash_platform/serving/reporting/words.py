"""What the model said of a report, in words and numbers that people read. Nothing is computed anew.

How it is laid out is the template's business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

from crash_platform.serving.predictions.service import Prediction, Reason

FEATURES: Final[Mapping[str, str]] = {
    "hour": "Hour of the day",
    "weekday": "Day of the week",
    "is_holiday": "Public holiday",
    "coordinates": "Point on the map",
    "borough": "Borough",
    "street_kind": "Kind of street",
    "vehicle_types": "Vehicles",
    "contributing_factors": "Contributing factors",
}
KNOWN: Final[Mapping[str, str]] = {
    "first_report": "what is known first: when, where and which vehicles",
    "full_report": "a full report: when, where, which vehicles and the contributing factors",
}
HALF: Final = 100
"""Length of the longest bar; bars begin in the middle of a drawing twice as long."""
LITTLE: Final = 0.05
"""Log-odds of which a person need not know the number: they change the odds by 5 %."""
_LIKELY = (
    (0.2, "unlikely"),
    (0.4, "less likely than not"),
    (0.6, "about as likely as not"),
    (0.8, "more likely than not"),
    (2.0, "likely"),
)


@dataclass(frozen=True)
class Bar:
    """One reason: what was said, what it does to the odds, and how much beside the others."""

    feature: str
    value: str
    direction: str
    effect: str
    x: float
    width: float


@dataclass(frozen=True)
class Said:
    """An answer in words.

    Attributes:
        of_hundred: out of 100 crashes like it.
        likely: the same in words.
        verdict: on which side of the threshold it is, and what that means.
        threshold: the same out of 100.
        known: which kind of report the model took it for.
    """

    of_hundred: str
    likely: str
    verdict: str
    threshold: str
    known: str
    model_version: int
    model_as_of: str
    is_flagged: bool
    bars: Sequence[Bar]


def said(answer: Prediction) -> Said:
    """An answer as people read it."""
    reasons = answer.contributions or []
    longest = max((abs(each.log_odds) for each in reasons), default=0.0)
    return Said(
        of_hundred=of_hundred(answer.probability),
        likely=next(word for most, word in _LIKELY if answer.probability < most),
        verdict=_verdict(answer),
        threshold=of_hundred(answer.threshold),
        known=KNOWN.get(answer.feature_set, answer.feature_set),
        model_version=answer.model_version,
        model_as_of=answer.model_as_of.isoformat(),
        is_flagged=answer.is_predicted_injury,
        bars=[_bar(each, longest) for each in reasons],
    )


def of_hundred(share: float) -> str:
    """A share as so many of 100; never 0 or 100, which would be certain."""
    count = round(share * 100)
    return "fewer than 1" if count < 1 else "more than 99" if count > 99 else str(count)  # noqa: PLR2004


def _verdict(answer: Prediction) -> str:
    if not answer.is_predicted_injury:
        return (
            "The model does not expect that somebody was injured or killed. It can be wrong: such "
            "crashes sometimes do have victims."
        )
    if answer.probability < 0.5:  # noqa: PLR2004
        return (
            "The model marks it as a crash that may well have victims, although more crashes like "
            "it have none: its threshold is low, so that few crashes with victims are missed."
        )
    return "The model expects that somebody was injured or killed."


def _effect(reason: Reason) -> str:
    if abs(reason.log_odds) < LITTLE:
        return f"{reason.direction} the odds a little"
    return f"{reason.direction} the odds to {exp(reason.log_odds):.1f} times"


def _bar(reason: Reason, longest: float) -> Bar:
    width = round(HALF * abs(reason.log_odds) / longest, 1) if longest else 0.0
    x = float(HALF) if reason.direction == "raises" else HALF - width
    return Bar(
        feature=FEATURES.get(reason.feature, reason.feature),
        value=reason.value,
        direction=reason.direction,
        effect=_effect(reason),
        x=x,
        width=width,
    )
