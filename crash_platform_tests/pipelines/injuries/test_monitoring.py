"""The figures of the model's health: right, independent of what else is asked, null if unknown."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from crash_platform.lake.frame import Frame
from crash_platform.modelling.drift import psi, psi_categorical, psi_line, quantile_edges
from crash_platform.modelling.metrics import measure
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.features import FEATURE_SETS, Features
from crash_platform.pipelines.injuries.monitoring import LOOKBACK_DAYS, Inputs, monitor, window_for
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES, INJURY_PREDICTIONS, MONITORING
from crash_platform_tests.lake.things import store_in
from crash_platform_tests.pipelines.injuries.small_model import small_words
from crash_platform_tests.pipelines.injuries.worlds import FIRST, LAST, Row, World, world

OF_FIRST_REPORT = {
    "hour_band",
    "borough",
    "street_kind",
    "coordinates",
    "vehicle_count",
    "vehicle_type",
    "vehicle_group",
    "second_vehicle_group",
}


def ago(days: int) -> date:
    return LAST - timedelta(days=days)


@pytest.fixture(scope="module")
def ordinary() -> World:
    """Two dozen crashes a day, and nothing unusual; treat as read-only."""
    return world()


def cells(
    the: World, first: date, last: date, cell: Callable[[Features], str | int | None]
) -> list[str | int | None]:
    return [cell(crash) for crash in the.crashes if first <= crash.crash_date <= last]


def test_a_row_is_what_the_records_of_its_days_say(ordinary: World) -> None:
    row = ordinary.row()
    week, before = ordinary.within(ago(6), LAST), ordinary.within(ago(62), ago(7))
    mature, usual = ordinary.within(ago(20), ago(14)), ordinary.within(ago(76), ago(21))
    said, labels = ordinary.probabilities, np.array(ordinary.labels, np.bool_)
    edges = quantile_edges(said[before])
    assert (row["monitored_date"], row["feature_set"]) == (LAST, "first_report")
    assert (row["crash_count"], row["usual_count"]) == (7 * 24, 7 * 24.0)
    assert row["mean_probability"] == pytest.approx(said[week].mean())
    assert row["score_psi"] == pytest.approx(psi(said[before], said[week], edges))
    assert row["score_psi_line"] == pytest.approx(psi_line(56 * 24, 7 * 24, len(edges) + 1))
    assert (row["matured_from"], row["matured_to"]) == (ago(20), ago(14))
    assert row["matured_count"] == 7 * 24
    assert row["matured_base_rate"] == pytest.approx(labels[mature].mean())
    assert row["usual_base_rate"] == pytest.approx(labels[usual].mean())
    assert row["matured_mean_probability"] == pytest.approx(said[mature].mean())
    assert row["matured_ece"] == measure(labels[mature], said[mature], 0.5).ece
    assert row["matured_auc"] == pytest.approx(roc_auc_score(labels[mature], said[mature]))
    assert row["matured_brier"] == pytest.approx(brier_score_loss(labels[mature], said[mature]))
    assert (row["model_version"], row["is_in_sample"]) == (3, False)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("hour_band", lambda c: None if c.hour is None else c.hour // 6),
        ("borough", lambda c: c.borough),
        ("street_kind", lambda c: c.street_kind),
        ("coordinates", lambda c: c.latitude is None),
        ("vehicle_type", lambda c: c.vehicle_types[0]),
        ("vehicle_group", lambda c: small_words().vehicle_group(c.vehicle_types[0])),
        ("second_vehicle_group", lambda c: small_words().vehicle_group(c.vehicle_types[1])),
        ("factor", lambda c: next(iter(c.contributing_factors), None)),
        ("second_factor", lambda c: next(iter(c.contributing_factors[1:]), None)),
    ],
)
def test_the_drift_of_a_feature_is_that_of_its_categories(
    ordinary: World, name: str, cell: Callable[[Features], str | int | None]
) -> None:
    told = json.loads(ordinary.row(feature_set="full_report")["feature_psi"])
    expected = cells(ordinary, ago(62), ago(7), cell), cells(ordinary, ago(6), LAST, cell)
    assert told[name] == pytest.approx(psi_categorical(*expected), abs=5e-5)


def test_the_calendar_and_what_a_feature_set_does_not_know_are_not_compared(
    ordinary: World,
) -> None:
    told = {
        name: json.loads(ordinary.row(feature_set=name)["feature_psi"]) for name in FEATURE_SETS
    }
    assert set(told["first_report"]) == OF_FIRST_REPORT
    assert set(told["full_report"]) == OF_FIRST_REPORT | {"factor", "second_factor"}


@settings(max_examples=12, deadline=None)
@given(ages=st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_a_row_does_not_depend_on_which_other_days_are_asked_for(
    ordinary: World, ages: Sequence[int]
) -> None:
    days = [ago(age) for age in ages]
    inputs, words = ordinary.inputs(), small_words()
    together = monitor(days, inputs, words).to_pylist()
    assert [(row["monitored_date"], row["feature_set"]) for row in together] == [
        (day, name) for name in FEATURE_SETS for day in sorted(set(days))
    ]
    oldest = monitor([min(days)], inputs, words).to_pylist()
    assert [row for row in together if row["monitored_date"] == min(days)] == oldest


def test_what_came_before_the_look_back_changes_nothing() -> None:
    longer = world(6, first=FIRST - timedelta(days=30))
    kept = longer.within(FIRST, LAST)
    shorter = World(
        [crash for crash, is_kept in zip(longer.crashes, kept, strict=True) if is_kept],
        [label for label, is_kept in zip(longer.labels, kept, strict=True) if is_kept],
        longer.probabilities[kept],
        longer.versions[: int(kept.sum())],
        longer.is_in_sample[: int(kept.sum())],
    )
    assert len(shorter.crashes) == 6 * (LOOKBACK_DAYS + 1)
    assert shorter.row() == longer.row()


def test_a_week_without_predictions_gives_no_row(ordinary: World) -> None:
    only = replace(ordinary, feature_sets=("full_report",))
    days = [LAST, LAST + timedelta(days=6), LAST + timedelta(days=7)]
    rows = monitor(days, only.inputs(), small_words())
    assert rows.schema == MONITORING.schema
    told = [(row["monitored_date"], row["feature_set"]) for row in rows.to_pylist()]
    assert told == [(day, "full_report") for day in days[:2]]
    assert [row["crash_count"] for row in rows.to_pylist()] == [7 * 24, 24]


def test_no_records_at_all_give_no_row() -> None:
    nothing = World([], [], np.zeros(0), [], [])
    assert monitor([LAST], nothing.inputs(), small_words()).num_rows == 0


def test_the_first_weeks_have_no_usual_figures() -> None:
    rows = [world(24, first=ago(days)).row() for days in (6, 33, 34, 69, 70)]
    assert [row["usual_count"] is None for row in rows] == [True, True, False, False, False]
    assert [row["usual_base_rate"] is None for row in rows] == [True, True, True, True, False]
    unknown = ("usual_count", "score_psi", "score_psi_line", "feature_psi", "matured_auc")
    assert {rows[0][name] for name in unknown} == {None}
    assert (rows[0]["matured_count"], rows[0]["matured_base_rate"]) == (0, None)


def test_a_missing_day_leaves_no_usual_count_and_a_missing_week_no_usual_rate() -> None:
    gappy = world(lambda day: 0 if ago(27) <= day <= ago(21) else 24)
    rows = {age: gappy.row(ago(age)) for age in (0, 6, 14, 15)}
    assert {age: row["usual_count"] for age, row in rows.items()} == dict.fromkeys(rows)
    assert [row["usual_base_rate"] is None for row in rows.values()] == [True, False, False, False]


@pytest.mark.parametrize("a_day", [7, 8])
def test_a_mature_week_of_less_than_fifty_crashes_has_a_rate_but_no_calibration(a_day: int) -> None:
    row = world(a_day).row()
    assert row["matured_count"] == 7 * a_day
    assert row["matured_base_rate"] is not None
    measured = [row[f"matured_{name}"] is not None for name in ("ece", "auc", "brier")]
    assert measured == [a_day == 8] * 3


def test_a_mature_week_of_one_outcome_has_no_calibration() -> None:
    row = world(24, hurt=lambda _: 99.0).row()
    assert (row["matured_count"], row["matured_base_rate"], row["matured_auc"]) == (168, 1.0, None)


def test_crashes_whose_outcome_nobody_knows_count_for_the_volume_only() -> None:
    odd = world()
    odd.labels = [None if n % 2 else label for n, label in enumerate(odd.labels)]
    row, mature = odd.row(), odd.within(ago(20), ago(14))
    known = [label for label, chosen in zip(odd.labels, mature, strict=True) if chosen]
    assert (row["crash_count"], row["matured_count"]) == (168, 84)
    assert row["matured_base_rate"] == np.mean([label for label in known if label is not None])


def test_a_row_is_of_the_model_that_said_most_and_scores_are_compared_with_its_own() -> None:
    mixed = world()
    is_new = mixed.within(ago(3), LAST)
    mixed.versions = [4 if new else 3 for new in is_new]
    mixed.probabilities = np.where(is_new, 0.9, mixed.probabilities)
    row = mixed.row()
    assert (row["model_version"], row["score_psi"]) == (4, None)
    row = mixed.row(ago(1))
    assert row["model_version"] == 3
    assert row["score_psi"] < 0.1


def test_of_two_models_that_said_as_much_the_newer_one_counts() -> None:
    tied = world(2, first=ago(5))
    tied.versions = [3 + n % 2 for n in range(len(tied.versions))]
    assert tied.row()["model_version"] == 4


@pytest.mark.parametrize(
    ("seen", "expected"),
    [(0, True), (6, True), (7, False), (13, False), (14, True), (20, True), (21, False)],
)
def test_a_row_tells_whether_the_model_has_seen_any_of_its_days(seen: int, expected: bool) -> None:
    the = world(2)
    the.is_in_sample = the.within(ago(seen), ago(seen)).tolist()
    assert the.row()["is_in_sample"] is expected


def test_the_lake_is_read_once_as_far_back_as_needed(tmp_path: Path, ordinary: World) -> None:
    store, days = store_in(tmp_path / "lake"), [ago(1), LAST]
    window = window_for([LAST, FIRST])
    store.replace(INJURY_PREDICTIONS, window, Frame.of(ordinary.predictions()))
    store.replace(CRASH_FEATURES, window, Frame.of(ordinary.features()))
    store.replace(CRASHES, window, Frame.of(ordinary.outcomes()))
    read = Inputs.read(store, [LAST])
    assert read.crashes.num_rows == len(ordinary.crashes)
    rows = [monitor(days, inputs, small_words()) for inputs in (read, ordinary.inputs())]
    assert rows[0].equals(rows[1])


def test_a_lake_without_tables_gives_no_row(tmp_path: Path) -> None:
    inputs = Inputs.read(store_in(tmp_path / "lake"), [LAST])
    rows: list[Row] = monitor([LAST], inputs, small_words()).to_pylist()
    assert rows == []
