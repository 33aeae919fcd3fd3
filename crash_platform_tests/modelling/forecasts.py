"""Labels and probabilities for the tests of this room: drawn by hypothesis, or from a seed."""

import numpy as np
from hypothesis import strategies as st

from crash_platform.modelling.metrics import Labels, Probabilities

Forecasts = tuple[Labels, Probabilities]


@st.composite
def forecasts(draw: st.DrawFn, rows: int = 30) -> Forecasts:
    """Both classes, and few enough distinct probabilities that ties are common."""
    labels = draw(st.lists(st.booleans(), min_size=0, max_size=rows - 2))
    labels = draw(st.permutations([True, False, *labels]))
    grid = st.one_of(st.integers(0, 8).map(lambda eighth: eighth / 8), st.floats(0.0, 1.0))
    probabilities = draw(st.lists(grid, min_size=len(labels), max_size=len(labels)))
    return np.array(labels), np.array(probabilities)


def true_forecasts(seed: int, rows: int, digits: int = 16) -> Forecasts:
    """Probabilities, rounded, and outcomes that happen exactly as often as they say."""
    generator = np.random.default_rng(seed)
    probabilities = generator.beta(2, 3, rows).round(digits)
    return generator.random(rows) < probabilities, probabilities
