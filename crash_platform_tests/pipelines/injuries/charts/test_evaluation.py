from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crash_platform.pipelines.injuries.charts.evaluation import (
    Contributions,
    Evaluation,
    EvaluationError,
)
from crash_platform_tests.pipelines.injuries.evaluations import FEATURE_SET, evaluation


def test_a_candidate_is_found_with_all_its_rows_in_order(made: Evaluation) -> None:
    said = made.said("models", "xgboost")
    assert len(said.labels) == 4000
    assert said.labels.dtype == np.bool_
    assert said.boroughs[0] == "STATEN ISLAND"
    assert said.hours[0] is None
    assert np.allclose(said.raw, said.probabilities**1.3)


def test_what_was_not_run_is_known_to_be_missing() -> None:
    made = evaluation(200, without=("window", "months", "contributions"))
    assert not any(made.has(part) for part in ("window", "months", "contributions"))
    assert all(made.has(part) for part in ("models", "rows", "weeks", "psi"))


def test_a_missing_column_is_named(made: Evaluation) -> None:
    with pytest.raises(EvaluationError, match="months of an evaluation lacks the columns crash_c"):
        replace(made, months=made.months.drop_columns("crash_count"))


def test_rows_of_another_day_are_refused(made: Evaluation) -> None:
    with pytest.raises(EvaluationError, match=r"20000 rows of predictions .* as of 2024-04-16"):
        replace(made, as_of=date(2024, 4, 16))


def test_without_the_models_own_predictions_nothing_can_be_drawn(made: Evaluation) -> None:
    with pytest.raises(EvaluationError, match=f"the {FEATURE_SET} model .* lack the candidate xgb"):
        replace(made, predictions=made.predictions.slice(0, 4000))


def test_a_missing_figure_of_the_model_is_named(made: Evaluation) -> None:
    broken = replace(made, model={**made.model, "auc": None, "tested_from": "soon"})
    with pytest.raises(EvaluationError, match="no number auc but None"):
        broken.number("auc")
    with pytest.raises(EvaluationError, match="no day tested_from but 'soon'"):
        broken.day("tested_from")


def test_contributions_of_other_rows_are_refused() -> None:
    values = np.zeros((3, 2), np.float32)
    with pytest.raises(EvaluationError, match="Contributions of 3 crashes and 2 columns"):
        Contributions(("a", "b"), values, values, np.zeros(3), np.arange(3))
