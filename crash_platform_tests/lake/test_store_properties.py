"""Whatever windows are replaced in whatever order, the table is what a dict of days would be."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.lake.contract import Window
from crash_platform.lake.store import EmptyDayError, Store
from crash_platform_tests.lake.things import THINGS, day, days, frame, held, store_in

DAYS = 40
Replacement = tuple[int, int, dict[int, int], frozenset[int]]


@st.composite
def replacements(draw: st.DrawFn) -> Replacement:
    """First day, last day, how many rows each day gets, and which days are confirmed empty."""
    first = draw(st.integers(0, DAYS - 1))
    last = draw(st.integers(first, min(DAYS - 1, first + 8)))
    numbers = st.integers(first, last)
    counts = draw(st.dictionaries(numbers, st.integers(1, 3), max_size=9))
    return first, last, counts, draw(st.frozensets(numbers, max_size=9))


@settings(max_examples=15, deadline=None)
@given(st.lists(replacements(), min_size=1, max_size=8))
def test_any_sequence_of_replacements_equals_a_dict_of_days(sequence: list[Replacement]) -> None:
    with TemporaryDirectory() as folder:
        store, oracle = store_in(Path(folder)), dict[date, list[int]]()
        for turn, replacement in enumerate(sequence):
            apply(store, oracle, 1000 * turn, replacement)
            assert held(store) == oracle
        window = days(DAYS // 4, DAYS // 2)
        assert held(store, window=window) == {d: i for d, i in oracle.items() if d in window}


def apply(
    store: Store, oracle: dict[date, list[int]], next_id: int, replacement: Replacement
) -> None:
    first, last, counts, empty = replacement
    window: Window = days(first, last)
    rows = [(n, next_id + i) for i, n in enumerate(n for n, c in counts.items() for _ in range(c))]
    lost = {d for d in oracle if d in window} - {day(n) for n in counts} - {day(n) for n in empty}
    if lost:
        with pytest.raises(EmptyDayError, match=f"{min(lost)} has rows"):
            store.replace(THINGS, window, frame(*rows, empty=empty))
        return
    store.replace(THINGS, window, frame(*rows, empty=empty))
    for known in [d for d in oracle if d in window]:
        del oracle[known]
    for number, thing_id in rows:
        oracle.setdefault(day(number), []).append(thing_id)
