import logging
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from crash_platform.orchestration.progress import ProgressHandler, progress_logger
from crash_platform.orchestration.resources import LakeResource
from crash_platform_tests.orchestration.orders import (
    EVERY_ORDER_HAS_A_PRICE,
    FIRST,
    SECOND,
    Order,
    definitions,
    run,
)

UNPRICED: list[Order] = [(1, FIRST, 100), (2, SECOND, None)]


def shown(lake: LakeResource, capsys: pytest.CaptureFixture[str], *, blocking: bool) -> list[str]:
    """What a run over two days prints."""
    promise = replace(EVERY_ORDER_HAS_A_PRICE, is_blocking=blocking)
    wired = dg.Definitions.merge(
        definitions(lake, UNPRICED, promise), dg.Definitions(loggers={"progress": progress_logger})
    )
    run(wired, FIRST, SECOND, run_config={"loggers": {"progress": {}}})
    return capsys.readouterr().out.splitlines()


def test_a_run_says_a_line_for_each_table_and_each_broken_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(LakeResource(root=str(tmp_path)), capsys, blocking=False)
    assert lines == [
        "  bronze/orders                                     2 rows  2024-03-09..2024-03-10",
        "  ! bronze/orders: every_order_has_a_price: "
        "Broken 1 times in 2 rows of 2024-03-09..2024-03-10 (too many).",
        "  gold/daily_orders                                 2 rows  2024-03-09..2024-03-10",
    ]


def test_a_run_that_stops_says_nothing_of_the_tables_it_did_not_reach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(LakeResource(root=str(tmp_path)), capsys, blocking=True)
    assert [line.split()[0] for line in lines] == ["bronze/orders", "!"]


def test_what_is_no_event_of_dagster_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("any", logging.INFO, "", 0, "hello", None, None)
    ProgressHandler().emit(record)
    assert capsys.readouterr().out == ""
