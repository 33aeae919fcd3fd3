from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Step
from crash_platform.lake.contract import Column, Window
from crash_platform.lake.frame import Frame
from crash_platform.orchestration.promises import (
    SAMPLE_ROWS,
    Finding,
    Promise,
    examine,
    held_days,
    promise_check,
    promise_inputs,
    readable_by_bi,
    result,
    run_days,
    sentence,
)
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform_tests.orchestration.orders import (
    DAILY_ORDERS,
    EVERY_ORDER_HAS_A_PRICE,
    FIRST,
    ORDERS,
    SECOND,
    THIRD,
    Order,
    definitions,
    rows,
    run,
)

WINDOW = Window(FIRST, SECOND)
GOOD: list[Order] = [(1, FIRST, 100), (2, FIRST, 250), (3, SECOND, 0)]
BAD: list[Order] = [(1, FIRST, 100), (2, FIRST, None), (3, SECOND, None)]


@pytest.fixture
def lake(tmp_path: Path) -> LakeResource:
    return LakeResource(root=str(tmp_path / "lake"))


def look_at(promise: Promise, orders: list[Order]) -> Finding:
    return examine(promise, DuckDBEngine(), {"orders": rows(orders)})


def test_a_promise_without_offenders_is_kept() -> None:
    found = look_at(EVERY_ORDER_HAS_A_PRICE, GOOD)
    assert (found.offending, found.looked_at, found.is_kept) == (0, 3, True)
    assert found.sample.to_pylist() == []


def test_offenders_are_counted_and_shown() -> None:
    found = look_at(EVERY_ORDER_HAS_A_PRICE, BAD)
    assert (found.offending, found.looked_at, found.is_kept) == (2, 3, False)
    assert found.sample.to_pylist() == [
        {"order_id": 2, "price": None},
        {"order_id": 3, "price": None},
    ]


def test_many_offenders_are_all_counted_but_few_are_shown() -> None:
    many: list[Order] = [(number, FIRST, None) for number in range(100)]
    found = look_at(EVERY_ORDER_HAS_A_PRICE, many)
    assert (found.offending, found.sample.num_rows) == (100, SAMPLE_ROWS)


def test_nothing_to_look_at_keeps_every_promise() -> None:
    assert look_at(EVERY_ORDER_HAS_A_PRICE, []).is_kept


@pytest.mark.parametrize(
    ("share", "count", "is_kept"),
    [(0.0, 0, False), (0.5, 0, False), (0.67, 0, True), (0.0, 1, False), (0.0, 2, True)],
)
def test_a_share_or_a_number_of_offenders_may_be_tolerated(
    share: float, count: int, is_kept: bool
) -> None:
    promise = replace(EVERY_ORDER_HAS_A_PRICE, tolerated_share=share, tolerated_rows=count)
    assert look_at(promise, BAD).is_kept is is_kept


def test_the_subject_is_what_the_share_is_of() -> None:
    days = Step("days", "SELECT DISTINCT order_date FROM orders")
    promise = replace(EVERY_ORDER_HAS_A_PRICE, steps=(days,), subject="days")
    assert look_at(promise, BAD).looked_at == 2


def test_the_days_looked_at_can_be_read_whether_they_have_rows_or_not(lake: LakeResource) -> None:
    lake.store().replace(ORDERS, WINDOW, Frame.of(rows(GOOD)))
    days = Window(SECOND, THIRD)
    missing = "SELECT run_day FROM run_days WHERE run_day NOT IN (SELECT order_date FROM orders)"
    promise = replace(EVERY_ORDER_HAS_A_PRICE, sql=missing, subject="run_days")
    found = examine(promise, DuckDBEngine(), promise_inputs(promise, lake.store(), days))
    assert found.sample["run_day"].to_pylist() == [THIRD]
    assert found.looked_at == 2


@pytest.mark.parametrize(("before", "expected"), [(0, [3]), (1, [1, 2, 3]), (None, [1, 2, 3, 4])])
def test_an_input_reaches_as_far_back_as_its_promise_says(
    lake: LakeResource, before: int | None, expected: list[int]
) -> None:
    everything = Window(FIRST, THIRD)
    lake.store().replace(ORDERS, everything, Frame.of(rows([*GOOD, (4, THIRD, 1)])))
    promise = replace(EVERY_ORDER_HAS_A_PRICE, inputs=(("orders", ORDERS, before),))
    inputs = promise_inputs(promise, lake.store(), Window(SECOND, SECOND))
    every = Step("every", "SELECT order_id FROM orders ORDER BY order_id")
    assert DuckDBEngine().stream(inputs, [every]).read_all()["order_id"].to_pylist() == expected


def test_what_dagster_shows_is_a_sentence_numbers_and_a_sample() -> None:
    shown = result(EVERY_ORDER_HAS_A_PRICE, look_at(EVERY_ORDER_HAS_A_PRICE, BAD), WINDOW)
    assert (shown.passed, shown.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert shown.description == ("Broken 2 times in 3 rows of 2024-03-09..2024-03-10 (too many).")
    told = {name: value.value for name, value in shown.metadata.items()}
    assert told == {
        "offending_rows": 2,
        "rows_looked_at": 3,
        "tolerated_share": 0.0,
        "tolerated_rows": 0,
        "window": "2024-03-09..2024-03-10",
        "sample": [{"order_id": "2", "price": None}, {"order_id": "3", "price": None}],
    }


def test_a_promise_that_does_not_block_only_warns() -> None:
    promise = replace(EVERY_ORDER_HAS_A_PRICE, is_blocking=False)
    assert result(promise, look_at(promise, BAD), WINDOW).severity == dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("offending", "tolerated", "text"),
    [
        (0, 0.0, "Kept by all 1,234 rows of 2024-03-09."),
        (2, 5.0, "Broken 2 times in 1,234 rows of 2024-03-09 (tolerated)."),
        (2, 1.9, "Broken 2 times in 1,234 rows of 2024-03-09 (too many)."),
    ],
)
def test_the_outcome_is_one_sentence(offending: int, tolerated: float, text: str) -> None:
    found = Finding(offending, 1234, pa.table({}), tolerated)
    assert sentence(EVERY_ORDER_HAS_A_PRICE, found, Window(FIRST, FIRST)) == text


def test_run_days_is_one_column_of_days() -> None:
    assert run_days([FIRST, SECOND]).to_pydict() == {"run_day": [FIRST, SECOND]}


def evaluations(outcome: Any) -> dict[str, bool]:
    return {e.check_name: e.passed for e in outcome.get_asset_check_evaluations()}


def made(outcome: Any) -> list[str]:
    return sorted({e.asset_key.path[-1] for e in outcome.get_asset_materialization_events()})


def test_a_kept_promise_lets_the_run_go_on(lake: LakeResource) -> None:
    outcome = run(definitions(lake, GOOD, EVERY_ORDER_HAS_A_PRICE), FIRST, SECOND)
    assert outcome.success
    assert evaluations(outcome) == {"every_order_has_a_price": True}
    assert made(outcome) == ["daily_orders", "orders"]


def test_a_broken_promise_that_blocks_stops_what_lies_downstream(lake: LakeResource) -> None:
    outcome = run(definitions(lake, BAD, EVERY_ORDER_HAS_A_PRICE), FIRST, SECOND)
    assert not outcome.success
    assert evaluations(outcome) == {"every_order_has_a_price": False}
    assert made(outcome) == ["orders"]
    assert lake.store().slice(DAILY_ORDERS).read().num_rows == 0


def test_a_broken_promise_that_does_not_block_stops_nothing(lake: LakeResource) -> None:
    promise = replace(EVERY_ORDER_HAS_A_PRICE, is_blocking=False)
    outcome = run(definitions(lake, BAD, promise), FIRST, SECOND)
    assert outcome.success
    assert evaluations(outcome) == {"every_order_has_a_price": False}
    assert made(outcome) == ["daily_orders", "orders"]


def test_a_run_looks_at_its_own_days_only(lake: LakeResource) -> None:
    run(definitions(lake, BAD), FIRST, SECOND)
    fine: list[Order] = [(4, THIRD, 1)]
    outcome = run(definitions(lake, fine, EVERY_ORDER_HAS_A_PRICE), THIRD, THIRD)
    assert outcome.success
    [evaluation] = outcome.get_asset_check_evaluations()
    assert evaluation.description == "Kept by all 1 rows of 2024-03-11."


def alone(check: dg.AssetChecksDefinition, lake: LakeResource) -> Any:
    """The check executed without its asset and without partitions, as the UI can."""
    wired = dg.Definitions(
        asset_checks=[check], resources={"lake": lake, "engine": EngineResource()}
    )
    with dg.DagsterInstance.ephemeral() as instance:
        job = wired.resolve_implicit_global_asset_job_def()
        outcome = job.execute_in_process(instance=instance, raise_on_error=False)
        [evaluation] = outcome.get_asset_check_evaluations()
        return evaluation


def test_a_check_executed_without_partitions_looks_at_all_days_there_are(
    lake: LakeResource,
) -> None:
    check = promise_check(replace(EVERY_ORDER_HAS_A_PRICE, is_blocking=False))
    assert alone(check, lake).description == "There are no rows to look at."
    lake.store().replace(ORDERS, WINDOW, Frame.of(rows(BAD)))
    assert held_days(lake.store(), ORDERS) == WINDOW
    found = alone(check, lake)
    assert not found.passed
    assert found.description.startswith("Broken 2 times in 3 rows of 2024-03-09..2024-03-10")


def test_a_promise_waits_for_every_table_it_reads() -> None:
    promise = replace(
        EVERY_ORDER_HAS_A_PRICE,
        inputs=(("orders", ORDERS, 0), ("all_orders", ORDERS, None), ("sums", DAILY_ORDERS, 0)),
    )
    [spec] = promise_check(promise).check_specs
    assert (spec.asset_key, spec.blocking) == (dg.AssetKey(["bronze", "orders"]), True)
    assert [dep.asset_key for dep in spec.additional_deps] == [
        dg.AssetKey(["gold", "daily_orders"])
    ]


def test_a_table_stays_readable_by_bi_tools_while_its_protocol_is_1(lake: LakeResource) -> None:
    assert alone(readable_by_bi(ORDERS), lake).description == "The table was never written."
    lake.store().replace(ORDERS, WINDOW, Frame.of(rows(GOOD)))
    kept = alone(readable_by_bi(ORDERS), lake)
    assert (kept.passed, kept.metadata["min_reader_version"].value) == (True, 1)


def test_a_table_with_naive_times_is_not_readable_by_bi_tools(lake: LakeResource) -> None:
    naive = Column("packed_at", pa.timestamp("us"), "When it was packed, without a zone.")
    table = replace(ORDERS, name="packed_orders", columns=(*ORDERS.columns, naive))
    packed = rows(GOOD).append_column("packed_at", pa.nulls(len(GOOD), naive.type))
    lake.store().replace(table, WINDOW, Frame.of(packed))
    broken = alone(readable_by_bi(table), lake)
    assert (broken.passed, broken.metadata["min_reader_version"].value) == (False, 3)


def test_one_bad_row_in_a_small_window_is_not_a_share_of_many() -> None:
    day: list[Order] = [(number, FIRST, 1) for number in range(99)]
    promise = replace(EVERY_ORDER_HAS_A_PRICE, tolerated_share=0.001, tolerated_rows=1)
    assert look_at(promise, [*day, (99, FIRST, None)]).is_kept
    assert not look_at(promise, [*day, (99, FIRST, None), (100, FIRST, None)]).is_kept


def test_a_window_is_widened_to_the_days_before_it(lake: LakeResource) -> None:
    lake.store().replace(ORDERS, WINDOW, Frame.of(rows(GOOD)))
    promise = replace(EVERY_ORDER_HAS_A_PRICE, inputs=(("orders", ORDERS, 28),))
    window = Window(SECOND + timedelta(days=27), date(2024, 4, 10))
    inputs = promise_inputs(promise, lake.store(), window)
    assert look_at_all(inputs["orders"]) == [1, 2, 3]


def look_at_all(orders: Any) -> list[int]:
    ids: list[int] = orders.read(["order_id"])["order_id"].to_pylist()
    return sorted(ids)
