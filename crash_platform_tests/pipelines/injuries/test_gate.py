from dataclasses import replace
from datetime import timedelta

import numpy as np

from crash_platform.pipelines.injuries.card import card
from crash_platform.pipelines.injuries.encoding import Encoder
from crash_platform.pipelines.injuries.gate import (
    Rival,
    better,
    calibrated,
    judge,
    newer,
    no_leaks,
    not_too_good,
    slice_ece,
    slices,
    slices_calibrated,
)
from crash_platform_tests.pipelines.injuries.small_model import (
    SMALL_RECIPE,
    small_model,
    small_rows,
    small_trained,
)


def test_a_sound_model_passes_the_gates_that_need_no_champion() -> None:
    verdicts = judge(small_trained(), small_rows(), None)
    assert {verdict.name: verdict.passed for verdict in verdicts} == {
        "auc_not_too_good": True,
        "no_leaking_columns": True,
        "is_calibrated": True,
        "slices_are_calibrated": True,
        "is_fast_enough": True,
    }
    assert all(verdict.is_required for verdict in verdicts)


def test_skill_beyond_the_data_is_suspected() -> None:
    assert not_too_good("first_report", 0.779).passed
    assert not not_too_good("first_report", 0.78).passed
    assert not_too_good("full_report", 0.80).passed
    assert not not_too_good("full_report", 0.847).passed


def test_columns_that_leak_are_found() -> None:
    assert no_leaks(Encoder("full_report", *_words()).columns).passed
    for leak in ("pedestrians_injured", "minute", "collision_id", "cross_street_filled", "year"):
        verdict = no_leaks(("hour", leak))
        assert not verdict.passed
        assert leak in verdict.description
    victim = "factor=Pedestrian/Bicyclist/Other Pedestrian Error/Confusion"
    assert not no_leaks((victim,)).passed


def _words() -> tuple[object, object]:  # type: ignore[type-arg]
    encoder = small_model("full_report").encoder
    return encoder.vocabulary, encoder.words


def test_a_model_that_says_too_much_is_not_calibrated() -> None:
    assert calibrated(0.03, rows=20_000).passed
    assert not calibrated(0.06, rows=20_000).passed
    assert calibrated(0.06, rows=1_000).passed, "so few crashes miss it by chance"
    assert not calibrated(0.08, rows=1_000).passed


def test_a_slice_that_is_off_is_named() -> None:
    trained, rows = small_trained(), small_rows()
    many = np.flatnonzero(trained.tested)
    big = replace(rows, boroughs=np.full(len(rows.labels), "QUEENS", np.object_))
    assert slices_calibrated(trained, big).passed
    off = replace(trained, probabilities=np.clip(trained.probabilities + 0.2, 0, 1))
    verdict = slices_calibrated(off, big)
    assert not verdict.passed
    assert "QUEENS" in verdict.description
    assert len(many) > 500


def test_slices_are_boroughs_vehicle_groups_and_times_of_day() -> None:
    trained, rows = small_trained(), small_rows()
    found = slices(rows, trained.tested)
    assert {"BROOKLYN", "bicycle", "00-05 h", "18-23 h"} <= found.keys()
    assert sum(mask.sum() for name, mask in found.items() if name.endswith(" h")) <= len(
        trained.probabilities
    )
    labels = rows.labels[trained.tested]
    assert slice_ece(labels, labels.astype(float)) == 0


def test_the_same_model_is_no_better_than_the_champion() -> None:
    trained, rows = small_trained(), small_rows()
    labels = rows.labels[trained.tested]
    same = Rival(trained.model, 3, trained.probabilities)
    assert not better(labels, trained.probabilities, same, seed=0).passed
    clueless = Rival(trained.model, 3, np.full(len(labels), labels.mean()))
    verdict = better(labels, trained.probabilities, clueless, seed=0)
    assert verdict.passed
    assert "version 3" in verdict.description
    assert not better(labels, clueless.probabilities, same, seed=0).passed


def test_a_backtest_does_not_replace_a_later_model() -> None:
    model, said = small_model(), small_trained().probabilities
    later = replace(model, as_of=model.as_of + timedelta(days=1))
    assert newer(later, Rival(model, 1, said)).passed
    assert newer(model, Rival(model, 1, said)).passed
    assert not newer(model, Rival(later, 1, said)).passed
    names = [
        verdict.name for verdict in judge(small_trained(), small_rows(), Rival(later, 1, said))
    ]
    assert names[-2:] == ["is_not_older_than_the_champion", "is_better_than_the_champion"]


def test_the_card_says_what_the_model_is_and_is_not_for() -> None:
    trained, rows = small_trained("full_report"), small_rows()
    told = card(trained, rows, SMALL_RECIPE, judge(trained, rows, None))
    split = trained.model.split
    for said in (
        "Injury model, full report, as of 2023-09-15",
        f"fitted on {split.train.first} to {split.train.last}: {trained.made.train_count:,}",
        f"tested on {split.test.first} to {split.test.last}: {trained.metrics.rows:,}",
        "persons_injured > 0 OR persons_killed > 0",
        "days without a crash while fitting: none",
        f"| AUC | {trained.metrics.auc:.3f} |",
        "kept: no_leaking_columns",
        "A cyclist who is unhurt makes no report",
        "not what a hospital found",
    ):
        assert said in told
