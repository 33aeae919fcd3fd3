"""A message is an event of its contract, or it is rejected with a class and a reason."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.event import RejectedError, decoded
from crash_platform.streams.log import Message
from crash_platform_tests.streams.notes import NOTES, note


def refused(body: bytes) -> tuple[str, str]:
    with pytest.raises(RejectedError) as caught:
        NOTES.accept(message(body))
    return caught.value.error_class, caught.value.reason


def message(body: bytes) -> Message:
    return Message("0", 0, "0", datetime(2026, 3, 1, tzinfo=UTC), None, {}, body)


def test_an_event_keeps_its_fields_and_ignores_those_nobody_knows() -> None:
    event = NOTES.accept(message(note("a", weight=1.5, colour="red")))
    assert (event.event_id, event.event_version, event.event_date.isoformat()) == (
        "a",
        1,
        "2026-02-28",
    )


@pytest.mark.parametrize(
    ("body", "error_class"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe", "not_utf8"),
        (b"{", "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": "\\ud800"}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[1]", "not_an_object"),
        (b"{}", "unknown_schema"),
        (note("a", event_schema="letter"), "unknown_schema"),
        (note("a", schema_version=2), "unknown_version"),
        (note("a", schema_version=True), "unknown_version"),
        (note("a", schema_version="1"), "unknown_version"),
        (note(""), "invalid"),
        (note("x" * 129), "invalid"),
        (note("a", event_version=0), "invalid"),
        (note("a", weight="1"), "invalid"),
        (note("a", noted_on="2026-02-30"), "invalid"),
        (note("a", noted_on=20260228), "invalid"),
        (note("a", noted_on="1999-01-01"), "outside_calendar"),
        (note("a", noted_on="2026-03-03"), "outside_calendar"),
    ],
)
def test_what_is_no_event_is_rejected_by_its_kind(body: bytes, error_class: str) -> None:
    assert refused(body)[0] == error_class


def test_the_day_after_its_arrival_is_still_accepted() -> None:
    assert NOTES.accept(message(note("a", noted_on="2026-03-02"))).event_id == "a"


def test_a_reason_names_the_field_and_never_what_it_held() -> None:
    _, reason = refused(note("a", weight="SECRET", noted_on="SECRET"))
    assert "weight" in reason
    assert "noted_on" in reason
    assert "SECRET" not in reason


def test_infinity_written_as_a_number_is_rejected() -> None:
    body = note("a", weight=1).replace(b'"weight": 1', b'"weight": 1e999')
    assert refused(body)[0] == "invalid"


@given(st.binary(max_size=200))
def test_any_bytes_are_rejected_with_one_of_few_classes(body: bytes) -> None:
    assert refused(body)[0] in {"empty", "not_utf8", "not_json", "not_an_object", "unknown_schema"}


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-9, 9) | st.text()))
def test_every_object_is_decoded_as_it_was_written(fields: dict[str, object]) -> None:
    try:
        body = json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert decoded(body) == fields
