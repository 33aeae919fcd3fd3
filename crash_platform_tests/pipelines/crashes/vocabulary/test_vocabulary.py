"""The vocabulary files: well formed, free of contradictions, wide enough for the real records."""

import json
import re
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from crash_platform.pipelines.crashes.vocabulary import (
    FOLDER,
    load_contributing_factors,
    load_vehicle_types,
)

FACTOR_GROUPS = {
    "driver distraction",
    "unsafe driving",
    "impairment",
    "vehicle failure",
    "road or environment",
    "pedestrian or other road user",
    "unspecified",
}
VEHICLE_GROUPS = {
    "car",
    "taxi",
    "truck",
    "van",
    "bus",
    "motorcycle",
    "bicycle",
    "micromobility",
    "emergency",
    "other",
    "unknown",
}
FACTORS, VEHICLES = load_contributing_factors(), load_vehicle_types()
BOTH = pytest.mark.parametrize("table", [FACTORS, VEHICLES], ids=["factors", "vehicles"])


def vocabulary_key(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", " ", text).strip().lower()


def _mapping(table: pa.Table) -> dict[str, str]:
    return dict(zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True))


@BOTH
def test_every_column_is_text_and_no_cell_is_blank_or_padded(table: pa.Table) -> None:
    assert set(table.schema.types) == {pa.string()}
    for row in table.to_pylist():
        assert all(cell and cell == cell.strip() for cell in row.values()), row


@BOTH
def test_keys_are_unique_and_sorted(table: pa.Table) -> None:
    keys = table.column("key").to_pylist()
    assert keys == sorted(set(keys))


@BOTH
def test_a_key_is_the_key_of_itself(table: pa.Table) -> None:
    keys = table.column("key").to_pylist()
    assert [vocabulary_key(key) for key in keys] == keys


@BOTH
def test_a_name_has_one_group_and_one_spelling(table: pa.Table) -> None:
    pairs = set(zip(table.column(1).to_pylist(), table.column(2).to_pylist(), strict=True))
    names = [name for name, _ in pairs]
    assert len(names) == len({name.casefold() for name in names})


def test_groups_are_the_agreed_ones_and_each_is_used() -> None:
    assert set(FACTORS.column("factor_group").to_pylist()) == FACTOR_GROUPS
    assert set(VEHICLES.column("vehicle_group").to_pylist()) == VEHICLE_GROUPS


@pytest.mark.parametrize("name", ["contributing_factors.csv", "vehicle_types.csv"])
def test_the_file_is_plain_utf8_with_unix_line_ends(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    assert b"\r" not in content
    assert content.isascii()
    assert content.endswith(b"\n")


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("Illnes", "Illness"),
        ("Drugs (Illegal)", "Drugs (illegal)"),
        ("Reaction to Other Uninvolved Vehicle", "Reaction to Uninvolved Vehicle"),
        ("Cell Phone (hand-Held)", "Cell Phone (hand-held)"),
        ("80", "Unknown code"),
        ("1", "Unknown code"),
        ("Unspecified", "Unspecified"),
    ],
)
def test_twins_and_codes_of_a_factor_have_one_name(text: str, factor: str) -> None:
    assert _mapping(FACTORS)[vocabulary_key(text)] == factor


@pytest.mark.parametrize(
    ("text", "vehicle"),
    [
        ("Station Wagon/Sport Utility Vehicle", "Station wagon/SUV"),
        ("SPORT UTILITY / STATION WAGON", "Station wagon/SUV"),
        ("4 dr sedan", "Sedan"),
        ("PK", "Pick-up truck"),
        ("Bike", "Bicycle"),
        ("E-Bik", "E-bike"),
        ("Standing S", "E-scooter"),
        ("AMBUL", "Ambulance"),
        ("SMALL COM VEH(4 TIRES) ", "Small commercial vehicle"),
        ("?omme", "Unknown"),
        ("11111", "Unknown"),
        ("0", "Unknown"),
    ],
)
def test_spellings_of_a_vehicle_have_one_name_and_junk_is_unknown(text: str, vehicle: str) -> None:
    assert _mapping(VEHICLES)[vocabulary_key(text)] == vehicle


def _counts_by_file(real_data: Path, prefix: str) -> dict[str, Counter[str]]:
    """How often each raw text stands in the columns that start so, by file or pull."""
    found: dict[str, Counter[str]] = {}
    crashes = real_data / "crashes"
    with duckdb.connect(config={"threads": 1}) as connection:
        for path in sorted([*crashes.glob("*.parquet"), *crashes.glob("csv/*.csv")]):
            relation = f"read_csv('{path}', all_varchar = true)"
            if path.suffix == ".parquet":
                relation = f"read_parquet('{path}')"
            counts = found.setdefault(path.stem, Counter())
            for column in connection.sql(f"SELECT * FROM {relation} LIMIT 0").columns:
                if column.lower().replace(" ", "_").startswith(prefix):
                    query = f'SELECT "{column}", count(*) FROM {relation} GROUP BY 1'
                    counts.update(dict(connection.execute(query).fetchall()))
    for path in sorted(crashes.glob("socrata_json/*/*.json")):
        counts = found.setdefault(path.parent.name, Counter())
        for record in json.loads(path.read_text(encoding="utf-8")):
            counts.update(text for name, text in record.items() if name.startswith(prefix))
    return found


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("prefix", "table", "least"),
    [("contributing_factor", FACTORS, 1.0), ("vehicle_type", VEHICLES, 0.999)],
    ids=["factors", "vehicles"],
)
def test_nearly_every_real_value_is_in_the_vocabulary(
    real_data: Path, prefix: str, table: pa.Table, least: float
) -> None:
    known = _mapping(table)
    by_file = _counts_by_file(real_data, prefix)
    assert len(by_file) == 10
    for name, counts in by_file.items():
        keys = Counter[str]()
        for text, count in counts.items():
            keys[vocabulary_key(text or "")] += count
        del keys[""]
        missing = Counter({key: count for key, count in keys.items() if key not in known})
        covered = 1 - missing.total() / keys.total()
        assert covered >= least, (name, covered, missing.most_common(10))
