from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.pipelines.injuries.lessons import (
    Extra,
    careless_lesson,
    lesson_of,
    shuffled_lesson,
)
from crash_platform.pipelines.injuries.training import learning_examples
from crash_platform_tests.pipelines.injuries.small_model import (
    AS_OF,
    SMALL_RECIPE,
    small_rows,
    small_trained,
)

ROWS, SPLIT = small_rows(), SMALL_RECIPE.split(AS_OF, "full_report")
LESSON = lesson_of(ROWS, "full_report", SPLIT, seed=0)


def test_a_lesson_holds_the_very_rows_of_the_product() -> None:
    trained = small_trained("full_report")
    learnt = learning_examples(ROWS, "full_report", SPLIT, seed=0)
    np.testing.assert_array_equal(LESSON.fitted.examples.matrix, learnt.matrix)
    np.testing.assert_array_equal(LESSON.fitted.examples.labels, learnt.labels)
    np.testing.assert_array_equal(LESSON.tested.places, np.flatnonzero(trained.tested))
    assert len(LESSON.fitted) == trained.made.train_count
    assert len(LESSON.calibrated) == trained.made.calibrate_count
    for part in (LESSON.fitted, LESSON.calibrated, LESSON.tested):
        np.testing.assert_array_equal(part.examples.labels, ROWS.labels[part.places])


def test_the_parts_of_a_lesson_follow_each_other_in_time() -> None:
    fitted, calibrated, tested = (
        ROWS.days[part.places] for part in (LESSON.fitted, LESSON.calibrated, LESSON.tested)
    )
    assert fitted.max() < calibrated.min() <= calibrated.max() < tested.min()


def test_the_newest_rows_are_the_last_in_time_whatever_their_order() -> None:
    turned = replace(ROWS, **{name: getattr(ROWS, name)[::-1] for name in ("days", "labels")})
    turned = replace(turned, matrix=ROWS.matrix[::-1], collision_ids=ROWS.collision_ids[::-1])
    for rows in (ROWS, turned):
        lesson = lesson_of(rows, "full_report", SPLIT, seed=0)
        newest = lesson.newest(300).fitted
        left_out = np.setdiff1d(lesson.fitted.places, newest.places)
        assert len(newest) == 300
        assert rows.days[newest.places].min() >= rows.days[left_out].max()
    assert len(LESSON.newest(10**6).fitted) == len(LESSON.fitted)


def test_a_lesson_since_a_day_has_no_older_row() -> None:
    since = LESSON.since(date(2023, 4, 1)).fitted
    is_young = ROWS.days[LESSON.fitted.places] >= np.datetime64("2023-04-01")
    np.testing.assert_array_equal(since.places, LESSON.fitted.places[is_young])
    np.testing.assert_array_equal(since.examples.matrix, LESSON.fitted.examples.matrix[is_young])


def test_a_sample_has_each_row_once_and_keeps_its_label() -> None:
    sample = LESSON.sampled(500, seed=3).fitted
    assert len(np.unique(sample.places)) == 500
    assert np.isin(sample.places, LESSON.fitted.places).all()
    np.testing.assert_array_equal(sample.examples.labels, ROWS.labels[sample.places])
    assert LESSON.sampled(10**6, seed=3).fitted is LESSON.fitted


def test_extra_columns_reach_the_row_they_belong_to() -> None:
    number = np.arange(len(ROWS.labels), dtype=np.float32)[:, None]
    lesson = LESSON.with_columns(3, Extra(("number",), number))
    assert lesson.columns == (*LESSON.columns[:3], "number")
    for part, before in ((lesson.fitted, LESSON.fitted), (lesson.tested, LESSON.tested)):
        np.testing.assert_array_equal(part.examples.matrix[:, 3], part.places)
        np.testing.assert_array_equal(part.examples.matrix[:, :3], before.examples.matrix[:, :3])


def test_a_careless_modeller_learns_from_incomplete_rows_too() -> None:
    careless = careless_lesson(LESSON, "full_report", SPLIT)
    learnt = ROWS.within(SPLIT.train) & ROWS.has("factors")
    np.testing.assert_array_equal(careless.fitted.places, np.flatnonzero(learnt))
    assert len(careless.fitted) > len(LESSON.fitted)
    np.testing.assert_array_equal(careless.fitted.examples.matrix, ROWS.matrix[learnt])
    assert careless.tested is LESSON.tested


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), newest=st.integers(400, 3000))
def test_a_shuffled_lesson_divides_the_same_crashes_without_overlap(seed: int, newest: int) -> None:
    lesson = LESSON.newest(newest)
    shuffled = shuffled_lesson(lesson, "full_report", seed)
    parts = [part.places for part in (shuffled.fitted, shuffled.calibrated, shuffled.tested)]
    places = np.concatenate(parts)
    assert len(np.unique(places)) == len(places)
    assert (len(parts[1]), len(parts[2])) == (len(lesson.calibrated), len(lesson.tested))
    assert ROWS.days[places].min() >= ROWS.days[lesson.fitted.places].min()
    assert ROWS.is_whole("full_report")[parts[0]].all()
    for part in (shuffled.fitted, shuffled.calibrated, shuffled.tested):
        np.testing.assert_array_equal(part.examples.labels, ROWS.labels[part.places])
    hidden = np.isnan(shuffled.fitted.examples.matrix) & ~np.isnan(ROWS.matrix[parts[0]])
    assert hidden.any()
    assert not np.isnan(shuffled.tested.examples.matrix).all(axis=1).any()
    np.testing.assert_array_equal(shuffled.tested.examples.matrix, ROWS.matrix[parts[2]])
