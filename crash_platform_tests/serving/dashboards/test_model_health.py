"""Whether the model is still right: the verdict in words, and what it is made from."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crash_platform.pipelines.injuries.alerts import alerts
from crash_platform.serving.dashboards.model_health import UNKNOWN, outcome
from crash_platform_tests.serving.dashboards.figures import note_of, rows_of
from crash_platform_tests.serving.dashboards.model_lakes import FIRST, HEALTHY, MODEL, PERIOD, held

NOTHING = dict.fromkeys(
    name for name in HEALTHY if name.startswith(("matured_", "usual_", "score"))
)


def test_the_verdict_is_that_of_the_newest_day(tmp_path: Path) -> None:
    older = {**HEALTHY, "monitored_date": date(2022, 12, 1), "crash_count": 1}
    store = held(tmp_path, model__monitoring=[older, HEALTHY])
    rows = rows_of(MODEL, "verdict", store, **FIRST)
    assert [row["promise"] for row in rows] == [
        "Volume is usual",
        "Base rate in band",
        "Mean score matches base rate",
        "Calibration holds",
        "Scores have not shifted",
    ]
    assert {row["outcome"] for row in rows} == {"holds"}
    said = note_of(MODEL, "verdict", store, **FIRST)
    assert said == "Yes: as of 30 Dec 2022 all 5 hold."


def test_the_verdict_names_what_is_broken(tmp_path: Path) -> None:
    store = held(tmp_path, model__monitoring=[{**HEALTHY, "crash_count": 900, "matured_ece": 0.2}])
    assert note_of(MODEL, "verdict", store, **FIRST) == (
        "No, not as of 30 Dec 2022: 2 of 5 do not hold (volume is usual, calibration holds)."
    )


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        ({"score_psi": None}, "As far as can be judged, yes: as of 30 Dec 2022 1 of 5 are not kno"),
        (NOTHING, "Nobody can say yet: as of 30 Dec 2022 nothing of it can be judged."),
    ],
)
def test_what_cannot_be_judged_is_not_called_right(
    tmp_path: Path, unknown: dict[str, Any], said: str
) -> None:
    dates = {name: HEALTHY[name] for name in ("matured_from", "matured_to")}
    row = {**HEALTHY, **unknown, **dates, "matured_count": 0 if unknown is NOTHING else 2000}
    store = held(tmp_path, model__monitoring=[row])
    assert note_of(MODEL, "verdict", store, **FIRST).startswith(said)


def test_every_alert_without_figures_is_unknown() -> None:
    row = {**HEALTHY, **NOTHING, "matured_count": 0}
    assert {outcome(alert) for alert in alerts(row)} == {UNKNOWN}


def test_days_the_model_has_seen_are_no_evidence(tmp_path: Path) -> None:
    seen = {**HEALTHY, "is_in_sample": True}
    fresh = {**HEALTHY, "monitored_date": date(2022, 12, 31), "matured_to": date(2022, 12, 17)}
    store = held(tmp_path, model__monitoring=[seen, fresh])
    rows = rows_of(MODEL, "auc", store, **FIRST, **PERIOD)
    assert [(row["unseen_auc"], row["seen_auc"]) for row in rows] == [(None, 0.7), (0.7, None)]
    note = note_of(MODEL, "auc", store, **FIRST, **PERIOD)
    assert note == "Of 2 weeks, the model has seen days of 1: no evidence of skill there."
    store = held(tmp_path / "seen", model__monitoring=[seen])
    assert note_of(MODEL, "verdict", store, **FIRST).endswith("no evidence of skill.")


def test_health_is_shown_within_the_days_asked(tmp_path: Path) -> None:
    late = {**HEALTHY, "monitored_date": date(2023, 1, 1)}
    other = {**HEALTHY, "feature_set": "full_report"}
    young = {**HEALTHY, "monitored_date": date(2022, 1, 1), "matured_base_rate": None}
    store = held(tmp_path, model__monitoring=[HEALTHY, late, other, young])
    assert rows_of(MODEL, "rates", store, **FIRST, **PERIOD) == [
        {
            "matured_to": date(2022, 12, 16),
            "matured_mean_probability": 0.41,
            "matured_base_rate": 0.40,
            "usual_base_rate": 0.39,
            "matured_count": 2000,
            "model_version": 2,
        }
    ]
    [error] = rows_of(MODEL, "errors", store, **FIRST, **PERIOD)
    assert (error["matured_brier"], error["matured_ece"]) == (0.2, 0.03)


def test_the_alert_line_of_drift_is_the_higher_of_limit_and_chance(tmp_path: Path) -> None:
    noisy = {**HEALTHY, "monitored_date": date(2022, 12, 31), "score_psi_line": 0.3}
    unknown = {**HEALTHY, "monitored_date": date(2022, 12, 1), "score_psi_line": None}
    store = held(tmp_path, model__monitoring=[HEALTHY, noisy, unknown])
    rows = rows_of(MODEL, "score_drift", store, **FIRST, **PERIOD)
    assert [row["alert_line"] for row in rows] == [0.1, 0.1, 0.3]


def test_what_moved_is_ordered_by_how_far(tmp_path: Path) -> None:
    store = held(tmp_path, model__monitoring=[HEALTHY])
    assert rows_of(MODEL, "feature_drift", store, **FIRST) == [
        {"feature": "vehicle type", "psi": 0.05},
        {"feature": "hour band", "psi": 0.01},
    ]
