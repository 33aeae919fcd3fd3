"""What features add makes up the whole of what the trees say, and is told in words."""

import math
from typing import Any

import numpy as np
import pytest

from crash_platform.modelling.boosting import contributions
from crash_platform.pipelines.injuries.explaining import NOT_SAID, WEEKDAYS, explain
from crash_platform.pipelines.injuries.features import FEATURE_SETS, Report, featuriser
from crash_platform_tests.pipelines.injuries.reports import report
from crash_platform_tests.pipelines.injuries.small_model import small_model, small_words

UNKNOWN: dict[str, Any] = {
    "hour": None,
    "borough": None,
    "borough_located": None,
    "latitude": None,
    "longitude": None,
    "streets": (None, None),
    "vehicle_types": None,
    "contributing_factors": None,
}


@pytest.mark.parametrize("feature_set", sorted(FEATURE_SETS))
@pytest.mark.parametrize("told", [report(), report(hour=2), report(**UNKNOWN)])
def test_the_contributions_and_the_base_are_the_log_odds_of_the_trees(
    feature_set: str, told: Report
) -> None:
    model = small_model(feature_set)
    matrix = model.encoder.matrix([featuriser(small_words())(told)], 1)
    base = float(contributions(model.booster, matrix)[0, -1])
    total = base + math.fsum(each.log_odds for each in explain(model, told))
    raw = float(model.raw_probabilities(matrix)[0])
    np.testing.assert_allclose(total, math.log(raw / (1 - raw)), atol=1e-4)


def test_the_strongest_comes_first_and_says_its_direction() -> None:
    reasons = explain(small_model("full_report"), report(hour=2, vehicle_types=("Bike",)))
    assert {reason.feature for reason in reasons[:2]} == {"hour", "vehicle_types"}
    assert all(reason.direction == "raises" for reason in reasons[:2])
    strengths = [abs(reason.log_odds) for reason in reasons]
    assert strengths == sorted(strengths, reverse=True)
    assert len({reason.feature for reason in reasons}) == len(reasons)


def test_an_afternoon_in_a_car_lowers_the_risk() -> None:
    reasons = explain(small_model(), report(hour=14, vehicle_types=("Sedan", "Taxi")))
    directions = {reason.feature: reason.direction for reason in reasons}
    assert (directions["hour"], directions["vehicle_types"]) == ("lowers", "lowers")


def test_values_are_told_as_the_model_read_them() -> None:
    told = report(hour=9)
    values = {each.feature: each.value for each in explain(small_model("full_report"), told)}
    expected = {
        "hour": "09:00-09:59",
        "weekday": WEEKDAYS[told.crash_date.weekday()],
        "is_holiday": "no",
        "coordinates": "40.68000, -73.94000",
        "borough": "BROOKLYN",
        "street_kind": "street",
        "vehicle_types": "Sedan, Bicycle",
    }
    factors = values.pop("contributing_factors", "")
    assert "Failure to Yield Right-of-Way" in factors
    assert values.items() <= expected.items()
    assert len(values) >= 3


def test_what_nobody_said_is_told_as_not_said() -> None:
    values = {each.feature: each.value for each in explain(small_model(), report(**UNKNOWN))}
    assert values.pop("weekday", "Wednesday") == "Wednesday"
    assert values.pop("is_holiday", "no") == "no"
    assert values
    assert set(values.values()) == {NOT_SAID}
