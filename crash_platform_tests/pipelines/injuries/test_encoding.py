import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.pipelines.injuries.encoding import (
    BOROUGHS,
    Encoder,
    EncodingError,
    Vocabulary,
)
from crash_platform.pipelines.injuries.features import Features, featuriser
from crash_platform.pipelines.injuries.words import load_words
from crash_platform_tests.pipelines.injuries.reports import report

WORDS = load_words()
FEATURISE = featuriser(WORDS)
VOCABULARY = Vocabulary(("Bicycle", "Sedan"), ("Unspecified",))
FULL, FIRST = (Encoder(name, VOCABULARY, WORDS) for name in ("full_report", "first_report"))
VEHICLES = sorted(WORDS.vehicle_groups)


def named(features: Features, encoder: Encoder = FULL) -> dict[str, float]:
    return dict(zip(encoder.columns, encoder.row(features), strict=True))


def test_a_row_says_what_the_features_say() -> None:
    row = named(FEATURISE(report(vehicle_types=["Sedan", "Taxi", "Sedan"])))
    assert (row["hour"], row["weekday"], row["is_weekend"]) == (17, 2, 0)
    assert (row["borough=BROOKLYN"], row["borough=QUEENS"]) == (1, 0)
    assert (row["street=street"], row["street=highway"]) == (1, 0)
    assert (row["vehicle_count"], row["group=car"], row["group=taxi"]) == (3, 2, 1)
    assert (row["vehicle=Sedan"], row["vehicle=Bicycle"]) == (2, 0)
    assert (row["factor_count"], row["factor=Unspecified"]) == (2, 1)
    assert math.hypot(row["hour_sin"], row["hour_cos"]) == pytest.approx(1)


def test_what_is_missing_is_missing_as_a_whole_block() -> None:
    told = FEATURISE(report(hour=None, latitude=None, vehicle_types=None, streets=()))
    row = named(told)
    for block in ("coordinates", "street", "vehicles"):
        assert all(math.isnan(row[name]) for name in FULL.blocks[block])
    assert math.isnan(row["hour"])
    assert not any(math.isnan(row[name]) for name in (*FULL.blocks["borough"], "weekday"))


def test_a_type_without_a_column_still_counts_in_its_group() -> None:
    row = named(FEATURISE(report(vehicle_types=["Ambulance", "hoverboat"])))
    assert (row["vehicle_count"], row["group=emergency"], row["group=other"]) == (2, 1, 1)


def test_the_first_report_is_the_beginning_of_the_full_report() -> None:
    assert FULL.columns[: len(FIRST.columns)] == FIRST.columns
    assert not [name for name in FIRST.columns if name.startswith("factor")]
    told = FEATURISE(report())
    assert FULL.row(told)[: len(FIRST.columns)] == FIRST.row(told)


def test_an_unknown_feature_set_is_refused() -> None:
    with pytest.raises(EncodingError, match="no feature set 'second_report'"):
        Encoder("second_report", VOCABULARY, WORDS)


@given(
    st.lists(
        st.builds(
            report,
            hour=st.none() | st.integers(0, 23),
            borough=st.none() | st.sampled_from((*BOROUGHS, "ELSEWHERE")),
            latitude=st.none() | st.floats(40, 41),
            vehicle_types=st.none() | st.lists(st.sampled_from(VEHICLES), max_size=5),
            contributing_factors=st.none() | st.lists(st.text(max_size=5), max_size=3),
        ),
        max_size=5,
    )
)
def test_many_rows_are_encoded_as_one_is(told: list) -> None:  # type: ignore[type-arg]
    rows = [FEATURISE(each) for each in told]
    matrix = FULL.matrix(iter(rows), len(rows))
    assert matrix.dtype == np.float32
    for line, features in zip(matrix, rows, strict=True):
        np.testing.assert_array_equal(line, np.array(FULL.row(features), np.float32))


def test_a_wrong_number_of_rows_is_noticed() -> None:
    with pytest.raises(ValueError, match="2 rows were announced, 1 came"):
        FULL.matrix([FEATURISE(report())], 2)
