"""`crash-platform demo`: records to gold, a model from gold, scores from the model.

Every step is one that people can take by themselves; the end says where to look.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from crash_platform.commands.live_demo import demonstrate_live
from crash_platform.commands.loading import load_and_say, say, write_report
from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Window
from crash_platform.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress

    from crash_platform.lake.store import Store
    from crash_platform.pipelines.crashes.bronze import Delivery

PULLED_DAYS = 396


def demonstrate(settings: Settings, source: str) -> None:
    """Run everything once on a source: ``sample``, ``nyc``, or a path of the user's own.

    Raises:
        PlatformError: the source cannot be read, or a step fails.
    """
    from crash_platform.orchestration.lakes import open_store

    _bring_to_gold(settings, source)
    store = open_store(settings)
    _make_model(settings, store)
    demonstrate_live(settings, store)
    _finish(settings, store)


def _bring_to_gold(settings: Settings, source: str) -> None:
    from crash_platform.pipelines.crashes import deliveries

    if source == "sample":
        print("Running on the packaged year: 103,886 crashes of New York City in 2022.")
        load_and_say(settings, deliveries.sample_delivery())
    elif source == "nyc":
        with _newest_months(settings) as delivery:
            load_and_say(settings, delivery)
    else:
        print(f"Running on your files: {source}.")
        files = [Path(source)]
        delivery = deliveries.file_delivery(files, datetime.now(UTC), is_snapshot=False)
        load_and_say(settings, delivery)


@contextmanager
def _newest_months(settings: Settings) -> Iterator["Delivery"]:
    from crash_platform.pipelines.crashes.deliveries import portal_delivery
    from crash_platform.sources.socrata.errors import SocrataError

    now = datetime.now(UTC)
    window = Window(now.date() - timedelta(days=PULLED_DAYS), now.date())
    say(f"Pulling {window} from {settings.socrata_url} ...")
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


def _make_model(settings: Settings, store: "Store") -> None:
    """Train as of the newest day, promote, and score every crash of the last year."""
    from crash_platform.definitions import build
    from crash_platform.orchestration.runs import instance_at, materialise
    from crash_platform.orchestration.tables import key_of
    from crash_platform.pipelines.injuries import tables as t
    from crash_platform.pipelines.injuries.automation import MADE
    from crash_platform.pipelines.injuries.making import refusal
    from crash_platform.pipelines.injuries.recipe import recipe_of
    from crash_platform.pipelines.injuries.words import load_words

    day = newest_day(store)
    why = refusal(store, day, recipe_of(settings), load_words())
    if why is not None:
        say(f"\nNo model is made: {why}")
        return
    definitions = build(settings)
    with instance_at(settings.dagster_home) as instance:
        say(f"\nTraining, comparing and judging the injury model as of {day} ...")
        materialise(definitions, instance, Window(day, day), {key_of(table) for table in MADE})
        year = Window(max(day - timedelta(days=364), first_day(store)), day)
        say(f"Scoring every crash of {year} with the champion ...")
        scored = {key_of(t.INJURY_PREDICTIONS), key_of(t.MONITORING)}
        materialise(definitions, instance, year, scored)


def newest_day(store: "Store") -> date:
    """The newest day with features."""
    return max(_days(store))


def first_day(store: "Store") -> date:
    """The first day with features."""
    return min(_days(store))


def _days(store: "Store") -> set[date]:
    from crash_platform.pipelines.injuries.tables import CRASH_FEATURES

    return store.slice(CRASH_FEATURES).distinct_days()


def _finish(settings: Settings, store: "Store") -> None:
    from crash_platform.orchestration.runs import instance_at
    from crash_platform.pipelines.tables import TABLES

    print("\nRows in each table:")
    for table in TABLES:
        print(f"  {table.path:38} {store.slice(table).dataset().count_rows():,}")
    with instance_at(settings.dagster_home) as instance:
        path = write_report(settings, instance)
    _say_models(store)
    print(f"\nTables   {settings.lake_root}")
    print(f"Report   {path}")
    for page in sorted((settings.reports / "injury_model").glob("*/*.html"))[-2:]:
        print(f"Model    {page}")
    print("Pages    make dev, then http://127.0.0.1:8000: report a crash, dashboards, live feed")
    print("UI       ... and http://127.0.0.1:3000: the same tables, runs and checks in Dagster")
    print("Live     with make dev running: .venv/bin/crash-platform simulate crashes")
    print("Models   .venv/bin/crash-platform model list")
    print("Yours    .venv/bin/crash-platform load PATH...   or   make demo SOURCE=nyc")


def _say_models(store: "Store") -> None:
    from crash_platform.pipelines.injuries.ledger import ledger
    from crash_platform.pipelines.injuries.tables import INJURY_MODEL

    figures = ["as_of_date", "feature_set", "auc", "brier_skill", "ece", "recall", "base_rate"]
    models = store.slice(INJURY_MODEL).read([*figures, "model_version", "test_count"]).to_pylist()
    decided = {(d.feature_set, d.challenger_version): d.action for d in ledger(store)}
    for row in sorted(models, key=lambda row: (row["as_of_date"], row["feature_set"])):
        action = decided.get((row["feature_set"], row["model_version"]), "not judged")
        print(
            f"\nModel as of {row['as_of_date']}, {row['feature_set']}, version "
            f"{row['model_version']} ({action}): AUC {row['auc']:.3f}, Brier skill "
            f"{row['brier_skill']:.3f}, ECE {row['ece']:.3f}, recall {row['recall']:.0%} on "
            f"{row['test_count']:,} later crashes of which {row['base_rate']:.1%} had injuries."
        )
