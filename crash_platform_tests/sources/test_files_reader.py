import csv
import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crash_platform.sources.files import Dialect, Records, read_records, recognise

FIELDS = ("key", "day", "place")
PLAIN = Dialect(
    "plain",
    frozenset({"csv", "json", "parquet"}),
    {"Key": "key", "Day": "day", "Where": "place"},
    frozenset({"Key"}),
)
SPLIT = Dialect(
    "split",
    frozenset({"csv", "json", "parquet"}),
    {"Key": "key"},
    frozenset({"Key", "y", "m"}),
    derived={"day": """"y" || '-' || lpad("m", 2, '0')"""},
)
FIVE: list[dict[str, str | None]] = [
    {"Key": "1", "Day": "01/02/2024", "Where": "A street", "More": "m"},
    {"Key": " 2 ", "Day": None, "Where": 'say "x", y', "More": None},
    {"Key": "3.0", "Day": "NULL", "Where": "two\nlines", "More": "é"},
    {"Key": "004", "Day": "nan", "Where": "#", "More": None},
    {"Key": "5", "Day": "true", "Where": None, "More": '"'},
]
EXPECTED = [
    ("1", "01/02/2024", "A street", '{"More":"m"}', 0),
    (" 2 ", None, 'say "x", y', None, 1),
    ("3.0", "NULL", "two\nlines", '{"More":"é"}', 2),
    ("004", "nan", "#", None, 3),
    ("5", "true", None, '{"More":"\\""}', 4),
]


def rows(records: Records) -> list[tuple[Any, ...]]:
    table = records.reader.read_all()
    assert table.schema.types == [pa.string()] * (table.num_columns - 1) + [pa.int64()]
    assert table.column_names[-2:] == ["extra_fields", "source_row"]
    return [tuple(row.values()) for row in table.to_pylist()]


def read(path: Path, *dialects: Dialect) -> list[tuple[Any, ...]]:
    return rows(read_records(path, dialects or (PLAIN, SPLIT), FIELDS))


def _write(path: Path, kind: str) -> Path:
    opener = gzip.open if path.suffix == ".gz" else open
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(FIVE), path)
        return path
    with opener(path, "wt", encoding="utf-8", newline="") as out:
        if kind == "csv":
            writer = csv.DictWriter(out, list(FIVE[0]))
            writer.writeheader()
            writer.writerows(FIVE)
        elif kind == "array":
            json.dump([_without_nulls(row) for row in FIVE], out)
        else:
            out.writelines(json.dumps(_without_nulls(row)) + "\n" for row in FIVE)
    return path


def _without_nulls(row: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in row.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("a.csv.gz", "csv"),
        ("a.json", "array"),
        ("a.json.gz", "array"),
        ("a.json", "lines"),
        ("a.ndjson", "lines"),
        ("a.jsonl.gz", "lines"),
        ("A.PARQUET", "parquet"),
        ("[a]*?'.csv", "csv"),
        ("day=1/a.parquet", "parquet"),
    ],
)
def test_five_rows_of_every_form_give_the_same_strings(
    tmp_path: Path, name: str, kind: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)

    assert read(_write(path, kind)) == EXPECTED
    assert recognise(path, (PLAIN, SPLIT)) is PLAIN


def test_a_file_means_itself_even_where_its_name_is_a_pattern_for_another(tmp_path: Path) -> None:
    (tmp_path / "a1.csv").write_text("Key\nother\n")
    (tmp_path / "a[1].csv").write_text("Key\nthis\n")

    assert [row[0] for row in read(tmp_path / "a[1].csv")] == ["this"]


def test_header_names_may_differ_in_case_blanks_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfKEY, day ,Other\r\n1,2,\r\n")

    assert read(path) == [("1", "2", None, None, 0)]


def test_a_csv_with_only_a_header_holds_no_records(tmp_path: Path) -> None:
    for text in ("Key,Day\n", "Key,Day"):
        (tmp_path / "a.csv").write_text(text)
        assert read(tmp_path / "a.csv") == []


def test_a_parquet_file_without_rows_holds_no_records(tmp_path: Path) -> None:
    pq.write_table(pa.table({"Key": pa.array([], pa.string())}), tmp_path / "a.parquet")

    assert read(tmp_path / "a.parquet") == []


def test_blank_lines_of_a_csv_are_no_records(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Key,Day\n1,2\n\n3,4\n\n")

    assert [row[0] for row in read(tmp_path / "a.csv")] == ["1", "3"]


def test_columns_without_a_name_are_kept_under_their_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",Key,\n0,1,x\n")

    assert read(tmp_path / "a.csv") == [("1", None, None, '{"column_1":"0","column_3":"x"}', 0)]


def test_a_derived_field_is_made_of_its_headers_whatever_their_type(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("KEY,Y,M\n1,2024,3\n2,,4\n")
    pq.write_table(pa.table({"Key": [1], "y": [2024.0], "m": [3]}), tmp_path / "a.parquet")
    (tmp_path / "a.json").write_text('[{"Key": 1, "y": 2024, "m": "3"}]')

    assert read(tmp_path / "a.csv") == [
        ("1", "2024-03", None, None, 0),
        ("2", None, None, None, 1),
    ]
    assert read(tmp_path / "a.parquet") == [("1", "2024-03", None, None, 0)]
    assert read(tmp_path / "a.json") == [("1", "2024-03", None, None, 0)]


def test_the_first_spelling_present_feeds_a_field_and_another_is_kept_aside(
    tmp_path: Path,
) -> None:
    two = Dialect("two", frozenset({"csv"}), {"k1": "key", "k2": "key"}, frozenset())
    (tmp_path / "a.csv").write_text("k2,k1\nb,a\n")
    (tmp_path / "b.csv").write_text("k2\nb\n")

    assert read(tmp_path / "a.csv", two) == [("a", None, None, '{"k2":"b"}', 0)]
    assert read(tmp_path / "b.csv", two) == [("b", None, None, None, 0)]


def test_a_column_whose_field_is_not_asked_for_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Key,Where\n1,here\n")

    records = read_records(tmp_path / "a.csv", [PLAIN], ["key"])

    assert rows(records) == [("1", '{"Where":"here"}', 0)]


def test_keys_that_only_later_records_have_are_seen(tmp_path: Path) -> None:
    lines = ["{}" for _ in range(3000)] + ['{"Key": "last", "Z": [1, "a"], "B": null}']
    (tmp_path / "a.ndjson").write_text("\n".join(lines))

    assert read(tmp_path / "a.ndjson")[-1] == ("last", None, None, '{"Z":"[1,\\"a\\"]"}', 3000)


def test_json_objects_are_kept_as_their_text_and_other_values_as_the_shortest_text(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.json").write_text(
        '[{"Key": {"b": "1", "a": {"c": "\\"q\\""}}, "Day": 40.8241884, "Where": true},\n'
        '{"Key": 12345678901234567890123, "Day": "", "Where": null}]'
    )

    assert read(tmp_path / "a.json") == [
        ('{"b":"1","a":{"c":"\\"q\\""}}', "40.8241884", "true", None, 0),
        ("12345678901234567890123", "", None, None, 1),
    ]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([1, -2, None], pa.int32()), ["1", "-2", None]),
        (pa.array([2**63], pa.uint64()), ["9223372036854775808"]),
        (
            pa.array([4491400.0, -73.91384000000001, float("nan"), 0.1, -0.0, 1e300]),
            ["4491400", "-73.91384000000001", None, "0.1", "-0", "1e+300"],
        ),
        (pa.array([0.1, 2.0], pa.float32()), ["0.1", "2"]),
        (pa.array([1.0, float("nan"), -float("nan")]), ["1", None, None]),
        (
            pa.array([float("inf"), 100.0, 0.30000000000000004]),
            ["inf", "100", "0.30000000000000004"],
        ),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([date(2024, 2, 29)]), ["2024-02-29T00:00:00.000"]),
        (
            pa.array([datetime(2024, 2, 29, 1, 2, 3, 456789)], pa.timestamp("us")),  # noqa: DTZ001
            ["2024-02-29T01:02:03.456"],
        ),
        (
            pa.array([datetime(2024, 2, 29, 1, 2, 3, 456000)], pa.timestamp("ns")),  # noqa: DTZ001
            ["2024-02-29T01:02:03.456"],
        ),
        (
            pa.array([datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            ["2024-02-29T01:02:03.000Z"],
        ),
        (pa.array(["é".encode()], pa.binary()), ["é"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([{"x": "1", "y": None}]), ['{"x":"1","y":null}']),
        (pa.array([["a", "b"]]), ['["a","b"]']),
        (pa.array([None, None]), [None, None]),
    ],
    ids=str,
)
def test_typed_parquet_becomes_text(tmp_path: Path, values: pa.Array, texts: list[str]) -> None:
    pq.write_table(pa.table({"Key": values}), tmp_path / "a.parquet")

    assert [row[0] for row in read(tmp_path / "a.parquet")] == texts


def test_records_keep_the_order_of_the_file_over_many_batches(tmp_path: Path) -> None:
    count = 200_000
    keys = [str(number) for number in range(count)]
    (tmp_path / "a.csv").write_text("Key,Day\n" + "".join(f'{key},"a\nb"\n' for key in keys))
    (tmp_path / "a.ndjson").write_text("".join(f'{{"Key":{key}}}\n' for key in keys))
    pq.write_table(pa.table({"Key": keys}), tmp_path / "a.parquet", row_group_size=7_000)

    for name in ("a.csv", "a.ndjson", "a.parquet"):
        batches = list(read_records(tmp_path / name, [PLAIN], FIELDS).reader)
        table = pa.Table.from_batches(batches)
        assert table["Key".lower()].to_pylist() == keys, name
        assert table["source_row"].to_pylist() == list(range(count)), name
        assert max(batch.num_rows for batch in batches) <= 65_536
