"""What the champions say of every crash, and that no old score is lost without a word."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import EmptyDayError, LakeError, Slice, Store
from crash_platform.pipelines.injuries.encoding import Encoder, Vocabulary
from crash_platform.pipelines.injuries.features import FEATURE_SETS, Features
from crash_platform.pipelines.injuries.scoring import (
    Champion,
    ScoringError,
    encoded,
    predictions,
)
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES, INJURY_PREDICTIONS
from crash_platform_tests.lake.things import store_in
from crash_platform_tests.pipelines.injuries.small_model import (
    FACTORS,
    FIRST,
    LAST,
    days_between,
    feature_table,
    small_crashes,
    small_model,
    small_words,
)

NOW = datetime(2023, 9, 20, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = Window(date(2023, 8, 30), date(2023, 9, 3))
"""Some days that the model has seen, some that it has not, and the end of a month."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path / "lake")


@pytest.fixture
def crashes(store: Store) -> list[Features]:
    """Crashes of the window, whose features are in the lake."""
    made, _ = small_crashes(days_between(WINDOW.first, WINDOW.last), a_day=6)
    return put(store, made)


def put(store: Store, crashes: list[Features], window: Window = WINDOW) -> list[Features]:
    store.replace(CRASH_FEATURES, window, Frame.of(feature_table(crashes), every(window)))
    return crashes


def every(window: Window) -> frozenset[date]:
    return frozenset(days_between(window.first, window.last))


def champions(*feature_sets: str) -> dict[str, Champion]:
    return {name: Champion(small_model(name), 7) for name in feature_sets or FEATURE_SETS}


def features(store: Store, window: Window = WINDOW) -> Slice:
    return store.slice(CRASH_FEATURES, window)


def held(store: Store, window: Window = WINDOW) -> Slice:
    return store.slice(INJURY_PREDICTIONS, window)


def score(store: Store, by: Mapping[str, Champion], window: Window = WINDOW) -> list[int]:
    """Score the window as an asset does; the ids of the first report's scores."""
    frame = predictions(features(store, window), by, NOW, held(store, window))
    store.replace(INJURY_PREDICTIONS, window, frame)
    rows = held(store, window).read(["collision_id", "feature_set"]).to_pylist()
    return sorted(row["collision_id"] for row in rows if row["feature_set"] == "first_report")


def test_every_crash_gets_the_probability_of_each_champion(
    store: Store, crashes: list[Features]
) -> None:
    made = predictions(features(store), champions(), NOW).read()
    assert made.schema == INJURY_PREDICTIONS.schema
    assert made.num_rows == 2 * len(crashes) == 60
    for feature_set in FEATURE_SETS:
        model = small_model(feature_set)
        said = {c.collision_id: float(model.score([c], 1)[0]) for c in crashes}
        rows = [row for row in made.to_pylist() if row["feature_set"] == feature_set]
        assert {row["collision_id"]: row["probability"] for row in rows} == said
        assert {row["collision_id"]: row["crash_date"] for row in rows} == {
            crash.collision_id: crash.crash_date for crash in crashes
        }
        assert [row["is_predicted_injury"] for row in rows] == [
            row["probability"] >= model.threshold for row in rows
        ]
        constants = {
            (row["threshold"], row["model_version"], row["model_as_of_date"], row["scored_at"])
            for row in rows
        }
        assert constants == {(model.threshold, 7, model.as_of, NOW)}


def test_days_the_champion_has_seen_are_no_evidence_of_skill(store: Store) -> None:
    seen = {FIRST - DAY: False, FIRST: True, LAST: True, LAST + DAY: False}
    window = Window(FIRST - DAY, LAST + DAY)
    put(store, small_crashes(seen, a_day=2)[0], window)
    made = predictions(features(store, window), champions("first_report"), NOW).read().to_pylist()
    assert {row["crash_date"]: row["is_in_sample"] for row in made} == seen


def test_encoders_share_the_work_only_where_their_words_are_the_same() -> None:
    crashes, _ = small_crashes([FIRST], a_day=600)
    words = small_words()
    own = [small_model(name).encoder for name in FEATURE_SETS]
    other = Encoder("full_report", Vocabulary(("Taxi",), FACTORS), words)
    encoders = [*own, other]
    for encoder, matrix in zip(encoders, encoded(feature_table(crashes), encoders), strict=True):
        np.testing.assert_array_equal(matrix, encoder.matrix(crashes, len(crashes)))


def test_only_the_window_is_scored_and_as_often_as_asked(
    store: Store, crashes: list[Features]
) -> None:
    day = Window(WINDOW.first, WINDOW.first)
    frame = predictions(features(store, day), champions("first_report"), NOW)
    ids = [crash.collision_id for crash in crashes if crash.crash_date == WINDOW.first]
    assert frame.read()["collision_id"].to_pylist() == ids
    assert frame.read().equals(frame.read())


def test_a_day_that_lost_its_crashes_loses_its_scores(
    store: Store, crashes: list[Features]
) -> None:
    assert len(score(store, champions())) == len(crashes)
    left = put(store, [crash for crash in crashes if crash.crash_date != WINDOW.last])
    assert score(store, champions()) == [crash.collision_id for crash in left]


@pytest.mark.usefixtures("crashes")
def test_a_window_without_crashes_gives_no_scores(store: Store) -> None:
    later = Window(WINDOW.last + DAY, WINDOW.last + 2 * DAY)
    frame = predictions(features(store, later), champions(), NOW)
    assert (frame.read().num_rows, frame.confirmed_empty) == (0, every(later))


def test_without_a_champion_nothing_is_said_and_no_score_is_lost(
    store: Store, crashes: list[Features]
) -> None:
    assert score(store, {}) == []
    assert len(score(store, champions())) == len(crashes)
    with pytest.raises(ScoringError, match="first_report and full_report for 2023-08-30"):
        predictions(features(store), {}, NOW, held(store))
    unasked = predictions(features(store), {}, NOW)
    with pytest.raises(EmptyDayError, match="nobody confirmed"):
        store.replace(INJURY_PREDICTIONS, WINDOW, unasked)


def test_the_scores_of_a_feature_set_that_lost_its_champion_are_not_replaced_by_nothing(
    store: Store, crashes: list[Features]
) -> None:
    score(store, champions())
    with pytest.raises(ScoringError, match=r"has scores of full_report .* promote one"):
        score(store, champions("first_report"))
    assert held(store).read().num_rows == 2 * len(crashes)


def test_scores_outlive_features_that_were_taken_away_by_hand(
    store: Store, crashes: list[Features], tmp_path: Path
) -> None:
    score(store, champions())
    (tmp_path / "lake" / "gold" / "crash_features").rename(tmp_path / "elsewhere")
    with pytest.raises(EmptyDayError, match="nobody confirmed"):
        score(store, champions())
    assert held(store).read().num_rows == 2 * len(crashes)


@pytest.mark.usefixtures("crashes")
def test_a_champion_under_the_name_of_another_feature_set_is_refused(store: Store) -> None:
    mixed = {"full_report": Champion(small_model("first_report"), 3)}
    with pytest.raises(ScoringError, match="Version 3 is a model for first_report"):
        predictions(features(store), mixed, NOW)


@pytest.mark.usefixtures("crashes")
def test_a_file_that_is_gone_is_told_in_a_sentence(store: Store) -> None:
    frame = predictions(features(store), champions(), NOW)
    for file in features(store).files:
        Path(file).unlink()
    with pytest.raises(LakeError, match=r"gold/crash_features .* cannot be read"):
        frame.read()


def test_the_whole_table_is_scored_where_no_window_is_given(
    store: Store, crashes: list[Features]
) -> None:
    frame = predictions(store.slice(CRASH_FEATURES), champions("first_report"), NOW)
    assert frame.read().num_rows == len(crashes)
    assert frame.confirmed_empty == frozenset()


def test_the_threshold_itself_is_an_injury(store: Store, crashes: list[Features]) -> None:
    model = small_model("first_report")
    lowest = float(model.score(crashes, len(crashes)).min())
    by = {"first_report": Champion(replace(model, threshold=lowest), 7)}
    made: pa.Table = predictions(features(store), by, NOW).read()
    assert set(made["is_predicted_injury"].to_pylist()) == {True}
