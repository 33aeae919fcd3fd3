"""Predictions by the C interface are those of XGBoost's own method, whatever the matrix."""

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from crash_platform.modelling.predicting import predict

COLUMNS = 5


@lru_cache(maxsize=1)
def booster() -> xgboost.Booster:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(400, COLUMNS)).astype(np.float32)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    label = (np.nan_to_num(rows[:, 0]) + rng.normal(size=400) > 0).astype(int)
    how = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
    return xgboost.train(how, xgboost.DMatrix(rows, label), num_boost_round=20)


def own(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """What XGBoost's own method says."""
    answer = booster().inplace_predict(matrix, validate_features=False)
    return np.asarray(answer, np.float64)


numbers = st.floats(-10, 10, width=32) | st.just(np.nan)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 30).flatmap(lambda rows: arrays(np.float32, (rows, COLUMNS), elements=numbers))
)
def test_any_rows_are_answered_as_by_its_own_method(matrix: NDArray[np.float32]) -> None:
    assert np.array_equal(predict(booster(), matrix), own(matrix))


@pytest.mark.parametrize("layout", ["transposed", "every second row", "doubles"])
def test_the_layout_of_the_matrix_makes_no_difference(layout: str) -> None:
    plain = np.random.default_rng(1).normal(size=(12, COLUMNS)).astype(np.float32)
    told = {
        "transposed": np.asfortranarray(plain),
        "every second row": np.repeat(plain, 2, axis=0)[::2],
        "doubles": plain.astype(np.float64),
    }[layout]
    assert np.array_equal(predict(booster(), told), own(plain))


def test_threads_do_not_get_each_other_s_answers() -> None:
    matrices = [np.full((3, COLUMNS), n / 10, np.float32) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: predict(booster(), each), matrices * 20))
    for matrix, answer in zip(matrices * 20, answers, strict=True):
        assert np.array_equal(answer, own(matrix))


def test_a_matrix_of_another_width_is_an_error() -> None:
    with pytest.raises(xgboost.core.XGBoostError):
        predict(booster(), np.zeros((2, COLUMNS + 1), np.float32))
