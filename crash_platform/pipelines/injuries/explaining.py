"""Why a model says what it says of one report: what each feature adds, in words.

The arithmetic is XGBoost's own, exact for trees; which champion answers is decided in
``answering``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from crash_platform.modelling.boosting import contributions
from crash_platform.pipelines.injuries.encoding import Encoder
from crash_platform.pipelines.injuries.features import Features, Report, featuriser
from crash_platform.pipelines.injuries.model import InjuryModel

NOT_SAID = "not said"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CALENDAR = {
    "hour": "hour",
    "hour_sin": "hour",
    "hour_cos": "hour",
    "weekday": "weekday",
    "is_weekend": "weekday",
    "is_holiday": "is_holiday",
}
_BLOCKS = {
    "coordinates": "coordinates",
    "borough": "borough",
    "street": "street_kind",
    "vehicles": "vehicle_types",
    "factors": "contributing_factors",
}


@dataclass(frozen=True)
class Contribution:
    """What one feature of a report adds to the log-odds of an injury, before calibration."""

    feature: str
    value: str
    log_odds: float

    @property
    def direction(self) -> Literal["raises", "lowers"]:
        """What it does to the risk."""
        return "raises" if self.log_odds > 0 else "lowers"


def explain(model: InjuryModel, report: Report) -> tuple[Contribution, ...]:
    """What each feature adds, the strongest first; features that add nothing are left out.

    The columns that one feature became are added up, so that with the model's base they still
    make up the whole log-odds of the trees.
    """
    encoder = model.encoder
    features = featuriser(encoder.words)(report)
    added = contributions(model.booster, encoder.matrix([features], 1))[0]
    sums: dict[str, float] = {}
    for feature, value in zip(_features_of_columns(encoder), added[:-1].tolist(), strict=True):
        sums[feature] = sums.get(feature, 0.0) + value
    told = [Contribution(name, _VALUES[name](features), sums[name]) for name in sums if sums[name]]
    return tuple(sorted(told, key=lambda each: -abs(each.log_odds)))


def _features_of_columns(encoder: Encoder) -> list[str]:
    return [
        _CALENDAR[column] if block == "calendar" else _BLOCKS[block]
        for block, columns in encoder.blocks.items()
        for column in columns
    ]


def _hour(features: Features) -> str:
    hour = features.hour
    return NOT_SAID if hour is None else f"{hour:02d}:00-{hour:02d}:59"


def _coordinates(features: Features) -> str:
    if features.latitude is None or features.longitude is None:
        return NOT_SAID
    return f"{features.latitude:.5f}, {features.longitude:.5f}"


_VALUES: Mapping[str, Callable[[Features], str]] = {
    "hour": _hour,
    "weekday": lambda told: WEEKDAYS[told.weekday],
    "is_holiday": lambda told: "yes" if told.is_holiday else "no",
    "coordinates": _coordinates,
    "borough": lambda told: told.borough or NOT_SAID,
    "street_kind": lambda told: told.street_kind or NOT_SAID,
    "vehicle_types": lambda told: ", ".join(told.vehicle_types) or NOT_SAID,
    "contributing_factors": lambda told: ", ".join(told.contributing_factors) or NOT_SAID,
}
