"""Charts of the test predictions: ranking, calibration, threshold, lift, slices."""

from dataclasses import replace

import numpy as np
import pytest

from crash_platform.modelling.metrics import (
    Labels,
    Probabilities,
    by_threshold,
    calibration_bins,
    confusion,
    measure,
)
from crash_platform.pipelines.injuries.charts import ranking, reliability, slices, thresholds
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, Said
from crash_platform.pipelines.injuries.charts.noise import ece_of_chance, ece_of_chance_by_count
from crash_platform_tests.pipelines.injuries.charts import drawn
from crash_platform_tests.pipelines.injuries.evaluations import THRESHOLD


def test_the_title_of_the_curves_says_the_auc_with_its_interval_and_the_gain(
    made: Evaluation,
) -> None:
    ours, theirs = _auc(made, "xgboost"), _auc(made, "logistic")
    title = ranking.curves(made).title
    assert title == (
        f"XGBoost ranks best of 5: AUC {ours:.3f} [{ours - 0.006:.3f}, {ours + 0.006:.3f}], "
        f"{ours - theirs:+.3f} against logistic regression."
    )


def test_another_candidate_that_ranks_better_is_named(made: Evaluation) -> None:
    names = made.predictions["candidate"].to_pylist()
    swapped = {"xgboost": "logistic", "logistic": "xgboost"}
    index = made.predictions.column_names.index("candidate")
    table = made.predictions.set_column(
        index, "candidate", [[swapped.get(name, name) for name in names]]
    )
    title = ranking.curves(replace(made, predictions=table)).title
    assert title.startswith("Logistic regression ranks best of 5")
    assert "XGBoost, the model in use, has" in title


def test_the_curves_end_in_their_corners_and_the_base_rate_is_drawn(made: Evaluation) -> None:
    roc, precision = ranking.curves(made).figure.axes
    x, y = drawn.labelled(roc)[f"XGBoost {_auc(made, 'xgboost'):.3f}"]
    assert (x[0], y[0], x[-1], y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.trapezoid(y, x) == pytest.approx(_auc(made, "xgboost"), abs=0.002)
    base = made.product.labels.mean()
    assert any(set(y) == {base} for _, y in drawn.lines(precision))
    assert not any("majority" in name for name in drawn.labelled(roc))


def test_the_reliability_curve_holds_the_bins_of_before_and_after(made: Evaluation) -> None:
    sketch = reliability.calibration(made)
    said = made.product
    axes = sketch.figure.axes[0]
    lines = [line for line in drawn.lines(axes) if len(line[0]) == 15]
    for probabilities in (said.raw, said.probabilities):
        bins = calibration_bins(said.labels, probabilities)
        assert any(np.array_equal(x, bins.mean_probability) for x, _ in lines)
    before, after = (
        reliability.error(said.labels, each) for each in (said.raw, said.probabilities)
    )
    assert f"(platt) took the expected error from {before:.3f} to {after:.3f}" in sketch.title
    assert "4,000 test crashes" in sketch.title


def test_a_borough_with_few_crashes_is_named_but_not_judged(made: Evaluation) -> None:
    panels = {axes.get_title("left"): axes for axes in reliability.calibration(made).figure.axes}
    assert panels["Staten Island"].get_xlabel() == "too few:\n40 crashes"
    assert "crashes" in panels["Bronx"].get_xlabel()
    assert "ECE" in panels["Bronx"].get_xlabel()


def test_without_a_correction_no_curve_of_before_is_drawn(made: Evaluation) -> None:
    sketch = reliability.calibration(replace(made, model={**made.model, "calibration": "none"}))
    assert len(drawn.in_legend(sketch.figure.axes[0])) == 1
    assert sketch.title.startswith("Uncorrected probabilities miss by")


def test_error_bars_are_wilson_intervals() -> None:
    below, above = reliability.half_widths(np.array([0.0, 0.5]), np.array([10, 100]))
    assert (below[0], above[0]) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert (below[1], above[1]) == pytest.approx((0.0962, 0.0962), abs=1e-4)


def test_the_title_of_the_threshold_says_what_it_finds_flags_and_hits(made: Evaluation) -> None:
    said = made.product
    at = by_threshold(said.labels, said.probabilities, np.array([THRESHOLD]))
    sketch = thresholds.threshold(made)
    for name in ("recall", "flagged_share", "precision"):
        assert f"{100 * at[name][0]:.1f} %" in sketch.title
    cells = drawn.notes(sketch.figure.axes[0])
    passed, alarms, missed, found = confusion(said.labels, said.probabilities, THRESHOLD)
    assert [f"{count:,}" for count in (found, missed, alarms, passed)] == cells[::2]
    assert {THRESHOLD} in [set(x) for x, _ in drawn.lines(sketch.figure.axes[1])]


def test_a_tie_across_tenths_is_shared_between_them() -> None:
    labels = np.array([True, False] * 10)
    found = ranking.found_by_decile(_said(labels, np.full(20, 0.5)))
    assert found == pytest.approx(np.full(10, 0.1))
    perfect = ranking.found_by_decile(_said(labels, labels * 0.9))
    assert perfect == pytest.approx([0.2] * 5 + [0.0] * 5)


def test_the_title_of_the_lift_says_the_top_tenth(made: Evaluation) -> None:
    found = ranking.found_by_decile(made.product)
    sketch = ranking.lift(made)
    assert f"holds {100 * found[0]:.1f} % of the injury crashes" in sketch.title
    assert f"{10 * found[0]:.2f} times" in sketch.title
    heights = [height for _, height in drawn.bars(sketch.figure.axes[1])]
    assert np.mean(heights) == pytest.approx(made.product.labels.mean())


def test_slices_cover_every_crash_once_per_kind_and_leave_out_small_ones(made: Evaluation) -> None:
    parts = slices.measured(made.product, seed=0)
    for kind in ("borough", "hour", "first vehicle"):
        assert sum(part.rows for part in parts if part.kind == kind) == 4000
    by_name = {(part.kind, part.name): part for part in parts}
    assert by_name["borough", "Staten Island"].auc is None
    assert by_name["hour", "not given"].rows == 42
    bronx = by_name["borough", "Bronx"]
    mask = made.product.boroughs == "BRONX"
    expected = measure(made.product.labels[mask], made.product.probabilities[mask], 0.5)
    assert bronx.auc is not None
    assert bronx.auc.value == pytest.approx(expected.auc)
    assert bronx.auc.low < expected.auc < bronx.auc.high


def test_a_slice_with_one_outcome_is_shown_as_such(made: Evaluation) -> None:
    index = made.predictions.column_names.index("is_injury_crash")
    labels = made.predictions["is_injury_crash"].to_numpy().copy()
    labels[made.predictions["vehicle_group"].to_numpy() == "truck"] = True
    table = made.predictions.set_column(index, "is_injury_crash", [labels])
    axes = slices.slices(replace(made, predictions=table)).figure.axes[1]
    assert sorted(drawn.notes(axes)) == ["one outcome only", "too small", "too small"]


def test_the_title_of_the_slices_names_the_lowest_and_the_highest_auc(made: Evaluation) -> None:
    known = [part for part in slices.measured(made.product, seed=0) if part.auc]
    aucs = {f"{part.kind} {part.name}": part.auc.value for part in known if part.auc}
    low, high = min(aucs, key=lambda name: aucs[name]), max(aucs, key=lambda name: aucs[name])
    title = slices.slices(made).title
    assert f"Over {len(known)} parts" in title
    assert f"{aucs[low]:.3f} ({low}) and {aucs[high]:.3f} ({high})" in title


def test_chance_alone_makes_the_calibration_error_that_simulation_finds() -> None:
    generator = np.random.default_rng(5)
    probabilities = generator.beta(2, 3, 1500)
    found = [
        reliability.error(generator.random(1500) < probabilities, probabilities) for _ in range(60)
    ]
    assert ece_of_chance(probabilities) == pytest.approx(np.mean(found), rel=0.06)
    by_count = ece_of_chance_by_count(np.array([1500.0]), np.array([probabilities.mean()]))
    assert ece_of_chance(probabilities) < by_count[0] < 1.2 * ece_of_chance(probabilities)


def _auc(made: Evaluation, candidate: str) -> float:
    said = made.said("models", candidate)
    return measure(said.labels, said.probabilities, 0.5).auc


def _said(labels: Labels, probabilities: Probabilities) -> Said:
    nothing = np.full(len(labels), None, object)
    return Said(labels, probabilities, probabilities, nothing, nothing, nothing)
