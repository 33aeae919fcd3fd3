"""The few commands Dagster has no word for.

Parsing and printing only; the work is done in the rooms, imported where a command needs them, so
that help and refusals come at once.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from crash_platform.commands import events, keys, model, query, serve, simulate, stream
from crash_platform.errors import PlatformError
from crash_platform.settings import load_settings

app = typer.Typer(
    help="Road-crash records and live reports from their sources to gold tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(model.app)
app.add_typer(events.dead_letters)
app.add_typer(simulate.app)
app.command()(events.hub)
app.command()(events.land)
app.command()(events.replay)
app.command()(stream.stream)
app.command()(serve.serve)
app.command()(query.sql)
app.command()(query.export)
app.add_typer(keys.app)


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
    from crash_platform.commands.loading import load_and_say
    from crash_platform.pipelines.crashes.deliveries import file_delivery

    settings = load_settings()
    delivery = file_delivery(paths, datetime.now(UTC), is_snapshot=snapshot)
    load_and_say(settings, delivery, accept_mass_change=accept_mass_change)


@app.command()
def demo(
    source: Annotated[
        str, typer.Option(help="sample (the packaged year), nyc (NYC Open Data), or a path.")
    ] = "sample",
) -> None:
    """Run everything once, from records to a model in use, and say what to look at next."""
    from crash_platform.commands.demo import demonstrate

    demonstrate(load_settings(), source)


@app.command()
def report() -> None:
    """Write the asset-check report and print its summary."""
    from crash_platform.commands.loading import write_report
    from crash_platform.orchestration.runs import instance_at

    settings = load_settings()
    with instance_at(settings.dagster_home) as instance:
        print(f"Report   {write_report(settings, instance)}")


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
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.orchestration.maintenance import in_words, utc_today
    from crash_platform.pipelines.tables import TABLES

    store = open_store(load_settings())
    check_retention(retention_days)
    for table in TABLES:
        done = maintain_table(
            store, table, today=utc_today(), dry_run=dry_run, retention_days=retention_days
        )
        print(in_words(done), flush=True)


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    pages_port: Annotated[int, typer.Option(help="Port of the pages and the API.")] = 8000,
) -> None:
    """Open the Dagster UI and the pages on this machine, with sensors, hub and scoring."""
    from crash_platform.commands.dev import develop

    sys.exit(develop(load_settings(), port, pages_port))


if __name__ == "__main__":
    main()
