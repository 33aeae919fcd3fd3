"""Bronze of a stream as an asset: a run lands exactly the ranges in its config, or what is new."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

import dagster as dg
from pydantic import Field

from crash_platform.lake.store import Store
from crash_platform.orchestration.feeds.hubs import HubResource
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import (
    Family,
    asset_options,
    daily_asset,
    key_of,
    table_spec,
)
from crash_platform.settings import load_settings
from crash_platform.streams.landing import Lander, Landing
from crash_platform.streams.log import Range
from crash_platform.streams.planning import Accepting, Plan
from crash_platform.streams.tables import DEAD_LETTERS, Stream

DEFAULT_LIMIT = 0


class PartConfig(dg.Config):
    """One range: after < sequence number <= until."""

    partition_id: str
    after: int
    until: int
    ahead: int = Field(default=0, description="Positions that waited when it was planned.")


class LandingConfig(dg.Config):
    """What a run lands. Without ranges it asks the hub itself and takes what is new."""

    generation: int = Field(default=0, description="Of the hub that the ranges belong to.")
    ranges: list[PartConfig] = Field(default=[], description="Planned by the sensor.")
    limit: int = Field(
        default=DEFAULT_LIMIT,
        description="Events of one partition at most; 0: CRASH_PLATFORM_LANDING_LIMIT.",
    )
    accept_loss: bool = Field(
        default=False, description="Go on after events that retention has removed, and note them."
    )
    accept_new_hub: bool = Field(
        default=False, description="Read a hub that was made anew from its start."
    )


@dataclass(frozen=True)
class Account:
    """What a run landed, by how it was planned, and how long it took."""

    plan: Plan
    landing: Landing
    seconds: float

    @property
    def lag(self) -> dict[str, int]:
        """Positions of each partition that were there when planned and are not landed yet."""
        taken = {part.partition_id: part.until - part.after for part in self.plan.ranges}
        return {name: ahead - taken.get(name, 0) for name, ahead in self.plan.lag.items()}


def bronze_asset(stream: Stream, family: Family) -> dg.AssetsDefinition:
    """The asset of a stream's bronze; dead letters are logged as an asset of their own."""

    @daily_asset(**asset_options(stream.table, family))
    def landed(
        context: dg.AssetExecutionContext,
        config: LandingConfig,
        lake: LakeResource,
        hubs: HubResource,
    ) -> dg.MaterializeResult[None]:
        account = land(stream, config, lake.store(), hubs)
        today = context.partition_key_range.end
        _log_days(context, stream, account, date.fromisoformat(today))
        return dg.MaterializeResult(metadata=described(account))

    return landed


def land(stream: Stream, config: LandingConfig, store: Store, hubs: HubResource) -> Account:
    """Land what a run is asked to.

    Raises:
        StreamError: the hub cannot be read, was replaced, or lost events.
    """
    started = time.monotonic()
    log = hubs.open(stream, hosting=True)
    try:
        lander = Lander(store, stream, log, lambda: datetime.now(UTC))
        planned = planned_of(config) if config.ranges else _planned(lander, config)
        return Account(planned, lander.land(planned), time.monotonic() - started)
    finally:
        log.close()


def _planned(lander: Lander, config: LandingConfig) -> Plan:
    limit = config.limit or load_settings().landing_limit
    return lander.plan(limit, Accepting(config.accept_loss, config.accept_new_hub))


def planned_of(config: LandingConfig) -> Plan:
    """The plan in a run's config."""
    parts = tuple(Range(part.partition_id, part.after, part.until) for part in config.ranges)
    lag = {part.partition_id: max(part.ahead, part.until - part.after) for part in config.ranges}
    return Plan(config.generation, parts, (), lag)


def config_of(plan: Plan) -> dict[str, object]:
    """A plan as the config of the run that is to carry it out."""
    parts = [{**asdict(part), "ahead": plan.lag[part.partition_id]} for part in plan.ranges]
    return {"generation": plan.generation, "ranges": parts}


def _log_days(
    context: dg.AssetExecutionContext, stream: Stream, account: Account, today: date
) -> None:
    landing = account.landing
    for day in sorted(landing.days - {today}):
        context.log_event(
            dg.AssetMaterialization(
                key_of(stream.table), partition=day.isoformat(), metadata=described(account)
            )
        )
    for day in sorted(landing.dead_days):
        said: dict[str, dg.MetadataValue] = {
            "rows": dg.MetadataValue.int(landing.dead_letters),
            "window": dg.MetadataValue.text(day.isoformat()),
            "stream": dg.MetadataValue.text(stream.name),
        }
        context.log_event(
            dg.AssetMaterialization(key_of(DEAD_LETTERS), partition=day.isoformat(), metadata=said)
        )


def described(account: Account) -> Mapping[str, dg.MetadataValue]:
    """What people see of a landing."""
    landing = account.landing
    days = ", ".join(day.isoformat() for day in sorted(landing.days)) or "none"
    numbers = {
        "rows": landing.events,
        "dead_letters": landing.dead_letters,
        "lost_to_retention": landing.lost,
        "batch_size": landing.events + landing.dead_letters,
        "landing": landing.number,
        "lag": sum(account.lag.values()),
    }
    return {
        **{name: dg.MetadataValue.int(number) for name, number in numbers.items()},
        "lag_by_partition": dg.MetadataValue.json(account.lag),
        "positions": dg.MetadataValue.json(landing.positions),
        "seconds": dg.MetadataValue.float(round(account.seconds, 3)),
        "window": dg.MetadataValue.text(days),
    }


def dead_letters_spec(owners: tuple[str, ...]) -> dg.AssetSpec:
    """The asset of the dead letters; every stream's landing writes it."""
    return table_spec(DEAD_LETTERS, Family("streams", owners))
