from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.modelling.metrics import measure
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.examples import (
    Rows,
    TrainingRefusedError,
    check,
    load_rows,
    missing_days,
)
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES
from crash_platform.pipelines.injuries.training import (
    HIDDEN,
    Recipe,
    hidden_at_random,
    judged,
    learning_examples,
)
from crash_platform_tests.pipelines.injuries.small_model import (
    AS_OF,
    FIRST,
    LAST,
    SMALL_RECIPE,
    crash_table,
    days_between,
    feature_table,
    small_crashes,
    small_rows,
    small_trained,
    small_words,
)

SPLIT = SMALL_RECIPE.split(AS_OF, "first_report")


def only(rows: Rows, mask: np.ndarray) -> Rows:  # type: ignore[type-arg]
    """Some of the rows."""
    names = ("collision_ids", "days", "labels", "matrix", "boroughs", "hours", "vehicle_groups")
    return replace(rows, **{name: getattr(rows, name)[mask] for name in names})


def test_a_model_of_a_day_knows_only_what_was_mature_on_it() -> None:
    for feature_set in ("first_report", "full_report"):
        split = Recipe().split(date(2022, 12, 31), feature_set)
        assert split.test.last == date(2022, 12, 17)
        assert split.train.last < split.calibrate.first
        assert split.calibrate.last < split.test.first
    assert Recipe().widest_split(AS_OF) == Recipe().split(AS_OF, "first_report")


def test_the_small_model_finds_what_hurts() -> None:
    for feature_set, least in (("first_report", 0.62), ("full_report", 0.66)):
        trained = small_trained(feature_set)
        assert trained.metrics.auc > least
        labels = small_rows().labels[trained.tested]
        assert trained.metrics == measure(labels, trained.probabilities, trained.model.threshold)
        # Not the label upside down: those with injuries were given the higher probabilities.
        assert trained.probabilities[labels].mean() > trained.probabilities[~labels].mean()


def test_the_test_rows_are_those_of_the_test_window_in_scope() -> None:
    rows = small_rows()
    first, full = small_trained("first_report"), small_trained("full_report")
    assert (first.tested == rows.within(SPLIT.test)).all()
    assert (full.tested == (rows.within(SPLIT.test) & rows.has("factors"))).all()
    assert 0 < full.tested.sum() < first.tested.sum()


def test_a_model_is_judged_alike_after_a_reload() -> None:
    trained = small_trained()
    again = judged(trained.model, small_rows(), trained.made)
    assert again.metrics == trained.metrics
    assert (again.probabilities == trained.probabilities).all()


def test_the_threshold_finds_the_wanted_share_of_the_calibration_window() -> None:
    trained, rows = small_trained(), small_rows()
    held_out = rows.examples("first_report", rows.within(SPLIT.calibrate))
    flagged = trained.model.probabilities(held_out.matrix) >= trained.model.threshold
    assert flagged[held_out.labels].mean() >= 0.8


def test_crashes_whose_gaps_tell_the_outcome_are_not_learnt_from() -> None:
    rows = small_rows()
    learnt = learning_examples(rows, "full_report", SPLIT, seed=0)
    whole = rows.within(SPLIT.train) & rows.has("coordinates") & rows.has("factors")
    assert len(learnt) == whole.sum() < rows.within(SPLIT.train).sum()


def test_blocks_are_hidden_at_random_and_as_a_whole() -> None:
    rows = small_rows()
    examples = rows.examples("full_report", rows.is_whole("full_report"))
    encoder = rows.encoder_of("full_report")
    hidden = hidden_at_random(examples, encoder, seed=1)
    for block, share in HIDDEN.items():
        places = [encoder.columns.index(name) for name in encoder.blocks[block]]
        before, after = (np.isnan(each.matrix[:, places]) for each in (examples, hidden))
        newly = after.all(axis=1) & ~before.all(axis=1)
        assert newly.mean() == pytest.approx(share, abs=0.015)
        assert (after.any(axis=1) == after.all(axis=1)).all()
    assert not np.isnan(hidden.matrix[:, encoder.columns.index("weekday")]).any()
    assert (hidden_at_random(examples, encoder, 1).matrix[5] == hidden.matrix[5]).sum() > 10
    assert examples.labels is hidden.labels


@pytest.fixture
def store(tmp_path: Path) -> Store:
    crashes, labels = small_crashes(days_between(FIRST, LAST))
    told: list[bool | None] = [None, *labels.tolist()[1:]]
    store, window = Store(Location(str(tmp_path / "lake"))), Window(FIRST, LAST)
    store.replace(CRASH_FEATURES, window, Frame.of(feature_table(crashes)))
    # In another order than the features: labels are found by their crash, not by their place.
    store.replace(CRASHES, window, Frame.of(crash_table(crashes[::-1], told[::-1])))
    return store


def test_rows_of_the_lake_are_labelled_encoded_and_counted(store: Store) -> None:
    rows, whole = load_rows(store, SPLIT, small_words()), small_rows()
    assert (rows.collision_ids == whole.collision_ids[1:]).all()
    assert (rows.labels == whole.labels[1:]).all()
    np.testing.assert_array_equal(rows.matrix, whole.matrix[1:])
    assert (rows.vehicle_groups == whole.vehicle_groups[1:]).all()
    assert rows.unlabelled == 1, "the first crash has no outcome"


def test_days_without_features_are_refused(store: Store) -> None:
    split = Recipe().split(date(2030, 1, 1), "first_report")
    with pytest.raises(TrainingRefusedError, match=r"crash_features has no crash between 2027-"):
        load_rows(store, split, small_words())


def test_words_the_vocabulary_does_not_have_are_refused(store: Store, tmp_path: Path) -> None:
    crashes, _ = small_crashes([SPLIT.train.first])
    odd = [crash._replace(vehicle_types=["Zeppelin"]) for crash in crashes]
    window = Window(SPLIT.train.first, SPLIT.train.first)
    store.replace(CRASH_FEATURES, window, Frame.of(feature_table(odd)))
    with pytest.raises(TrainingRefusedError, match="Zeppelin"):
        load_rows(store, SPLIT, small_words())


def test_an_honest_split_is_accepted() -> None:
    check(only(small_rows(), slice(None)), SPLIT)  # type: ignore[arg-type]


def test_too_few_crashes_are_refused() -> None:
    rows = small_rows()
    few = only(rows, ~rows.within(SPLIT.train) | (rows.collision_ids % 7 == 0))
    with pytest.raises(TrainingRefusedError, match=r"train window .* at least 2,000 are needed"):
        check(few, SPLIT)


def test_a_single_outcome_is_refused() -> None:
    rows = small_rows()
    harmless = replace(rows, labels=rows.labels & ~rows.within(SPLIT.calibrate))
    with pytest.raises(TrainingRefusedError, match=r"calibrate window .* only crashes with no inj"):
        check(harmless, SPLIT)


@pytest.mark.parametrize("name", ["calibrate", "test"])
def test_a_month_missing_from_a_window_is_refused(name: str) -> None:
    rows, span = small_rows(), getattr(SPLIT, name)
    gap = (rows.days >= np.datetime64(span.first + timedelta(days=10))) & (
        rows.days <= np.datetime64(span.first + timedelta(days=40))
    )
    with pytest.raises(TrainingRefusedError, match=f"The {name} window .* has no crash from"):
        check(only(rows, ~gap), SPLIT)


def test_a_gap_in_training_is_told_not_refused() -> None:
    rows = small_rows()
    day = SPLIT.train.first + timedelta(days=3)
    gone = only(rows, (rows.days != np.datetime64(day)))
    check(gone, SPLIT)
    assert missing_days(gone, SPLIT.train) == [day]
