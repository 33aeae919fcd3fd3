"""Runs started from the command line.

Dagster's state in one folder, a window materialised, what came of it.
"""

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Window
from crash_platform.orchestration.calendar import run_tags
from crash_platform.settings import checkout


class RunError(PlatformError):
    """A run failed; the text says at what."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to: checks kept and broken, as ``table: check: outcome`` lines."""

    window: Window
    run_id: str
    kept: int
    broken: tuple[str, ...]


@contextmanager
def instance_at(folder: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's state in a folder, configured by the project's ``dagster.yaml``.

    Raises:
        RunError: the folder cannot be written.
    """
    prepare_home(folder)
    os.environ["DAGSTER_HOME"] = str(folder)
    with dg.DagsterInstance.get() as instance:
        yield instance


def prepare_home(folder: Path) -> None:
    """Make the folder and lay the project's ``dagster.yaml`` into it.

    Raises:
        RunError: the folder cannot be written.
    """
    source = checkout() / "dagster.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copyfile(source, folder / "dagster.yaml")
        else:
            packaged = (files("crash_platform") / "dagster.yaml").read_text(encoding="utf-8")
            (folder / "dagster.yaml").write_text(packaged, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"The state folder {folder} cannot be written ({error.strerror}): "
            "set CRASH_PLATFORM_HOME to a folder you own."
        ) from error


def materialise(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    window: Window,
    assets: Collection[dg.AssetKey],
    ops: Mapping[str, Any] | None = None,
) -> Outcome:
    """Materialise assets for a window, and examine what is promised, in one run of this process.

    Raises:
        RunError: a table could not be made, or a blocking promise is broken.
    """
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=instance,
        tags=dict(run_tags(window)),
        asset_selection=list(assets),
        run_config={"ops": dict(ops or {}), "loggers": {"progress": {}}},
        raise_on_error=False,
    )
    evaluations = result.get_asset_check_evaluations()
    broken = tuple(
        f"{'/'.join(e.asset_key.path)}: {e.check_name}: {e.description}"
        for e in evaluations
        if not e.passed
    )
    if not result.success:
        raise RunError(_reason(result.all_events, broken, window))
    return Outcome(window, result.run_id, len(evaluations) - len(broken), broken)


def _reason(events: Sequence[dg.DagsterEvent], broken: tuple[str, ...], window: Window) -> str:
    errors = [e.step_failure_data.error for e in events if e.is_step_failure]
    for error in filter(None, errors):
        told = error
        while told.cause is not None and str(told.cls_name).startswith("Dagster"):
            told = told.cause
        if told.cls_name != "DagsterAssetCheckFailedError":
            return f"The run of {window} failed: {told.message.strip().split(': ', 1)[-1]}"
    if broken:
        return f"The run of {window} stopped at a broken promise: {'; '.join(broken)}"
    return f"The run of {window} failed before its first step; the event log says why."
