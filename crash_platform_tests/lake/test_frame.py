"""What rows may be, to be written: nothing is rounded, cut, guessed or filled in."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.lake.frame import ContractError, Frame, Tally, conform, tallied

UTC_US, NAIVE_US = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
NOON = datetime(2022, 1, 1, 12)  # noqa: DTZ001 - a local time without a zone is what is tested


def conformed(values: Any, given_type: pa.DataType, wanted: pa.Field) -> list[Any]:
    """One column of values through the contract."""
    batch = pa.RecordBatch.from_arrays([pa.array(values, given_type)], names=[wanted.name])
    return list(conform(batch, pa.schema([wanted]), "t").column(0).to_pylist())


@pytest.mark.parametrize(
    ("values", "given_type", "wanted"),
    [
        ([1, None], pa.int32(), pa.int64()),
        ([3.0], pa.float64(), pa.int64()),
        ([Decimal(5)], pa.decimal128(38, 0), pa.int64()),
        ([1], pa.int64(), pa.float64()),
        ([1.5], pa.float32(), pa.float64()),
        (["a"], pa.large_string(), pa.string()),
        (["a", "a"], pa.dictionary(pa.int32(), pa.string()), pa.string()),
        ([None], pa.null(), pa.string()),
        ([["a", None], None], pa.large_list(pa.large_string()), pa.list_(pa.string())),
        ([NOON], pa.timestamp("ns"), NAIVE_US),
        ([date(2022, 1, 1)], pa.date64(), pa.date32()),
    ],
)
def test_a_type_may_differ_where_every_value_survives(
    values: list[Any], given_type: pa.DataType, wanted: pa.DataType
) -> None:
    assert conformed(values, given_type, pa.field("c", wanted)) == values


def test_a_moment_keeps_its_instant_in_another_zone() -> None:
    moment = datetime(2022, 1, 1, 12, tzinfo=UTC)
    zoned = pa.timestamp("us", tz="America/New_York")
    assert conformed([moment], zoned, pa.field("c", UTC_US)) == [moment]


@pytest.mark.parametrize(
    ("values", "given_type", "wanted"),
    [
        ([3.7], pa.float64(), pa.int64()),
        (["2"], pa.string(), pa.int64()),
        ([2], pa.int64(), pa.string()),
        ([True], pa.bool_(), pa.int64()),
        ([2**40], pa.int64(), pa.int32()),
        ([float("nan")], pa.float64(), pa.int64()),
        ([2**60 + 1], pa.int64(), pa.float64()),
        ([0.1], pa.float64(), pa.float32()),
        ([Decimal("1.5")], pa.decimal128(10, 2), pa.int64()),
        (["2022-01-01"], pa.string(), pa.date32()),
        ([NOON], NAIVE_US, pa.date32()),
        ([NOON], NAIVE_US, UTC_US),
        ([NOON.replace(tzinfo=UTC)], UTC_US, NAIVE_US),
        ([1], pa.int64(), NAIVE_US),
        ([[1]], pa.list_(pa.int64()), pa.list_(pa.string())),
        (["a"], pa.string(), pa.list_(pa.string())),
        ([b"a"], pa.binary(), pa.string()),
    ],
)
def test_a_value_that_would_change_is_refused(
    values: list[Any], given_type: pa.DataType, wanted: pa.DataType
) -> None:
    with pytest.raises(ContractError, match=r"t\.c takes"):
        conformed(values, given_type, pa.field("c", wanted))


def test_nulls_are_refused_where_the_contract_has_none() -> None:
    with pytest.raises(ContractError, match=r"t\.c may not be null, but 2 are"):
        conformed([None, 1, None], pa.int64(), pa.field("c", pa.int64(), nullable=False))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a"], r"missing \['b'\]"),
        (["a", "b", "c"], r"unexpected \['c'\]"),
        (["a", "b", "b"], r"repeated \['b'\]"),
    ],
)
def test_missing_unexpected_and_repeated_columns_are_named(names: list[str], words: str) -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([1]) for _ in names], names=names)
    schema = pa.schema([("a", pa.int64()), ("b", pa.int64())])
    with pytest.raises(ContractError, match=words):
        conform(batch, schema, "t")


def test_columns_come_out_in_the_contract_s_order() -> None:
    batch = pa.RecordBatch.from_pydict({"b": [2], "a": [1]})
    schema = pa.schema([("a", pa.int64()), ("b", pa.int64())])
    assert conform(batch, schema, "t").schema.names == ["a", "b"]


@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1).map(float))))
def test_a_double_becomes_an_integer_exactly_or_not_at_all(values: list[float | None]) -> None:
    try:
        found = conformed(values, pa.float64(), pa.field("c", pa.int64()))
    except ContractError:
        assert any(v is not None and not (v.is_integer() and abs(v) <= 2**53) for v in values)
    else:
        assert found == values


def test_a_frame_can_be_opened_again_and_again() -> None:
    frame = Frame.of(pa.table({"a": [1, 2]}))
    assert frame.read() == frame.read() == pa.table({"a": [1, 2]})


def test_a_tally_counts_rows_and_days_and_keeps_the_first_rows() -> None:
    rows = pa.table({"d": [date(2022, 1, n) for n in (1, 2, 2, 3)]})
    tally = Tally()
    nothing = pa.RecordBatch.from_pylist([], schema=rows.schema)
    batches = iter([nothing, *rows.to_batches(max_chunksize=2)])
    passed = list(tallied(batches, "d", tally, preview_rows=1))
    assert sum(batch.num_rows for batch in passed) == tally.rows == 4
    assert tally.days == {date(2022, 1, n) for n in (1, 2, 3)}
    assert tally.preview == rows.slice(0, 1)
