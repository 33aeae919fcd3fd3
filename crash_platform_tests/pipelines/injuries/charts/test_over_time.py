"""Charts along the calendar: injury share by month, the split, drift by week."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from crash_platform.pipelines.injuries.charts import canvas, drift, history
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation
from crash_platform_tests.pipelines.injuries.charts import drawn


def test_the_injury_share_is_told_before_and_after_reporting_changed(made: Evaluation) -> None:
    assert history.base_rate(made).title == (
        "Injuries are on record for 40.0 % of crashes in the 12 months to Mar 2024, against 20.0 % "
        "before reporting changed."
    )


def test_a_month_without_crashes_is_a_gap_not_a_zero(made: Evaluation) -> None:
    above, below = history.base_rate(made).figure.axes
    months, shares = drawn.lines(above)[0]
    assert len(months) == 12 * 12 - 3
    gap = months == np.datetime64("2022-01-01")
    assert np.isnan(shares[gap]).all()
    assert not np.isnan(shares[~gap]).any()
    assert below.get_ylim()[0] == 0.0


def test_the_policy_days_are_marked_where_the_history_holds_them(made: Evaluation) -> None:
    lines = drawn.lines(history.base_rate(made).figure.axes[0])
    assert {x[0] for x, _ in lines[1:]} == {
        canvas.place(history.PILOT),
        canvas.place(history.CITYWIDE),
    }
    recent = replace(made, months=made.months.slice(made.months.num_rows - 6))
    sketch = history.base_rate(recent)
    assert len(drawn.lines(sketch.figure.axes[0])) == 1
    assert sketch.title.endswith("in the 6 months to Mar 2024; by month between 40.0 % and 40.0 %.")


def test_the_split_names_every_span_with_its_days_and_crashes(made: Evaluation) -> None:
    sketch = history.split_strip(made)
    (axes,) = sketch.figure.axes
    assert drawn.rows(axes) == [
        "fitted",
        "calibrated",
        "judged",
        "immature",
    ]
    texts = drawn.notes(axes)
    assert texts[2] == "2 Feb 2024 to 1 Apr 2024: 4,000 crashes"
    assert texts[3] == "2 Apr 2024 to 15 Apr 2024: left out"
    assert [width for width, _ in drawn.bars(axes)] == [730, 92, 60, 14]
    assert "fitted up to 1 Nov 2023 and judged on 4,000 crashes from 2 Feb 2024" in sketch.title


def test_weeks_say_the_largest_miss_and_how_often_chance_does_not_explain(
    made: Evaluation,
) -> None:
    sketch = drift.by_week(made)
    said = 0.42 + 0.0025 * np.arange(21)
    chance = np.sqrt(2 / np.pi * 15 * said * (1 - said) / 1700)
    beyond = sum(0.03 + 0.002 * np.arange(21) > 1.5 * chance)
    assert sketch.title == (
        "Over 21 weeks the mean probability missed what happened by at most 5.0 percentage "
        "points (week of 25 Mar 2024), AUC lay between 0.720 and 0.740, and the calibration error "
        f"was beyond 1.5 times chance in {beyond} of them."
    )
    (_, base), (_, mean) = drawn.lines(sketch.figure.axes[0])[:2]
    assert set(base) == {0.42}
    assert mean[-1] == pytest.approx(0.47)


def test_weeks_without_crashes_are_left_out(made: Evaluation) -> None:
    rows = pa.array([0] + [1700] * 20, pa.int64())
    weeks = made.weeks.set_column(1, "rows", rows)
    assert drift.by_week(replace(made, weeks=weeks)).title.startswith("Over 20 weeks")


def test_drift_counts_what_is_beyond_its_own_line(made: Evaluation) -> None:
    sketch = drift.features(made)
    moved = sum(0.3 * n / 20 > 0.02 for n in range(21)) + 21
    large = sum(0.3 * n / 20 > 0.1 for n in range(21))
    assert sketch.title == (
        f"{moved} of 84 comparisons by feature and week are beyond noise and {large} above 0.1; "
        "vehicle types moved most (0.300, week of 25 Mar 2024)."
    )


def test_the_drift_map_has_four_classes_and_hatches_what_was_not_measured(
    made: Evaluation,
) -> None:
    is_hour = pc.equal(made.psi["feature"], "hour")
    values = pc.if_else(is_hour, pa.scalar(None, pa.float64()), made.psi["psi"])
    psi = made.psi.set_column(2, "psi", values)
    axes = drift.features(replace(made, psi=psi)).figure.axes[0]
    names = drawn.rows(axes)
    by_name = dict(zip(names, drawn.grid(axes).reshape(4, 21), strict=True))
    assert names[0] == "vehicle types"
    assert by_name["vehicle types"].tolist() == [0] * 2 + [1] * 5 + [2] * 10 + [3] * 4
    assert set(by_name["latitude"]) == {1}
    assert set(by_name["borough"]) == {0}
    assert np.isnan(by_name["hour"]).all()
