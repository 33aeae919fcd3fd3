"""What `land`, `replay` and `demo` share: a stream brought to gold through runs of this process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crash_platform.settings import Settings

if TYPE_CHECKING:
    from crash_platform.orchestration.feeds.feed import Feed
    from crash_platform.streams.planning import Accepting


@dataclass(frozen=True)
class Landings:
    """Lands streams until their hubs are drained, and makes what follows from them."""

    settings: Settings
    say: Callable[[str], None]

    def land(self, feed: "Feed", accepting: "Accepting") -> None:
        """Land what is in a stream's hub now, then bring its tables up to date.

        Raises:
            PlatformError: the hub cannot be read, or a run fails.
        """
        from crash_platform.definitions import build
        from crash_platform.lake.contract import Window
        from crash_platform.orchestration.runs import instance_at, materialise
        from crash_platform.orchestration.tables import key_of

        today = datetime.now(UTC).date()
        bronze = key_of(feed.stream.table)
        with instance_at(self.settings.dagster_home) as instance:
            definitions = build(self.settings)
            self.say(f"Landing {feed.stream.hub(self.settings)} ...")
            while self._is_ahead(feed, accepting):
                config = {
                    "accept_loss": accepting.loss,
                    "accept_new_hub": accepting.new_hub,
                }
                ops = {bronze.to_python_identifier(): {"config": config}}
                materialise(definitions, instance, Window(today, today), {bronze}, ops)
        self.follow(feed)

    def follow(self, feed: "Feed") -> None:
        """Bring silver and gold of a stream up to date with its bronze.

        Raises:
            PlatformError: a run fails.
        """
        from crash_platform.definitions import build
        from crash_platform.orchestration.calendar import stretches
        from crash_platform.orchestration.feeds.events import days_behind
        from crash_platform.orchestration.lakes import open_store
        from crash_platform.orchestration.resources import open_engine
        from crash_platform.orchestration.runs import instance_at, materialise
        from crash_platform.orchestration.tables import key_of

        engine = open_engine(self.settings.engine, self.settings.duckdb_memory_limit)
        today = datetime.now(UTC).date()
        behind = days_behind(feed, engine, open_store(self.settings))
        # An event may be of the day after its arrival, which the calendar does not have yet.
        days = [day for day in behind if day <= today]
        if not days:
            self.say(f"{feed.stream.name}: every table is up to date.")
            return
        assets = {key_of(table) for table in feed.made}
        with instance_at(self.settings.dagster_home) as instance:
            definitions = build(self.settings)
            for window in stretches(days):
                self.say(f"Materialising {window} ...")
                materialise(definitions, instance, window, assets)

    def _is_ahead(self, feed: "Feed", accepting: "Accepting") -> bool:
        from crash_platform.orchestration.lakes import open_store
        from crash_platform.streams.landing import Lander
        from crash_platform.streams.opening import open_log

        log = open_log(self.settings, feed.stream.hub(self.settings), hosting=True)
        try:
            lander = Lander(open_store(self.settings), feed.stream, log, lambda: datetime.now(UTC))
            planned = lander.plan(1, accepting)
            return bool(planned.ranges or planned.lost)
        finally:
            log.close()
