"""MLflow in Dagster runs: runs nest, end as they should, and leave nothing behind."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from crash_platform.modelling.registry import Registry, RegistryError
from crash_platform.orchestration.tracking import TrackingResource, git_revision
from crash_platform_tests.modelling.registries import registry_in

if TYPE_CHECKING:
    from mlflow.entities import Run

DAYS = dg.DailyPartitionsDefinition(start_date="2024-03-01")
PARENT = "mlflow.parentRunId"
CANARY = "planted-secret"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CRASH_PLATFORM_MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return registry_in(tmp_path / "mlflow")


@pytest.fixture
def tracking(registry: Registry, tmp_path: Path) -> TrackingResource:
    return TrackingResource(folder=str(tmp_path / "mlflow"))


@dg.asset(partitions_def=DAYS)
def two_models(context: dg.AssetExecutionContext, tracking: TrackingResource) -> None:
    for name in ("first_report", "full_report"):
        with tracking.run(context, name, {"feature_set": name}) as run_id:
            tracking.registry().log(run_id, metrics={"auc": 0.7})


@dg.asset(partitions_def=DAYS)
def first_fails(context: dg.AssetExecutionContext, tracking: TrackingResource) -> None:
    try:
        with tracking.run(context, "bad", {}):
            raise ValueError("no rows")
    except ValueError:
        context.log.info("tried")
    with tracking.run(context, "good", {}):
        pass


@dg.asset(partitions_def=DAYS)
def is_interrupted(context: dg.AssetExecutionContext, tracking: TrackingResource) -> None:
    with tracking.run(context, "cut short", {}):
        raise KeyboardInterrupt


@dg.asset
def uses_mlflow_itself(context: dg.AssetExecutionContext, tracking: TrackingResource) -> None:
    import mlflow

    with tracking.run(context, "model", {}):
        mlflow.log_metric("outer", 1.0)


def materialised(
    asset: Any, tracking: TrackingResource, **options: Any
) -> dg.ExecuteInProcessResult:
    chosen = {"partition_key": "2024-03-02"} if asset.partitions_def else {}
    return dg.materialize([asset], resources={"tracking": tracking}, **(chosen | options))


def runs(registry: Registry) -> dict[str, "Run"]:
    found = registry.client.search_runs([registry.experiment_id("injuries")])
    return {str(run.info.run_name): run for run in found}


def test_one_run_per_dagster_run_holds_one_nested_run_per_model(
    registry: Registry, tracking: TrackingResource
) -> None:
    result = materialised(two_models, tracking)
    found = runs(registry)
    parent = found["injuries 2024-03-02"]
    assert sorted(found) == ["first_report", "full_report", "injuries 2024-03-02"]
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    for name in ("first_report", "full_report"):
        tags = found[name].data.tags
        assert tags[PARENT] == parent.info.run_id
        assert tags["feature_set"] == name
        assert tags["dagster_run"] == result.run_id
        assert found[name].data.metrics == {"auc": 0.7}
    assert parent.data.tags["dagster_run_id"] == result.run_id
    for run in found.values():
        assert run.data.tags["partition"] == "2024-03-02"


def test_a_range_of_days_is_told_by_its_ends(
    registry: Registry, tracking: TrackingResource
) -> None:
    days = {
        "dagster/asset_partition_range_start": "2024-03-01",
        "dagster/asset_partition_range_end": "2024-03-03",
    }

    @dg.asset(partitions_def=DAYS)
    def ranged(context: dg.AssetExecutionContext, tracking: TrackingResource) -> None:
        with tracking.run(context, "model", {}):
            pass

    materialised(ranged, tracking, partition_key=None, tags=days)
    assert runs(registry)["model"].data.tags["partition"] == "2024-03-01..2024-03-03"


def test_a_failed_model_fails_the_run_around_it(
    registry: Registry, tracking: TrackingResource
) -> None:
    materialised(first_fails, tracking)
    found = {name: run.info.status for name, run in runs(registry).items()}
    assert found == {"bad": "FAILED", "good": "FINISHED", "injuries 2024-03-02": "FAILED"}


def test_an_interrupted_model_is_killed(registry: Registry, tracking: TrackingResource) -> None:
    with pytest.raises(KeyboardInterrupt):
        materialised(is_interrupted, tracking)
    assert {run.info.status for run in runs(registry).values()} == {"KILLED"}


def test_what_mlflow_is_told_meanwhile_goes_to_the_outer_run(
    registry: Registry, tracking: TrackingResource
) -> None:
    materialised(uses_mlflow_itself, tracking)
    assert runs(registry)["injuries"].data.metrics == {"outer": 1.0}


def test_nothing_process_wide_is_left_behind(tracking: TrackingResource) -> None:
    import mlflow

    before = dict(os.environ)
    materialised(two_models, tracking)
    assert mlflow.active_run() is None
    assert not mlflow.is_tracking_uri_set()  # type: ignore[no-untyped-call]
    assert {k: v for k, v in os.environ.items() if before.get(k) != v and "MLFLOW" in k} == {}


def test_a_run_that_is_active_already_is_not_taken_over(
    registry: Registry, tracking: TrackingResource, tmp_path: Path
) -> None:
    import mlflow

    other = registry_in(tmp_path / "other")
    mlflow.set_tracking_uri(other.tracking_uri)
    try:
        with (
            mlflow.start_run(experiment_id=other.experiment_id("theirs")) as theirs,
            pytest.raises(RuntimeError, match=theirs.info.run_id),
        ):
            materialised(two_models, tracking)
        assert "dagster_run_id" not in other.client.get_run(theirs.info.run_id).data.tags
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    assert runs(registry) == {}


@pytest.mark.slow
def test_a_broken_server_is_one_sentence_and_its_password_shows_nowhere(
    tracking: TrackingResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_MLFLOW_TRACKING_URI", f"http://ada:{CANARY}@127.0.0.1:9")
    with dg.instance_for_test() as instance:
        with pytest.raises(RegistryError, match=r"http://127\.0\.0\.1:9 cannot .* does not answer"):
            materialised(two_models, tracking, instance=instance)
        run = instance.get_runs()[0]
        told = [str(entry) for entry in instance.all_logs(run.run_id)]
    assert any("does not answer" in line for line in told)
    assert CANARY not in "".join(told)
    assert CANARY not in tracking.model_dump_json() + repr(tracking)


@pytest.mark.slow
def test_without_a_model_mlflow_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys, dagster as dg\n"
        "from crash_platform.orchestration.tracking import TrackingResource\n"
        "@dg.asset\n"
        "def idle(tracking: TrackingResource) -> None: ...\n"
        f"tracking = TrackingResource(folder={str(tmp_path)!r})\n"
        "dg.materialize([idle], resources={'tracking': tracking})\n"
        "sys.exit('mlflow' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_the_revision_is_that_of_the_checkout_or_unknown(tmp_path: Path) -> None:
    assert git_revision(tmp_path / "absent") is None
    run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run([*run, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    subprocess.run([*run, "tag", "v1"], check=True)
    found = git_revision(tmp_path)
    assert found is not None
    assert len(found) == 40
    (tmp_path / "file").write_text("")
    subprocess.run([*run, "add", "file"], check=True)
    assert git_revision(tmp_path) == f"{found}-dirty"
