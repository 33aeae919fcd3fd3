"""When to worry about the model: promises about a row of ``model/monitoring``, and their limits.

The figures are made in ``monitoring``; who is told of a broken promise is decided elsewhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

RATE_OF_CHANCE = 1.29
"""Over the root of the rows: what a share of one half misses its truth by in 1 of 100 weeks."""
ECE_OF_CHANCE = 2.25
"""The same for the ECE of right probabilities over 15 bins: its mean and 2.33 deviations."""


@dataclass(frozen=True)
class Thresholds:
    """The limits, with what New York's records say of them.

    "Ordinary weeks" are those of 2013 to 2019. "The pilot" is Staten Island from 18 March 2019,
    when the police stopped attending crashes with damage only; in April 2020 the whole city
    followed.

    Attributes:
        lowest_volume: of the usual count. Ordinary weeks: 0.66 or more (a snowstorm); the pilot:
            0.45; April 2020: 0.39.
        highest_volume: of the usual count. Ordinary weeks: 1.38 or less, but for those after the
            snowstorm, whose usual count it had lowered; more is most likely records twice.
        largest_rate_change: of the base rate. Ordinary weeks: more on 6 days of 7 years, all in
            winter; the pilot: 0.16; April 2020: 0.06 to 0.08.
        largest_rate_gap: between mean probability and base rate: calibration at its simplest, as
            far as the base rate may move.
        largest_ece: a healthy model shows 0.03 to 0.05; the pilot: 0.143.
        largest_psi: the customary line; the pilot stayed at 0.05, so scores that shift come last.
    """

    lowest_volume: float = 0.6
    highest_volume: float = 1.6
    largest_rate_change: float = 0.05
    largest_rate_gap: float = 0.05
    largest_ece: float = 0.08
    largest_psi: float = 0.1


LIMITS = Thresholds()


@dataclass(frozen=True)
class Alert:
    """A promise about the model's health, and whether it holds."""

    name: str
    passed: bool
    description: str


def alerts(row: Row, limits: Thresholds = LIMITS) -> list[Alert]:
    """The promises about one row of ``model/monitoring``; what to look at first comes first.

    What nobody can know yet holds, and says so. Where chance alone would exceed a limit in more
    than 1 of 100 weeks, because the week has few crashes, the limit is what chance exceeds so
    rarely.
    """
    return [
        _volume(row, limits),
        _base_rate(row, limits),
        _mean_score(row, limits),
        _calibration(row, limits),
        _scores(row, limits),
    ]


def _volume(row: Row, limits: Thresholds) -> Alert:
    name, count, usual = "volume_is_usual", row["crash_count"], row["usual_count"]
    if usual is None:
        return _unknown(name, "the four weeks before are not all there")
    low, high = limits.lowest_volume, limits.highest_volume
    said = (
        f"{count:,} crashes in the week, {count / usual:.2f} of the usual {usual:,.0f}; "
        f"{low} to {high} is usual"
    )
    return Alert(name, low <= count / usual <= high, said)


def _base_rate(row: Row, limits: Thresholds) -> Alert:
    name, rate, usual = "base_rate_in_band", row["matured_base_rate"], row["usual_base_rate"]
    if rate is None or usual is None:
        return _unknown(name, "too few crashes have a known outcome")
    limit = _limit(limits.largest_rate_change, RATE_OF_CHANCE, row)
    said = (
        f"{rate:.1%} of the {_matured(row)} had injuries, {usual:.1%} in the eight weeks before; "
        f"up to {limit:.1%} apart is usual"
    )
    return Alert(name, abs(rate - usual) <= limit, said)


def _mean_score(row: Row, limits: Thresholds) -> Alert:
    name, rate = "mean_score_matches_base_rate", row["matured_base_rate"]
    if rate is None:
        return _unknown(name, "no crash of the mature week has a known outcome")
    mean, limit = (
        row["matured_mean_probability"],
        _limit(limits.largest_rate_gap, RATE_OF_CHANCE, row),
    )
    said = (
        f"{mean:.1%} was said on average of the {_matured(row)}, {rate:.1%} had injuries; at most "
        f"{limit:.1%} apart"
    )
    return Alert(name, abs(mean - rate) <= limit, said)


def _calibration(row: Row, limits: Thresholds) -> Alert:
    name, ece = "calibration_holds", row["matured_ece"]
    if ece is None:
        return _unknown(name, "the mature week has too few crashes with a known outcome")
    limit = _limit(limits.largest_ece, ECE_OF_CHANCE, row)
    said = f"calibration error {ece:.3f} over the {_matured(row)}, at most {limit:.3f}"
    return Alert(name, ece <= limit, said)


def _scores(row: Row, limits: Thresholds) -> Alert:
    name, psi, line = "scores_have_not_shifted", row["score_psi"], row["score_psi_line"]
    if psi is None:
        return _unknown(name, "the model has said too little before")
    limit = max(limits.largest_psi, line or 0.0)
    said = f"stability index of the score {psi:.3f} against eight weeks before, at most {limit:.3f}"
    return Alert(name, psi <= limit, said)


def _limit(limit: float, of_chance: float, row: Row) -> float:
    return max(limit, of_chance / math.sqrt(row["matured_count"]))


def _matured(row: Row) -> str:
    return f"{row['matured_count']:,} crashes of {row['matured_from']} to {row['matured_to']}"


def _unknown(name: str, why: str) -> Alert:
    return Alert(name, True, f"cannot be judged yet: {why}")
