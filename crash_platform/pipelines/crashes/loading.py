"""From a delivery to gold.

Lands it, runs exactly the days that changed, and accounts for every record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import dagster as dg

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import stretches
from crash_platform.orchestration.runs import Outcome, materialise
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.crashes.assets import pending_days
from crash_platform.pipelines.crashes.bronze import Delivery, Landing, land
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS, QUARANTINED_CRASHES

BRONZE = key_of(CRASH_RECORDS)
LANDED = {"bronze__crash_records": {"config": {"source": "landed"}}}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Load:
    """What a load came to: the landing, the days re-written, what is refused in them, the runs."""

    landing: Landing
    days: tuple[date, ...]
    quarantined: dict[str, int]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Loader:
    """Brings deliveries to gold through Dagster runs of this process."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    store: Store
    say: Say

    def load(self, delivery: Delivery, *, accept_mass_change: bool = False) -> Load:
        """Land a delivery and bring silver and gold up to date with bronze, whatever is behind.

        A load that was interrupted is finished by the next one: what is behind is read from the
        tables, not remembered.

        Raises:
            PlatformError: the delivery cannot be read, the lake not written, or a run fails.
        """
        landing = land(self.store, delivery, accept_mass_change=accept_mass_change)
        self.say(f"Landed {delivery.source}: {landing.added:,} of {landing.read:,} are news.")
        days = tuple(pending_days(self.store))
        outcomes = tuple(self._run(window) for window in stretches(days))
        return Load(landing, days, refused(self.store, days), outcomes)

    def _run(self, window: Window) -> Outcome:
        self.say(f"Materialising {window} ...")
        return materialise(
            self.definitions, self.instance, window, followers(self.definitions), LANDED
        )


def followers(definitions: dg.Definitions) -> set[dg.AssetKey]:
    """All that follows a landed day. Models do not: they have a schedule of their own."""
    selection = dg.AssetSelection.assets(BRONZE).downstream()
    graph = definitions.resolve_asset_graph()
    keys = selection.resolve(graph) & graph.executable_asset_keys
    return {key for key in keys if key.path[0] != "model"}


def refused(store: Store, days: tuple[date, ...]) -> dict[str, int]:
    """How many records of these days broke each rule; a record counts once per rule."""
    if not days:
        return {}
    rows = store.slice(QUARANTINED_CRASHES, Window(days[0], days[-1])).read(
        ["filed_date", "broken_rules"]
    )
    wanted, counts = set(days), dict[str, int]()
    for row in rows.to_pylist():
        if row["filed_date"] in wanted:
            for rule in row["broken_rules"].split(","):
                counts[rule] = counts.get(rule, 0) + 1
    return counts


def reconciliation(done: Load) -> list[tuple[str, str]]:
    """Where every record of a load went, as (what, how many) lines."""
    counts = done.landing.counts
    span = f"{done.days[0]} .. {done.days[-1]}" if done.days else "none"
    lines = [
        ("rows read", f"{done.landing.read:,}"),
        ("new", f"{counts['inserted']:,}"),
        ("corrected", f"{counts['corrected']:,}"),
        ("moved to another day", f"{counts['moved']:,}"),
        ("came back", f"{counts['reappeared']:,}"),
        ("unchanged", f"{counts['unchanged']:,}"),
        ("older than what bronze holds", f"{counts['older']:,}"),
        ("repeated inside the input", f"{counts['repeated']:,}"),
        ("disappeared", f"{counts['disappeared']:,}"),
        ("days re-written", f"{len(done.days):,}  ({span})"),
        ("quarantined in these days", f"{sum(done.quarantined.values()):,}"),
    ]
    lines += [
        (f"  {rule.replace('_', ' ')}", f"{n:,}") for rule, n in sorted(done.quarantined.items())
    ]
    return lines
