import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crash_platform.sources.files import Dialect, UnreadableSource, read_records

ANY = Dialect(
    "any list",
    frozenset({"csv", "json", "parquet"}),
    {"a": "a", "b": "b", "c": "c"},
    frozenset({"a"}),
)
GOOD = b"a,b,c\n1,2,3\n"
MANY = b"a,b,c\n" + b"1,2,3\n" * 300_000


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UnreadableSource) as caught:
        read_records(path, [ANY], ["a", "b", "c"]).reader.read_all()
    text = str(caught.value)
    assert text.startswith(path.name)
    assert "\n" not in text
    assert str(path.parent) not in text
    return text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD + b"1,2\n", "row 3: 2 cells where the header has 3"),
        (GOOD + b"1,2", "row 3: 2 cells where the header has 3"),
        (GOOD + b"1,2,3,4\n", "row 3: 4 cells where the header has 3"),
        (GOOD + b"1,2,3,\n", "row 3: 4 cells where the header has 3"),
        (GOOD + b"x, y,2,\n", "row 3: 4 cells where the header has 3"),
        (MANY + b"1,2\n", "row 300002: 2 cells"),
        (GOOD + b'1,2,"abc\n1,2,3\n', "line 3: a quote is opened and not closed"),
        (MANY + b'1,2,"abc', "line 300002: a quote is opened and not closed"),
        (GOOD + b'1,2,"' + b"x" * 3_000_000 + b'"\n', "line 3: is longer than any record"),
        (GOOD + b'1,"2"x,3\n', "line 3: a quote is opened and not closed, or closed inside"),
        (GOOD + b"1,caf\xe9,3\n", "line 3: is not UTF-8 text"),
        ("a,b,c\n1,2,3\n".encode("utf-16"), "is not UTF-8 text"),
        (b"a,b\xe9,c\n1,2,3\n", "is not UTF-8 text"),
        (b"a,b,c\r\n1,2,3\n", "mixes kinds of line ends"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\na,b,c\n1,2,3\n", "has a blank first line"),
        (b"<!DOCTYPE html>\n<html><body>503</body></html>", "is a web page or XML, not CSV"),
        (b"\xef\xbb\xbf  <html>", "is a web page or XML, not CSV"),
        (b'{"error":true}', "has no column a"),
        (b"b,c\n1,2\n", "has no column a: it is not one of the files known here"),
        (b"a,b,A\n1,2,3\n", "has two columns named 'A'"),
    ],
)
def test_a_csv_that_is_cut_or_something_else_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert said in refusal(tmp_path / "f.csv", content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"a":"1"},{"a":"2"}', "ends before its list of records is closed"),
        (b'[{"a":"1"},{"a":"2"},', "ends before its list of records is closed"),
        (b'[{"a":"1"},{"a":"', "ends before its list of records is closed"),
        (b'[{"a":"1"},{"a":"[1]', "record 2: is not well-formed JSON"),
        (b"[", "ends before its list of records is closed"),
        (b'[{"a":"1"}]]', "record 2: is not well-formed JSON"),
        (b'[{"a":"1"},]', "record 2: is not well-formed JSON"),
        (b'[{"a":"1"},3]', "record 2: is not a JSON object"),
        (b'[{"a":"1","a":"2"}]', "record 1: has the same key twice"),
        (b'[{"a":"1"},{"A":"2"}]', "has two columns named 'a'"),
        (b'[{"a":"caf\xe9"}]', "record 1: is not well-formed JSON (invalid UTF-8"),
        ('[{"a":"1"}]'.encode("utf-16"), "is not"),
        (b'\xef\xbb\xbf[{"a":"1"}]', "begins with a byte order mark"),
        (b'[{"a":"1", " ":"2"}]', "has a value under a blank key"),
        (b"[]", "holds no records"),
        (b"{}", "holds no records"),
        (b"", "is empty"),
        (b'{"a":"1"}\n{"a":"2"', "line 2: is not well-formed JSON"),
        (b'{"a":"1"}\n[{"a":"2"}]\n', "line 2: is not a JSON object"),
        (b'{\n"a":"1"\n}', "line 1: is not well-formed JSON"),
        (b'{"message":"Too many requests","error":true}', "has no column a"),
        (b"<html><body>Gateway time-out</body></html>", "is a web page or XML, not JSON"),
        (b"a,b,c\n1,2,3\n", "is not well-formed JSON"),
    ],
)
def test_json_that_is_cut_or_something_else_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert said in refusal(tmp_path / "f.json", content)


def test_a_parquet_file_that_is_cut_or_something_else_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"a": [str(number) for number in range(5_000)]}), whole)
    content = whole.read_bytes()

    for part in (content[:-1], content[: len(content) // 2], content[:3], GOOD, b""):
        assert "is not a complete Parquet file" in refusal(tmp_path / "f.parquet", part)


def test_a_gzipped_file_that_is_cut_or_damaged_is_refused(tmp_path: Path) -> None:
    texts = {"f.csv.gz": MANY, "f.json.gz": b'[{"a":"1"}]', "f.ndjson.gz": b'{"a":"1"}\n'}
    for name, content in texts.items():
        packed = gzip.compress(content)
        damaged = packed[:-6] + bytes([packed[-6] ^ 0xFF]) + packed[-5:]
        for part in (packed[:-3], packed[: len(packed) // 2], damaged, content):
            assert "is not a complete gzip file" in refusal(tmp_path / name, part)


def test_a_gzipped_list_that_was_cut_before_it_was_packed_is_refused(tmp_path: Path) -> None:
    text = refusal(tmp_path / "f.json.gz", gzip.compress(b'[{"a":"1"},'))

    assert "ends before its list of records is closed" in text


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"gone\.csv is not a CSV, JSON or Parquet file"):
        read_records(tmp_path / "gone.csv", [ANY], ["a"])


def test_a_fault_far_into_a_file_is_raised_while_the_batches_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(MANY + b"1,\xff,3\n")
    reader = read_records(path, [ANY], ["a"]).reader

    with pytest.raises(UnreadableSource, match="line 300002: is not UTF-8 text"):
        reader.read_all()


def test_a_consumer_behind_arrows_c_interface_is_told_the_same_sentence(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(MANY + b"1,\xff,3\n")
    reader = read_records(path, [ANY], ["a"]).reader

    with duckdb.connect() as engine, pytest.raises(duckdb.Error, match="line 300002: is not UTF-8"):
        engine.from_arrow(reader).aggregate("count(*)").fetchall()


def test_a_refusal_never_repeats_a_value_out_of_the_file(tmp_path: Path) -> None:
    for name, content in {
        "f.csv": GOOD + b"canary,2\n",
        "g.csv": GOOD + b'1,2,"canary\n',
        "f.json": b'[{"a":"canary","a":"2"}]',
        "g.json": b'[{"a":"1"},"canary"]',
    }.items():
        assert "canary" not in refusal(tmp_path / name, content)
