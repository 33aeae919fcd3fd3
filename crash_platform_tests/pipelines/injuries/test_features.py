import re
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Step
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.crashes.vocabulary import (
    load_contributing_factors,
    load_vehicle_types,
)
from crash_platform.pipelines.injuries.features import (
    FEATURE_SETS,
    VICTIM_FACTORS,
    Features,
    featuriser,
    is_holiday,
    street_kind,
)
from crash_platform.pipelines.injuries.rows import as_batch, feature_batches, features_of, reports
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES
from crash_platform.pipelines.injuries.words import load_words, vocabulary_key
from crash_platform_tests.pipelines.injuries.reports import DAY, report

WORDS = load_words()
FEATURISE = featuriser(WORDS)
OUTCOMES = re.compile("injur|kill|victim|severity|casualt|fatal")
FILING = re.compile("minute|collision|landing|pulled|updated|version|filled|lag|source|^year$")


def test_a_crash_is_told_by_its_hour_its_place_and_its_vehicles() -> None:
    assert FEATURISE(report()) == Features(
        collision_id=4_500_001,
        crash_date=DAY,
        hour=17,
        weekday=2,
        is_holiday=False,
        borough="BROOKLYN",
        latitude=40.68,
        longitude=-73.94,
        street_kind="street",
        vehicle_types=["Sedan", "Bicycle"],
        contributing_factors=["Unspecified", "Failure to Yield Right-of-Way"],
    )


def test_what_nobody_said_stays_missing() -> None:
    silent = report(
        hour=None,
        borough=None,
        borough_located=None,
        latitude=None,
        streets=(None, " "),
        vehicle_types=None,
        contributing_factors=("", "??"),
    )
    told = FEATURISE(silent)
    assert (told.hour, told.borough, told.street_kind) == (None, None, None)
    assert (told.latitude, told.longitude) == (None, None), "half a point is no point"
    assert (told.vehicle_types, told.contributing_factors) == ([], [])


def test_a_borough_nobody_reported_is_the_one_that_holds_the_point() -> None:
    assert FEATURISE(report(borough=None, borough_located="QUEENS")).borough == "QUEENS"
    assert FEATURISE(report(borough="BRONX", borough_located="QUEENS")).borough == "BRONX"


def test_words_nobody_knows_are_other() -> None:
    told = FEATURISE(report(vehicle_types=["hoverboat 3000"], contributing_factors=["moon"]))
    assert (told.vehicle_types, told.contributing_factors) == (["Other"], ["Other"])


def test_a_factor_that_tells_of_a_victim_is_left_out() -> None:
    told = FEATURISE(report(contributing_factors=[*VICTIM_FACTORS, "Unspecified"]))
    assert told.contributing_factors == ["Unspecified"]


@pytest.mark.parametrize(
    ("street", "kind"),
    [
        ("BROOKLYN QUEENS EXPRESSWAY", "highway"),
        ("FDR DRIVE", "highway"),
        ("Bronx River Parkway Service Road", "highway"),
        ("VERRAZANO BRIDGE", "highway"),
        ("BROOKLYN BRIDGE", "bridge"),
        ("FLATBUSH AVENUE", "avenue"),
        ("AVENUE U", "avenue"),
        ("QUEENS BOULEVARD", "boulevard"),
        ("GRAND CONCOURSE", "boulevard"),
        ("EAST 149 STREET", "street"),
        ("1200      WATERS PLACE", "road"),
        ("BROADWAY", "road"),
        ("KINGSLAND", "other"),
    ],
)
def test_a_street_is_of_the_kind_its_name_says(street: str, kind: str) -> None:
    assert street_kind((street,)) == kind


def test_which_street_field_is_filled_does_not_matter() -> None:
    assert street_kind((None, "5 AVENUE")) == street_kind(("5 AVENUE", None)) == "avenue"


def test_holidays_are_those_that_are_kept() -> None:
    assert is_holiday(date(2022, 7, 4))
    assert is_holiday(date(2022, 12, 26)), "Christmas Day fell on a Sunday"
    assert not is_holiday(date(2022, 7, 5))


@given(st.text(max_size=30))
def test_the_key_of_a_spelling_is_the_one_sql_makes(spelling: str) -> None:
    assert vocabulary_key(spelling) == re.sub("[^A-Za-z0-9]+", " ", spelling).strip(" ").lower()


def test_every_known_spelling_finds_the_word_that_silver_gives_it() -> None:
    spellings = [*load_vehicle_types()["key"].to_pylist(), "E-Bike", "Station Wagon/SUV", "x-y z"]
    inputs = {"spellings": pa.table({"spelling": spellings}), "words": load_vehicle_types()}
    text = (
        "SELECT spelling, coalesce(words.vehicle_type, 'Other') AS word FROM spellings "
        "LEFT JOIN words ON vocabulary_key(spelling) = words.key"
    )
    engine = DuckDBEngine("200MB")
    for row in engine.stream(inputs, [Step("found", text)]).read_all().to_pylist():
        assert WORDS.vehicle_types([row["spelling"]]) == [row["word"]]


def test_a_word_of_silver_stays_itself() -> None:
    vehicles = set(load_vehicle_types()["vehicle_type"].to_pylist())
    factors = set(load_contributing_factors()["contributing_factor"].to_pylist())
    assert WORDS.vehicle_types(sorted(vehicles)) == sorted(vehicles)
    assert WORDS.factors(sorted(factors)) == sorted(factors)


def test_no_feature_names_an_outcome_or_the_way_of_filing() -> None:
    known = {column.name for column in CRASH_FEATURES.columns} - set(CRASH_FEATURES.key)
    assert not [name for name in known if OUTCOMES.search(name) or FILING.search(name)]
    assert set(FEATURE_SETS["first_report"]) < set(FEATURE_SETS["full_report"]) <= known
    assert tuple(Features._fields) == tuple(column.name for column in CRASH_FEATURES.columns)


def test_features_come_back_from_a_table_as_they_went() -> None:
    told = [FEATURISE(report()), FEATURISE(report(collision_id=7, vehicle_types=None, hour=None))]
    assert list(features_of(as_batch(told))) == told
    assert as_batch([]).schema == CRASH_FEATURES.schema


def test_silver_is_read_as_reports() -> None:
    row = dict.fromkeys(CRASHES.schema.names) | {
        "collision_id": 9,
        "crash_date": DAY,
        "cross_street_name": "12 MAIN STREET",
        "vehicle_types": ["Taxi"],
    }
    batch = pa.RecordBatch.from_pylist([row], schema=CRASHES.schema)
    (found,) = reports(batch)
    assert (found.hour, found.streets) == (None, (None, "12 MAIN STREET"))
    (features,) = features_of(next(feature_batches([batch], FEATURISE)))
    assert (features.street_kind, features.vehicle_types) == ("street", ["Taxi"])
