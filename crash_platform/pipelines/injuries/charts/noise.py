"""What chance alone makes of the calibration error, so that a small slice is not blamed for it."""

import math

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.metrics import Probabilities
from crash_platform.modelling.ranking import ECE_BINS


def ece_of_chance(probabilities: Probabilities) -> float:
    """The calibration error to be expected of so many rows if every probability were right.

    A bin's sum of outcomes is off by sqrt(2 / pi) standard deviations on average.
    """
    bins = np.array_split(np.sort(probabilities), ECE_BINS)
    misses = sum(math.sqrt(float((each * (1.0 - each)).sum())) for each in bins)
    return math.sqrt(2.0 / math.pi) * misses / len(probabilities)


def ece_of_chance_by_count(
    rows: NDArray[np.float64], mean_probability: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same where only the mean of the probabilities is known; a little too high for it."""
    spread = mean_probability * (1.0 - mean_probability)
    expected: NDArray[np.float64] = np.sqrt(2.0 / np.pi * ECE_BINS * spread / rows)
    return expected
