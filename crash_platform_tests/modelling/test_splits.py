from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crash_platform.modelling.splits import Span, Split, SplitError, months_before, time_split

DAYS = st.dates(date(2012, 7, 1), date(2040, 12, 31))
MONTHS = st.integers(1, 36)


def test_a_model_made_on_15_april_2024_is_judged_by_february_and_march() -> None:
    assert time_split(date(2024, 4, 14), train_months=12) == Split(
        train=Span(date(2022, 11, 1), date(2023, 10, 31)),
        calibrate=Span(date(2023, 11, 1), date(2024, 1, 31)),
        test=Span(date(2024, 2, 1), date(2024, 3, 31)),
    )


def test_a_month_without_that_day_ends_on_its_last() -> None:
    split = time_split(date(2024, 4, 30), maturity_days=0, train_months=1, calibrate_months=1)
    assert split.test == Span(date(2024, 3, 1), date(2024, 4, 30))
    assert split.calibrate == Span(date(2024, 1, 31), date(2024, 2, 29))
    assert split.train == Span(date(2023, 12, 31), date(2024, 1, 30))


@given(DAYS, st.integers(0, 60), MONTHS, MONTHS, MONTHS)
@example(date(2024, 2, 29), 0, 1, 1, 1)
@example(date(2023, 3, 31), 0, 1, 1, 1)
def test_spans_follow_each_other_without_gap_or_overlap_up_to_the_last_mature_day(
    as_of: date, maturity: int, train: int, calibrate: int, test: int
) -> None:
    split = time_split(
        as_of,
        maturity_days=maturity,
        train_months=train,
        calibrate_months=calibrate,
        test_months=test,
    )
    assert split.test.last == as_of - timedelta(days=maturity)
    assert split.calibrate.last + timedelta(days=1) == split.test.first
    assert split.train.last + timedelta(days=1) == split.calibrate.first
    for span, months in ((split.train, train), (split.calibrate, calibrate), (split.test, test)):
        assert 28 * months <= span.days <= 31 * months
    total = split.train.days + split.calibrate.days + split.test.days
    assert total == (split.test.last - split.train.first).days + 1


@given(DAYS, MONTHS, MONTHS)
def test_neighbouring_months_counted_from_one_day_cover_it_all(
    last: date, months: int, skipped: int
) -> None:
    one, other = Span.months_up_to(last, skipped), Span.months_up_to(last, months, skipped)
    both = Span.months_up_to(last, skipped + months)
    assert (other.first, one.last) == (both.first, both.last)
    assert other.days + one.days == both.days


@given(DAYS, st.integers(0, 500))
def test_months_before_is_that_many_months_before(day: date, months: int) -> None:
    earlier = months_before(day, months)
    assert (day.year - earlier.year) * 12 + day.month - earlier.month == months
    assert earlier.day == day.day or (earlier + timedelta(days=1)).day == 1


def test_a_span_holds_its_first_and_last_day() -> None:
    span = Span(date(2024, 2, 28), date(2024, 3, 1))
    assert span.days == 3
    assert date(2024, 2, 28) in span
    assert date(2024, 3, 1) in span
    assert date(2024, 3, 2) not in span


def test_a_span_that_runs_backwards_is_refused() -> None:
    with pytest.raises(SplitError, match="from 2024-03-02 back to 2024-03-01"):
        Span(date(2024, 3, 2), date(2024, 3, 1))


@pytest.mark.parametrize(
    "lengths", [(0, 3, 2, 14), (12, 0, 2, 14), (12, 3, -1, 14), (12, 3, 2, -1)]
)
def test_lengths_that_leave_a_span_empty_are_refused(lengths: tuple[int, int, int, int]) -> None:
    train, calibrate, test, maturity = lengths
    with pytest.raises(SplitError, match="at least one month and the maturity at least 0 days"):
        time_split(
            date(2024, 4, 15),
            maturity_days=maturity,
            train_months=train,
            calibrate_months=calibrate,
            test_months=test,
        )


def test_spans_before_the_first_year_are_refused() -> None:
    with pytest.raises(SplitError, match="29 months before 0003-01-01 lie before year 1"):
        time_split(date(3, 1, 1), train_months=24)


@given(st.dates(max_value=date(60, 1, 1)), st.integers(1, 600), st.integers(0, 9_000))
def test_no_other_error_comes_of_days_near_the_first_year(
    as_of: date, months: int, maturity: int
) -> None:
    with suppress(SplitError):
        split = time_split(as_of, maturity_days=maturity, train_months=months)
        assert date.min < split.train.first < split.test.last
