"""How far the values of one time have moved from those of another, and what noise alone would do.

What counts as too far is for whoever watches to say.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.modelling.ranking import Probabilities

Values = NDArray[np.float64]
Counts = NDArray[np.float64]
Category = TypeVar("Category", bound=Hashable)

HALF_A_ROW = 0.5


class DriftError(PlatformError):
    """Values between which no drift can be measured."""


def quantile_edges(values: Values, bins: int = 10) -> Values:
    """Where to cut the values into about ``bins`` equally filled bins; rising, ends left out.

    A bin holds its lower edge. A value so frequent that it fills a bin alone gets one, so that a
    column of nearly only zeros still shows how many are not; up to ``bins`` distinct values get a
    bin each. Missing values (NaN) are left out.

    Raises:
        DriftError: every value is missing, or less than two bins.
    """
    known: Values = np.sort(np.asarray(values, dtype=np.float64))
    known = known[~np.isnan(known)]
    if not len(known) or bins < 2:  # noqa: PLR2004
        raise DriftError(
            f"{len(known)} known values cannot be cut into {bins} bins: give values, and 2 bins "
            "or more."
        )
    distinct: Values = np.unique(known)
    if len(distinct) <= bins:
        return distinct[1:]
    quantiles = known[np.arange(1, bins) * len(known) // bins]
    frequent = quantiles[:-1][np.diff(quantiles) == 0.0]
    frequent = np.append(frequent, quantiles[quantiles == distinct[0]])
    after = np.searchsorted(distinct, frequent, side="right")
    following = distinct[after[after < len(distinct)]]
    edges: Values = np.unique(np.concatenate([quantiles, following]))
    return edges[edges > float(distinct[0])]


def bin_counts(values: Values, edges: Values) -> Counts:
    """How many values fall in each of the ``len(edges) + 1`` bins, and last how many are missing.

    Raises:
        DriftError: the edges are missing values or do not rise.
    """
    values, edges = np.asarray(values, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    if np.isnan(edges).any() or (np.diff(edges) <= 0).any():
        raise DriftError("The edges of bins must be known and rise: take those of quantile_edges.")
    number = np.searchsorted(edges, values, side="right")
    number[np.isnan(values)] = len(edges) + 1
    return np.bincount(number, minlength=len(edges) + 2).astype(np.float64)


def psi(expected: Values, observed: Values, edges: Values) -> float:
    """Population stability index of a number: 0 is the same distribution.

    Missing values (NaN) are a bin of their own.

    Raises:
        DriftError: no rows on one side, or edges that do not rise.
    """
    return psi_of_counts(bin_counts(expected, edges), bin_counts(observed, edges))


def psi_categorical(expected: Iterable[Category], observed: Iterable[Category]) -> float:
    """Population stability index of a category; a missing value (None) is one of them.

    Raises:
        DriftError: no rows on one side.
    """
    return psi_of_category_counts(Counter(expected), Counter(observed))


def psi_of_category_counts(
    expected: Mapping[Category, int], observed: Mapping[Category, int]
) -> float:
    """The same from the rows per category, so that one side can be kept without its rows.

    Raises:
        DriftError: no rows on one side.
    """
    names = list(dict.fromkeys([*expected, *observed]))
    return psi_of_counts(
        np.array([expected.get(name, 0) for name in names], dtype=np.float64),
        np.array([observed.get(name, 0) for name in names], dtype=np.float64),
    )


def psi_of_counts(expected: Counts, observed: Counts) -> float:
    """Population stability index of rows per bin, the same bins on both sides.

    A bin that only one side fills counts as half a row on the other; one that neither fills does
    not count.

    Raises:
        DriftError: no rows on one side, or unequal numbers of bins.
    """
    if expected.shape != observed.shape:
        raise DriftError(
            f"{len(expected)} and {len(observed)} bins cannot be compared: cut both sides alike."
        )
    if not expected.sum() or not observed.sum():
        raise DriftError("Drift needs rows on both sides and one has none: choose other days.")
    filled = (expected > 0) | (observed > 0)
    one, other = _shares(expected[filled]), _shares(observed[filled])
    return float(np.sum((other - one) * np.log(other / one)))


def psi_line(expected_n: int, observed_n: int, bins: int, level: float = 0.99) -> float:
    """The index that rows of one and the same distribution stay below with probability ``level``.

    Large-sample theory: (1/n + 1/m) times a chi-square quantile of ``bins - 1`` degrees. Count
    the bins that hold rows, with the one of missing values if there are any.

    Raises:
        DriftError: no rows on one side, less than two bins, or a level outside (0, 1).
    """
    from scipy.special import chdtri

    if min(expected_n, observed_n) < 1 or bins < 2 or not 0.0 < level < 1.0:  # noqa: PLR2004
        raise DriftError(
            f"There is no line for {expected_n} and {observed_n} rows in {bins} bins at {level}: "
            "it needs rows on both sides, 2 bins or more, and a level between 0 and 1."
        )
    return float((1 / expected_n + 1 / observed_n) * chdtri(bins - 1, 1.0 - level))


def prior_shift(probabilities: Probabilities, old_rate: float, new_rate: float) -> Probabilities:
    """The probabilities if only the share of positive rows went from the old rate to the new.

    Raises:
        DriftError: a rate outside (0, 1).
    """
    if not (0.0 < old_rate < 1.0 and 0.0 < new_rate < 1.0):
        raise DriftError(
            f"Probabilities cannot be moved from a base rate of {old_rate} to {new_rate}: both "
            "must lie between 0 and 1."
        )
    positive = probabilities * (new_rate / old_rate)
    negative = (1.0 - probabilities) * ((1.0 - new_rate) / (1.0 - old_rate))
    return positive / (positive + negative)


def _shares(counts: Counts) -> Counts:
    held: Counts = np.maximum(counts, HALF_A_ROW)
    return held / float(held.sum())
