"""From Kafka's records to messages."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.kafka_messages import moment, properties, text

HEADERS = st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=4)))


def test_the_time_of_a_record_is_utc() -> None:
    assert moment((1, 1_700_000_000_123)) == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("told", [-1, -(2**63), 2**63 - 1, 1_700_000_000_000_000])
def test_a_time_that_is_none_is_told_as_1970(told: int) -> None:
    assert moment((0, told)) == datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_time_is_a_day_that_has_a_next_one(told: int) -> None:
    assert moment((1, told)).date() + timedelta(days=1) <= date.max


def test_headers_of_one_name_are_all_kept() -> None:
    headers = [("a", b"1"), ("b", b"x"), ("a", b"2"), ("a#2", b"3"), ("a", b"4")]
    assert properties(headers) == {"a": "1", "b": "x", "a#2": "2", "a#2#2": "3", "a#3": "4"}


def test_a_header_without_a_value_is_empty() -> None:
    assert properties([("a", None)]) == {"a": ""}
    assert properties(None) == {}


@given(HEADERS)
def test_no_header_is_dropped(headers: list[tuple[str, bytes | None]]) -> None:
    found = properties(headers)
    assert len(found) == len(headers)
    assert sorted(found.values()) == sorted(text(value or b"") for _, value in headers)


def test_bytes_that_are_not_utf8_are_escaped() -> None:
    assert text(b"caf\xc3\xa9 \xff") == "café \\xff"


@given(st.text(st.characters(codec="utf-8")))
def test_text_comes_back_as_it_was(said: str) -> None:
    assert text(said.encode()) == said
