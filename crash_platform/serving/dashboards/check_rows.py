"""The history of asset checks as rows: outcomes, dates and counts, never the offending values."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from crash_platform.orchestration.check_history import CheckHistory, Evaluation

PASSED, BROKEN, NEVER = "holds", "BROKEN", "not run yet"
SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("check", pa.string()),
        ("promise", pa.string()),
        ("outcome", pa.string()),
        ("severity", pa.string()),
        ("ran_at", pa.timestamp("us", tz="UTC")),
        ("offending_count", pa.int64()),
        ("window", pa.string()),
        ("history", pa.string()),
    ]
)

Histories = Callable[[], Sequence["CheckHistory"]]


def check_rows(histories: Sequence["CheckHistory"]) -> pa.Table:
    """A row for each check: the broken first, then those that hold, then those that never ran."""
    rows = [_row(each) for each in histories]
    order = {BROKEN: 0, PASSED: 1, NEVER: 2}
    return pa.Table.from_pylist(sorted(rows, key=lambda row: order[str(row["outcome"])]), SCHEMA)


def _row(history: "CheckHistory") -> dict[str, object]:
    newest = history.newest
    named = {
        "table": history.table,
        "check": history.name.replace("_", " "),
        "promise": history.promise,
    }
    if newest is None:
        return {**named, "outcome": NEVER, "history": ""}
    return {
        **named,
        "outcome": PASSED if newest.passed else BROKEN,
        "severity": "blocking" if newest.is_blocking else "warning",
        "ran_at": newest.at,
        "offending_count": newest.offending,
        "window": newest.window,
        "history": outcomes(history.evaluations),
    }


def outcomes(evaluations: Sequence["Evaluation"]) -> str:
    """Outcomes from the oldest to the newest, as in ``18 pass, 1 FAIL, 1 pass``."""
    passed = (each.passed for each in reversed(evaluations))
    runs = ((is_passed, len(list(run))) for is_passed, run in groupby(passed))
    return ", ".join(f"{count} {'pass' if is_passed else 'FAIL'}" for is_passed, count in runs)


def how_many_hold(rows: pa.Table) -> str:
    """The state of all checks in a sentence."""
    told = rows["outcome"].to_pylist()
    broken, never = told.count(BROKEN), told.count(NEVER)
    ran = len(told) - never
    if not ran:
        return ""
    said = f"{ran - broken} of {ran} checks hold."
    return f"{said} {never} were never run." if never else said
