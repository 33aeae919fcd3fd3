"""A crash told live is read like the same crash in the tables, and gets the same probability."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.features import Report, featuriser
from crash_platform.pipelines.injuries.rows import as_batch, reports
from crash_platform.pipelines.injuries.scoring import predictions
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES
from crash_platform.pipelines.reports.event import CONTRACT, CrashReportV1
from crash_platform.pipelines.reports.live.reading import clean_text, reader
from crash_platform.sources.sample import sample_file
from crash_platform_tests.lake.things import store_in
from crash_platform_tests.pipelines.crashes.raw_crashes import bronze_row, clean, raw, rows_of
from crash_platform_tests.pipelines.injuries.small_model import feature_table, small_words
from crash_platform_tests.pipelines.reports.live.newsroom import (
    TODAY,
    Newsroom,
    champions,
    located,
    told,
)

SLOTS = ("1", "2", "_3", "_4", "_5")
FACTORS = [f"contributing_factor_vehicle_{n}" for n in range(1, 6)]
VEHICLES = [f"vehicle_type_code{slot}" for slot in SLOTS]
NASTY: tuple[dict[str, Any], ...] = (
    {},
    {"borough": None},
    {"borough": "  brooklyn "},
    {"borough": "NEWARK", "latitude": "40.7357", "longitude": "-74.1724"},
    {"borough": None, "latitude": "0", "longitude": "0"},
    {"borough": None, "latitude": None, "longitude": None},
    {"on_street_name": "  FDR   DRIVE ", "crash_time": "00:30"},
    {"on_street_name": " ", "cross_street_name": "1200 \t WATERS  PLACE"},
    {"crash_time": "23:59", "contributing_factor_vehicle_1": "illnes"},
    {"vehicle_type_code1": "  ", "vehicle_type_code2": "--"},
    {"vehicle_type_code1": "never heard of it", "vehicle_type_code_3": "sedan"},
    {"contributing_factor_vehicle_1": None, "contributing_factor_vehicle_2": "."},
)


def live(record: dict[str, Any], day: str) -> dict[str, Any]:
    """A raw record as somebody would tell it live."""
    words = {
        "vehicle_types": [record[name] for name in VEHICLES if record.get(name) is not None],
        "contributing_factors": [record[name] for name in FACTORS if record.get(name) is not None],
    }
    same = ("crash_time", "borough", "on_street_name", "cross_street_name", "off_street_name")
    place = {name: float(record[name]) for name in ("latitude", "longitude") if record.get(name)}
    return {
        **told(f"{record['collision_id']}"),
        "latitude": None,
        "longitude": None,
        **{name: record.get(name) for name in same},
        **place,
        **words,
        "crash_date": day,
        "collision_id": int(record["collision_id"]),
    }


def read(report: dict[str, Any]) -> Report:
    event = CONTRACT.parse(json.dumps(report).encode())
    assert isinstance(event, CrashReportV1)
    return reader(located())(event)


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_a_record_told_live_has_the_features_of_the_record_in_the_tables(number: int) -> None:
    record = raw(number, **NASTY[number])
    (silver,) = clean([bronze_row(record)])
    (official,) = reports(clean_table([silver]))
    featurise = featuriser(small_words())
    mine = read(live(record, "2024-03-05"))
    assert featurise(mine) == featurise(official)
    assert mine.borough_located == official.borough_located
    assert (mine.borough, mine.hour, mine.streets) == (
        official.borough,
        official.hour,
        official.streets,
    )


def clean_table(rows: list[dict[str, Any]]) -> pa.Table:
    return rows_of(CRASHES, rows)


def sample(count: int) -> list[dict[str, Any]]:
    """Real records of a few days of 2022."""
    days = ["2022-03-15T00:00:00.000", "2022-07-04T00:00:00.000"]
    rows = ds.dataset(sample_file()).to_table(filter=ds.field("crash_date").isin(days))
    picked: list[dict[str, Any]] = rows.slice(0, count).to_pylist()
    return picked


def test_real_crashes_get_the_same_probability_live_as_from_the_batch_scorer(
    tmp_path: Path,
) -> None:
    records = sample(250)
    assert len(records) == 250
    window = Window(date(2022, 3, 15), date(2022, 7, 4))
    silver = clean([bronze_row(each, filed_date=day_of(each)) for each in records])
    features = [featuriser(small_words())(each) for each in reports(clean_table(silver))]
    store = store_in(tmp_path / "batch")
    store.replace(CRASH_FEATURES, window, Frame.of(feature_table(features)))
    by_set = {
        (row["collision_id"], row["feature_set"]): row["probability"]
        for row in predictions(
            store.slice(CRASH_FEATURES, window), champions().champions, datetime.now(UTC)
        )
        .read()
        .to_pylist()
    }
    room = Newsroom(tmp_path)
    room.publish(*(live(each, day_of(each).isoformat()) for each in records))
    room.follow()
    rows = room.rows()
    assert len(rows) == len({row["collision_id"] for row in rows}) == 250
    assert {row["feature_set"] for row in rows} == {"first_report", "full_report"}
    for row in rows:
        wanted = by_set[row["collision_id"], row["feature_set"]]
        assert row["probability"] == pytest.approx(wanted, abs=1e-9)
    assert as_batch(features).num_rows == 250


def day_of(record: dict[str, Any]) -> date:
    return date.fromisoformat(record["crash_date"][:10])


def test_coordinates_outside_the_city_are_not_said() -> None:
    told_there = read(told(latitude=40.96, longitude=-73.9))
    assert (told_there.latitude, told_there.longitude) == (None, None)
    at_the_corner = read(told(latitude=40.45, longitude=-74.30))
    assert (at_the_corner.latitude, at_the_corner.longitude) == (40.45, -74.30)


def test_a_report_of_nothing_but_a_day_is_read() -> None:
    names = ("crash_time", "latitude", "longitude", "on_street_name", "vehicle_types")
    nothing = read({**told(), **dict.fromkeys(names)})
    assert nothing == (0, TODAY, None, None, None, None, None, (None, None), None, None)


def test_text_is_cleaned_as_in_sql() -> None:
    odd = ["", " ", "\t", " a  b ", "a\n\x0b\x0cb\r", "\u00a0a\u00a0", "a"]
    assert [clean_text(each) for each in odd] == [
        None,
        None,
        None,
        "a b",
        "a b",
        "\u00a0a\u00a0",
        "a",
    ]
    assert clean_text(None) is None
