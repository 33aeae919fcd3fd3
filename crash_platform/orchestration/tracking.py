"""MLflow in Dagster runs: one MLflow run per Dagster run, with one nested run per model.

dagster-mlflow's quirks end here. It is old-style (a context, not fields), beta, and slow to import;
it reads its address from a process-wide setting that it overwrites, and leaves its run active.
"""

import os
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import dagster as dg

from crash_platform.modelling.mlflow_client import reaching
from crash_platform.modelling.registry import Registry, open_registry
from crash_platform.settings import checkout, load_settings

PARENT = "mlflow.parentRunId"
CHILD_OF = "dagster_run"
"""Not ``dagster_run_id``: dagster-mlflow takes whatever run has that tag for its own."""

EXPERIMENT_ID = "MLFLOW_EXPERIMENT_ID"
Context: TypeAlias = dg.AssetExecutionContext | dg.OpExecutionContext


class TrackingResource(dg.ConfigurableResource[Registry]):
    """Where models are tracked. Runs that train nothing never import MLflow.

    A server's address, which may hold a password, stays in the environment
    (``CRASH_PLATFORM_MLFLOW_TRACKING_URI``) and never enters the config.

    Attributes:
        folder: where MLflow's file lies if no server is named.
        experiment: the MLflow experiment of every run.
    """

    folder: str
    experiment: str = "injuries"

    def registry(self) -> Registry:
        """The runs and registered models, opened by the first question."""
        settings = load_settings()
        if settings.mlflow_tracking_uri:
            return open_registry(settings)
        return Registry.in_folder(Path(self.folder))

    @contextmanager
    def run(self, context: Context, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """A model's MLflow run, nested in that of the Dagster run; its id.

        Both carry the Dagster run's id (the outer one as ``dagster_run_id``, this as
        ``dagster_run``), its days and the code's revision, and end as ``FINISHED``, or ``FAILED``
        or ``KILLED`` if the block does. The outer run is the process's active one
        meanwhile.

        Raises:
            RegistryError: MLflow cannot be reached.
        """
        registry, about = self.registry(), _about(context)
        with _dagster_mlflow_run(registry, context, self.experiment, about) as parent:
            named = {**about, CHILD_OF: context.run.run_id, **tags, PARENT: parent}
            run_id = registry.start_run(self.experiment, name, named)
            with _ending(lambda status: registry.end_run(run_id, status)):
                yield run_id


def git_revision(folder: Path) -> str | None:
    """The revision checked out in a folder, with ``-dirty`` if files differ from it.

    ``None`` outside a checkout, as in an installed package, or where git is missing.
    """
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty"]
    command += ["--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


def _about(context: Context) -> dict[str, str]:
    told = {"dagster_job": context.run.job_name}
    if context.has_partition_key or context.has_partition_key_range:
        keys = context.partition_key_range
        told["partition"] = keys.start if keys.start == keys.end else f"{keys.start}..{keys.end}"
    revision = git_revision(checkout())
    return told | ({"git_revision": revision} if revision else {})


@contextmanager
def _ending(end: Callable[[str], None]) -> Iterator[None]:
    """End a run with the status that the block comes to."""
    status = "KILLED"
    try:
        yield
        status = "FINISHED"
    except Exception:
        status = "FAILED"
        raise
    finally:
        end(status)


@contextmanager
def _dagster_mlflow_run(
    registry: Registry, context: Context, experiment: str, tags: Mapping[str, str]
) -> Iterator[str]:
    """The MLflow run of the Dagster run: made, or found again by its tag; ended at the end."""
    # dagster-mlflow would make the experiment, too, but with its files in ./mlruns.
    experiment_id = registry.experiment_id(experiment)
    import mlflow

    def end(status: str) -> None:
        with reaching(registry.tracking_uri, "end a run"):
            mlflow.end_run(status)  # first of all: a run left active would be ended at exit
            if status == "FINISHED" and _has_failed_child(registry, experiment_id, parent):
                registry.end_run(parent, "FAILED")

    if (foreign := mlflow.active_run()) is not None:
        raise RuntimeError(f"the MLflow run {foreign.info.run_id} is active: it would be taken")
    with _process_wide_settings_restored():
        with reaching(registry.tracking_uri, "start a run"):
            _open(registry, context, experiment, tags)
            parent = _active_run_id()
        with _ending(end):
            yield parent


def _open(registry: Registry, context: Context, experiment: str, tags: Mapping[str, str]) -> None:
    """Let dagster-mlflow make its run the active one."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=dg.BetaWarning)
        from dagster_mlflow.resources import MlFlow

        config = {
            "experiment_name": experiment,
            "mlflow_tracking_uri": registry.tracking_uri,
            "extra_tags": dict(tags),
        }
        named = _Named(f"{experiment} {tags.get('partition', '')}".strip())
        MlFlow(  # type: ignore[no-untyped-call]
            _InitContext(context.log, context.run.run_id, named, config)
        )


def _active_run_id() -> str:
    import mlflow

    active = mlflow.active_run()
    if active is None:
        raise RuntimeError("dagster-mlflow started no run")
    return str(active.info.run_id)


def _has_failed_child(registry: Registry, experiment_id: str, parent: str) -> bool:
    children = registry.client.search_runs([experiment_id], f"tags.`{PARENT}` = '{parent}'")
    return any(child.info.status in ("FAILED", "KILLED") for child in children)


@contextmanager
def _process_wide_settings_restored() -> Iterator[None]:
    """Leave MLflow's address and experiment, which dagster-mlflow sets, as they were."""
    import mlflow
    from mlflow.tracking import fluent

    uri = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
    experiment, variable = fluent._active_experiment_id, os.environ.get(EXPERIMENT_ID)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(uri)  # type: ignore[arg-type]  # None unsets it
        fluent._active_experiment_id = experiment
        if variable is None:
            os.environ.pop(EXPERIMENT_ID, None)
        else:
            os.environ[EXPERIMENT_ID] = variable


@dataclass(frozen=True)
class _Named:
    """What dagster-mlflow takes its run's name from."""

    job_name: str


@dataclass(frozen=True)
class _InitContext:
    """What dagster-mlflow reads of the context that an old-style resource is made with."""

    log: dg.DagsterLogManager
    run_id: str
    dagster_run: _Named
    resource_config: Mapping[str, Any]
