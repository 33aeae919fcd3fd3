"""An answer in words, and the city as a drawing."""

from datetime import date
from typing import Literal

import pytest

from crash_platform.pipelines.crashes.places import load_borough_outlines
from crash_platform.serving.predictions.service import Prediction, Reason
from crash_platform.serving.reporting.city import draw
from crash_platform.serving.reporting.words import HALF, of_hundred, said


def answer(probability: float, threshold: float = 0.3, *reasons: Reason) -> Prediction:
    return Prediction(
        probability=probability,
        is_predicted_injury=probability >= threshold,
        threshold=threshold,
        model_version=3,
        model_as_of=date(2022, 12, 31),
        feature_set="first_report",
        contributions=list(reasons),
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "fewer than 1"), (0.004, "fewer than 1"), (0.62, "62"), (0.996, "more than 99")],
)
def test_no_share_is_called_certain(share: float, words: str) -> None:
    assert of_hundred(share) == words


def test_the_verdict_says_on_which_side_of_the_threshold_it_is_and_no_more() -> None:
    assert said(answer(0.2)).verdict.startswith("The model does not expect")
    assert "more crashes like it have none" in said(answer(0.4)).verdict
    assert said(answer(0.7)).verdict == "The model expects that somebody was injured or killed."
    assert said(answer(0.7)).likely == "more likely than not"


def test_bars_begin_in_the_middle_and_the_longest_fills_its_half() -> None:
    up = Reason(feature="hour", value="2", log_odds=0.5, direction="raises")
    down = Reason(feature="street_kind", value="street", log_odds=-1.0, direction="lowers")
    first, second = said(answer(0.5, 0.3, up, down)).bars
    assert (first.x, first.width) == (HALF, HALF / 2)
    assert (second.x, second.width, second.feature) == (0, HALF, "Kind of street")


@pytest.mark.parametrize(
    ("log_odds", "effect"),
    [
        (0.5, "raises the odds to 1.6 times"),
        (-1.0, "lowers the odds to 0.4 times"),
        (-0.01, "lowers the odds a little"),
    ],
)
def test_an_effect_is_told_as_odds_or_as_a_little(log_odds: float, effect: str) -> None:
    direction: Literal["raises", "lowers"] = "raises" if log_odds > 0 else "lowers"
    reason = Reason(feature="hour", value="2", log_odds=log_odds, direction=direction)
    assert said(answer(0.5, 0.3, reason)).bars[0].effect == effect


def test_the_drawing_holds_the_five_boroughs_and_can_be_read_back() -> None:
    city = draw(load_borough_outlines())
    assert [each.name for each in city.outlines] == [
        *("Manhattan", "Bronx", "Brooklyn", "Queens", "Staten Island"),
    ]
    assert 500 < city.height < 700
    assert city.west == pytest.approx(-74.26, abs=0.01)
    assert city.west + city.width / city.x_units == pytest.approx(-73.70, abs=0.01)
    assert city.north - city.height / city.y_units == pytest.approx(40.50, abs=0.01)
    assert sum(len(each.path) for each in city.outlines) < 30_000
    assert all(each.path.startswith("M") for each in city.outlines)
