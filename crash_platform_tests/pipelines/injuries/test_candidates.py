from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from crash_platform.modelling.boosting import Boosting, Examples
from crash_platform.modelling.metrics import threshold_for_recall
from crash_platform.pipelines.injuries.candidates import (
    PRODUCT,
    Answer,
    answer_of,
    answer_of_product,
    boosted,
    kinds,
    logistic,
)
from crash_platform.pipelines.injuries.examples import Rows
from crash_platform.pipelines.injuries.lessons import Lesson, Part, lesson_of
from crash_platform.pipelines.injuries.training import settle
from crash_platform_tests.pipelines.injuries.small_model import (
    AS_OF,
    SMALL_RECIPE,
    small_rows,
    small_trained,
)

ROWS, SPLIT = small_rows(), SMALL_RECIPE.split(AS_OF, "full_report")
HOW = SMALL_RECIPE.boosting
FITS = kinds(HOW) | {"boosted": partial(boosted, how=HOW)}
RECALL = SMALL_RECIPE.recall


def lesson(rows: Rows = ROWS) -> Lesson:
    return lesson_of(rows, "full_report", SPLIT, HOW.seed)


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return {name: answer_of(name, fit, lesson(), RECALL) for name, fit in FITS.items()}


def with_labels_turned(part: str) -> Lesson:
    """The lesson with the labels of one part turned round, and its features mixed up."""
    whole = lesson()
    turned: Part = getattr(whole, part)
    examples = Examples(turned.examples.matrix[::-1].copy(), ~turned.examples.labels)
    changes: dict[str, Any] = {part: replace(turned, examples=examples)}
    return replace(whole, **changes)


@pytest.mark.parametrize("name", FITS)
def test_no_candidate_learns_anything_from_the_test_rows(
    name: str, answers: dict[str, Answer]
) -> None:
    turned = with_labels_turned("tested")
    answer = answer_of(name, FITS[name], turned, RECALL)
    np.testing.assert_array_equal(answer.raw[::-1], answers[name].raw)
    np.testing.assert_array_equal(answer.probabilities[::-1], answers[name].probabilities)
    assert answer.threshold == answers[name].threshold


@pytest.mark.parametrize("name", ["majority", "logistic", "random_forest"])
def test_the_calibration_rows_only_calibrate(name: str, answers: dict[str, Answer]) -> None:
    answer = answer_of(name, FITS[name], with_labels_turned("calibrated"), RECALL)
    np.testing.assert_array_equal(answer.raw, answers[name].raw)


@pytest.mark.parametrize("name", [name for name in FITS if name != "majority"])
def test_crashes_with_injuries_are_given_the_higher_probabilities(
    name: str, answers: dict[str, Answer]
) -> None:
    labels, answer = ROWS.labels[answers[name].places], answers[name]
    for said in (answer.raw, answer.probabilities):
        assert said[labels].mean() > said[~labels].mean() + 0.02
    # Turned labels turn the answer: no candidate has a direction of its own.
    turned = answer_of(name, FITS[name], with_labels_turned_everywhere(), RECALL)
    assert turned.raw[labels].mean() < turned.raw[~labels].mean() - 0.02


def with_labels_turned_everywhere() -> Lesson:
    return lesson(replace(ROWS, labels=~ROWS.labels))


def test_the_majority_always_says_the_share_it_was_fitted_on(answers: dict[str, Answer]) -> None:
    answer = answers["majority"]
    share = lesson().fitted.examples.labels.mean()
    assert (answer.probabilities == share).all()
    assert answer.threshold == share
    assert len(answer.probabilities) == len(lesson().tested)


def test_all_candidates_are_asked_about_the_rows_of_the_product(answers: dict[str, Answer]) -> None:
    product = answer_of_product(small_trained("full_report"), HOW)
    for answer in answers.values():
        np.testing.assert_array_equal(answer.places, product.places)
        assert answer.train_count == product.train_count


def test_a_candidate_is_settled_as_the_product_is(answers: dict[str, Answer]) -> None:
    task, answer = lesson(), answers["logistic"]
    said = logistic(task).score(task.calibrated.examples.matrix)
    labels = task.calibrated.examples.labels
    calibrator, threshold = settle(said, labels, ROWS.days[task.calibrated.places], RECALL)
    assert answer.threshold == threshold
    np.testing.assert_allclose(calibrator.apply(answer.raw), answer.probabilities)
    assert (calibrator.apply(said) >= threshold)[labels].mean() >= RECALL


def test_an_answer_that_is_not_calibrated_is_what_the_trees_said() -> None:
    task = lesson()
    answer = answer_of("raw", partial(boosted, how=HOW, is_calibrated=False), task, RECALL)
    np.testing.assert_array_equal(answer.raw, answer.probabilities)
    said = boosted(task, HOW).score(task.calibrated.examples.matrix)
    assert answer.threshold == threshold_for_recall(task.calibrated.examples.labels, said, RECALL)


def test_the_logistic_regression_takes_what_is_missing_for_the_median() -> None:
    fitted, task = logistic(lesson()), lesson()
    place = task.columns.index("vehicle_count")
    missing = task.tested.examples.matrix[:1].copy()
    filled = missing.copy()
    missing[0, place] = np.nan
    filled[0, place] = np.nanmedian(task.fitted.examples.matrix[:, place])
    assert fitted.score(missing) == pytest.approx(fitted.score(filled))


def test_the_product_is_shown_as_it_was_made() -> None:
    trained = small_trained("full_report")
    answer = answer_of_product(trained, HOW)
    assert answer.name == PRODUCT
    assert answer.parameters == asdict(HOW)
    assert (answer.probabilities == trained.probabilities).all()
    assert answer.size_bytes == len(trained.model.to_bytes())
    assert answer.fit_seconds == trained.made.fit_seconds


@pytest.mark.parametrize("name", FITS)
def test_every_fit_has_a_size_and_repeats_itself(name: str, answers: dict[str, Answer]) -> None:
    again = answer_of(name, FITS[name], lesson(), RECALL)
    np.testing.assert_array_equal(again.raw, answers[name].raw)
    assert again.size_bytes == answers[name].size_bytes > 0
    assert again.fit_seconds >= 0


@pytest.mark.parametrize("name", ["logistic", "random_forest", "boosted"])
def test_a_column_that_nobody_filled_is_no_hindrance(name: str) -> None:
    matrix = ROWS.matrix.copy()
    matrix[:, 3] = np.nan
    answer = answer_of(name, FITS[name], lesson(replace(ROWS, matrix=matrix)), RECALL)
    assert np.isfinite(answer.probabilities).all()


def test_more_trees_than_asked_for_are_never_fitted() -> None:
    fitted = boosted(lesson(), Boosting(rounds=3, patience=3, depth=2, threads=1))
    assert fitted.parameters["rounds"] == 3
    assert fitted.size_bytes < boosted(lesson(), replace(HOW, rounds=12)).size_bytes
