"""The few commands Dagster has no word for.

Parsing and printing only; the work is done in the rooms, imported where a command needs them, so
that help and refusals come at once.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crash_platform.errors import PlatformError
from crash_platform.settings import Settings, checkout, load_settings

if TYPE_CHECKING:
    import dagster as dg
    from rich.progress import Progress

    from crash_platform.pipelines.crashes.bronze import Delivery

PULLED_DAYS = 396

app = typer.Typer(
    help="Road-crash records from their sources to gold tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; what a person can put right is one sentence and exit code 1."""
    try:
        app()
    except PlatformError as error:
        print(f"crash-platform: {error}", file=sys.stderr)
        sys.exit(1)


@app.command()
def load(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders: CSV export, API JSON, Parquet.")
    ],
    snapshot: Annotated[
        bool, typer.Option(help="The input is all that the source has for the days it spans.")
    ] = False,
    accept_mass_change: Annotated[
        bool, typer.Option(help="Let more than a fifth of these days' records disappear or move.")
    ] = False,
) -> None:
    """Land files in bronze and materialise exactly the days that changed, through gold."""
    from crash_platform.pipelines.crashes.deliveries import file_delivery

    settings = load_settings()
    delivery = file_delivery(paths, datetime.now(UTC), is_snapshot=snapshot)
    _load(settings, delivery, accept_mass_change=accept_mass_change)


@app.command()
def demo(
    source: Annotated[
        str, typer.Option(help="sample (the packaged year), nyc (NYC Open Data), or a path.")
    ] = "sample",
) -> None:
    """Run the whole pipeline once and say what to look at next."""
    from crash_platform.pipelines.crashes import deliveries

    settings = load_settings()
    if source == "sample":
        print("Running on the packaged year: 103,886 crashes of New York City in 2022.")
        _load(settings, deliveries.sample_delivery())
    elif source == "nyc":
        with _newest_months(settings) as delivery:
            _load(settings, delivery)
    else:
        print(f"Running on your files: {source}.")
        files = [Path(source)]
        _load(settings, deliveries.file_delivery(files, datetime.now(UTC), is_snapshot=False))
    _finish(settings)


@app.command()
def report() -> None:
    """Write the asset-check report and print its summary."""
    from crash_platform.orchestration.runs import instance_at

    settings = load_settings()
    with instance_at(settings.dagster_home) as instance:
        print(f"Report   {_report(settings, instance)}")


@app.command()
def maintain(
    dry_run: Annotated[bool, typer.Option(help="Only say what would be done.")] = False,
    retention_days: Annotated[
        int, typer.Option(help="Keep the versions of so many days (7 or more).")
    ] = 7,
) -> None:
    """Compact the tables and clean up what no reader needs any more."""
    from crash_platform.lake.maintenance import check_retention
    from crash_platform.lake.maintenance import maintain as maintain_table
    from crash_platform.orchestration.maintenance import in_words, utc_today
    from crash_platform.orchestration.resources import open_store
    from crash_platform.pipelines.crashes.tables import TABLES

    store = open_store(load_settings())
    check_retention(retention_days)
    for table in TABLES:
        done = maintain_table(
            store, table, today=utc_today(), dry_run=dry_run, retention_days=retention_days
        )
        _say(in_words(done))


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000) -> None:
    """Open the Dagster UI on this machine, with sensors and schedules running."""
    from crash_platform.orchestration.runs import prepare_home

    settings = load_settings()
    prepare_home(settings.dagster_home)
    program = str(Path(sys.executable).with_name("dagster"))
    workspace = str(checkout() / "workspace.yaml")
    environment = os.environ | {
        "DAGSTER_HOME": str(settings.dagster_home),
        "CRASH_PLATFORM_HOME": str(settings.home),
        "CRASH_PLATFORM_LAKE": settings.lake_root,
        # `dagster dev` takes our fixed workspace as it is and announces its successor each time.
        "PYTHONWARNINGS": "ignore:Function `dev_command` is superseded",
    }
    os.chdir(settings.dagster_home)  # beside a dagster.yaml that is not its own, it warns
    arguments = ["dagster", "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)]
    print(f"Dagster UI: http://127.0.0.1:{port}   tables: {settings.lake_root}   stop: Ctrl-C")
    sys.stdout.flush()
    os.execve(program, arguments, environment)


def _load(settings: Settings, delivery: "Delivery", *, accept_mass_change: bool = False) -> None:
    from crash_platform.definitions import build
    from crash_platform.orchestration.resources import open_store
    from crash_platform.orchestration.runs import instance_at
    from crash_platform.pipelines.crashes.loading import Loader, reconciliation

    with instance_at(settings.dagster_home) as instance:
        loader = Loader(build(settings), instance, open_store(settings), _say)
        done = loader.load(delivery, accept_mass_change=accept_mass_change)
    print()
    for what, how_many in reconciliation(done):
        print(f"  {what:38} {how_many}")


def _say(line: str) -> None:
    print(line, flush=True)


@contextmanager
def _newest_months(settings: Settings) -> Iterator["Delivery"]:
    from crash_platform.lake.contract import Window
    from crash_platform.pipelines.crashes.deliveries import portal_delivery
    from crash_platform.sources.socrata.errors import SocrataError

    now = datetime.now(UTC)
    window = Window(now.date() - timedelta(days=PULLED_DAYS), now.date())
    _say(f"Pulling {window} from {settings.socrata_url} ...")
    try:
        with _bar() as bar:
            task = bar.add_task("records", total=None)
            with portal_delivery(
                settings,
                window,
                now,
                lambda done, total: bar.update(task, completed=done, total=total),
            ) as delivery:
                bar.stop()
                yield delivery
    except SocrataError as error:
        raise PlatformError(f"{error} `make demo` runs without a network.") from error


def _bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    text = TextColumn("  {task.description}")
    columns = (text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


def _finish(settings: Settings) -> None:
    from crash_platform.orchestration.resources import open_store
    from crash_platform.orchestration.runs import instance_at
    from crash_platform.pipelines.crashes.tables import TABLES

    store = open_store(settings)
    print("\nRows in each table:")
    for table in TABLES:
        print(f"  {table.path:38} {store.slice(table).dataset().count_rows():,}")
    with instance_at(settings.dagster_home) as instance:
        path = _report(settings, instance)
    print(f"\nTables   {settings.lake_root}")
    print(f"Report   {path}")
    print("UI       make dev, then http://127.0.0.1:3000: the same tables, runs and checks")
    print("Yours    .venv/bin/crash-platform load PATH...   or   make demo SOURCE=nyc")


def _report(settings: Settings, instance: "dg.DagsterInstance") -> Path:
    from crash_platform.orchestration.resources import open_store
    from crash_platform.pipelines.crashes import report as crash_report
    from crash_platform.pipelines.crashes.checks import checks

    specs = [spec for check in checks() for spec in check.check_specs]
    gathered = crash_report.gather(open_store(settings), instance, specs, datetime.now(UTC))
    print("\n" + crash_report.summary(gathered).replace("**", ""))
    return crash_report.write(gathered, settings.reports)


if __name__ == "__main__":
    main()
