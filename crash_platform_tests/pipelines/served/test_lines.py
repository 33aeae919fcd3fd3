"""A line says of an answer all that its row says, whatever was told."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from crash_platform.pipelines.served.lines import Asked, read_lines, written_lines
from crash_platform_tests.pipelines.served.counter import (
    DAY,
    LINES,
    NOW,
    TOLD,
    Telling,
    answer,
    lines,
    served,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
# What lies between two lines, where it lies in a text.
TRAPS = st.sampled_from(
    ['{"asked_at":', ',{"asked_at":"', '"},{"asked_at":', '\\},{"asked_at":', "\n"]
)
TELLING = st.builds(
    Telling,
    crash_date=st.dates(date(2012, 7, 1)),
    collision_id=st.none() | st.integers(1, 2**53),
    text=st.none() | st.lists(TEXT | TRAPS, max_size=3).map("".join),
)
CHANNEL = st.sampled_from(["predict", "batch", "invocations", "page"])
SHARE = st.floats(0, 1)


@given(
    asked=st.builds(Asked, TEXT | TRAPS, CHANNEL),
    at=st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(year=2024)),
    told=st.lists(TELLING, min_size=1, max_size=3),
    said=st.fixed_dictionaries({"probability": SHARE, "threshold": SHARE}),
)
def test_a_row_is_what_was_written_to_the_last_digit(
    asked: Asked, at: datetime, told: list[Telling], said: dict[str, float]
) -> None:
    written = written_lines(LINES, (asked, at), [(each, answer(**said)) for each in told])
    assert written.count(b"\n") == len(told)
    read = read_lines(written)
    assert read.unreadable == ()
    assert read.rows.to_pylist() == [
        served(
            asked.request_id,
            channel=asked.channel,
            asked_at=at,
            asked_date=at.date(),
            place_in_request=place,
            crash_date=each.crash_date,
            collision_id=each.collision_id,
            told=each.model_dump_json(exclude_none=True),
            **said,
        )
        for place, each in enumerate(told)
    ]


def test_lines_that_cannot_be_read_are_kept_apart_and_hide_no_other() -> None:
    good = [lines("a"), lines("b", probability=1e-300), lines("c")]
    bad = [
        b"\n",
        b"{}\n",
        b"[1]\n",
        b"\x00\x00\n",
        lines("torn")[:40] + b"\n",
        lines("twice")[:-1] + lines("on one line"),
        lines("more").replace(b'"told"', b'"key":1,"told"'),
        lines("no day").replace(DAY.isoformat().encode(), b"2026-02-31"),
        lines("no UTF-8").replace(b"no UTF-8", b"\xff"),
        lines("null").replace(b"0.25", b"null"),
    ]
    read = read_lines(b"".join([good[0], *bad[:5], good[1], *bad[5:], good[2]]))
    assert read.unreadable == tuple(bad)
    assert read.rows["request_id"].to_pylist() == ["a", "b", "c"]


def test_no_lines_are_no_rows() -> None:
    assert read_lines(b"").rows.num_rows == 0


def test_a_report_of_any_length_is_read() -> None:
    told = Telling(crash_date=DAY, text="x" * 3_000_000)
    written = written_lines(LINES, (Asked("a", "page"), NOW), [(told, answer())])
    rows = read_lines(written + lines("b")).rows
    assert rows["told"].to_pylist() == [told.model_dump_json(exclude_none=True), TOLD]
