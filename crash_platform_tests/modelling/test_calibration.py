import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.modelling.calibration import (
    CalibrationError,
    Calibrator,
    Kind,
    choose,
    fit,
)
from crash_platform.modelling.metrics import Labels, Probabilities, measure
from crash_platform_tests.modelling.forecasts import Forecasts, true_forecasts

UNIT = st.floats(0.0, 1.0)


@st.composite
def calibrators(draw: st.DrawFn) -> Calibrator:
    kind: Kind = draw(st.sampled_from(["none", "platt", "isotonic"]))
    if kind == "platt":
        return Calibrator(kind, slope=draw(st.floats(0, 50)), intercept=draw(st.floats(-50, 50)))
    if kind == "isotonic":
        xs = sorted(draw(st.sets(UNIT, min_size=1, max_size=8)))
        ys = sorted(draw(st.lists(UNIT, min_size=len(xs), max_size=len(xs))))
        return Calibrator(kind, xs=tuple(xs), ys=tuple(ys))
    return Calibrator(kind)


def on_log_odds(probabilities: Probabilities, slope: float, intercept: float) -> Probabilities:
    odds: Probabilities = (probabilities / (1 - probabilities)) ** slope * np.exp(intercept)
    return odds / (1 + odds)


def overconfident(seed: int, rows: int) -> Forecasts:
    """Forecasts whose log-odds are doubled and raised by a half."""
    labels, truth = true_forecasts(seed, rows)
    return labels, on_log_odds(truth.clip(1e-3, 1 - 1e-3), 2.0, 0.5)


def last_third(labels: Labels) -> np.ndarray:
    return np.arange(len(labels)) >= 2 * len(labels) // 3


@pytest.mark.parametrize(
    ("calibrator", "expected"),
    [
        (Calibrator("none"), [0.0, 0.1, 0.5, 0.9, 1.0]),
        (Calibrator("platt", slope=1.0, intercept=np.log(4)), [0.0, 4 / 13, 0.8, 36 / 37, 1.0]),
        (Calibrator("isotonic", xs=(0.1, 0.5), ys=(0.2, 0.6)), [0.2, 0.2, 0.6, 0.6, 0.6]),
        (Calibrator("isotonic", xs=(0.3,), ys=(0.4,)), [0.4, 0.4, 0.4, 0.4, 0.4]),
    ],
)
def test_five_probabilities_are_corrected_as_worked_out_by_hand(
    calibrator: Calibrator, expected: list[float]
) -> None:
    corrected = calibrator.apply(np.array([0.0, 0.1, 0.5, 0.9, 1.0]))
    assert corrected.tolist() == pytest.approx(expected, abs=1e-5)


@given(calibrators(), st.lists(UNIT, min_size=1, max_size=30).map(np.array))
@settings(deadline=None)
def test_any_calibrator_keeps_order_and_bounds_and_treats_a_row_alone_as_among_others(
    calibrator: Calibrator, probabilities: Probabilities
) -> None:
    corrected = calibrator.apply(probabilities)
    assert ((corrected >= 0) & (corrected <= 1)).all()
    assert (np.diff(corrected[np.argsort(probabilities)]) >= -1e-15).all()
    alone = [calibrator.apply(probabilities[[row]])[0] for row in range(len(probabilities))]
    np.testing.assert_allclose(alone, corrected, rtol=1e-14)


@given(calibrators())
@settings(deadline=None)
def test_any_calibrator_comes_back_from_json_unchanged(calibrator: Calibrator) -> None:
    assert Calibrator.from_dict(json.loads(json.dumps(calibrator.to_dict()))) == calibrator


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "kind None"),
        ({"kind": "beta"}, "kind 'beta'"),
        ({"kind": ["platt"]}, "kind"),
        ({"kind": "platt", "slope": 1.0}, "with the parts kind, slope:"),
        ({"kind": "none", "slope": 1.0}, "with the parts kind, slope:"),
        ({"kind": "platt", "slope": "1", "intercept": 0.0}, "slope of a calibration is not made"),
        ({"kind": "platt", "slope": True, "intercept": 0.0}, "slope of a calibration is not made"),
        (
            {"kind": "platt", "slope": -1.0, "intercept": 0.0},
            "a slope of 0 or more, not 0.0 and -1",
        ),
        ({"kind": "platt", "slope": float("nan"), "intercept": 0.0}, "not 0.0 and nan"),
        ({"kind": "isotonic", "xs": 0.5, "ys": [0.5]}, "xs of a calibration is not made"),
        ({"kind": "isotonic", "xs": [0.5, None], "ys": [0.5, 0.6]}, "xs of a calibration is not"),
        ({"kind": "isotonic", "xs": [], "ys": []}, "as many xs as ys"),
        ({"kind": "isotonic", "xs": [0.1, 0.2], "ys": [0.1]}, "as many xs as ys"),
        ({"kind": "isotonic", "xs": [0.2, 0.2], "ys": [0.1, 0.2]}, "the xs rising"),
        ({"kind": "isotonic", "xs": [0.1, 0.2], "ys": [0.2, 0.1]}, "never falling"),
        ({"kind": "isotonic", "xs": [0.1, 0.2], "ys": [0.2, 1.1]}, "within 0..1"),
        ({"kind": "isotonic", "xs": [0.1, float("nan")], "ys": [0.2, 0.3]}, "within 0..1"),
    ],
)
def test_a_calibration_written_down_wrongly_is_refused_in_one_sentence(
    values: dict[str, Any], said: str
) -> None:
    with pytest.raises(CalibrationError, match=said):
        Calibrator.from_dict(values)


def test_platt_finds_the_line_that_was_bent_and_agrees_with_newton_by_hand() -> None:
    labels, probabilities = overconfident(seed=1, rows=20_000)
    fitted = fit("platt", labels, probabilities)
    assert (fitted.slope, fitted.intercept) == pytest.approx((0.5, -0.25), abs=0.03)
    # At the optimum the residuals against Platt's targets are orthogonal to 1 and the log-odds.
    positive = labels.sum()
    low, high = 1 / (len(labels) - positive + 2), (positive + 1) / (positive + 2)
    residuals = fitted.apply(probabilities) - np.where(labels, high, low)
    logits = np.log(probabilities / (1 - probabilities))
    assert [residuals.mean(), (residuals * logits).mean()] == pytest.approx([0, 0], abs=1e-6)


def test_isotonic_is_scikit_learns_between_the_certainties_its_rows_support() -> None:
    from sklearn.isotonic import IsotonicRegression

    labels, probabilities = overconfident(seed=2, rows=3_000)
    fitted = fit("isotonic", labels, probabilities)
    plain = IsotonicRegression(out_of_bounds="clip").fit(probabilities, labels.astype(float))
    asked = np.linspace(0, 1, 101)
    positive = labels.sum()
    low, high = 1 / (len(labels) - positive + 2), (positive + 1) / (positive + 2)
    at_points = plain.predict(np.array(fitted.xs)).clip(low, high)
    np.testing.assert_allclose(fitted.ys, at_points)
    assert fitted.apply(asked).min() >= low > 0
    assert fitted.apply(asked).max() <= high < 1


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_either_kind_mends_forecasts_that_are_too_sure_of_themselves(kind: Kind) -> None:
    fitted = fit(kind, *overconfident(seed=3, rows=6_000))
    labels, probabilities = overconfident(seed=4, rows=6_000)
    before = measure(labels, probabilities, 0.5)
    after = measure(labels, fitted.apply(probabilities), 0.5)
    assert before.ece > 0.1
    assert after.ece < 0.03
    assert after.brier < before.brier
    assert after.auc == pytest.approx(before.auc, abs=5e-3)


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
@pytest.mark.parametrize("bend", ["constant", "reversed"])
def test_forecasts_without_any_order_to_keep_are_corrected_to_the_base_rate(
    kind: Kind, bend: str
) -> None:
    labels, probabilities = true_forecasts(seed=5, rows=2_000)
    useless = np.full(2_000, 0.9) if bend == "constant" else 1 - probabilities
    corrected = fit(kind, labels, useless).apply(useless)
    np.testing.assert_allclose(corrected, labels.mean(), atol=0.03 if kind == "isotonic" else 1e-3)


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_forecasts_that_separate_the_classes_are_not_taken_for_certainty(kind: Kind) -> None:
    labels = np.arange(2_000) >= 1_000
    corrected = fit(kind, labels, np.linspace(0, 1, 2_000)).apply(np.array([0.0, 1.0]))
    assert 0 < corrected[0] < 0.01
    assert 0.99 < corrected[1] < 1


def test_too_few_rows_one_class_and_missing_values_are_refused() -> None:
    labels, probabilities = true_forecasts(seed=6, rows=999)
    with pytest.raises(CalibrationError, match="isotonic calibration needs 1000 rows and got 999"):
        fit("isotonic", labels, probabilities)
    with pytest.raises(CalibrationError, match="platt calibration needs 100 rows and got 99"):
        fit("platt", labels[:99], probabilities[:99])
    with pytest.raises(CalibrationError, match="All 999 labels are True"):
        fit("platt", np.ones(999, dtype=bool), probabilities)
    with pytest.raises(CalibrationError, match="are missing or outside"):
        fit("platt", labels, np.full(999, np.nan))
    assert fit("none", labels, probabilities) == Calibrator("none")


def test_a_correction_that_true_forecasts_do_not_need_does_no_harm() -> None:
    for seed in range(10):
        labels, probabilities = true_forecasts(seed, rows=3_000)
        chosen = choose(labels, probabilities, last_third(labels))
        later_labels, later = true_forecasts(100 + seed, rows=20_000)
        plain, corrected = (
            float(((told - later_labels) ** 2).mean()) for told in (later, chosen.apply(later))
        )
        assert corrected < plain + 0.002


def test_forecasts_that_are_too_sure_are_corrected_by_a_fit_on_all_rows() -> None:
    labels, probabilities = overconfident(seed=7, rows=6_000)
    chosen = choose(labels, probabilities, last_third(labels))
    assert chosen == fit(chosen.kind, labels, probabilities)
    assert chosen.kind != "none"


def test_a_bend_that_no_line_on_the_log_odds_straightens_is_left_to_isotonic() -> None:
    labels, truth = true_forecasts(seed=8, rows=9_000)
    stepped = np.where(truth > 0.4, 0.6 + truth / 10, truth / 10)
    assert choose(labels, stepped, last_third(labels)).kind == "isotonic"


def test_a_correction_that_the_later_rows_disprove_is_not_kept() -> None:
    labels, probabilities = overconfident(seed=9, rows=4_000)
    later_labels, later = true_forecasts(seed=10, rows=2_000)
    is_later = np.arange(6_000) >= 4_000
    both = np.concatenate([labels, later_labels]), np.concatenate([probabilities, later])
    assert choose(*both, is_later) == Calibrator("none")


def test_isotonic_does_not_compete_where_the_earlier_rows_are_too_few() -> None:
    labels, truth = true_forecasts(seed=8, rows=1_400)
    stepped = np.where(truth > 0.4, 0.6 + truth / 10, truth / 10)
    assert choose(labels, stepped, last_third(labels)).kind == "platt"
    assert choose(labels[:90], stepped[:90], last_third(labels[:90])) == Calibrator("none")


@pytest.mark.parametrize("is_later", [np.zeros(300, dtype=bool), np.ones(300, dtype=bool)])
def test_a_choice_without_earlier_and_later_rows_is_refused(is_later: np.ndarray) -> None:
    with pytest.raises(CalibrationError, match="earlier and later rows"):
        choose(*true_forecasts(seed=11, rows=300), is_later)
