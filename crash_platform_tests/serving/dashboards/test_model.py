"""The model's dashboard: which champion, who decided, what can be chosen."""

import json
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from crash_platform.pipelines.views import connect
from crash_platform_tests.serving.dashboards.figures import (
    asked_by_default,
    note_of,
    rows_of,
    table_of,
)
from crash_platform_tests.serving.dashboards.model_lakes import (
    AS_OF,
    FIRST,
    HEALTHY,
    MEASURED,
    MODEL,
    held,
)

GATES = {
    "is_calibrated": {"passed": True, "is_required": True, "description": ""},
    "is_better_than_the_champion": {"passed": False, "is_required": False, "description": ""},
    "no_leaking_columns": {"passed": False, "is_required": True, "description": ""},
}


def decision(number: int, action: str, version: int, day: int, **more: Any) -> dict[str, Any]:
    at = datetime(2023, 1, day, tzinfo=UTC)
    about = {"model_version": version, "challenger_version": version, "gates": "{}", **more}
    made = {"number": number, "action": action, "decided_date": at.date(), "decided_at": at}
    return {**FIRST, **made, "as_of_date": AS_OF, **about}


def test_the_champion_is_the_one_of_the_last_decision(tmp_path: Path) -> None:
    ledger = [
        decision(1, "promoted", 1, 1),
        decision(2, "promoted", 2, 2),
        decision(3, "kept", 2, 3, challenger_version=3),
        decision(4, "promoted", 9, 4, feature_set="full_report"),
    ]
    models = [
        {**FIRST, "as_of_date": date(2022, 12, 30), "model_version": 1, "auc": 0.5},
        {
            **FIRST,
            "as_of_date": AS_OF,
            "model_version": 2,
            "auc": 0.7,
            "brier_skill": 0.13,
            "ece": 0.02,
            "recall": 0.8,
            "precision": 0.5,
            "base_rate": 0.39,
            "threshold": 0.3,
            "test_count": 17_197,
            "tested_from": date(2022, 10, 18),
            "tested_to": date(2022, 12, 17),
        },
    ]
    store = held(tmp_path, model__promotions=ledger, model__injury_model=models)
    assert rows_of(MODEL, "champion", store, **FIRST) == [
        {
            "champion": "version 2",
            "as_of_date": AS_OF,
            "champion_since": datetime(2023, 1, 2, tzinfo=UTC),
            "auc": 0.7,
            "brier_skill": 0.13,
            "ece": 0.02,
            "recall": 0.8,
            "precision": 0.5,
            "threshold": 0.3,
            "base_rate": 0.39,
        }
    ]
    assert note_of(MODEL, "champion", store, **FIRST) == (
        "Tested on 17,197 crashes of 18 Oct 2022 to 17 Dec 2022."
    )


def test_a_champion_whose_row_is_gone_has_no_figures(tmp_path: Path) -> None:
    store = held(tmp_path, model__promotions=[decision(1, "promoted", 1, 1)])
    [row] = rows_of(MODEL, "champion", store, **FIRST)
    assert (row["champion"], row["auc"]) == ("version 1", None)
    assert "no longer held" in note_of(MODEL, "champion", store, **FIRST)


def test_no_champion_is_said(tmp_path: Path) -> None:
    ledger = [decision(1, "promoted", 1, 1), decision(2, "rolled_back", 0, 2)]
    store = held(tmp_path, model__promotions=ledger)
    assert rows_of(MODEL, "champion", store, **FIRST)[0]["champion"] == "none"
    assert "Nothing is in use" in note_of(MODEL, "champion", store, **FIRST)


def test_the_ledger_counts_gates_and_names_the_broken(tmp_path: Path) -> None:
    ledger = [
        decision(1, "promoted", 1, 1),
        decision(2, "forced", 2, 2, gates=json.dumps(GATES), reason="A drill.", decided_by="Ada"),
    ]
    store = held(tmp_path, model__promotions=ledger)
    rows = rows_of(MODEL, "promotions", store)
    assert [(row["number"], row["gates_kept"], row["gates_broken"]) for row in rows] == [
        (2, "1 of 3", "is better than the champion (not required), no leaking columns"),
        (1, "0 of 0", ""),
    ]
    assert (rows[0]["reason"], rows[0]["decided_by"]) == ("A drill.", "Ada")


def test_scores_are_counted_by_tenths_apart_where_the_model_has_seen_them(tmp_path: Path) -> None:
    told = [(0.05, False), (0.1, False), (0.19, True), (1.0, False)]
    rows = [
        {
            **FIRST,
            "crash_date": date(2022, 12, 1),
            "collision_id": number,
            "probability": probability,
            "is_in_sample": is_seen,
        }
        for number, (probability, is_seen) in enumerate(told)
    ]
    old = {**rows[0], "collision_id": 99, "crash_date": date(2021, 11, 1)}
    store = held(tmp_path, gold__injury_predictions=[*rows, old])
    assert rows_of(MODEL, "scores", store, **FIRST) == [
        {"probability_band": "0-10 %", "unseen_count": 1, "seen_count": 0},
        {"probability_band": "10-20 %", "unseen_count": 1, "seen_count": 1},
        {"probability_band": "90-100 %", "unseen_count": 1, "seen_count": 0},
    ]


def test_an_empty_lake_gives_empty_figures(tmp_path: Path) -> None:
    store = held(tmp_path)
    asked = asked_by_default(MODEL, store)
    assert asked["feature_set"] is None
    shown = {each.name: table_of(MODEL, each.name, store, **asked) for each in MODEL.figures}
    assert {name: rows.num_rows for name, rows in shown.items() if rows.num_rows} == {}
    assert {each.note(shown[each.name]) for each in MODEL.figures} == {""}
    with closing(connect(store, MODEL.tables)) as connection:
        assert MODEL.below_values(connection, asked)["pictures"] == []


def test_what_can_be_chosen_comes_from_the_data(tmp_path: Path) -> None:
    monitoring = [HEALTHY, {**HEALTHY, "monitored_date": date(2021, 1, 1)}]
    tables = {"model__comparison": MEASURED, "model__monitoring": monitoring}
    store = held(tmp_path, **tables, model__promotions=[decision(1, "promoted", 1, 1)])
    assert asked_by_default(MODEL, store) == {
        "feature_set": "first_report",
        "first_day": date(2021, 12, 31),
        "last_day": date(2022, 12, 30),
        "experiment": "models",
        "metric": "auc",
        "as_of_date": "2022-12-31",
    }
    with closing(connect(store, MODEL.tables)) as connection:
        experiments = {c.name: c.options(connection) for c in MODEL.controls}["experiment"]
    assert [name for name, _ in experiments] == ["models", "trees", "rows", "split"]
