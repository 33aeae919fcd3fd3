"""The batched event log beside Dagster's own: same events in, same rows and answers out.

Errors, kills and other writers are in `test_event_log_failures.py`, Dagster's own runs in
`test_event_log_in_dagster.py`, its contract for a storage in `test_event_log_contract.py`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DailyPartitionsDefinition, EventLogEntry
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.test_utils import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash_platform.orchestration.event_log import (
    BATCH_SIZE_VARIABLE,
    BatchedSqliteEventLogStorage,
    history_folder,
    is_one_batch,
    last_of_each_kind,
)
from crash_platform_tests.orchestration.event_log_answers import (
    answers,
    clear,
    instance_with,
    on_disk,
    rows,
)
from crash_platform_tests.orchestration.event_log_events import (
    AFTER_ANY_WIPE,
    BEFORE_ANY_WIPE,
    DAYS,
    OTHER_RUN,
    RUN,
    A,
    B,
    C,
    check_passed,
    check_planned,
    materialized,
    observed,
    planned,
    planned_range,
    spoken,
)

pytestmark = pytest.mark.slow

A_WIPE = 2_000_000_000.0
Logs = tuple[SqliteEventLogStorage, BatchedSqliteEventLogStorage]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logs]:
    """A stock log and ours; kept over the module since making one takes half a second."""
    home = tmp_path_factory.mktemp("both")
    with (
        pytest.MonkeyPatch.context() as environment,
        instance_with(SqliteEventLogStorage, home / "stock") as stock,
        instance_with(BatchedSqliteEventLogStorage, home / "ours") as ours,
    ):
        environment.setenv(BATCH_SIZE_VARIABLE, "1000")
        theirs, batched = stock.event_log_storage, ours.event_log_storage
        assert isinstance(theirs, SqliteEventLogStorage)
        assert isinstance(batched, BatchedSqliteEventLogStorage)
        yield theirs, batched


@pytest.fixture
def both(kept: Logs) -> Logs:
    """The two logs, empty."""
    for log in kept:
        clear(log)
    return kept


def store(both: Logs, batches: Sequence[Sequence[EventLogEntry] | AssetKey]) -> None:
    """Give both logs the batches; an asset key in their place wipes that asset."""
    stock, ours = both
    for batch in batches:
        if isinstance(batch, AssetKey):
            with freeze_time(A_WIPE):
                for log in both:
                    log.wipe_asset(batch)
            continue
        for event in batch:
            stock.store_event(event)
        ours.store_event_batch(batch)


def assert_same_answers(
    both: Logs, batches: Sequence[Sequence[EventLogEntry] | AssetKey]
) -> dict[Any, Any]:
    """Store the batches in both logs, compare all they say, and give what they said."""
    store(both, batches)
    assert on_disk(both[1]) == on_disk(both[0])
    expected, got = answers(both[0]), answers(both[1])
    for question, answer in expected.items():
        assert got[question] == answer, question
    return got


def test_a_batch_is_asset_events_of_one_run() -> None:
    assert is_one_batch([planned(A, DAYS[0]), materialized(A, DAYS[0]), check_planned(B, None)])
    assert not is_one_batch([])
    assert not is_one_batch([materialized(A, None), spoken()])
    assert not is_one_batch([materialized(A, None), materialized(A, None, run=OTHER_RUN)])
    assert not is_one_batch([check_planned(A, None), check_passed(A, None)])


def test_of_each_asset_and_type_only_the_last_event_counts_and_assets_keep_their_order() -> None:
    events = [planned(B, "x"), planned(A, "x"), materialized(A, "x"), planned(A, "y")]
    kept = last_of_each_kind(zip([*events, planned(B, "y")], [1, 2, 3, 4, 5], strict=True))
    assert [event_id for _, event_id in kept] == [5, 3, 4]


def test_the_log_lies_where_dagster_would_put_it_and_apart_from_the_runs(tmp_path: Path) -> None:
    assert history_folder({"DAGSTER_HOME": str(tmp_path)}) == str(tmp_path / "history" / "runs")


def test_without_dagster_home_the_log_lies_in_the_platforms_own_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    expected = str(tmp_path / "dagster" / "history" / "runs")
    assert history_folder({}) == expected
    assert history_folder({"DAGSTER_HOME": ""}) == expected


def test_five_days_of_one_asset_are_answered_as_by_the_stock_log(both: Logs) -> None:
    got = assert_same_answers(both, [[materialized(A, day) for day in DAYS[:5]]])
    assert got[A, "days"] == set(DAYS[:5])
    assert [record.storage_id for record in got[RUN, "log"].records] == [1, 2, 3, 4, 5]


def test_plans_materializations_and_observations_of_several_assets_may_share_a_batch(
    both: Logs,
) -> None:
    batch = [
        planned(A, DAYS[0]),
        planned(B, DAYS[0]),
        materialized(A, DAYS[0], {DATA_VERSION_TAG: "one"}),
        observed(B, DAYS[1], {DATA_VERSION_TAG: "two", "note": "not-indexed"}),
        planned(A, DAYS[1]),
    ]
    got = assert_same_answers(both, [batch])
    assert got[A, "days"] == {DAYS[0]}
    assert set(got[A, "open"]) == {DAYS[1]}
    assert [tag["value"] for tag in rows(both[1], "index", "asset_event_tags")] == ["one", "two"]


def test_a_plan_for_a_whole_range_is_stored_as_one_event(both: Logs) -> None:
    got = assert_same_answers(both, [[planned_range(A, DAYS[:4]), materialized(A, DAYS[0])]])
    assert got[A, "plan"].run_id == RUN


def test_a_planned_check_is_pending_on_each_of_its_days(both: Logs) -> None:
    batch = [planned(A, DAYS[0]), check_planned(A, DAYS[:3]), check_planned(B, None)]
    got = assert_same_answers(both, [batch, [check_passed(A, DAYS[1])]])
    assert [(c[2].value, c[4]) for c in got[A, "checks"]] == [
        ("PLANNED", DAYS[2]),
        ("SUCCEEDED", DAYS[1]),
        ("PLANNED", DAYS[0]),
    ]


def test_an_asset_that_was_wiped_comes_back_with_what_was_stored_since(both: Logs) -> None:
    first = [materialized(A, day, {DATA_VERSION_TAG: day}) for day in DAYS[:3]]
    again = [materialized(A, DAYS[4], at=AFTER_ANY_WIPE), planned(A, DAYS[5], at=AFTER_ANY_WIPE)]
    got = assert_same_answers(both, [first, A, again])
    assert got[A, "days"] == {DAYS[4]}


def test_a_mixed_batch_is_stored_event_by_event_in_its_order(both: Logs) -> None:
    batch = [materialized(A, DAYS[0]), spoken(), materialized(A, DAYS[1], run=OTHER_RUN)]
    got = assert_same_answers(both, [batch])
    assert got[A, "days"] == set(DAYS[:2])
    assert len(got[RUN, "log"].records) == 2


def test_an_empty_batch_stores_nothing(both: Logs) -> None:
    assert assert_same_answers(both, [[]])["keys"] == []


assets = st.sampled_from([A, B, C])
days = st.sampled_from([None, *DAYS[:3]])
tags = st.sampled_from([None, {DATA_VERSION_TAG: "v1"}, {DATA_VERSION_TAG: "v2", "other": "x"}])
places = st.fixed_dictionaries(
    {
        "run": st.sampled_from([RUN, RUN, RUN, OTHER_RUN]),
        "at": st.sampled_from([BEFORE_ANY_WIPE, BEFORE_ANY_WIPE + 0.25, AFTER_ANY_WIPE]),
    }
)


@st.composite
def events(draw: st.DrawFn) -> EventLogEntry:
    make = draw(st.sampled_from(["materialized", "materialized", "planned", "observed", "other"]))
    where, asset = draw(places), draw(assets)
    if make == "planned":
        return planned(asset, draw(days), **where)
    if make == "other":
        return draw(st.sampled_from([planned_range(asset, DAYS[:2], **where), spoken(**where)]))
    tagged = materialized if make == "materialized" else observed
    return tagged(asset, draw(days), draw(tags), **where)


@pytest.mark.slow
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.one_of(st.lists(events(), max_size=5), st.lists(events(), max_size=5), assets),
        max_size=3,
    )
)
def test_any_sequence_of_batches_and_wipes_leaves_the_rows_of_the_stock_log(
    both: Logs, batches: list[list[EventLogEntry] | AssetKey]
) -> None:
    for log in both:
        clear(log)
    store(both, batches)
    assert on_disk(both[1]) == on_disk(both[0])


def test_a_check_over_thirteen_years_of_days_can_be_planned(both: Logs) -> None:
    calendar = DailyPartitionsDefinition("2010-01-01", end_date="2025-01-01")
    keys = calendar.get_partition_keys()[:5000]
    log = both[1]
    log.store_event(check_planned(A, keys, calendar=calendar))
    log.store_event_batch([planned(B, None), check_planned(B, keys, calendar=calendar)])
    planned_rows = rows(log, "index", "asset_check_executions")
    assert [row["partition"] for row in planned_rows] == [*keys, *keys]
