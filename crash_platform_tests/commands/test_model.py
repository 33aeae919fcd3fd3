"""The model commands as people use them: what they print, what they change, how they refuse."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crash_platform.commands.model import app
from crash_platform.errors import PlatformError
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.modelling.registry import Registry
from crash_platform.pipelines.injuries.ledger import ledger
from crash_platform.pipelines.injuries.promotion import Promoter, Verdict, verdict_tags
from crash_platform_tests.modelling.registries import registry_in

GOOD = (Verdict("brier", True, True, "Brier is lower by 0.004."),)
BAD = (*GOOD, Verdict("auc", False, True, "AUC is lower by 0.02."))
FIRST, FULL = "injury_first_report", "injury_full_report"
HEADING = (
    "  version  day         alias       AUC     Brier   ECE     tested on                 gates"
)
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LAKE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(f"CRASH_PLATFORM_{name}", raising=False)
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def registry(home: Path) -> Registry:
    return registry_in(home / "mlflow")


@pytest.fixture
def store(home: Path) -> Store:
    return Store(Location(str(home / "lake")))


@pytest.fixture
def three_days(registry: Registry) -> Registry:
    """Three models of both kinds; those of the last day failed a gate."""
    for name in (FIRST, FULL):
        run_id = registry.start_run("injuries", name, {})
        for day, verdicts in (("2024-03-01", GOOD), ("2024-03-02", GOOD), ("2024-03-03", BAD)):
            tags = {
                "as_of_date": day,
                "auc": "0.73125",
                "brier": "0.2041",
                "ece": "0.0316",
                "tested_from": "2024-01-01",
                "tested_to": "2024-02-29",
                **verdict_tags(verdicts),
            }
            registry.register(name, run_id, day.encode(), ("hour",), tags)
    return registry


@pytest.fixture
def run(home: Path) -> Run:
    def command(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        if isinstance(result.exception, PlatformError):
            assert result.exit_code == 1
            assert len(str(result.exception).splitlines()) == 1
            return result.exit_code, str(result.exception)
        assert isinstance(result.exception, SystemExit | None), result.exc_info
        return result.exit_code, result.output

    return command


def champions(registry: Registry) -> list[int | None]:
    held = [registry.holder(name, "champion") for name in (FIRST, FULL)]
    return [version.version if version else None for version in held]


def test_models_are_listed_in_aligned_columns(run: Run, three_days: Registry) -> None:
    three_days.promote(FULL, 2)
    code, out = run("list")
    assert code == 0
    window = "2024-01-01 .. 2024-02-29"
    assert out.splitlines() == [
        "first_report (injury_first_report)",
        HEADING,
        f"  3        2024-03-03  challenger  0.7312  0.2041  0.0316  {window}  failed",
        f"  2        2024-03-02  -           0.7312  0.2041  0.0316  {window}  passed",
        f"  1        2024-03-01  -           0.7312  0.2041  0.0316  {window}  passed",
        "",
        "full_report (injury_full_report)",
        HEADING,
        f"  3        2024-03-03  challenger  0.7312  0.2041  0.0316  {window}  failed",
        f"  2        2024-03-02  champion    0.7312  0.2041  0.0316  {window}  passed",
        f"  1        2024-03-01  -           0.7312  0.2041  0.0316  {window}  passed",
    ]


def test_a_list_without_models_says_so(run: Run, registry: Registry) -> None:
    code, out = run("list", "--feature-set", "full_report")
    assert code == 0
    assert out == "full_report (injury_full_report)\n  no model is registered yet\n"


def test_a_model_without_figures_is_listed_all_the_same(run: Run, registry: Registry) -> None:
    run_id = registry.start_run("injuries", "x", {})
    registry.register(FIRST, run_id, b"model", ("hour",), {"auc": "unknown"})
    _, out = run("list", "--feature-set", "first_report")
    assert " ".join(out.splitlines()[-1].split()) == "1 - challenger unknown - - - -"


def test_a_promotion_by_day_covers_both_models_and_is_in_the_ledger(
    run: Run, three_days: Registry, store: Store
) -> None:
    code, out = run("promote", "2024-03-01")
    assert code == 0
    assert out.splitlines() == [
        "first_report: version 1 (2024-03-01) is champion; the first champion",
        "full_report: version 1 (2024-03-01) is champion; the first champion",
    ]
    assert champions(three_days) == [1, 1]
    found = [(d.number, d.feature_set, d.action, d.model_version) for d in ledger(store)]
    assert found == [(1, "first_report", "promoted", 1), (2, "full_report", "promoted", 1)]
    assert all(d.decided_by.endswith("(command line)") for d in ledger(store))


def test_the_newest_version_of_a_day_is_meant(run: Run, three_days: Registry) -> None:
    run_id = three_days.start_run("injuries", "again", {})
    tags = {"as_of_date": "2024-03-01", **verdict_tags(GOOD)}
    three_days.register(FIRST, run_id, b"again", ("hour",), tags)
    run("promote", "2024-03-01", "--feature-set", "first_report")
    assert champions(three_days) == [4, None]


def test_the_champion_again_changes_nothing(run: Run, three_days: Registry, store: Store) -> None:
    run("promote", "2", "--feature-set", "full_report")
    code, out = run("promote", "2", "--feature-set", "full_report")
    assert (code, out) == (
        0,
        "full_report: version 2 is champion already; nothing was changed\n",
    )
    assert len(ledger(store)) == 1


def test_a_model_whose_gates_failed_needs_force_and_the_ledger_says_so(
    run: Run, three_days: Registry, store: Store
) -> None:
    run("promote", "1")
    code, told = run("promote", "3")
    assert code == 1
    assert told == (
        "injury_first_report 3 failed its gates: auc; nothing was changed; --force promotes it "
        "all the same."
    )
    assert champions(three_days) == [1, 1]
    assert len(ledger(store)) == 2
    code, out = run("promote", "3", "--force")
    assert code == 0
    assert "full_report: version 3 (2024-03-03) is champion, by force; before: version 1" in out
    assert champions(three_days) == [3, 3]
    assert [d.action for d in ledger(store)[2:]] == ["forced", "forced"]
    assert ledger(store)[2].reason == "Promoted by force; not passed: auc (AUC is lower by 0.02)."


def test_a_model_that_was_never_judged_needs_force(run: Run, three_days: Registry) -> None:
    three_days.client.delete_model_version_tag(FIRST, "2", "gates_passed")
    code, told = run("promote", "2", "--feature-set", "first_report")
    assert code == 1
    assert "was never judged by its gates" in told


def test_a_roll_back_brings_both_champions_back(
    run: Run, three_days: Registry, store: Store
) -> None:
    run("promote", "1")
    run("promote", "2")
    code, out = run("rollback")
    assert code == 0
    assert out.splitlines() == [
        "first_report: version 1 (2024-03-01) is champion again; before: version 2",
        "full_report: version 1 (2024-03-01) is champion again; before: version 2",
    ]
    assert champions(three_days) == [1, 1]
    assert [d.action for d in ledger(store)[4:]] == ["rolled_back", "rolled_back"]


def test_a_roll_back_that_one_model_cannot_do_changes_neither(
    run: Run, three_days: Registry
) -> None:
    run("promote", "1")
    run("promote", "2", "--feature-set", "first_report")
    code, told = run("rollback")
    assert (code, told) == (1, "injury_full_report has no earlier champion to go back to.")
    assert champions(three_days) == [2, 1]


def test_a_model_is_shown_with_its_gates_and_its_decisions(
    run: Run, three_days: Registry, store: Store
) -> None:
    now = datetime(2024, 3, 4, 9, 30, tzinfo=UTC)
    Promoter(three_days, store, "the promotion of 2024-03-03", now).promote("full_report", 3, BAD)
    code, out = run("show", "2024-03-03", "--feature-set", "full_report")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "full_report (injury_full_report), version 3"
    assert "alias challenger" in lines
    assert "ece 0.0316" in lines
    assert "auc failed required AUC is lower by 0.02." in lines
    assert lines[-1] == (
        "2024-03-04 09:30 UTC kept the promotion of 2024-03-03 There is still no champion; "
        "not passed: auc (AUC is lower by 0.02)."
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "9"), "The registry holds no version 9 of injury_first_report."),
        (("promote", "9"), "The registry holds no version 9 of injury_first_report."),
        (("promote", "2023-01-01"), "injury_first_report has no model of 2023-01-01"),
        (("promote", "newest"), "'newest' is no version: give its number in the registry, or"),
        (("list", "--feature-set", "x"), "'x' is no feature set: choose first_report or full"),
    ],
)
def test_what_does_not_exist_is_one_sentence(
    run: Run, three_days: Registry, arguments: tuple[str, ...], told: str
) -> None:
    code, said = run(*arguments)
    assert code == 1
    assert said.startswith(told)
    assert champions(three_days) == [None, None]


def test_a_broken_database_is_one_sentence(run: Run, home: Path) -> None:
    (home / "mlflow").mkdir()
    (home / "mlflow" / "mlflow.db").write_text("not a database" * 100)
    code, said = run("list")
    assert code == 1
    assert "mlflow.db cannot be opened (file is not a database)" in said
