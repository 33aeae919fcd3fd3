import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crash_platform.pipelines.crashes.dialects import (
    CRASH_DIALECTS,
    RAW_FIELDS,
    RECORD_FIELDS,
    SYSTEM_FIELDS,
)
from crash_platform.sources.files import UnreadableSource, find_files, read_records, recognise
from crash_platform.sources.sample import sample_file

EXPORT_HEADERS = [
    "CRASH DATE",
    "CRASH TIME",
    "BOROUGH",
    "ZIP CODE",
    "LATITUDE",
    "LONGITUDE",
    "LOCATION",
    "ON STREET NAME",
    "CROSS STREET NAME",
    "OFF STREET NAME",
    "NUMBER OF PERSONS INJURED",
    "NUMBER OF PERSONS KILLED",
    "NUMBER OF PEDESTRIANS INJURED",
    "NUMBER OF PEDESTRIANS KILLED",
    "NUMBER OF CYCLIST INJURED",
    "NUMBER OF CYCLIST KILLED",
    "NUMBER OF MOTORIST INJURED",
    "NUMBER OF MOTORIST KILLED",
    "CONTRIBUTING FACTOR VEHICLE 1",
    "CONTRIBUTING FACTOR VEHICLE 2",
    "CONTRIBUTING FACTOR VEHICLE 3",
    "CONTRIBUTING FACTOR VEHICLE 4",
    "CONTRIBUTING FACTOR VEHICLE 5",
    "COLLISION_ID",
    "VEHICLE TYPE CODE 1",
    "VEHICLE TYPE CODE 2",
    "VEHICLE TYPE CODE 3",
    "VEHICLE TYPE CODE 4",
    "VEHICLE TYPE CODE 5",
]


def table(path: Path) -> pa.Table:
    return read_records(path, CRASH_DIALECTS, RECORD_FIELDS).reader.read_all()


def records(path: Path) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if value is not None and name != "source_row"}
        for row in table(path).to_pylist()
    ]


def test_every_field_has_one_place_and_the_system_fields_come_last() -> None:
    assert len(RAW_FIELDS) == len(set(RAW_FIELDS)) == 29
    assert RECORD_FIELDS[29:] == ("source_record_id", "source_updated_at")
    assert list(SYSTEM_FIELDS) == [":id", ":updated_at"]
    for dialect in CRASH_DIALECTS:
        fed = {*dialect.columns.values(), *dialect.derived}
        assert fed >= set(RAW_FIELDS), dialect.name
        assert fed <= set(RECORD_FIELDS), dialect.name


def test_the_export_feeds_every_field_with_the_two_streets_swapped(tmp_path: Path) -> None:
    expected = {
        "cross_street_name": "OFF STREET NAME",
        "off_street_name": "CROSS STREET NAME",
        "vehicle_type_code1": "VEHICLE TYPE CODE 1",
        "vehicle_type_code2": "VEHICLE TYPE CODE 2",
        "collision_id": "COLLISION_ID",
    }
    with (tmp_path / "export.csv").open("w", newline="") as out:
        csv.writer(out).writerows([EXPORT_HEADERS] * 2)
    pq.write_table(pa.table({name: [name] for name in EXPORT_HEADERS}), tmp_path / "export.parquet")

    for name in ("export.csv", "export.parquet"):
        [row] = records(tmp_path / name)
        assert row == {
            field: expected.get(field, field.replace("_", " ").upper()) for field in RAW_FIELDS
        }


def test_an_export_with_names_in_snake_case_keeps_the_streets_of_the_export(
    tmp_path: Path,
) -> None:
    names = [name.replace(" ", "_").lower() for name in EXPORT_HEADERS]
    with (tmp_path / "a.csv").open("w", newline="") as out:
        csv.writer(out).writerows([names] * 2)

    [row] = records(tmp_path / "a.csv")

    swapped = {
        "cross_street_name": "off_street_name",
        "off_street_name": "cross_street_name",
        "vehicle_type_code1": "vehicle_type_code_1",
        "vehicle_type_code2": "vehicle_type_code_2",
    }
    assert row == {field: swapped.get(field, field) for field in RAW_FIELDS}


def test_the_api_in_json_csv_and_parquet_is_taken_as_it_is(tmp_path: Path) -> None:
    point = {"latitude": "40.8", "longitude": "-73.8", "human_address": '{"address": ""}'}
    full = {field: f"{field} é" for field in RAW_FIELDS}
    full |= {":id": "row-1", ":updated_at": "2024-01-02T03:04:05.678Z", ":version": "v"}
    bare = {"collision_id": "2", "crash_date": "2024-01-02T00:00:00.000", "crash_time": "9:05"}
    (tmp_path / "a.json").write_text(json.dumps([full, bare | {"location": point}]))
    (tmp_path / "a.ndjson").write_text(f"{json.dumps(full)}\n{json.dumps(bare)}\n")
    pq.write_table(pa.Table.from_pylist([full, bare]), tmp_path / "a.parquet")
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, full)
        writer.writeheader()
        writer.writerows([full, bare | {"location": "A\nNEW YORK\n(40.8, -73.8)"}])

    whole = {field: f"{field} é" for field in RAW_FIELDS} | {
        "source_record_id": "row-1",
        "source_updated_at": "2024-01-02T03:04:05.678Z",
        "extra_fields": '{":version":"v"}',
    }
    compact = '{"latitude":"40.8","longitude":"-73.8","human_address":"{\\"address\\": \\"\\"}"}'
    assert records(tmp_path / "a.json") == [whole, bare | {"location": compact}]
    assert records(tmp_path / "a.ndjson") == [whole, bare]
    assert records(tmp_path / "a.parquet") == [whole, bare]
    assert records(tmp_path / "a.csv") == [
        whole,
        bare | {"location": "A\nNEW YORK\n(40.8, -73.8)"},
    ]


def test_hour_and_minute_apart_become_a_time_as_the_api_writes_it(tmp_path: Path) -> None:
    pq.write_table(
        pa.table(
            {
                "collision_id": [1, 2, 3],
                "crash_date": ["d", "d", "d"],
                "crash_hour": pa.array([0, 23, None], pa.int32()),
                "crash_minute": pa.array([5, 59, 1], pa.int32()),
                "is_holiday": [True, False, None],
            }
        ),
        tmp_path / "a.parquet",
    )

    found = table(tmp_path / "a.parquet")

    assert found["crash_time"].to_pylist() == ["0:05", "23:59", None]
    assert found["extra_fields"].to_pylist() == [
        '{"is_holiday":"true"}',
        '{"is_holiday":"false"}',
        None,
    ]


def test_a_table_of_something_else_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("CRASH TIME,BOROUGH\n9:05,BRONX\n")

    with pytest.raises(UnreadableSource) as refusal:
        recognise(tmp_path / "notes.csv", CRASH_DIALECTS)

    assert "notes.csv has no column COLLISION_ID and no column CRASH DATE" in str(refusal.value)
    assert "the portal's CSV export or the API's records" in str(refusal.value)


def test_names_that_people_gave_the_counts_are_kept_aside_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "collision_id,crash_date,crash_time,number_of_cyclists_injured\n1,d,t,3\n"
    )

    [row] = records(tmp_path / "a.csv")

    assert row["extra_fields"] == '{"number_of_cyclists_injured":"3"}'
    assert "number_of_cyclist_injured" not in row


def test_the_packaged_year_is_in_the_words_of_the_api() -> None:
    found = table(sample_file())

    assert recognise(sample_file(), CRASH_DIALECTS).name == "the API's records"
    assert found.num_rows == 103_886
    assert found["extra_fields"].null_count == found.num_rows


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "count", "dialect"),
    [
        (
            "history_2012-07_2020-07.parquet",
            1_488_496,
            "the portal's export as Parquet or JSON",
        ),
        (
            "year_2022_prefilled.parquet",
            103_886,
            "the API's records with hour and minute apart",
        ),
        ("nyc_2022_api_shape.parquet", 103_886, "the API's records"),
        ("csv/export_2022-01.csv", 7_659, "the portal's CSV export"),
        ("csv/week_2024-06-30_exported_2024-09-16.csv", 1_875, "the portal's CSV export"),
        ("csv/week_2024-06-30_exported_2025-02-12.csv", 1_876, "the portal's CSV export"),
    ],
)
def test_every_real_file_loads_whole(real_data: Path, name: str, count: int, dialect: str) -> None:
    found = read_records(real_data / "crashes" / name, CRASH_DIALECTS, RECORD_FIELDS)
    ids: set[str] = set()
    rows = 0
    for batch in found.reader:
        assert batch["crash_date"].null_count == batch["crash_time"].null_count == 0
        ids.update(batch["collision_id"].to_pylist())
        rows += batch.num_rows

    assert found.dialect.name == dialect
    assert rows == count
    assert len(ids) == count
    assert all(number.isdecimal() for number in ids)


@pytest.mark.real_data
def test_the_pages_of_four_real_pulls_load_whole(real_data: Path) -> None:
    pulls = real_data / "crashes" / "socrata_json"
    counts = Counter({path.parent.name: 0 for path in find_files([pulls])})
    for path in find_files([pulls]):
        counts[path.parent.name] += table(path).num_rows

    assert dict(counts) == {
        "pulled_2026-04-14": 1_922,
        "pulled_2026-04-15": 2_116,
        "pulled_2026-04-16": 2_334,
        "pulled_2026-04-17": 2_334,
    }


@pytest.mark.real_data
def test_a_record_of_the_api_comes_out_as_it_stands_in_the_page(real_data: Path) -> None:
    [page, *_] = find_files([real_data / "crashes" / "socrata_json" / "pulled_2026-04-14"])
    expected = json.loads(page.read_text(encoding="utf-8"))

    for row, came in zip(records(page), expected, strict=True):
        if "location" in row:
            row["location"] = json.loads(row["location"])
        assert row == came


@pytest.mark.real_data
def test_the_streets_of_the_export_and_of_the_api_agree(real_data: Path) -> None:
    export = table(real_data / "crashes" / "csv" / "export_2022-01.csv")
    api = table(real_data / "crashes" / "nyc_2022_api_shape.parquet")
    streets = ("on_street_name", "off_street_name", "cross_street_name")

    def by_id(found: pa.Table) -> dict[str, dict[str, Any]]:
        rows = found.select(["collision_id", *streets]).to_pylist()
        return {row["collision_id"]: row for row in rows}

    left, right = by_id(export), by_id(api)
    shared = left.keys() & right.keys()
    differing = {
        name: sum(left[key][name] != right[key][name] for key in shared) for name in streets
    }

    assert len(shared) == 7_659
    assert all(count <= 10 for count in differing.values()), differing
    for name in streets:
        assert sum(left[key][name] is not None for key in shared) > 1_000, name
