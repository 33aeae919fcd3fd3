from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.pipelines.crashes.watch import (
    ASK_AGAIN_AFTER,
    DAYS_PER_LOOK,
    MOST_CHANGED_RECORDS,
    OVERLAP,
    CursorError,
    Look,
    MovingPortalError,
    State,
    TooManyChangesError,
    look,
    plan,
)
from crash_platform.sources.socrata import Changes

START = datetime(2026, 4, 14, 9, 0, tzinfo=UTC)
DAY = date(2026, 4, 1)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def day(number: int) -> date:
    return DAY + timedelta(days=number)


@dataclass
class Portal:
    """Records by key, each with its day and the moment of its last change."""

    records: dict[str, tuple[date, datetime]] = field(default_factory=dict)
    asked: list[datetime] = field(default_factory=list)

    def publish(self, moment: datetime, **days: int) -> None:
        """Change records, each given as key=number of its day."""
        self.records |= {key: (day(number), moment) for key, number in days.items()}

    def changed_at(self, key: str) -> datetime:
        return self.records[key][1] if key in self.records else at(-1000)

    def __call__(self, since: datetime) -> Changes:
        self.asked.append(since)
        found = [(d, moment) for d, moment in self.records.values() if moment >= since]
        newest = max((moment for _, moment in found), default=None)
        return Changes(Counter(d for d, _ in found), newest, len(found), is_truncated=False)


def looked(portal: Portal, state: State) -> tuple[list[int], State]:
    """The numbers of the days found, and the state after the look."""
    found = look(portal, state)
    numbers = sorted((d - DAY).days for d in found.days)
    return numbers, State(found.newest, found.recent)


def test_changes_after_the_first_look_are_found_once() -> None:
    portal, state = Portal(), State(START)
    assert looked(portal, state) == ([], state)
    portal.publish(at(5), a=1, b=1, c=7)
    numbers, state = looked(portal, state)
    assert numbers == [1, 7]
    assert (state.newest, state.recent) == (at(5), {day(1): 2, day(7): 1})
    for _ in range(3):
        numbers, state = looked(portal, state)
        assert numbers == []


def test_a_record_that_changes_again_is_found_again() -> None:
    portal, state = Portal(), State(START)
    portal.publish(at(5), a=1)
    _, state = looked(portal, state)
    portal.publish(at(10), a=1)
    numbers, state = looked(portal, state)
    assert numbers == [1]
    assert looked(portal, state)[0] == []


def test_a_change_that_becomes_visible_late_is_found_too() -> None:
    portal, state = Portal(), State(START)
    portal.publish(at(50), a=1, b=2)
    _, state = looked(portal, state)
    portal.publish(at(10), c=2, d=3)
    numbers, state = looked(portal, state)
    assert numbers == [2, 3]
    assert looked(portal, state)[0] == []


def test_late_changes_and_newer_ones_are_found_in_one_look() -> None:
    portal, state = Portal(), State(START)
    portal.publish(at(50), a=1, b=2)
    _, state = looked(portal, state)
    portal.publish(at(10), c=2)
    portal.publish(at(80), a=5)
    numbers, state = looked(portal, state)
    assert numbers == [2, 5]
    assert looked(portal, state)[0] == []


def test_a_quiet_look_asks_once_and_no_further_back_than_the_overlap() -> None:
    portal = Portal()
    portal.publish(at(-300), a=1)
    looked(portal, State(START))
    assert portal.asked == [START - OVERLAP]


def test_a_portal_that_publishes_during_the_look_decides_nothing() -> None:
    portal = Portal()
    portal.publish(at(5), a=1)

    def moving(since: datetime) -> Changes:
        changes = portal(since)
        portal.publish(at(5 + len(portal.asked)), b=2)
        return changes

    with pytest.raises(MovingPortalError, match="published something newer"):
        look(moving, State(START))


@pytest.mark.parametrize(
    "changes",
    [
        Changes({DAY: 50_000}, START, 2_200_000, is_truncated=True),
        Changes({DAY: 60_000}, START, MOST_CHANGED_RECORDS + 1, is_truncated=False),
    ],
)
def test_a_mass_change_is_for_a_person_to_decide(changes: Changes) -> None:
    with pytest.raises(TooManyChangesError, match=r"records changed .* reset the cursor"):
        look(lambda _: changes, State(START))


def test_just_as_many_changes_as_believable_are_believed() -> None:
    changes = Changes({DAY: 7}, START, MOST_CHANGED_RECORDS, is_truncated=False)
    assert look(lambda _: changes, State(START)).days == {DAY}


def found(*numbers: int) -> Look:
    return Look(frozenset(map(day, numbers)), at(5), {})


NOW = at(15)


def test_days_with_changes_are_pulled_in_order_and_wait_until_they_landed() -> None:
    first = plan(State(START), found(7, 1, 2), (), NOW)
    assert first.days == (day(1), day(2), day(7))
    assert first.state == State(at(5), {}, dict.fromkeys(first.days, NOW))
    second = plan(first.state, found(), {day(1), day(7)}, at(30))
    assert second.days == ()
    assert second.state.waiting == {day(2): NOW}


def test_a_day_that_changes_while_its_run_is_under_way_is_pulled_again() -> None:
    asked = State(START, {}, {day(1): at(0)})
    again = plan(asked, found(1), (), NOW)
    assert again.days == (day(1),)
    assert plan(asked, found(1), {day(1)}, NOW).days == (day(1),)


def test_a_day_asked_for_in_vain_is_asked_for_again_after_hours() -> None:
    asked = State(START, {}, {day(1): START})
    patience = ASK_AGAIN_AFTER - timedelta(seconds=1)
    assert plan(asked, found(), (), START + patience).days == ()
    late = plan(asked, found(), (), START + ASK_AGAIN_AFTER)
    assert late.days == (day(1),)
    assert late.state.waiting == {day(1): START + ASK_AGAIN_AFTER}


def test_no_more_days_than_a_look_may_ask_for_and_the_others_wait() -> None:
    many = Look(frozenset(date(2020, 1, 1) + timedelta(days=n) for n in range(100)), START, {})
    first = plan(State(START), many, (), NOW)
    assert len(first.days) == DAYS_PER_LOOK
    assert len(first.state.waiting) == 100
    second = plan(first.state, found(), first.days, at(30))
    assert (*first.days, *second.days) == tuple(sorted(many.days))


def test_days_outside_the_calendar_are_not_asked_for() -> None:
    strange = Look(frozenset({date(2012, 6, 30), NOW.date() + timedelta(days=1)}), START, {})
    assert plan(State(START), strange, (), NOW).state.waiting == {}
    edges = Look(frozenset({date(2012, 7, 1), NOW.date()}), START, {})
    assert plan(State(START), edges, (), NOW).days == tuple(sorted(edges.days))


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
dates = st.dates(date(2012, 7, 1), date(2030, 1, 1))
states = st.builds(
    State,
    moments,
    st.dictionaries(dates, st.integers(1, 9)),
    st.dictionaries(dates, st.none() | moments),
)


@given(states)
def test_a_cursor_holds_the_whole_state(state: State) -> None:
    assert State.read(state.text()) == state


@pytest.mark.parametrize("text", ["", "7", "{}", "[]", '{"newest": 1, "recent": [], "waiting": 2}'])
def test_a_cursor_that_is_none_is_said_to_be(text: str) -> None:
    with pytest.raises(CursorError, match="reset it in Dagster"):
        State.read(text)


steps = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 4), max_size=3),
        st.integers(0, 55),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200)
@given(steps, st.randoms(use_true_random=False))
def test_no_change_is_lost_and_none_is_asked_for_twice(
    script: Sequence[tuple[dict[str, int], int, int]], chance: Random
) -> None:
    """Publications that become visible late, looks now and then, runs that may fail."""
    portal, state, now, newest = Portal(), State(START), START, START
    for wanted, age, wait in script:
        now += timedelta(minutes=15 * wait + 1)
        moment = max(now - timedelta(minutes=age), newest - timedelta(minutes=59))
        # Out of reach: a record that was recent already and changes again, but visibly late.
        edge = state.newest - OVERLAP if moment <= state.newest else moment
        changed = {k: n for k, n in wanted.items() if portal.changed_at(k) < edge}
        portal.publish(moment, **changed)
        newest = max([newest, *(portal.changed_at(key) for key in changed)])
        unseen = {day(number) for number in changed.values()}
        landed = {d for d in state.asked if chance.random() < 0.5}
        in_vain = {d for d, asked in state.asked.items() if now - asked >= ASK_AGAIN_AFTER}
        decided = plan(state, look(portal, state), landed, now)
        assert unseen <= set(decided.days) <= unseen | (in_vain - landed)
        state = decided.state
    quiet = plan(state, look(portal, state), set(state.asked), now)
    assert (quiet.days, quiet.state.waiting) == ((), {})
