"""The live half of `crash-platform demo`: reports sent to the local hub, landed and scored."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crash_platform.commands.loading import say
from crash_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from crash_platform.lake.store import Store

REPORTS, SEED, FAULTS = 200, 2022, 0.05


def demonstrate_live(settings: Settings, store: "Store") -> None:
    """Send simulated reports to the local hub, land them, and score them with the champion.

    Raises:
        PlatformError: a step fails.
    """
    if settings.hub != "local":
        say(f"\nNo reports are simulated: CRASH_PLATFORM_HUB is {settings.hub}, not local.")
        return
    say(f"\nSending {REPORTS} simulated live reports through the local hub ...")
    with local_hub(settings) as here:
        _send(here)
        _land(here)
        _score(here)
    _say_what_came(store)


@contextmanager
def local_hub(settings: Settings) -> Iterator[Settings]:
    """A local hub on any free port, or the one that runs already; settings that lead to it."""
    from crash_platform.streams.hosting import is_served, local_hubs
    from crash_platform.streams.hub import LocalHub

    if is_served(settings.hub_port):
        say(f"The hub that runs on port {settings.hub_port} is used.")
        yield settings
        return
    hub = LocalHub(settings.hub_folder, local_hubs(settings)).start()
    name = "CRASH_PLATFORM_HUB_PORT"
    before = os.environ.get(name)
    # Dagster's runs read the environment, as in any other process.
    os.environ[name] = str(hub.port)
    try:
        yield load_settings()
    finally:
        hub.stop()
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def _send(settings: Settings) -> None:
    from datetime import UTC, datetime
    from random import Random

    from crash_platform.pipelines.reports.simulation import packaged_year, simulated_crashes
    from crash_platform.streams.opening import open_log
    from crash_platform.streams.simulating import Rhythm, Simulation, send

    log = open_log(settings, settings.crash_hub)
    rhythm = Rhythm(lambda _, __: 0.0, lambda: datetime.now(UTC), lambda _: None)
    try:
        simulation = Simulation(simulated_crashes(packaged_year()), Random(SEED), FAULTS)
        send(simulation, log, rhythm, say, REPORTS)
    finally:
        log.close()


def _land(settings: Settings) -> None:
    from crash_platform.commands.landing import Landings
    from crash_platform.pipelines.reports.feed import report_feed
    from crash_platform.streams.planning import STRICT

    Landings(settings, say).land(report_feed(), STRICT)


def _score(settings: Settings) -> None:
    from crash_platform.commands.stream import Asked, StopAsked, score
    from crash_platform.modelling.registry import open_registry
    from crash_platform.orchestration.runs import instance_at
    from crash_platform.pipelines.injuries.making import champion
    from crash_platform.pipelines.injuries.words import load_words
    from crash_platform.pipelines.reports.live.telling import teller
    from crash_platform.streams.opening import open_log

    if champion(open_registry(settings), "first_report", load_words()) is None:
        say("No model is champion, so the reports are not scored.")
        return
    with instance_at(settings.dagster_home) as instance:
        score(settings, Asked(once=True), StopAsked(), open_log, teller(instance))


def _say_what_came(store: "Store") -> None:
    from crash_platform.pipelines.reports import tables as t
    from crash_platform.streams.replay import waiting

    counts = {
        table.path: store.slice(table).dataset().count_rows()
        for table in (t.CRASH_EVENTS, t.REPORTED_CRASHES, t.LIVE_PREDICTIONS)
    }
    told = ", ".join(f"{count:,} in {path}" for path, count in counts.items())
    say(f"Live reports: {told}; {waiting(store).num_rows} dead letters, kept byte for byte.")
