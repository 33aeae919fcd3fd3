"""Which days a model learns from, is calibrated on and is judged by.

By time, never at random: rows of tomorrow say nothing about a model that must answer today.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from crash_platform.errors import PlatformError

DAY = timedelta(days=1)


class SplitError(PlatformError):
    """Days that cannot be divided as asked."""


@dataclass(frozen=True)
class Span:
    """Days from ``first`` to ``last``, both included; never empty.

    Raises:
        SplitError: the first day is after the last.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise SplitError(
                f"A span cannot run from {self.first} back to {self.last}: swap its days."
            )

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.last - self.first).days + 1

    @classmethod
    def months_up_to(cls, last: date, months: int, skipped: int = 0) -> Self:
        """The ``months`` calendar months that end ``skipped`` months before ``last``.

        Both ends are counted from the same day, so that neighbours touch and never overlap.
        """
        end = months_before(last, skipped)
        return cls(months_before(last, skipped + months) + DAY, end)


@dataclass(frozen=True)
class Split:
    """Three spans that follow each other without a gap: train, calibrate, test."""

    train: Span
    calibrate: Span
    test: Span


def time_split(
    as_of: date,
    *,
    maturity_days: int = 14,
    train_months: int,
    calibrate_months: int = 3,
    test_months: int = 2,
) -> Split:
    """The split that a model made on the day ``as_of`` uses.

    Records still change for ``maturity_days``, so the last day used is that many days before
    ``as_of``. The test span is the ``test_months`` up to it, then come, going back, calibration
    and training.

    Raises:
        SplitError: a span of less than one month, a negative maturity, or days before year 1.
    """
    lengths = (train_months, calibrate_months, test_months)
    if min(lengths) < 1 or maturity_days < 0:
        raise SplitError(
            "Each span of a split needs at least one month and the maturity at least 0 days, not "
            f"{train_months}, {calibrate_months}, {test_months} months and {maturity_days} days."
        )
    if as_of.year <= sum(lengths) // 12 + maturity_days // 365 + 2:
        raise SplitError(f"{sum(lengths)} months before {as_of} lie before year 1: ask for fewer.")
    last = as_of - timedelta(days=maturity_days)
    return Split(
        train=Span.months_up_to(last, train_months, calibrate_months + test_months),
        calibrate=Span.months_up_to(last, calibrate_months, test_months),
        test=Span.months_up_to(last, test_months),
    )


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
